"""Numbers as people say them: words into digits, and digits into something that a voice reads well."""

from __future__ import annotations

import re
from fractions import Fraction

_ONES = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * at
    for at, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5,
    "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
}  # fmt: skip
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
ORDINALS = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        1,
    )
} | {"thirtieth": 30}


def _value(word: str) -> Fraction | None:
    if _DIGITS.fullmatch(word):
        return Fraction(word)
    if word in _ONES:
        return Fraction(_ONES[word])
    return Fraction(_TENS[word]) if word in _TENS else None


def _whole(words: list[str], at: int) -> tuple[Fraction, int] | None:
    """The number that begins at `words[at]`, and where it ends: "two hundred and five", "3 million"."""
    total, group, end = Fraction(0), Fraction(0), at
    room: int | None = None
    """Below what the next word must be to belong to the same group: after "twenty" a one, after "hundred" anything."""
    scaled = 10**15
    while end < len(words):
        word = words[end]
        if word in ("a", "an") and end == at and end + 1 < len(words) and words[end + 1] in (*_SCALES, "dozen"):
            group, room, end = Fraction(1), 0, end + 1
        elif word == "dozen" and end > at:
            group, end = (group or Fraction(1)) * 12, end + 1
            break
        elif word in _SCALES and end > at and group and _SCALES[word] < scaled:
            if word == "hundred":
                group, room = group * 100, 100
            else:
                total, group, room, scaled = total + group * _SCALES[word], Fraction(0), 1000, _SCALES[word]
            end += 1
        elif (value := _value(word)) is not None and (room is None or value < room):
            group, end = group + value, end + 1
            room = 10 if word in _TENS else 0
        elif word == "and" and room in (100, 1000) and end + 1 < len(words) and _value(words[end + 1]) is not None:
            end += 1
        else:
            break
    return (total + group, end) if end > at else None


def _decimals(words: list[str], at: int) -> tuple[str, int]:
    """The digits after "point"."""
    read = ""
    while at < len(words):
        word = "zero" if words[at] == "oh" else words[at]
        value = _value(word)
        if value is None or value.denominator != 1 or (read and value > 99):
            break
        read, at = read + str(value), at + 1
    return read, at


def _fraction(words: list[str], at: int) -> tuple[Fraction, int] | None:
    """ "a half", "half a", "three quarters", at `at`."""
    if at + 1 < len(words) and words[at + 1] in _PARTS:
        count = Fraction(1) if words[at] in ("a", "an") else _value(words[at])
        if count is not None and count < 20 and words[at + 1] != "second":
            return count / _PARTS[words[at + 1]], at + 2
    return None


def digits(text: str) -> str:
    """`text` in lower case with its numbers in digits: "two and a half cups" -> "2.5 cups"."""
    words = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text.lower()).split()
    out: list[str] = []
    at = 0
    while at < len(words):
        word = words[at] = re.sub(r"(?<=\d),(?=\d{3}\b)", "", words[at])
        if re.fullmatch(r"\d+/[1-9]\d*", word):
            out.append(plain(Fraction(word)))
            at += 1
            continue
        part = _fraction(words, at)
        if part is not None:
            out.append(plain(part[0]))
            at = part[1]
            continue
        found = _whole(words, at)
        if found is None:
            out.append(word)
            at += 1
            continue
        value, at = found
        if at < len(words) and words[at] == "point":
            read, end = _decimals(words, at + 1)
            if read:
                value, at = value + Fraction(int(read), 10 ** len(read)), end
                if at < len(words) and words[at] in _SCALES:
                    value, at = value * _SCALES[words[at]], at + 1
        if at + 1 < len(words) and words[at] == "and" and (rest := _fraction(words, at + 1)) is not None:
            value, at = value + rest[0], rest[1]
        elif at < len(words) and re.fullmatch(r"[1-9]/[1-9]\d*", words[at]):
            value, at = value + Fraction(words[at]), at + 1
        out.append(plain(value))
    return " ".join(out)


def plain(value: Fraction) -> str:
    """`value` in characters that `Fraction` reads again, exactly: "391", "2.5", "1/3"."""
    if (value * 10**12).denominator != 1:
        return str(value)
    if value.denominator == 1:
        return str(value.numerator)
    whole, rest = divmod(abs(value), 1)
    return f"{'-' if value < 0 else ''}{whole}.{int(rest * 10**12):012d}".rstrip("0")


def spoken(value: Fraction) -> tuple[str, bool]:
    """`value` as a voice should read it, and whether that is rounded: ("391", False), ("3.33", True)."""
    sign, size = ("minus " if value < 0 else ""), abs(value)
    if size >= 10**15:
        exponent = len(str(int(size))) - 1
        return f"{sign}{float(size / 10**exponent):.2f} times 10 to the power of {exponent}", True
    for scale, name in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if size >= scale and (size / scale * 1000).denominator == 1:
            return f"{sign}{plain(size / scale)} {name}", False
    if (size * 10**4).denominator == 1:
        return sign + plain(size), False
    if size >= 1:
        return sign + plain(round(size, 2)), True
    places = 3
    while round(size, places) == 0 or size * 10 ** (places - 2) < 1:
        places += 1
        if places > 12:
            return "almost zero", False
    return sign + plain(round(size, places)), True


def about(value: Fraction) -> str:
    """`value` with "about" before it where it is rounded."""
    text, rounded = spoken(value)
    return f"about {text}" if rounded else text
