"""Turning what the user said into what is said to the user: my keys -> your keys."""

from __future__ import annotations

import re

_TURN = {
    "my": "your", "mine": "yours", "i": "you", "me": "you", "myself": "yourself", "our": "your", "ours": "yours",
    "us": "you", "we": "you", "your": "my", "yours": "mine", "yourself": "myself", "am": "are", "i'm": "you're",
    "i've": "you've", "i'll": "you'll", "i'd": "you'd", "we're": "you're",
}  # fmt: skip
_WAS = re.compile(r"\b(you) was\b")
_NAMES = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bi\b")


def turned(text: str) -> str:
    """`text` with first and second person exchanged. Case of other words stays."""

    def turn(found: re.Match[str]) -> str:
        word = found.group()
        other = _TURN.get(word.lower().replace("’", "'"))
        if other is None:
            if word.lower() == "you":
                before = text[: found.start()].rstrip().lower()
                return "me" if before.endswith((" to", " for", " with", " of", " tell", " ask")) else "I"
            return word
        return other.capitalize() if word[0].isupper() and word != "I" and found.start() == 0 else other

    out = re.sub(r"[A-Za-z]+(?:['’][a-z]+)?", turn, text)
    out = re.sub(r"\bI are\b", "I am", out)
    return _WAS.sub(r"\1 were", out)
