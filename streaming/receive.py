"""From packets as they come to sound without gaps: jitter buffer, decoder and concealment in one.

Two ways to use it, which may be mixed:

- A machine that listens (ears) wants sound as soon as it is there and does not mind its pace: after every packet,
  `while receiver.ready(now) >= hop: pull(hop, now)`. On-time packets then wait for nothing, a missing one for at
  most about the jitter and 20 ms, and no latency stands. If nothing comes for long, `pull` anyway (`streaming.clock`).
- A person who listens wants sound at the pace of real time: `pull` at that pace. What is missing is concealed at
  once; the depth that remains adapts to the jitter and shrinks again, by leaving out silence or single periods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np

from streaming.conceal import Concealer, find_period, shorten
from streaming.frames import Pcm, level_dbfs
from streaming.jitter import JitterBuffer, Missing, Packet
from streaming.time import TICKS_PER_SECOND, Time, ms, ticks_per_sample, to_ms

_TOO_DEEP = ms(10)
_TOO_LONG = 0.050
"""Seconds for which the buffer must be too deep before something is left out, and until more is."""
_QUIET_DBFS = -50.0
_MARGIN = ms(10)
"""Sound beyond what is left out, over which the cut is hidden or a period is found."""


@dataclass(slots=True)
class Sound:
    """What was done to the sound, in samples."""

    concealed: int = 0
    """Made up, or silent, where there was nothing to play."""
    left_out: int = 0
    """Left out to catch up."""
    broken: int = 0
    """Packets (not samples) that could not be decoded."""


class Receiver:
    """The receiving end of one stream of encoded sound. Pure: times are passed in (monotonic seconds)."""

    def __init__(self, decode: Callable[[bytes], Pcm], clock: int, rate: int) -> None:
        """`decode` gives the int16 mono sound of a payload at `rate` Hz and is called in the order of media time,
        once for each packet that is played; it raises `ValueError` for a payload that it cannot read, which is then
        concealed. `clock` is the rate of the RTP timestamps in Hz, a multiple or a fraction of `rate`."""
        self.sound = Sound()
        self._decode = decode
        self._rate = rate
        self._tick = ticks_per_sample(rate)
        self._buffer: JitterBuffer[bytes] = JitterBuffer(clock)
        self.arrivals = self._buffer.arrivals
        self._concealer = Concealer(rate)
        self._decoded: Pcm = np.zeros(0, np.int16)
        self._deep_since: float | None = None

    def push(self, timestamp: int, length: int, payload: bytes, arrival: float) -> None:
        """A packet came; `timestamp` and `length` are in samples of the RTP clock (`opus_length`)."""
        self._buffer.push(timestamp, length, payload, arrival)

    def ready(self, now: float) -> int:
        """How many samples `pull` gives without making up any that might still come in time."""
        return len(self._decoded) + self._buffer.ready(now) // self._tick

    def pull(self, count: int, now: float) -> Pcm:
        """The next `count` samples, always. What is not there is concealed, and silent after 60 ms."""
        self._catch_up(count, now)
        while (short := count - len(self._decoded)) > 0:
            found = self._next()
            if isinstance(found, Packet):
                continue
            if found is None:
                self._buffer.stand_in(short * self._tick)
            else:
                short = min(short, ceil(found.length / self._tick))
                self._buffer.pass_over(min(found.length, short * self._tick))
            self._append(self._conceal(short))
        pulled, self._decoded = self._decoded[:count], self._decoded[count:]
        return pulled

    @property
    def position(self) -> Time:
        """Media time of the next sample, from the beginning of the stream's first packet."""
        return self._buffer.next - len(self._decoded) * self._tick

    @property
    def depth_ms(self) -> float:
        """How much sound waits here."""
        return to_ms(self._buffer.depth + len(self._decoded) * self._tick)

    @property
    def jitter_ms(self) -> float:
        """How much later than the quickest packets nearly all of them come."""
        return self._buffer.jitter * 1000

    # --- inside -------------------------------------------------------------------------------

    def _append(self, pcm: Pcm) -> None:
        self._decoded = np.concatenate((self._decoded, pcm)) if len(self._decoded) else pcm

    def _conceal(self, count: int) -> Pcm:
        self.sound.concealed += count
        return self._concealer.conceal(count)

    def _next(self) -> Packet[bytes] | Missing | None:
        """What comes next; if it is a packet, its sound was taken, less what was played or made up already."""
        played_until = self._buffer.next
        found = self._buffer.take()
        if isinstance(found, Packet):
            played = max(0, played_until - found.start) // self._tick
            try:
                pcm = self._concealer.sound(self._decode(found.payload)[played:])
            except ValueError:
                self.sound.broken += 1
                pcm = self._conceal(found.length // self._tick - played)
            self._append(pcm)
        return found

    def _catch_up(self, count: int, now: float) -> None:
        """Leaves something out if there has been more sound here than the jitter asks for, for some time."""
        waits = len(self._decoded)
        # The sooner the next packet is needed, the sooner it must be there.
        needed = self._buffer.delay * TICKS_PER_SECOND + (waits * self._tick if waits < count else 0)
        ahead = now * TICKS_PER_SECOND - self.position - needed
        if ahead < _TOO_DEEP:
            self._deep_since = None
        elif self._deep_since is None:
            self._deep_since = now
        elif now - self._deep_since >= _TOO_LONG:
            spare = waits * self._tick + self._buffer.ready(now) - count * self._tick - _MARGIN
            if spare >= _TOO_DEEP:
                self._deep_since = now
                self._leave_out(int(min(ahead, spare)) // self._tick)

    def _leave_out(self, most: int) -> None:
        """Leaves out at most `most` samples: all of them if it is quiet there, else one period of the voice."""
        wanted = most + _MARGIN // self._tick
        while len(self._decoded) < wanted and isinstance(self._next(), Packet):
            pass
        if len(self._decoded) < wanted:
            return
        quiet = level_dbfs(self._decoded[:wanted]) < _QUIET_DBFS
        cut = most if quiet else find_period(self._decoded, self._rate, most / self._rate)[0]
        self._decoded = shorten(self._decoded, cut, self._rate)
        self.sound.left_out += cut


def opus_length(payload: bytes) -> int:
    """How many samples at 48 kHz an Opus packet is long, by its first bytes (RFC 6716, section 3.1).

    Raises `ValueError` for a packet that is none.
    """
    if not payload:
        raise ValueError("an Opus packet has at least one byte: drop empty payloads")
    configuration, code = payload[0] >> 3, payload[0] & 3
    if configuration < 12:
        frame = (480, 960, 1920, 2880)[configuration & 3]
    elif configuration < 16:
        frame = (480, 960)[configuration & 1]
    else:
        frame = (120, 240, 480, 960)[configuration & 3]
    if code == 3:
        if len(payload) < 2 or not 0 < (frames := payload[1] & 63) * frame <= 5760:
            raise ValueError("an Opus packet holds at most 120 ms of sound: drop this one")
        return frames * frame
    return frame if code == 0 else 2 * frame
