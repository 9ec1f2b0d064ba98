"""Arithmetic in spoken words: rewritten into an expression, which must then be all that was asked."""

from __future__ import annotations

import re
from fractions import Fraction

from .expression import NoExpression, TooMuch, evaluate
from .numbers import about, plain
from .said import Said
from .tool import Arguments, Outcome, Scene, Tool, ToolError, sentence

_N = r"(?:minus |negative )?\d+(?:\.\d+)?(?:/\d+)?"
_ASKS = re.compile(
    r"^(?:what (?:do|would|will|does) (?:you|i|we|one|it) (?:get|have)(?: (?:if|when|by)(?: you| i| we| one)?)?|"
    r"what comes out(?: (?:if|when)(?: you| i| we| one)?)?|what (?:is|are|does|do|would|will|number is)|how "
    r"much (?:is|are|does|would|do)|how many (?:is|are)|calculate|"
    r"compute|work out|solve|evaluate|find|figure out|give me|show me|do|i get if i|"
    r"what happens (?:if|when) (?:you|i|we)|if (?:you|i|we)|the (?:result|answer|value|solution) (?:of|to)|"
    r"what is the (?:result|answer|value) (?:of|to|if you|when you)|how much would)\s+"
)
_TAILS = re.compile(
    r"\s(?:equals?|equal(?: to)?|make|makes|come to|comes to|be|is|is what|add up to|get me|amount to|"
    r"(?:equals?|is|makes?|gives?|are) (?:what|how much)|what (?:is|do (?:i|you|we) get|does that make|"
    r"would (?:i|you) get)|how much is (?:it|that)|what is (?:it|that|the (?:answer|result)))$"
)
_REWRITES: tuple[tuple[str, str], ...] = (
    (rf"({_N}) (?:dollars?|euros?|pounds?|bucks|cents)\b", r"\1"),
    (r"\b(?:the|a|an) (?=(?:sum|total|product|difference|quotient|average|mean|square|cube|number|remainder|result|"
     r"factorial|tip|discount))", ""),
    (rf"\bremainder (?:of|when|if|from|for|after)(?: you| i| we)?(?: divid(?:e|ing))?(?: of)? ?({_N})(?: is)?"
     rf"(?: divided)?(?: by| over) ({_N})", r"\1 mod \2"),
    (rf"\b(?:left(?: over)?|the rest|remains|remaining|the remainder) (?:when|if|after) (?:you |i |we |one )?"
     rf"(?:divid(?:e|ing)) ({_N}) (?:by|into) ({_N})", r"\1 mod \2"),
    (r"\b(?:raised )?to the (?:power (?:of )?)?(\d+)(?:st|nd|rd|th)?(?: power)?\b", r"** \1"),
    (rf"\b({_N}) to the (second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)(?: power)?\b", r"\1 ** \2"),
    (r"\bto the power of\b|\braised to\b", "**"),
    (rf"\bsquare root (?:of|from) ({_N})", r"(sqrt \1)"),
    (rf"\b(?:the )?(?:cube|cubic|third) root of ({_N})", r"(cbrt \1)"),
    (r"\bthe (?=\((?:sqrt|cbrt))", ""),
    (rf"\b(?:the )?root of ({_N})", r"(sqrt \1)"),
    (rf"\bsquare of ({_N})", r"(\1 ** 2)"),
    (rf"\bcube of ({_N})", r"(\1 ** 3)"),
    (rf"({_N}) squared", r"(\1 ** 2)"),
    (rf"({_N}) cubed", r"(\1 ** 3)"),
    (rf"(?:the )?factorial of ({_N})|({_N}) factorial", r"(\1\2 !)"),
    (rf"\b(?:square) ({_N})", r"(\1 ** 2)"),
    (rf"\b(?:what )?percent(?:age)? of ({_N}) is ({_N})", r"\2 / \1 * 100 percents"),
    (rf"({_N}) (?:is|as|would be) (?:what|a|how many|which|how much) percent(?:age)? (?:of|out of) ({_N})",
     r"\1 / \2 * 100 percents"),
    (rf"({_N}) out of ({_N}) (?:is what |as (?:a )?|in )percent(?:age)?", r"\1 / \2 * 100 percents"),
    (rf"(?:increase|raise) ({_N}) by ({_N}) percent", r"\1 * (1 + \2 / 100)"),
    (rf"(?:decrease|reduce|lower|discount) ({_N}) by ({_N}) percent", r"\1 * (1 - \2 / 100)"),
    (rf"({_N}) (?:increased by|plus) ({_N}) percent", r"\1 * (1 + \2 / 100)"),
    (rf"({_N}) (?:decreased by|reduced by|minus|less) ({_N}) percent", r"\1 * (1 - \2 / 100)"),
    (rf"({_N}) percent off (?:of |from )?({_N})", r"\2 * (1 - \1 / 100)"),
    (rf"({_N}) percent discount on ({_N})", r"\2 * (1 - \1 / 100)"),
    (rf"\b(?:an? )?({_N}) percent tip (?:on|for|of)(?: an?)? ({_N})(?: bill| meal| dinner)?", r"\1 / 100 * \2"),
    (rf"({_N}) percent (?:of|from|on) ({_N})", r"\1 / 100 * \2"),
    (r"\bhalf (?:of |as much as )?(?=\d)|\b0\.5 of ", "1 / 2 * "),
    (rf"({_N}) of (?={_N})", r"\1 * "),
    (r"\b(?:double|twice)(?: of)?\b", "2 *"),
    (r"\b(?:triple|thrice|three times)(?: of)?\b", "3 *"),
    (rf"\b(?:average|mean) (?:of|between) ({_N}(?:(?: and)? {_N})+)", r"mean \1"),
    (rf"\b(?:add|adding|sum(?: of)?|total(?: of)?|sum up|add up|add together|adding up) "
     rf"({_N}(?: (?:and |to |plus |with )?{_N})+)(?: together| up)?", r"sum \1"),
    (rf"({_N}) and ({_N}) (?:added(?: together| up)?|together|combined|summed)", r"\1 + \2"),
    (rf"({_N}) added to ({_N})", r"\2 + \1"),
    (rf"\b(?:subtract|subtracting|take|taking|deduct)(?: away)? ({_N})(?: away)? from ({_N})", r"\2 - \1"),
    (rf"({_N}) (?:subtracted|taken|deducted)(?: away)? from ({_N})", r"\2 - \1"),
    (rf"({_N}) (?:less than|fewer than) ({_N})", r"\2 - \1"),
    (rf"({_N}) more than ({_N})", r"\2 + \1"),
    (rf"\bdifference (?:between|of) ({_N}) and ({_N})", r"diff \1 \2"),
    (rf"\bproduct of ({_N}) and ({_N})", r"\1 * \2"),
    (rf"\b(?:multiply|multiplying) ({_N}) (?:by|with|times|and) ({_N})", r"\1 * \2"),
    (rf"\b(?:divide|dividing|split|share)(?: up)? ({_N}) (?:by|into|between|among|over|in)(?: groups of)? ({_N})"
     r"(?: people| persons| friends| ways| parts| equal parts| of us)?", r"\1 / \2"),
    (rf"\bquotient of ({_N}) and ({_N})", r"\1 / \2"),
    (rf"\b(?:how (?:many|often)(?: times)? does|how many times (?:will|can)) ({_N}) (?:go|fit) in(?:to| to)? ({_N})",
     r"\2 / \1"),
    (rf"\bhow many ({_N})s? (?:are )?(?:there )?(?:in|go into|fit into|make) ({_N})", r"\2 / \1"),
    (rf"^({_N}) and ({_N})$", r"\1 + \2"),
    (r"\b(?:and )?(?:then )?(?:add|plus)\b", "+"),
    (r"\b(?:and )?(?:then )?(?:subtract|take away|take off|takeaway|minus)\b", "-"),
    (rf"^(.+?) (?:and then|then|and) (?:multiply|times)(?: it| that)?(?: by)? ({_N})$", r"(\1) * \2"),
    (rf"^(.+?) (?:and then|then|and) (?:divide)(?: it| that)?(?: by)? ({_N})$", r"(\1) / \2"),
    (r"\b(?:multiplied by|multiplied with|times|time)\b", "*"),
    (r"\b(?:divided by|over|divided into)\b", "/"),
    (r"\b(?:modulo|modulus|mod)\b", "mod"),
    (r"\b(?:added to|increased by)\b", "+"),
    (r"\b(?:less|negative|decreased by|reduced by)\b", "-"),
)  # fmt: skip
_ORDINALS = {
    "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:/\d+)?")


def expression(words: str) -> str | None:
    """What the words calculate, as an expression; None where they are not a calculation and nothing else."""
    text = words
    while asked := _ASKS.match(text):
        text = text[asked.end() :]
    while tail := _TAILS.search(text):
        text = text[: tail.start()]
    for pattern, rewritten in _REWRITES:
        text = re.sub(pattern, rewritten, text)
    text = re.sub(r"\b(?:" + "|".join(_ORDINALS) + r")\b", lambda m: str(_ORDINALS[m.group()]), text).strip()
    if several := re.fullmatch(r"(sum|mean|diff) ([-\d./ ]+(?: (?:and|to|plus|with) [-\d./ ]+)*)", text):
        numbers = _NUMBER.findall(several.group(2))
        if several.group(1) == "diff":
            first, second = sorted(numbers, key=Fraction)
            text = f"{second} - {first}"
        else:
            text = " + ".join(numbers)
            text = f"({text}) / {len(numbers)}" if several.group(1) == "mean" else text
    percents = text.endswith(" percents")
    text = text.removesuffix(" percents").strip(" ?")
    if not re.search(r"[-+*/!]|sqrt|cbrt|mod", text) or re.fullmatch(r"-?\s*[\d.]+", text):
        return None
    try:
        evaluate(text)
    except NoExpression:
        return None
    except TooMuch:
        pass
    return text + (" %" if percents else "")


_SPOKEN = (
    (r"\*\* 2\b", "squared"), (r"\*\* 3\b", "cubed"), (r"\*\*", "to the power of"), (r"sqrt", "the square root of"),
    (r"cbrt", "the cube root of"), (r" !", " factorial"), (r"(?<=\d) / 100 \* (?=\d)", " percent of "),
    (r"\*", "times"), (r" / ", " divided by "), (r"\+", "plus"), (r"(?<=[\d)]) - ", " minus "), (r"-", "minus "),
    (r"\bmod\b", "modulo"), (r"[()]", ""),
)  # fmt: skip


def _read_out(expression: str) -> str:
    text = expression
    for sign, words in _SPOKEN:
        text = re.sub(sign, words, text)
    return " ".join(text.split())


def _run(arguments: Arguments, scene: Scene) -> Outcome:
    text = str(arguments.get("expression", ""))
    percents = text.endswith("%")
    bare = text.rstrip("% ")
    try:
        value = evaluate(bare)
    except NoExpression as problem:
        raise ToolError("I did not understand that calculation.") from problem
    except TooMuch as problem:
        raise ToolError(str(problem)) from problem
    if percents:
        return Outcome(f"That is {about(value)} percent.")
    if re.search(r"\(.*[-+*/].*[-+*/]|\d/\d|^1 / 2 \*", bare) or len(bare) > 40:
        return Outcome(f"That is {about(value)}.")
    remainder = re.fullmatch(r"([\d.]+) mod ([\d.]+)", bare)
    if remainder:
        return Outcome(f"The remainder is {about(value)}.")
    return Outcome(sentence(f"{_read_out(bare)} is {about(value)}"))


def _hear(said: Said, scene: Scene) -> Arguments | None:
    found = expression(said.core)
    if found is None and (dozens := re.fullmatch(r"(?:how (?:much|many) (?:is|are)|what is) (\d+)", said.core)):
        found = f"{int(dozens.group(1)) // 12} * 12" if "dozen" in said.text.lower() else None
    return None if found is None else {"expression": found}


CALCULATE = Tool(
    "calculate",
    "Calculates. Operators: + - * / ** mod, sqrt, cbrt, ! and brackets.",
    _run,
    _hear,
    {"expression": {"type": "string", "description": "such as 17 * 23"}},
    ("expression",),
)

_COMPARED = re.compile(
    rf"(?:which|what)(?: (?:one|number))? is (?P<more>bigger|larger|greater|more|higher|smaller|less|lower)(?: number)?"
    rf"(?: of)? (?P<a>{_N}) (?:or|and) (?P<b>{_N})"
)
_IS_IT = re.compile(rf"is (?P<a>{_N}) (?:an? )?(?P<what>prime|even|odd)(?: number)?(?: or (?:an? )?(?:odd|even|not))?")
_DIVIDES = re.compile(r"is (?P<a>\d+) (?:evenly )?divisible by (?P<b>\d+)")
_IS_MORE = re.compile(
    rf"is (?P<a>{_N}) (?P<more>bigger|larger|greater|more|higher|smaller|less|lower) than (?P<b>{_N})"
)
_ROUNDED = re.compile(
    rf"(?:what is )?(?:round )?(?P<a>{_N})(?: rounded)?(?: off)?(?: up| down)? to the nearest "
    r"(?P<b>\d+|whole number|integer|ten|hundred|thousand)"
)
_TO = {"whole number": 1, "integer": 1, "ten": 10, "hundred": 100, "thousand": 1000}
_SMALLER = ("smaller", "less", "lower")


def _number(text: str) -> Fraction:
    return Fraction(re.sub(r"^(?:minus|negative) ", "-", text))


def _prime(value: int) -> bool:
    return value > 1 and all(value % by for by in range(2, min(value, int(value**0.5) + 1)))


def _compare(arguments: Arguments, scene: Scene) -> Outcome:
    said = heard_question(str(arguments.get("question", "")))
    if said is None:
        raise ToolError("I did not understand that question about numbers.")
    return Outcome(said)


def heard_question(words: str) -> str | None:
    """The answer to a question about numbers that is no calculation."""
    if found := _COMPARED.fullmatch(words):
        a, b = _number(found["a"]), _number(found["b"])
        if a == b:
            return "They are equal."
        chosen = min(a, b) if found["more"] in _SMALLER else max(a, b)
        return f"{plain(chosen)} is {found['more']}."
    if found := _IS_MORE.fullmatch(words):
        a, b = _number(found["a"]), _number(found["b"])
        holds = a < b if found["more"] in _SMALLER else a > b
        return f"{'Yes' if holds else 'No'}, {plain(a)} is {'' if holds else 'not '}{found['more']} than {plain(b)}."
    if found := _DIVIDES.fullmatch(words):
        whole, by = int(found["a"]), int(found["b"])
        if by == 0:
            return "Nothing can be divided by zero."
        rest = whole % by
        return f"No, there is a remainder of {rest}." if rest else f"Yes, {whole} divided by {by} is {whole // by}."
    if found := _ROUNDED.fullmatch(words):
        step = _TO.get(found["b"]) or int(found["b"]) or 1
        return f"That is {plain(Fraction((_number(found['a']) / step + Fraction(1, 2)).__floor__() * step))}."
    found = _IS_IT.fullmatch(words)
    if found and (value := _number(found["a"])).denominator == 1 and abs(value) < 10**12:
        whole, what = int(value), found["what"]
        if what == "prime":
            return f"{'Yes' if _prime(whole) else 'No'}, {whole} is {'' if _prime(whole) else 'not '}a prime number."
        kind = "odd" if whole % 2 else "even"
        if " or " in words:
            return f"{whole} is {kind}."
        return f"{'Yes' if kind == what else 'No'}, {whole} is {kind}."
    return None


def _hear_question(said: Said, scene: Scene) -> Arguments | None:
    return None if heard_question(said.core) is None else {"question": said.core}


COMPARE = Tool(
    "compare_numbers",
    "Answers whether a number is larger than another, prime, even or odd, divisible, or rounds it.",
    _compare,
    _hear_question,
    {"question": {"type": "string", "description": "such as: is 17 prime"}},
    ("question",),
)
