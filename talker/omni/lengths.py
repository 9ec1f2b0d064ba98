"""How long a written piece of text takes to say, about, before anybody has said it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LETTER_S = 0.038
_VOWELS_S = 0.075
"""For each group of vowels: about a syllable."""
_HAN_S = 0.20
_KANA_S = 0.12
_DIGIT_S = 0.30
_SPELT_S = 0.22
"""A capital of an abbreviation that is spelt."""
_SYMBOL_S = 0.40
_COMMA_S, _STOP_S = 0.15, 0.35

_PART = re.compile(
    r"""(?P<spelt>(?<![A-Za-z])[A-Z]{2,5}(?![a-z]))
    | (?P<digit>\d)
    | (?P<han>[\u3400-\u9fff\uf900-\ufaff])
    | (?P<kana>[\u3040-\u30ff\uac00-\ud7af])
    | (?P<letters>[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+)
    | (?P<symbol>[%&$€£+=@°])
    | (?P<stop>[.!?。！？…\n]+)
    | (?P<comma>[,;:，、；：—–])""",
    re.VERBOSE,
)
_VOWELS = re.compile(r"[aeiouyàáâäãåèéêëìíîïòóôöõùúûüæøœаеёиоуыэюя]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Length:
    """What a piece of text takes at an ordinary pace, in seconds."""

    speech: float
    pause: float
    """The silence that is to be expected after it."""


def length(text: str) -> Length:
    """The length of `text`, a token or a word of any language. Fitted to nothing: a pace is learnt on top of it."""
    speech = pause = 0.0
    for part in _PART.finditer(text):
        found = part.group()
        match part.lastgroup:
            case "letters":
                groups = len(_VOWELS.findall(found))
                speech += _LETTER_S * len(found) + _VOWELS_S * groups
            case "spelt":
                speech += _SPELT_S * len(found)
            case "digit":
                speech += _DIGIT_S
            case "han":
                speech += _HAN_S
            case "kana":
                speech += _KANA_S
            case "symbol":
                speech += _SYMBOL_S
            case "stop":
                pause = _STOP_S
            case _:
                pause = max(pause, _COMMA_S)
    return Length(speech, pause)
