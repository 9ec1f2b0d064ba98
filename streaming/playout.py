"""The agent's sound on its way out: queued, held, ducked, cut, and accounted for to the sample.

For every reply three numbers are kept, in samples from its beginning: how much was generated, how much of that
was sent, how much of that was heard. Sound is int16 mono at 24 kHz. Pacing is the caller's: `pull` for those who
send at the pace of real time, `take` for those who send ahead.

Not thread-safe, by design: a call's playout lives on the loop of its call.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from streaming.frames import Float, Pcm

RATE = 24_000
GAIN_RAMP = RATE * 5 // 1000
"""Samples over which a change of gain is spread."""
FADE_OUT = RATE * 5 // 1000
"""Samples that a silenced reply may still take to die away."""


@dataclass(frozen=True, slots=True)
class Span:
    """Samples [`first`, `last`) of `reply` lie at `offset` in what was pulled."""

    reply: int
    first: int
    last: int
    offset: int


@dataclass(frozen=True, slots=True)
class Pulled:
    """Sound that leaves now, and what of which reply is in it, in order. What is in no span is silence."""

    pcm: Pcm
    spans: list[Span]

    @property
    def silent(self) -> bool:
        """Nothing of any reply is in it."""
        return not self.spans


@dataclass(frozen=True, slots=True)
class Played:
    """How far a reply has come, in samples from its beginning: heard <= sent <= generated."""

    generated: int
    sent: int
    heard: int
    finished: bool
    """No more will be generated."""


@dataclass(slots=True)
class _Reply:
    pieces: deque[Pcm] = field(default_factory=deque)
    """What was generated and not sent."""
    generated: int = 0
    sent: int = 0
    heard: int = 0
    finished: bool = False
    held: bool = True
    silenced: bool = False
    starving: bool = False
    """It had nothing to send when it was last asked: the same underrun goes on."""

    @property
    def unsent(self) -> int:
        return sum(map(len, self.pieces))

    @property
    def over(self) -> bool:
        return self.finished and not self.pieces


class Playout:
    """Queues the sound of replies, in the order in which they were started.

    The first reply that is released and not over plays; while it waits for its own sound, those after it wait.
    A reply that is held keeps nobody waiting. Methods raise `KeyError` for a reply that was never started.
    """

    def __init__(self) -> None:
        self.underruns = 0
        """How often a reply that had begun, and was neither held nor finished, had nothing to send (`pull` only)."""
        self._replies: dict[int, _Reply] = {}
        self._queue: list[int] = []
        """Replies that are not over, in order."""
        self._playing: int | None = None
        """The reply that sound was last pulled of, at the pace of real time."""
        self._gain = self._target = 1.0
        self._ramp_left = 0

    # --- what is to be played -----------------------------------------------------------------

    def start(self, reply: int) -> None:
        """Queues `reply`, held until `release`. Raises `ValueError` if it was started before."""
        if reply in self._replies:
            raise ValueError(f"reply {reply} was started before: give every reply a number of its own")
        self._replies[reply] = _Reply()
        self._queue.append(reply)

    def push(self, reply: int, pcm: Pcm) -> None:
        """The next samples of `reply`. Ignored once it is finished or silenced: its maker learns of that later."""
        known = self._find(reply)
        if known.finished or known.silenced or not len(pcm):
            return
        known.pieces.append(pcm)
        known.generated += len(pcm)

    def finish(self, reply: int) -> None:
        """All of `reply` was pushed."""
        self._find(reply).finished = True
        self._forget()

    def release(self, reply: int) -> None:
        """`reply` may leave from now on."""
        self._find(reply).held = False

    def hold(self, reply: int) -> None:
        """Nothing of `reply` leaves until `release`; it keeps on being made."""
        self._find(reply).held = True

    def silence(self, reply: int) -> None:
        """Drops what `reply` has not sent, for good. If it is being pulled, its next 5 ms still leave, as a fade.

        Where sound is sent ahead (`take`) there is no fade: the client cuts off what it has itself.
        """
        known = self._find(reply)
        if known.silenced:
            return
        known.silenced = known.finished = True
        playing = self._playing == reply and not known.held
        rest = self._next_samples(known, FADE_OUT, remove=False) if playing else np.zeros(0, np.int16)
        known.pieces.clear()
        if len(rest):
            fade = np.linspace(self._gain, 0.0, len(rest) + 1, dtype=np.float32)[1:]
            known.pieces.append((rest * fade).astype(np.int16))
        if self._playing == reply:
            # The fade carries its own gain, and a cut ends the ducking: what comes next is at full level.
            self._gain, self._target, self._ramp_left = 1.0, 1.0, 0
        self._forget()

    def duck(self, gain_db: float) -> None:
        """Plays at `gain_db` (negative) from now on, reached over a few milliseconds."""
        self._ramp_to(10 ** (gain_db / 20))

    def unduck(self) -> None:
        """Plays at full level from now on, reached over a few milliseconds."""
        self._ramp_to(1.0)

    # --- what leaves --------------------------------------------------------------------------

    def pull(self, count: int) -> Pulled:
        """The next `count` samples, with silence where there is nothing to play. They count as sent."""
        pulled = self._gather(count)
        head = self._head()
        starved = len(pulled.pcm) < count and head is not None and head.sent > 0
        if head is not None:
            self.underruns += starved and not head.starving
            head.starving = starved
        missing = count - len(pulled.pcm)
        if missing:
            # Silence is played too: a gain that was on its way has arrived by the next sound.
            self._shape(np.zeros(missing, np.int16))
            return Pulled(np.concatenate((pulled.pcm, np.zeros(missing, np.int16))), pulled.spans)
        return pulled

    def take(self, limit: int) -> Pulled:
        """What may leave now, up to `limit` samples, and no silence. It counts as sent."""
        pulled = self._gather(limit)
        if pulled.spans:
            self._playing = None
        return pulled

    # --- what is known ------------------------------------------------------------------------

    def heard(self, reply: int, until: int) -> None:
        """The other end heard samples [0, `until`) of `reply`. Never exceeds what was sent, never decreases."""
        known = self._find(reply)
        known.heard = max(known.heard, min(until, known.sent))

    def played(self, reply: int) -> Played:
        """How far `reply` has come."""
        known = self._find(reply)
        return Played(known.generated, known.sent, known.heard, known.finished)

    def unsent(self, reply: int) -> int:
        """How many samples of `reply` would still leave, once it is released."""
        return self._find(reply).unsent

    # --- inside -------------------------------------------------------------------------------

    def _find(self, reply: int) -> _Reply:
        try:
            return self._replies[reply]
        except KeyError:
            raise KeyError(f"reply {reply} was never started: call start({reply}) first") from None

    def _head(self) -> _Reply | None:
        """The reply whose turn it is."""
        return next((known for reply in self._queue if not (known := self._replies[reply]).held), None)

    def _forget(self) -> None:
        self._queue = [reply for reply in self._queue if not self._replies[reply].over]

    def _gather(self, limit: int) -> Pulled:
        """Up to `limit` samples of the replies whose turn it is."""
        pieces: list[Pcm] = []
        spans: list[Span] = []
        filled = 0
        for reply in list(self._queue):
            known = self._replies[reply]
            if known.held:
                continue
            piece = self._next_samples(known, limit - filled, remove=True)
            if len(piece):
                spans.append(Span(reply, known.sent, known.sent + len(piece), filled))
                known.sent += len(piece)
                filled += len(piece)
                self._playing = reply
                pieces.append(self._shape(piece))
            if filled == limit or not known.over:
                break
        if spans:
            self._forget()
        return Pulled(np.concatenate(pieces) if pieces else np.zeros(0, np.int16), spans)

    @staticmethod
    def _next_samples(known: _Reply, limit: int, *, remove: bool) -> Pcm:
        """Up to `limit` of the samples that leave next."""
        taken: list[Pcm] = []
        left = limit
        pieces = known.pieces if remove else deque(known.pieces)
        while left > 0 and pieces:
            piece = pieces.popleft()
            taken.append(piece[:left])
            if len(piece) > left:
                pieces.appendleft(piece[left:])
            left -= len(taken[-1])
        return np.concatenate(taken) if taken else np.zeros(0, np.int16)

    def _ramp_to(self, target: float) -> None:
        self._target, self._ramp_left = target, GAIN_RAMP

    def _shape(self, pcm: Pcm) -> Pcm:
        """`pcm` at the present gain, which moves on by as many samples."""
        if not self._ramp_left and self._target == 1.0:
            return pcm
        gain: Float = np.full(len(pcm), self._target, np.float32)
        ramp = min(self._ramp_left, len(pcm))
        if ramp:
            step = (self._target - self._gain) / self._ramp_left
            gain[:ramp] = self._gain + step * np.arange(1, ramp + 1, dtype=np.float32)
            self._ramp_left -= ramp
            self._gain = float(gain[ramp - 1]) if self._ramp_left else self._target
        shaped: Pcm = np.rint(pcm * gain).astype(np.int16)
        return shaped
