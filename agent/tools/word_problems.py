"""Sums that are told as small stories: the few shapes in which people ask for them aloud."""

from __future__ import annotations

import re

from .expression import NoExpression, TooMuch, evaluate
from .numbers import about
from .said import Said
from .tool import Arguments, Outcome, Scene, Tool, ToolError

_N = r"\d+(?:\.\d+)?(?:/\d+)?"
_MONEY = r"(?: dollars?| euros?| pounds?| bucks| cents?)?"
_SHAPES: tuple[tuple[str, str], ...] = (
    (rf".*\b(?:costs?|is|price(?:d)?(?: is| of| at)?) (?P<a>{_N}){_MONEY}\b.*\b(?P<b>{_N}) percent (?:off|"
     rf"discount|cheaper|"
     r"less|reduc\w+)\b.*\b(?:what|how much)\b.*", "{a} * (1 - {b} / 100)"),
    (rf".*\b(?:costs?|is|price(?:d)?(?: is| of| at)?) (?P<a>{_N}){_MONEY}\b.*\b(?P<b>{_N}) percent (?:tax|more|"
     rf"tip|on top|extra)\b"
     r".*\b(?:what|how much)\b.*", "{a} * (1 + {b} / 100)"),
    (rf"(?:if |when )?(?P<b>{_N}) (?:of us|people|friends|persons|kids|children|men|women|guests|students|players|\w+)"
     rf" (?:share|split|divide|buy together)\b.*?\b(?P<a>{_N})\b(?!.*\d).*\b(?:each|everyone|everybody|every "
     rf"one|per person|"
     r"one|every person|every \w+|per \w+)\b.*", "{a} / {b}"),
    (rf".*\b(?:share|split|divide|spread|distribute) (?P<a>{_N})(?: \w+){{0,2}} (?:among|between|over|with|to|"
     rf"by) (?P<b>{_N})\b"
     r"(?!.*\d).*\b(?:each|everyone|everybody|every|per|one|how (?:many|much)|what)\b.*", "{a} / {b}"),
    (rf".*\b(?:bought|buy|have|got|get|need|sold|sell|ordered|order|take|want|make|pack|packs|are) (?P<a>{_N}) "
     rf".*\b(?:for|at|cost|"
     rf"costs?|costing|with|of|holds?|contains?|has|have|weighs?) (?P<b>{_N})\b(?!.*\d).*\b(?:each|apiece|a "
     rf"piece|per \w+|every)\b.*"
     r"\b(?:how (?:much|many)|what)\b.*", "{a} * {b}"),
    (rf".*\b(?:each|one|every|an?) .*\b(?:costs?|is|weighs?|has|have|holds?|takes?) (?P<a>{_N})\b.*\b(?:how "
     rf"(?:much|many)|what)\b.*"
     rf"\b(?P<b>{_N})\b(?!.*\d).*", "{a} * {b}"),
    (rf".*\b(?:at|travels?|drives?|drive|goes|go|walks?|runs?|flies|flying|driving|going|rides?)(?: at)? (?P<a>{_N}) "
     rf"(?:miles|kilometers|kilometres|meters|metres|km) (?:per|an|a|each) hour .*\bfor (?P<b>{_N}) "
     rf"hours?\b.*\b(?:how far|how many|"
     r"what distance)\b.*", "{a} * {b}"),
    (rf".*\b(?:have|had|has|buy|bought|got|start with|there (?:are|were)|baked?|picked|own|owned) (?P<a>{_N}) "
     rf".*\b(?:eat|ate|eats|"
     rf"give|gave|gives|lose|lost|loses|spend|spent|sell|sold|take|took|takes|use|used|drink|drank|break|broke|"
     rf"fly|flew|leave|left|"
     rf"throw|threw)(?: away| off| out)?(?: \w+)?? (?P<b>{_N})\b(?!.*\d).*\bhow (?:many|much)\b.*", "{a} - {b}"),
    (rf".*\b(?:have|had|has|buy|bought|got|start with|there (?:are|were)|own|owned) (?P<a>{_N}) .*\b(?:get|got|"
     rf"buy|bought|find|found|"
     rf"receive|receives|add|added|gives? me|gave me|pick|picked|comes?|came|join|joined)(?: \w+)?? "
     rf"(?P<b>{_N})(?: more)?\b(?!.*\d).*"
     r"\bhow (?:many|much)\b.*", "{a} + {b}"),
)  # fmt: skip


def told(words: str) -> str | None:
    """The expression that the story asks for; None where it has none of the known shapes."""
    if len(re.findall(_N, words)) != 2:
        return None
    for shape, expression in _SHAPES:
        if found := re.fullmatch(shape, words):
            return expression.format(**found.groupdict())
    return None


def _hear(said: Said, scene: Scene) -> Arguments | None:
    found = told(said.words)
    return None if found is None else {"expression": found}


def _run(arguments: Arguments, scene: Scene) -> Outcome:
    try:
        return Outcome(f"That makes {about(evaluate(str(arguments.get('expression') or '')))}.")
    except (NoExpression, TooMuch) as problem:
        raise ToolError("I can not work that out.") from problem


STORY = Tool(
    "solve_story",
    "Solves a sum that is told as a small story, given as an expression.",
    _run,
    _hear,
    {"expression": {"type": "string"}},
    ("expression",),
)
