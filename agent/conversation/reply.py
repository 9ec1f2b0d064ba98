"""What one reply is made of, and how much of it was heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from streaming.time import Time, ticks

from .events import ToolCall

REPLY_RATE = 24_000
"""Sound of replies, in samples a second."""


@dataclass(slots=True)
class ReplyLedger:
    """Tokens, the samples that say them, and the sample up to which all was heard."""

    number: int
    turn: int | None = None
    """The user's turn that it answers."""
    due: str | None = None
    """The text that was due, if that is what it says."""
    owed: bool = False
    """It answers something that was waiting (a typed turn, a tool's result, a client's wish)."""
    released: bool = False
    held: bool = False
    audible: bool = False
    done: bool = False
    announced_whole: bool = False
    drained: bool = False
    """All that there was was heard, and nothing has come since."""
    heard: int = 0
    """Samples [0, `heard`) were heard."""
    heard_at: Time = 0
    tokens_heard: int = 0
    unmade_calls: list[ToolCall] = field(default_factory=list)
    """Tool calls that wait for its release."""
    made_calls: list[str] = field(default_factory=list)
    _tokens: list[str] = field(default_factory=list)
    _spans: list[tuple[int, int, int]] = field(default_factory=list)
    """(token, first, last), one a token."""
    _next_span: int = 0
    """The first span that is not known to be heard."""

    @property
    def end(self) -> int:
        """Where the sound that is known ends."""
        return self._spans[-1][2] if self._spans else 0

    @property
    def text(self) -> str:
        return "".join(self._tokens)

    @property
    def text_heard(self) -> str:
        return "".join(self._tokens[: self.tokens_heard])

    @property
    def text_unheard(self) -> str:
        return "".join(self._tokens[self.tokens_heard :])

    def say(self, token: int, text: str) -> None:
        """Token `token` reads `text`."""
        self._tokens.extend([""] * (token + 1 - len(self._tokens)))
        self._tokens[token] = text

    def sound(self, token: int, first: int, last: int) -> None:
        """Samples [first, last) say `token`. A span that follows on for the same token makes it longer."""
        if last <= max(first, self.end):
            return
        if self._spans and self._spans[-1][0] >= token:
            token, first, _ = self._spans.pop()
            self._next_span = min(self._next_span, len(self._spans))
        self._spans.append((token, first, last))
        self.drained = False

    def hear(self, until: int, at: Time) -> bool:
        """Samples [0, `until`) were heard. Whether this is news of a word; what was heard once stays heard."""
        if until <= self.heard:
            return False
        self.heard, self.heard_at = until, at
        return self._count()

    def hear_all(self, at: Time) -> bool:
        """Everything so far was heard. Whether this is news of a word."""
        self.hear(max(self.heard, self.end), at)
        news = self.tokens_heard < len(self._tokens)
        self.tokens_heard = len(self._tokens)
        return news

    def shorten(self, until: int) -> bool:
        """No more than samples [0, `until`) were heard after all. Whether that takes a word back."""
        if until >= self.heard:
            return False
        before, self.heard = self.tokens_heard, max(0, until)
        self.tokens_heard = self._next_span = 0
        self._count()
        return self.tokens_heard < before

    def word_ends(self, now: Time) -> Time:
        """When the word that sounds at `now` will have been played; `now` in a pause."""
        behind = max(0, now - self.heard_at)
        place = self.heard + behind // ticks(1, REPLY_RATE)
        for _, first, last in self._spans:
            if first <= place < last:
                return max(now, self.heard_at + ticks(last - self.heard, REPLY_RATE))
        return now

    def played(self, now: Time) -> int:
        """The sample that sounds at `now`, if sound has been flowing since the latest report."""
        return min(self.end, self.heard + max(0, now - self.heard_at) // ticks(1, REPLY_RATE))

    def _count(self) -> bool:
        """Count the heard tokens: those whose sound was heard by more than half, and the silent ones before them."""
        before = self.tokens_heard
        while self._next_span < len(self._spans):
            token, first, last = self._spans[self._next_span]
            if 2 * (min(self.heard, last) - first) <= last - first:
                break
            self.tokens_heard = max(self.tokens_heard, token + 1)
            self._next_span += 1
        return self.tokens_heard > before
