"""Which sample of which reply the other end hears now.

Sound that a room sends lies on the room's output line: position 0 is where the room began to send, and the
line runs at the pace of real time. What lies at a position is audible `downlink` later. That delay is an
estimate until the client reports what it plays; from then on the reports say it. Between reports the playhead
moves with time, so that a cut knows the word to within a report's jitter, not its interval.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from streaming.playout import Span
from streaming.time import Time, ms, ticks

from .room import Playback

REPLY_RATE = 24_000
KEPT = ms(10_000)
"""How long spans stay known after they were heard: a report older than this says nothing."""
LONGEST_DOWNLINK = ms(3000)
RTP_CYCLE = 1 << 32


@dataclass(slots=True)
class _Sent:
    """Samples [`first`, `last`) of `reply` begin at position `at` of the output line."""

    reply: int
    first: int
    last: int
    at: Time

    @property
    def end(self) -> Time:
        return self.at + ticks(self.last - self.first, REPLY_RATE)


@dataclass(slots=True)
class Playhead:
    """Follows the sound that was sent to where it is heard. Pure: the room says what time it is."""

    downlink: Time
    """How long after its position a sample is audible."""
    reported: bool = False
    """Whether `downlink` comes from the client."""
    _spans: deque[_Sent] = field(default_factory=deque)
    _heard: dict[int, int] = field(default_factory=dict)
    _silenced: deque[int] = field(default_factory=lambda: deque(maxlen=16))

    def sent(self, spans: list[Span], at: Time) -> None:
        """A block of sound that begins at position `at` of the output line was sent; `spans` lie within it."""
        for span in spans:
            if span.reply in self._silenced:
                continue
            start = at + ticks(span.offset, REPLY_RATE)
            last = self._spans[-1] if self._spans else None
            if last and last.reply == span.reply and last.last == span.first and last.end == start:
                last.last = span.last
            else:
                self._spans.append(_Sent(span.reply, span.first, span.last, start))

    def silenced(self, reply: int) -> None:
        """Nothing more of `reply` will be heard, whatever was sent."""
        self._silenced.append(reply)
        self._spans = deque(span for span in self._spans if span.reply != reply)
        self._heard.pop(reply, None)

    def heard(self, now: Time) -> list[tuple[int, int]]:
        """(reply, until) for every reply of which more has become audible by position `now` of the line."""
        audible = now - self.downlink
        progress: dict[int, int] = {}
        for span in self._spans:
            if span.at >= audible:
                break
            until = min(span.last, span.first + (audible - span.at) // ticks(1, REPLY_RATE))
            if until > self._heard.get(span.reply, 0):
                self._heard[span.reply] = progress[span.reply] = until
        while self._spans and self._spans[0].end < audible - KEPT:
            gone = self._spans.popleft()
            if all(span.reply != gone.reply for span in self._spans):
                self._heard.pop(gone.reply, None)
        return list(progress.items())

    def report(self, report: Playback, now: Time, rtp_origin: int | None = None) -> None:
        """The client said what it plays, and that has just come in. `rtp_origin` is position 0's RTP timestamp.

        Reports of what was never sent, or too long ago, are passed over.
        """
        position = self._position(report, now, rtp_origin)
        if position is None:
            return
        delay = now - position + report.latency
        if not 0 <= delay <= LONGEST_DOWNLINK:
            return
        # The report itself was under way for a while, now longer, now shorter: the shortest is nearest to the truth.
        if not self.reported or delay < self.downlink:
            self.downlink = delay
        else:
            self.downlink += (delay - self.downlink) // 8
        self.reported = True

    def _position(self, report: Playback, now: Time, rtp_origin: int | None) -> Time | None:
        if report.rtp_timestamp is not None:
            if rtp_origin is None:
                return None
            # RTP timestamps count 48 kHz samples, which are ticks; they wrap, the line does not.
            behind = (rtp_origin + now - report.rtp_timestamp) % RTP_CYCLE
            return now - behind if behind <= KEPT else None
        for span in reversed(self._spans):
            if span.reply == report.reply and span.first <= report.until <= span.last:
                return span.at + ticks(report.until - span.first, REPLY_RATE)
        return None
