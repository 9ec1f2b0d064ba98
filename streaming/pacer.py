"""How far ahead of the other end's ear sound may be sent."""

from __future__ import annotations


class LeadCap:
    """Keeps what a client has queued, as far as one can know, at or below a cap.

    The client plays at the pace of real time whatever it has. Its queue is therefore what was sent less the time
    that has passed, and never less than nothing: after a pause sending begins afresh, and no amount of sound, early
    or late, becomes standing latency. Pure: `now` is any monotonic clock, in seconds.
    """

    def __init__(self, rate: int, lead_ms: float) -> None:
        """`rate` in Hz; at most `lead_ms` of sound lie at the client."""
        self.rate = rate
        self.lead = round(rate * lead_ms / 1000)
        """The cap, in samples."""
        self._empty_at = float("-inf")
        """When the client will have played everything."""

    def queued(self, now: float) -> int:
        """How many samples the client still has to play."""
        # Rounded up: half a sample is still something to play.
        return max(0, -int((now - self._empty_at) * self.rate // 1)) if self._empty_at > now else 0

    def allowance(self, now: float) -> int:
        """How many samples may be sent now."""
        return max(0, self.lead - self.queued(now))

    def wait(self, count: int, now: float) -> float:
        """Seconds until `count` samples (at most the cap) may be sent."""
        return max(0.0, self._empty_at - now - (self.lead - min(count, self.lead)) / self.rate)

    def sent(self, count: int, now: float) -> None:
        """`count` samples have left."""
        self._empty_at = max(self._empty_at, now) + count / self.rate

    def clear(self) -> None:
        """The client threw away what it had."""
        self._empty_at = float("-inf")
