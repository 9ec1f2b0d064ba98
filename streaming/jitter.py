"""A receive buffer for packets that come late, twice, in the wrong order, or not at all. It knows no sound.

Packets lie on a line of media time that begins with the first one and never runs backwards: RTP timestamps are
unwrapped on it, and a jump of the sender's timestamps (a new SSRC, a restarted track) continues it where it was.
`next` is where the receiver has come to on that line. Arrival times are passed in, on any monotonic clock.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from streaming.time import TICKS_PER_SECOND, Time, ms, ticks_per_sample

Payload = TypeVar("Payload")

_WINDOW = 4.0
"""Seconds over which delays are remembered."""
_IN_TIME = 0.97
"""This share of the packets is waited for."""
_DEEPEST = 0.150
"""Seconds of waiting beyond the quickest packet, at most."""
_GRACE = 0.020
"""Seconds that a packet may be later than the quickest before `ready` gives it up, though the others never are."""
_LARGEST = ms(2000)
"""More than this is not kept: the receiver has stopped pulling."""
_JUMP = TICKS_PER_SECOND
"""A timestamp farther than this from where the wall clock expects it is a jump."""
_PAUSE = ms(200)
"""A longer hole is a pause of the sender, not a loss."""
_CYCLE = 1 << 32


@dataclass(frozen=True, slots=True)
class Packet(Generic[Payload]):
    """`length` of sound from `start` on, both on the line of media time."""

    start: Time
    length: Time
    payload: Payload


@dataclass(frozen=True, slots=True)
class Missing:
    """`length` of sound is not there, but what follows it is."""

    length: Time


@dataclass(slots=True)
class Arrivals:
    """What became of the packets so far."""

    received: int = 0
    duplicate: int = 0
    late: int = 0
    """Came after their time, and were thrown away."""
    lost: int = 0
    """Were not there when their neighbours were played, the late ones among them."""
    overflowed: int = 0
    """Were thrown away because nobody pulled."""


class JitterBuffer(Generic[Payload]):
    """Orders packets and says how long it is worth waiting for one. See the module."""

    def __init__(self, clock: int) -> None:
        """`clock` is the rate of the RTP timestamps in Hz (Opus: 48000, G.711: 8000)."""
        self.next: Time = 0
        """The beginning of what has not been taken yet."""
        self.arrivals = Arrivals()
        self._tick = ticks_per_sample(clock)
        self._packets: dict[Time, Packet[Payload]] = {}
        self._starts: list[Time] = []
        """The keys of `_packets`, sorted."""
        self._end: Time = 0
        """The end of the latest packet that ever came."""
        self._latest: tuple[int, Time, float] | None = None
        """RTP timestamp, start and arrival of the latest packet."""
        self._stray: tuple[int, Time, Payload, float] | None = None
        """A packet that jumped: RTP timestamp, length, payload, arrival. Believed once a second one goes with it."""
        self._stood_in: Time = 0
        """What the receiver played at `next`, of its own making, while there was nothing to take."""
        self._taken_end: Time | None = None
        self._delays = _Delays()

    def push(self, timestamp: int, length: int, payload: Payload, arrival: float) -> None:
        """A packet came at `arrival` (seconds); `timestamp` and `length` are in samples of the RTP clock."""
        self._accept(timestamp, length * self._tick, payload, arrival)

    def take(self) -> Packet[Payload] | Missing | None:
        """What lies at `next`: a packet, which is taken (it may begin a little earlier, where it overlaps what was
        played); something missing, which is not taken (`pass_over`); or nothing as yet."""
        while self._starts:
            start = self._starts[0]
            if start > self.next:
                return Missing(start - self.next)
            packet = self._remove_first()
            if packet.start + packet.length > self.next:
                self._count_lost(packet)
                self.next = packet.start + packet.length
                return packet
            self.arrivals.late += 1
        return None

    def pass_over(self, length: Time) -> None:
        """`length` of what is missing at `next` was made up."""
        self.next += length

    def stand_in(self, length: Time) -> None:
        """`length` of something else was played at `next` while nothing was there.

        It counts for what is missing there, if something is; if it was only late, it is played after it.
        """
        self._stood_in += length

    def ready(self, now: float) -> Time:
        """How much from `next` on can be had without waiting any longer: what is there, and what is given up."""
        until = self.next
        patience = max(self._delays.target, self._delays.quickest + _GRACE)
        for start in self._starts:
            if start > until and now < until / TICKS_PER_SECOND + patience:
                break
            until = max(until, start + self._packets[start].length)
        return until - self.next

    @property
    def depth(self) -> Time:
        """From `next` to the end of the latest packet."""
        return self._end - self.next

    @property
    def delay(self) -> float:
        """By how many seconds the wall clock is ahead of media time when a packet has nearly always come."""
        return self._delays.target

    @property
    def jitter(self) -> float:
        """How many seconds of that are owed to packets that were slower than the quickest."""
        return self._delays.target - self._delays.quickest

    # --- inside -------------------------------------------------------------------------------

    def _accept(self, timestamp: int, length: Time, payload: Payload, arrival: float) -> None:
        start = self._place(timestamp, arrival)
        if start is None:
            self._consider(timestamp, length, payload, arrival)
            return
        self._stray = None
        if self._latest is None or start >= self._latest[1]:
            self._latest = (timestamp, start, arrival)
        self.arrivals.received += 1
        if start in self._packets:
            self.arrivals.duplicate += 1
            return
        self._delays.add(arrival - start / TICKS_PER_SECOND, arrival)
        if length <= 0 or start + length <= self.next:
            self.arrivals.late += 1
            return
        self._packets[start] = Packet(start, length, payload)
        insort(self._starts, start)
        self._end = max(self._end, start + length)
        self._settle()
        self._bound()

    def _place(self, timestamp: int, arrival: float) -> Time | None:
        """Where a packet belongs on the line; None if its timestamp jumped."""
        if self._latest is None:
            return 0
        last_timestamp, last_start, last_arrival = self._latest
        steps = (timestamp - last_timestamp) % _CYCLE
        if steps >= _CYCLE // 2:
            steps -= _CYCLE
        start = last_start + steps * self._tick
        ahead = start - self._end
        elapsed = max(0.0, arrival - last_arrival) * TICKS_PER_SECOND
        return start if -_JUMP <= ahead <= elapsed + _JUMP else None

    def _consider(self, timestamp: int, length: Time, payload: Payload, arrival: float) -> None:
        """One packet that jumps is an error of somebody's; two that go together are a new beginning."""
        stray, self._stray = self._stray, (timestamp, length, payload, arrival)
        if stray is None:
            return
        steps = (timestamp - stray[0] + _CYCLE // 2) % _CYCLE - _CYCLE // 2
        if not 0 < abs(steps * self._tick) <= _JUMP:
            return
        first = min(steps, 0) + stray[0]
        self._latest = (first % _CYCLE, self._end, stray[3])
        self._delays = _Delays()
        self._accept(*stray)
        self._accept(timestamp, length, payload, arrival)

    def _settle(self) -> None:
        """Counts what was played in the place of nothing against what turned out to be missing."""
        self.next += min(self._stood_in, max(0, self._starts[0] - self.next))
        self._stood_in = 0

    def _bound(self) -> None:
        while self.depth > _LARGEST:
            if self._starts[0] > self.next:
                self.next = self._starts[0]
                continue
            packet = self._remove_first()
            self.next = max(self.next, packet.start + packet.length)
            self.arrivals.overflowed += 1

    def _remove_first(self) -> Packet[Payload]:
        return self._packets.pop(self._starts.pop(0))

    def _count_lost(self, packet: Packet[Payload]) -> None:
        hole = 0 if self._taken_end is None else packet.start - self._taken_end
        if 0 < hole <= _PAUSE:
            self.arrivals.lost += max(1, round(hole / packet.length))
        self._taken_end = packet.start + packet.length


class _Delays:
    """Arrival less media time, in seconds, of the packets of the last few seconds."""

    def __init__(self) -> None:
        self._in_order: deque[tuple[float, float]] = deque()
        """Arrival and delay."""
        self._sorted: list[float] = []
        self.quickest = 0.0
        self.target = 0.0
        """The delay that nearly all keep to, but never much beyond the quickest: a stall is not the rule."""

    def add(self, delay: float, arrival: float) -> None:
        self._in_order.append((arrival, delay))
        insort(self._sorted, delay)
        while self._in_order[0][0] < arrival - _WINDOW:
            gone = self._in_order.popleft()[1]
            del self._sorted[bisect_left(self._sorted, gone)]
        self.quickest = self._sorted[0]
        usual = self._sorted[int((len(self._sorted) - 1) * _IN_TIME)]
        self.target = min(usual, self.quickest + _DEEPEST)
