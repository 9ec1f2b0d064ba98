"""What people say to an assistant, by the thousand: sentences from a small grammar, for the ear for turn ends.

The grammar (`grammar.json`) and the test texts were written apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

GRAMMAR: dict[str, list[str]] = json.loads((Path(__file__).parent / "grammar.json").read_text("utf-8"))
"""What each part of a sentence may be; words in capitals are parts in their turn."""
_RULES = {name: [choice.split() for choice in choices] for name, choices in GRAMMAR.items()}
OPENERS = ("", "", "", "", "", "", "okay", "so", "well", "hey", "sorry", "actually", "and", "no", "oh", "right", "yes")


def utterance(random: np.random.Generator) -> str:
    """One sentence, in small letters, without a full stop."""
    opener = OPENERS[int(random.integers(len(OPENERS)))]
    said = " ".join([opener, *_spoken("S", random, 0)])
    said = re.sub(r" ('s|'d)", r"\1", said)
    return re.sub(r" +", " ", said.replace(" , ", ", ")).strip()


def _spoken(name: str, random: np.random.Generator, depth: int) -> Iterator[str]:
    if name not in _RULES:
        yield name
        return
    choices = _RULES[name]
    if depth > 4:
        choices = [choice for choice in choices if not set(choice) & _RULES.keys()] or sorted(choices, key=len)[:3]
    for part in choices[int(random.integers(len(choices)))]:
        yield from _spoken(part, random, depth + 1)
