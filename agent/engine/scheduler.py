"""The one scheduler: what is computed next, for whom.

Three threads meet here. One reads the socket and calls `receive`; one perceives (`hear`); one steps (`work`). A
round of `work` obeys messages, makes one token for every session that needs one, one piece of sound for every
session that can have one, and prefills between. Sessions that have made less than a second of sound beyond real
time come before those that have more, so that nobody who speaks runs dry and whoever is asked answers soon.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock

import msgspec

from talker.joints import Talker, Vocoder
from thinker.joints import Perception, Thinker

from . import messages as m
from .arrivals import Arrivals
from .hearing import Deaf, Enter, Flushed, Hearing, Kept, News, Noticed, Restored
from .maker import Maker
from .session import Session

log = logging.getLogger(__name__)

_COMFORTABLE_S = 1.0
"""Sound made beyond real time that lets a reply stand back for others."""
_FAR_S = 20.0
"""Sound made beyond real time at which a reply rests while anybody else has work."""

Event = tuple[Session, m.AgentMessage | Enter, float] | News


class Scheduler:
    """All sessions of one family on one device."""

    def __init__(
        self,
        family: str,
        model: str,
        perception: Perception,
        thinker: Thinker,
        talker: Talker,
        vocoder: Vocoder,
        send: Callable[[m.EngineMessage], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`send` is called by all three threads. `clock` gives seconds."""
        self._family = family
        self._model = model
        self._perception = perception
        self._thinker = thinker
        self._talker = talker
        self._maker = Maker(thinker, talker, vocoder, send, clock)
        self._send = send
        self._clock = clock
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._hearing = Hearing(perception, thinker.slots, self._events.put, send, clock)
        self._admission = Lock()
        self._open: dict[str, Session] = {}
        """Sessions as the reading thread knows them: those that have a slot."""
        self._free = list(range(thinker.slots))
        self._arrivals: dict[str, Arrivals] = {}
        self._sessions: list[Session] = []
        """Sessions as the stepping thread knows them."""
        self._turn = 0

    def load(self) -> m.Load:
        """How much there is, and what it can do."""
        return m.Load(
            "",
            ready=True,
            slots=self._thinker.slots,
            free=len(self._free),
            family=self._family,
            model=self._model,
            sees=self._perception.sees,
            words=self._perception.makes_words,
            voices=list(self._talker.voices),
        )

    # --- the reading thread -------------------------------------------------------------------

    def receive(self, message: m.AgentMessage) -> None:
        """One message of the agent. Never waits for anything that is computed."""
        now = self._clock()
        with self._admission:
            if isinstance(message, m.Open):
                self._admit(message, now)
                return
            session = self._open.get(message.session)
            if session is None:
                if not isinstance(message, m.Audio | m.Picture | m.Close):
                    self._send(m.Failed(message.session, "The session is not open: send Open first."))
                return
            if isinstance(message, m.Close):
                del self._open[session.name], self._arrivals[session.name]
                self._free.append(session.slot)
                self._send(self.load())
        match message:
            case m.Audio(at=at, pcm=pcm):
                if len(pcm) % 2:
                    self._send(m.Failed(session.name, "Sound of half a sample was dropped: send int16 samples."))
                    return
                self._arrivals[session.name].came(at, len(pcm) // 2, now)
                self._hearing.give(session.slot, message)
                return
            case m.Picture():
                self._hearing.give(session.slot, message)
                return
            case m.Think(ended=ended) if ended is not None:
                now = self._arrivals[session.name].clock(ended, now)
        # The context first: what perception says of a turn must find the turn there.
        self._events.put((session, message, now))
        match message:
            case m.Close() | m.Listen() | m.Forget() | m.Keep() | m.Think() | m.Accept() | m.Stop() | m.Rollback():
                self._hearing.give(session.slot, message)

    def _admit(self, message: m.Open, now: float) -> None:
        if message.session in self._open:
            self._send(m.Failed(message.session, "The session is open already: close it first."))
        elif not self._free:
            slots = self._thinker.slots
            reason = f"All {slots} slots are taken: try again when a call has ended, or give the engine more slots."
            self._send(m.Full(message.session, reason))
        else:
            session = Session(message.session, self._free.pop(0), message.setup, self._thinker)
            self._open[session.name] = session
            self._arrivals[session.name] = Arrivals()
            self._events.put((session, message, now))
            self._hearing.give(session.slot, Enter(session))
            self._send(self.load())

    # --- the perceiving thread ----------------------------------------------------------------

    def hear(self) -> bool:
        """Perceives one thing. False if there is nothing."""
        return self._hearing.hear()

    def wait_to_hear(self, seconds: float) -> None:
        """Until there may be something to perceive."""
        self._hearing.wait(seconds)

    # --- the stepping thread ------------------------------------------------------------------

    def wait_to_work(self, seconds: float) -> None:
        """Until a message comes, which is obeyed."""
        try:
            self._obey(self._events.get(timeout=seconds))
        except Empty:
            return

    def work(self) -> bool:
        """One round. False if there was nothing to do."""
        worked = self._obey_all()
        for session in self._sessions:
            self._maker.prepare(session)
        now = self._clock()
        makers = [session for session in self._sessions if self._maker.can_go_on(session)]
        behind = [session for session in self._sessions if not session.thinking and session.context.behind]
        asked = [session for session in behind if session.asked]
        chosen = _chosen(makers, bool(asked), bool(behind), now)
        self._maker.step([session for session in chosen if session.thinking])
        self._maker.speak(chosen)
        for session in chosen:
            self._maker.finish(session)
        running_dry = any(_runs_dry(session, now) for session in chosen)
        fill = asked if asked and not running_dry else self._one_of(asked or behind)
        for session in fill:
            self._maker.fill(session)
        return worked or bool(chosen) or bool(fill)

    def _one_of(self, sessions: list[Session]) -> list[Session]:
        """The next of `sessions` whose turn it is."""
        if not sessions:
            return []
        slots = self._thinker.slots
        chosen = min(sessions, key=lambda session: (session.slot - self._turn) % slots)
        self._turn = (chosen.slot + 1) % slots
        return [chosen]

    # --- messages -----------------------------------------------------------------------------

    def _obey_all(self) -> bool:
        obeyed = False
        while True:
            try:
                event = self._events.get_nowait()
            except Empty:
                return obeyed
            self._obey(event)
            obeyed = True

    def _obey(self, event: Event) -> None:
        session = event[0] if isinstance(event, tuple) else event.session
        if session.closed:
            return
        try:
            if isinstance(event, tuple):
                self._message(session, event[1], event[2])
            else:
                self._news(session, event)
        except Exception as error:
            log.exception("a message could not be carried out")
            self._send(m.Failed(session.name, f"That could not be carried out ({error}): the session goes on without."))

    def _message(self, session: Session, message: m.AgentMessage | Enter, clock: float) -> None:
        match message:
            case m.Open(setup=setup, history=history):
                self._maker.open(session)
                self._sessions.append(session)
                self._send(m.Opened(session.name))
                session.change(self._checked(session, setup))
                session.add(history)
            case m.Close():
                session.closed = True
                self._sessions.remove(session)
                self._maker.close(session)
            case m.Change(setup=setup):
                session.change(self._checked(session, setup))
            case m.Listen(turn=turn):
                session.listen(turn)
            case m.Forget(turn=turn):
                session.forget(turn)
            case m.Keep():
                session.keep(message, self._perception.makes_words)
            case m.Think():
                self._think(session, message, clock)
            case m.Proceed(reply=number, say=say):
                session.proceed(number, say)
            case m.Accept(reply=number):
                session.accept(number)
            case m.Rollback(reply=number):
                session.rollback(number)
            case m.Stop(reply=number):
                self._stop(session, number)
            case m.Crop(reply=number):
                self._stop(session, number)
                session.crop(message)
            case m.Add(lines=lines):
                session.add(lines)
            case m.Rebuild(lines=lines):
                if session.reply is not None:
                    self._stop(session, session.reply.number)
                session.rebuild(lines)

    def _news(self, session: Session, news: News) -> None:
        match news:
            case Noticed(turn=turn, perceived=perceived):
                session.perceived(turn, perceived.chunks)
            case Flushed(reply=number, turn=turn, perceived=perceived):
                session.flushed(number, turn, perceived.chunks)
                if session.consults(number):
                    words = f"{perceived.stable} {perceived.tentative}".strip()
                    self._send(m.Consult(session.name, number, words))
            case Kept(turn=turn, perceived=perceived):
                session.kept(turn, perceived.chunks)
            case Restored(reply=number, turn=turn):
                session.restored(number, turn)
            case Deaf():
                reply = session.reply
                if reply is not None and reply.stage == "asked" and reply.turn is not None:
                    self._maker.end(session, reply, "stopped")
                session.deaf()

    def _checked(self, session: Session, setup: m.Setup) -> m.Setup:
        if setup.voice and setup.voice not in self._talker.voices:
            voices = ", ".join(self._talker.voices)
            reason = f"There is no voice {setup.voice!r}; the default one is used. Choose one of {voices}."
            self._send(m.Failed(session.name, reason))
            return msgspec.structs.replace(setup, voice="")
        return setup

    def _think(self, session: Session, message: m.Think, clock: float) -> None:
        if session.reply is not None:
            self._stop(session, session.reply.number)
        if session.think(message, clock) is None:
            reason = f"Turn {message.turn} is not being spoken: send Listen before it, or think without a turn."
            self._send(m.Failed(session.name, reason, message.reply))
            self._send(m.Done(session.name, message.reply, "stopped", 0, 0))
        elif message.consult and message.turn is None:
            self._send(m.Consult(session.name, message.reply, ""))

    def _stop(self, session: Session, number: int) -> None:
        if session.reply is not None and session.reply.number == number:
            self._maker.end(session, session.reply, "stopped")


def _chosen(makers: list[Session], asked: bool, behind: bool, now: float) -> list[Session]:
    """Whose replies get on in this round."""
    late = [session for session in makers if _lead(session, now) < _COMFORTABLE_S]
    if late or asked:
        return late
    return [session for session in makers if _lead(session, now) < _FAR_S] or ([] if behind else makers)


def _lead(session: Session, now: float) -> float:
    return session.reply.lead(now) if session.reply else 0.0


def _runs_dry(session: Session, now: float) -> bool:
    """Whether somebody hears the session's reply, and little of it is left."""
    return session.reply is not None and session.reply.first_sound is not None and _lead(session, now) < _COMFORTABLE_S
