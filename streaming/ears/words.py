"""The user's words beside the sound: are these all words of what was said before this pause?"""

from __future__ import annotations

from dataclasses import dataclass

from streaming.time import Time, ms

from .opinions import SpeechStarted, SpeechStopped

COVERS = ms(60)
"""Words made of sound that ends this long before the speech does still hold all of it."""


@dataclass(slots=True)
class SpokenWords:
    """One session's newest words, and the speech and pause that they must be seen against."""

    text: str = ""
    until: Time = 0
    """How far the sound goes that `text` was made of."""
    onset: Time = 0
    """When the newest speech began."""
    stopped: Time | None = None
    """When the speech ended, while the user pauses."""

    def edge(self, edge: SpeechStarted | SpeechStopped) -> None:
        """Speech began or ended."""
        if isinstance(edge, SpeechStarted):
            self.onset, self.stopped = edge.about, None
        else:
            self.stopped = edge.about

    def hear(self, text: str, until: Time) -> None:
        """The words of the user's turn, of sound up to `until`."""
        self.text, self.until = text, until

    @property
    def settled(self) -> str | None:
        """The words, if the user pauses and they hold all that was said before the pause; None otherwise."""
        if self.stopped is None or not self.text.strip() or self.until < self.stopped - COVERS:
            return None
        return self.text
