"""What is said (`texts.json`), split for good into train, validation and test: no sentence is in two of them.

The words of commands and backchannels are few, so those lists are the same in all splits (a "stop" is a "stop") but for
some backchannels; how they are spoken is not: voices and noises differ.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from streaming.ears.opinions import CommandName

from .voices import Language, Split

Kind = Literal["command", "lookalike", "backchannel", "interruption", "question", "long", "aside", "agent"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@cache
def _all() -> Mapping[str, Any]:
    told: Mapping[str, Any] = json.loads((Path(__file__).parent / "texts.json").read_text("utf-8"))
    return told


def commands(language: Language = "en") -> dict[str, CommandName]:
    """What is said as a command, and the command that it is."""
    return dict(_all()["commands"][language])


def pauses(split: Split, language: Language = "en") -> list[tuple[str, str]]:
    """Turns in two parts: one may stop to think between them."""
    return [(first, second) for first, second in _all()["clauses"][language][split]]


def lines(kind: Kind, split: Split, language: Language = "en") -> list[str]:
    """All texts of `kind` in `split`, in a fixed order.

    command: see `commands`; lookalike: a command's words, or what sounds like them, that are no command;
    backchannel: what a listener says while the other goes on; interruption: cuts the agent's speech, also after an
    "okay but"; question, long: turns in silence; aside: said to somebody else by name; agent: what the agent tells.
    """
    told = _all()
    if kind == "command":
        return list(told["commands"][language])
    if kind == "backchannel":
        return [*told["backchannels"][language], *(told["backchannels_only"][split] if language == "en" else ())]
    if kind == "interruption" and language == "en":
        return [
            _opened(opener, text) for text in told["interruptions"]["en"][split] for opener in told["openers"][split]
        ]
    if kind == "long":
        return [
            f"{first} {second}" if language == "en" else first + second for first, second in pauses(split, language)
        ]
    if kind == "aside":
        names = told["names"][split] if language == "en" else ()
        return [text.format(name=name) for name in names for text in told["asides"][split]]
    plural = {"lookalike": "lookalikes", "interruption": "interruptions", "question": "questions", "agent": "agent"}
    return list(told[plural[kind]][language][split])


def _opened(opener: str, text: str) -> str:
    return opener + text if opener else text[0].upper() + text[1:]


WORDNET = Path("/usr/share/wordnet")
"""Debian's wordnet-base."""


@cache
def sentences(split: Split) -> Sequence[str]:
    """Example sentences of WordNet 3.0 with 3 to 12 words: whatever people say besides. Empty if not installed."""
    found: dict[str, None] = {}
    for part in ("noun", "verb", "adj", "adv"):
        path = WORDNET / f"data.{part}"
        if path.is_file():
            for sentence in re.findall(r'"([A-Za-z][^"]{8,80})"', path.read_text("latin-1")):
                if 3 <= len(sentence.split()) <= 12 and re.fullmatch(r"[A-Za-z ,.'?!-]+", sentence):
                    found[sentence] = None
    return [sentence for sentence in found if _split_of(sentence) == split]


def _split_of(sentence: str) -> Split:
    share = int(hashlib.sha256(sentence.encode()).hexdigest()[:4], 16) / 65536
    return "train" if share < 0.8 else "validation" if share < 0.85 else "test"
