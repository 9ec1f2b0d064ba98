"""Spoken commands, spotted in the transcript: only when nothing else is said with them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from streaming.time import Time

from .opinions import CommandHeard, CommandName
from .words import SpokenWords

PHRASES: dict[CommandName, tuple[str, ...]] = {
    "stop": (
        "stop", "stop it", "stop that", "stop this", "stop now", "stop talking", "stop speaking", "stop there",
        "interrupt", "be quiet", "quiet", "shut up", "that's enough", "enough",
        "停", "停下", "停下来", "停一下", "停止", "停停", "停停停", "打断", "打断一下", "别说了", "不要说了", "够了",
    ),
    "wait": (
        "wait", "wait a moment", "wait a minute", "wait a second", "wait for me", "hold on", "hold on a moment",
        "hold on a minute", "hold on a second", "one moment", "one second", "just a moment", "just a second",
        "hang on", "give me a moment", "give me a second",
        "等", "等一下", "等等", "等一等", "等会儿", "稍等", "稍等一下",
    ),
    "change_topic": (
        "change topic", "change the topic", "change topics", "change subject", "change the subject",
        "let's change the topic", "let's change the subject", "let us change the topic", "new topic",
        "let's talk about something else", "talk about something else", "another topic",
        "换个话题", "换一个话题", "换话题", "我们换个话题", "换个话题聊",
    ),
}  # fmt: skip
"""What is obeyed out of the box."""
COURTESIES = frozenset(
    ("please", "now", "okay", "ok", "oh", "hey", "no", "right", "sorry", "um", "uh", "well", "so", "then", "thanks")
)
"""Words around a command that change nothing about it."""
COURTESIES_ZH = re.compile("^(请你?|好了?|喂|你|那|那么)+|(吧|啊|了吧|好吗)+$")
SENTENCE = re.compile(r"[.?!。？！…]+")


def normalise(text: str) -> str:
    """`text` in lower case, without punctuation, courtesies and repetitions: "Stop, stop please!" is "stop"."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    words = re.sub(r"[^\w']+", " ", text).split()
    while len(words) > 1 and words[0] in COURTESIES:
        words = words[1:]
    while len(words) > 1 and words[-1] in COURTESIES:
        words = words[:-1]
    if words and not words[0].isascii():
        whole = "".join(words)
        words = [COURTESIES_ZH.sub("", whole) or whole]
    for length in range(1, len(words) // 2 + 1):
        if words == words[:length] * (len(words) // length):
            words = words[:length]
            break
    return " ".join(words)


class Phrases:
    """What is obeyed in a session."""

    def __init__(self, extra: Mapping[str, CommandName] | None = None) -> None:
        """`extra`: further phrases, as they are spoken, and the command that each is."""
        own = {phrase: name for name, phrases in PHRASES.items() for phrase in phrases}
        self._commands = {normalise(phrase): name for phrase, name in {**own, **(extra or {})}.items()}

    def find(self, text: str) -> CommandName | None:
        """The command that the last sentence of `text` is, and nothing else; None: it is none."""
        sentences = [part for part in SENTENCE.split(text) if part.strip()]
        return self._commands.get(normalise(sentences[-1])) if sentences else None


@dataclass(slots=True)
class CommandEar:
    """One session's spotter. It speaks once an utterance, when the utterance is over and its words are there."""

    phrases: Phrases = field(default_factory=Phrases)
    _obeyed: Time | None = None
    """The onset of the utterance that was a command."""

    def judge(self, words: SpokenWords, at: Time) -> list[CommandHeard]:
        """The command that `words` are, if that is news."""
        text = words.settled
        if text is None or words.stopped is None or words.onset == self._obeyed:
            return []
        command = self.phrases.find(text)
        if command is None:
            return []
        self._obeyed = words.onset
        return [CommandHeard(command, about=words.onset, until=words.stopped, at=at)]
