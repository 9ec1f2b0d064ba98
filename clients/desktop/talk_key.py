"""Push-to-talk with a key whose release no terminal tells: tap to begin and again to end, or hold.

A held key repeats: after a first delay of 250 to 660 ms it comes 10 to 30 times a second. So a second press ends the
turn only once no third has followed at that pace, and a key that repeats is let go when the repeats stop.
"""

from __future__ import annotations

from dataclasses import dataclass

REPEATS_WITHIN_S = 0.15


@dataclass(slots=True)
class TalkKey:
    """Pure: times are monotonic, in seconds."""

    down: bool = False
    """The user wants to be heard."""
    due: float | None = None
    """When `expire` may change something."""

    def press(self, now: float) -> None:
        """The key's character came."""
        if not self.down:
            self.down, self.due = True, None
        else:
            self.due = now + REPEATS_WITHIN_S

    def expire(self, now: float) -> None:
        """Time has passed."""
        if self.due is not None and now >= self.due:
            self.down, self.due = False, None
