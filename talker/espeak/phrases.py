"""Cutting a reply that grows token by token into phrases that can be spoken at once.

espeak itself speaks clause by clause, so a cut at punctuation costs no prosody. The first phrase is cut as early
as it makes sense, because somebody waits for it; later ones have time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .speakable import is_han

_PAUSES = {"sentence": 0.32, "colon": 0.2, "comma": 0.14, "paragraph": 0.45, "": 0.0}
"""Seconds of silence after a phrase that ends so, before the next one."""
_FIRST_WORDS = 4
_FIRST_WORDS_AT_MOST = 6
_CLAUSE_WORDS = 3
_LATER_WORDS = 12
_LATER_WORDS_AT_MOST = 16

_BOUNDARY = re.compile(
    r"""
    (?P<paragraph>[.!?…:;,]*["'”’)\]*_]*\s*\n\s*)
    | (?P<sentence>(?:[.!?…]+["'”’)\]*_]*(?=\s)|[!?]+$|[。！？]+[」』”’）]*))
    | (?P<colon>(?:[:;]["'”’)\]*_]*(?=\s)|\s[-–—](?=\s)|—|[；：]))
    | (?P<comma>(?:,["'”’)\]*_]*(?=\s)|(?<=[^\W\d]),$|[，、]))
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"\S+")
_ABBREVIATION = re.compile(
    r"(?:^|\s)[(\"']*(?:mr|mrs|ms|dr|st|prof|gen|sen|rep|vs|no|fig|approx|e\.g|i\.e|cf|jr|sr|\w|\d{1,3})$",
    re.IGNORECASE,
)
_LEANING_WORDS = """
a an the of to in on at by for from with and or but nor as if that than my your his her its our their this these those
is are was were be been am do does did can could will would shall should may might must not no i you he she it we they
there very so too more most any some each every which who what when where how because while about into over
"""
_LEANING = frozenset(_LEANING_WORDS.split())
"""Words that lean on the next one: no cut after them where another place is near."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of a reply that is spoken in one breath."""

    text: str
    tokens: list[int]
    """For each character of `text`, the token it belongs to."""
    pause: float
    """Seconds of silence before it."""
    open_end: bool
    """It ends in the middle of a clause: the voice must not fall."""


class Phraser:
    """Takes tokens, gives phrases."""

    def __init__(self) -> None:
        self._text = ""
        self._tokens: list[int] = []
        self._pause = 0.0
        self._first = True
        self._finished = False
        self._next: Phrase | None = None

    def feed(self, token: int, text: str) -> None:
        """Token number `token` reads `text`."""
        self._text += text
        self._tokens += [token] * len(text)
        self._look()

    def finish(self) -> None:
        """Nothing more will come."""
        self._finished = True
        self._look()

    @property
    def ready(self) -> bool:
        """Whether there is a phrase to take."""
        return self._next is not None

    @property
    def done(self) -> bool:
        """Whether all was taken."""
        return self._finished and self._next is None

    def take(self) -> Phrase:
        """The next phrase. Only when `ready`."""
        assert self._next is not None
        phrase, self._next = self._next, None
        self._look()
        return phrase

    def _look(self) -> None:
        if self._next is not None:
            return
        end, kind = self._cut()
        if not end:
            return
        self._next = Phrase(self._text[:end], self._tokens[:end], self._pause, not kind and end < len(self._text))
        self._text, self._tokens = self._text[end:], self._tokens[end:]
        self._pause = _PAUSES[kind]
        self._first = False

    def _cut(self) -> tuple[int, str]:
        """Where the next phrase ends (0: not known yet), and how."""
        for match in _BOUNDARY.finditer(self._text):
            kind, before = match.lastgroup or "", self._text[: match.start()]
            words = _words(before)
            if not words or (kind == "sentence" and match.group().startswith(".") and _ABBREVIATION.search(before)):
                continue
            if kind in ("comma", "colon") and not self._first and words < _CLAUSE_WORDS:
                continue
            if words > _LATER_WORDS_AT_MOST:
                break
            return match.end(), kind
        at = self._between_words()
        if at:
            return at, ""
        return (len(self._text), "") if self._finished and self._text.strip() else (0, "")

    def _between_words(self) -> int:
        """A cut in the middle of a long clause, or 0."""
        least, most = (_FIRST_WORDS, _FIRST_WORDS_AT_MOST) if self._first else (_LATER_WORDS, _LATER_WORDS_AT_MOST)
        if _words(self._text) < least:
            return 0
        count = 0.0
        for match in _WORD.finditer(self._text):
            for at in range(match.start(), match.end()):
                count += 0.5 * is_han(self._text[at])
                if count >= most and at + 1 < len(self._text):
                    return at + 1  # Chinese, which has no spaces
            count += not is_han(self._text[match.start()])
            if match.end() == len(self._text):
                return 0  # the word may go on
            leans = match.group().lower() in _LEANING
            if count >= most or (count >= least and not leans):
                return match.end()
        return 0


def _words(text: str) -> float:
    """How many words are in `text`; a Chinese character is half a word."""
    return sum(
        1.0 if not is_han(word[0]) else 0.5 * sum(map(is_han, word))
        for word in _WORD.findall(text)
        if any(map(str.isalnum, word))
    )
