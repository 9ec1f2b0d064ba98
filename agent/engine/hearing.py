"""Perception's half of the engine: what one thread hears for all sessions.

Each slot has a queue, which keeps sound and commands in their order. A slot that is asked for the last words of a
turn comes first; the others take turns, and sound that has piled up is heard in one go.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition

import numpy as np

from streaming.time import Time, ms, ticks
from thinker.joints import Mark, Perceived, Perception

from .messages import (
    Accept,
    Audio,
    Close,
    EngineMessage,
    Failed,
    Forget,
    Keep,
    Listen,
    Picture,
    Rollback,
    Seen,
    Stage,
    Stop,
    Think,
    WordsHeard,
)
from .session import Session

log = logging.getLogger(__name__)

_GRACE = ms(3000)
"""After a reply was accepted, sound is kept unheard for so long, because a rollback may still follow."""
_AT_ONCE = ms(5000)
"""The longest sound that is given to the family in one call."""
_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Enter:
    """A session takes the slot."""

    session: Session


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was perceived of turn `turn`."""

    session: Session
    turn: int
    perceived: Perceived


@dataclass(frozen=True, slots=True)
class Flushed:
    """The turn of reply `reply` is perceived to its end."""

    session: Session
    reply: int
    turn: int
    perceived: Perceived


@dataclass(frozen=True, slots=True)
class Kept:
    """A turn that is not answered is perceived to its end (only where sound is what the context holds)."""

    session: Session
    turn: int
    perceived: Perceived


@dataclass(frozen=True, slots=True)
class Restored:
    """Perception is back where it was before `reply`; what it says of `turn` counts again."""

    session: Session
    reply: int
    turn: int


@dataclass(frozen=True, slots=True)
class Deaf:
    """Perception failed and was started anew; its turn is lost."""

    session: Session
    reason: str


News = Noticed | Flushed | Kept | Restored | Deaf
Order = Enter | Close | Audio | Picture | Listen | Forget | Keep | Think | Accept | Stop | Rollback


@dataclass(slots=True)
class _Ear:
    """What is known of one slot."""

    session: Session | None = None
    turn: int | None = None
    told: tuple[str, str] = ("", "")
    """The words that were told last."""
    reply: int | None = None
    """The reply that is thought of the turn."""
    mark: Mark = None
    """Where the turn was before that."""
    accepted: bool = False
    """The reply was accepted: sound is held back for a while."""
    held: list[Audio] = field(default_factory=list)
    over: tuple[int, int, Time] | None = None
    """The accepted reply, its turn and the time after it, once sound is not held back any more."""


class Hearing:
    """All ears. `give` may be called by any thread, `hear` by one."""

    def __init__(
        self,
        perception: Perception,
        slots: int,
        tell: Callable[[News], None],
        send: Callable[[EngineMessage], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """What concerns the context goes to `tell`, what concerns the agent to `send`."""
        self._perception = perception
        self._tell = tell
        self._send = send
        self._clock = clock
        self._ears = [_Ear() for _ in range(slots)]
        self._queues: list[deque[Order]] = [deque() for _ in range(slots)]
        self._urgent: deque[int] = deque()
        """Slots that are asked for the last words of a turn, once for each time."""
        self._next = 0
        self._given = Condition()

    def give(self, slot: int, order: Order) -> None:
        """`order` will be obeyed after those that came before it."""
        with self._given:
            self._queues[slot].append(order)
            if isinstance(order, Think):
                self._urgent.append(slot)
            self._given.notify()

    def wait(self, seconds: float) -> None:
        """Until there may be something to hear."""
        with self._given:
            if not any(self._queues):
                self._given.wait(seconds)

    def hear(self) -> bool:
        """Hears one thing. False if there is nothing."""
        with self._given:
            slot = self._choose()
            if slot is None:
                return False
            queue = self._queues[slot]
            orders = [queue.popleft()]
            while isinstance(orders[-1], Audio) and queue and isinstance(queue[0], Audio):
                orders.append(queue.popleft())
            if isinstance(orders[0], Think):
                self._urgent.remove(slot)
        ear = self._ears[slot]
        try:
            sound = [order for order in orders if isinstance(order, Audio)]
            if sound:
                self._sound(slot, ear, sound)
            else:
                self._obey(slot, ear, orders[0])
        except Exception as error:
            log.exception("perception failed")
            self._start_anew(slot, ear, error)
        return True

    def _choose(self) -> int | None:
        if self._urgent:
            return self._urgent[0]
        count = len(self._queues)
        for slot in range(self._next, self._next + count):
            if self._queues[slot % count]:
                self._next = (slot + 1) % count
                return slot % count
        return None

    def _obey(self, slot: int, ear: _Ear, order: Order) -> None:
        perception = self._perception
        match order:
            case Enter(session):
                self._ears[slot] = _Ear(session)
                perception.open(slot)
            case Close():
                self._ears[slot] = _Ear()
                perception.close(slot)
            case Picture(at=at, jpeg=jpeg):
                self._report(ear, perception.frame(slot, jpeg, at))
            case Listen(turn=turn, since=since) if turn != ear.turn:
                self._end(slot, ear)
                ear.turn = turn
                perception.begin(slot, since)
            case Forget(turn=turn) if turn == ear.turn:
                self._end(slot, ear)
            case Keep(turn=turn):
                here = turn == ear.turn
                if not perception.makes_words and ear.session is not None:
                    self._tell(Kept(ear.session, turn, perception.flush(slot) if here else Perceived()))
                if here:
                    self._end(slot, ear)
            case Think(reply=reply, turn=turn) if turn == ear.turn and turn is not None:
                self._resume(slot, ear)
                ear.reply, ear.mark = reply, perception.mark(slot)
                self._flush(slot, ear, reply)
            case Think(reply=reply, turn=turn) if turn is not None and ear.session is not None:
                self._tell(Flushed(ear.session, reply, turn, Perceived()))  # the turn was lost with a failed perception
            case Accept(reply=reply) | Stop(reply=reply) if reply == ear.reply:
                ear.accepted = True
            case Rollback(reply=reply) if reply == ear.reply:
                perception.crop(slot, ear.mark)
                ear.reply, ear.mark = None, None
                self._restored(slot, ear, reply)
            case Rollback(reply=reply) if ear.over is not None and reply == ear.over[0] and ear.turn is None:
                _, ear.turn, since = ear.over
                perception.begin(slot, since)
                self._restored(slot, ear, reply)

    def _restored(self, slot: int, ear: _Ear, reply: int) -> None:
        if ear.session is not None and ear.turn is not None:
            self._tell(Restored(ear.session, reply, ear.turn))
        self._resume(slot, ear)

    def _sound(self, slot: int, ear: _Ear, sound: list[Audio]) -> None:
        if ear.session is None:
            return
        if ear.accepted:
            ear.held += sound
            if ear.held[-1].at - ear.held[0].at < _GRACE:
                return
            sound = []
            self._end(slot, ear)
        at: Time = 0
        pieces: list[bytes] = []
        for piece in [*sound, None]:
            length = ticks(sum(map(len, pieces)) // 2, _RATE)
            if pieces and (piece is None or piece.at != at + length or length >= _AT_ONCE):
                self._report(ear, self._perception.audio(slot, np.frombuffer(b"".join(pieces), "<i2"), at))
                pieces = []
            if piece is not None:
                at = at if pieces else piece.at
                pieces.append(piece.pcm)

    def _flush(self, slot: int, ear: _Ear, reply: int) -> None:
        perceived = self._perception.flush(slot)
        assert ear.session is not None
        assert ear.turn is not None
        now = self._clock()
        ear.told = perceived.stable, perceived.tentative
        if self._perception.makes_words:
            self._send(WordsHeard(ear.session.name, ear.turn, *ear.told, perceived.until, now, final=True))
        self._send(Stage(ear.session.name, reply, "flushed", now))
        self._tell(Flushed(ear.session, reply, ear.turn, perceived))

    def _report(self, ear: _Ear, perceived: Perceived | None) -> None:
        if perceived is None or ear.session is None:
            return
        if (seen := perceived.seen) is not None:
            told = seen.text, list(seen.codes), list(seen.colours), seen.brightness
            self._send(Seen(ear.session.name, seen.at, seen.until, *told))
        if ear.turn is None or not (perceived.until or perceived.chunks):
            return
        words = perceived.stable, perceived.tentative
        if self._perception.makes_words and words != ear.told:
            self._send(WordsHeard(ear.session.name, ear.turn, *words, perceived.until, self._clock()))
        ear.told = words
        self._tell(Noticed(ear.session, ear.turn, perceived))

    def _end(self, slot: int, ear: _Ear) -> None:
        if ear.turn is not None:
            self._perception.end(slot)
        if ear.turn is not None and ear.reply is not None and ear.held:
            ear.over = ear.reply, ear.turn, ear.held[0].at
        ear.turn, ear.reply, ear.mark, ear.told = None, None, None, ("", "")
        self._resume(slot, ear)

    def _resume(self, slot: int, ear: _Ear) -> None:
        """Hears what was held back."""
        held, ear.held, ear.accepted = ear.held, [], False
        if held:
            self._sound(slot, ear, held)

    def _start_anew(self, slot: int, ear: _Ear, error: Exception) -> None:
        """A perception that failed has lost its state; the session goes on."""
        reason = f"The sound could not be understood ({error}): say it again."
        session = ear.session
        self._ears[slot] = _Ear(session)
        try:
            self._perception.close(slot)
            if session is not None:
                self._perception.open(slot)
        except Exception:
            log.exception("perception did not start anew")
        if session is not None:
            self._send(Failed(session.name, reason))
            self._tell(Deaf(session, reason))
