"""How replies are made: the steps of Thinker, Talker and Vocoder, and what goes to the agent of them.

An exception that belongs to one session ends its reply and nobody else's; its slot, whose state nobody knows any
more, is opened anew and filled again.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from talker.joints import Spoken, Talker, Vocoder
from thinker.joints import Handover, Sampling, SlotFull, Step, Thinker

from . import messages as m
from .context import Piece
from .past import Reply, pieces
from .session import Session

log = logging.getLogger(__name__)

_TIDY = 0.75
"""Share of a slot above which its oldest lines are forgotten while nobody waits."""
_TIDY_TO = 0.5
_ROOM = 1 / 16
"""Share of a slot that must be free before a reply is begun."""


class Maker:
    """Everything that computes on a context. Used by the stepping thread."""

    def __init__(
        self,
        thinker: Thinker,
        talker: Talker,
        vocoder: Vocoder,
        send: Callable[[m.EngineMessage], None],
        clock: Callable[[], float],
    ) -> None:
        self._thinker = thinker
        self._talker = talker
        self._vocoder = vocoder
        self._send = send
        self._clock = clock

    def open(self, session: Session) -> None:
        """The session's slot, empty."""
        for part in (self._thinker, self._talker, self._vocoder):
            part.open(session.slot)

    def close(self, session: Session) -> None:
        """Nothing of the session stays in its slot."""
        for part in (self._thinker, self._talker, self._vocoder):
            part.close(session.slot)

    def can_go_on(self, session: Session) -> bool:
        """Whether a step would get the session's reply on."""
        reply = session.reply
        if reply is None or reply.stage not in ("thinking", "speaking"):
            return False
        return reply.stage == "thinking" or self._talker.ready(session.slot) or self._talker.done(session.slot)

    # --- the context --------------------------------------------------------------------------

    def prepare(self, session: Session) -> None:
        """Has the session's cache follow its past, and begins a reply that nothing is missing for."""
        if session.thinking:
            return
        try:
            session.arrange()
            length, capacity = self._thinker.length(session.slot), self._thinker.capacity
            if (
                session.idle
                and (most := self._thinker.exchanges) is not None
                and session.keep_exchanges(most, most // 2)
            ):
                session.arrange()
            if session.idle and length > _TIDY * capacity and session.forget_oldest(int(_TIDY_TO * capacity)):
                session.arrange()
            reply = session.reply
            if reply is None or reply.stage != "filling" or session.context.behind:
                return
            if capacity - length < _ROOM * capacity and session.forget_oldest(int(_TIDY_TO * capacity)):
                session.arrange()
            else:
                self._begin(session, reply)
        except Exception as error:
            self._failed(session, error)

    def fill(self, session: Session) -> None:
        """One chunk more for a session whose cache is behind."""
        piece = session.context.next
        try:
            session.context.fill(self._clock())
        except SlotFull as full:
            if not session.forget_oldest(int(_TIDY_TO * self._thinker.capacity), piece):
                session.drop(piece)
                self._failed(session, full, "That is too long for the model: shorten instructions, tools or text.")
        except Exception as error:
            session.drop(piece)
            self._failed(session, error)

    # --- thinking -----------------------------------------------------------------------------

    def _begin(self, session: Session, reply: Reply) -> None:
        setup = reply.setup
        self._send(m.Stage(session.name, reply.number, "prefilled", self._clock()))
        reply.stage = "thinking"
        reply.input_tokens = self._thinker.length(session.slot)
        if reply.words is None:
            sampling = Sampling(setup.temperature, reply.number, setup.tools, setup.tool_choice)
            self._thinker.begin_reply(session.slot, sampling)
        self._talker.start(session.slot, setup.voice, setup.speed)
        self._vocoder.start(session.slot)

    def step(self, sessions: Sequence[Session]) -> None:
        """One token for each of `sessions`, all of which are thinking."""
        thought = [session for session in sessions if session.reply and session.reply.words is None]
        if thought:
            self._think(thought)
        for session in sessions:
            reply = session.reply
            if reply is not None and reply.words is not None:
                try:
                    self._say_word(session, reply)
                except SlotFull:
                    self._thought(session, reply, "length")
                except Exception as error:
                    self._failed(session, error)

    def _think(self, sessions: Sequence[Session]) -> None:
        before = [session.context.mark() for session in sessions]
        try:
            steps = self._thinker.step([session.slot for session in sessions])
        except Exception as error:
            if len(sessions) > 1:
                # Whose fault it was shows when each steps alone.
                for session in sessions:
                    self._think([session])
            elif isinstance(error, SlotFull) and sessions[0].reply is not None:
                self._thought(sessions[0], sessions[0].reply, "length")
            else:
                self._failed(sessions[0], error)
            return
        for session, mark, step in zip(sessions, before, steps, strict=True):
            reply = session.reply
            assert reply is not None
            try:
                if not step.end or step.call is not None:
                    piece = Piece()
                    session.context.thought(piece, mark, self._clock())
                    reply.content.append(piece)
                    self._took(session, reply, step)
                if step.end:
                    self._thought(session, reply, "complete")
                elif reply.steps >= reply.setup.max_tokens:
                    self._thought(session, reply, "length")
            except Exception as error:
                self._failed(session, error)

    def _took(self, session: Session, reply: Reply, step: Step) -> None:
        """A token that the Thinker made."""
        reply.steps += 1
        if reply.steps == 1:
            self._first_token(session, reply)
        if step.text or step.handover is not None:
            self._token(session, reply, step.text, step.handover)
        if step.call is not None:
            name = f"call_{uuid.uuid4().hex[:20]}"
            session.called(reply, name, step.call)
            self._send(m.Called(session.name, reply.number, name, step.call.name, step.call.arguments))

    def _say_word(self, session: Session, reply: Reply) -> None:
        """The next word of a text that is given: a token of its own."""
        assert reply.words is not None
        if not reply.words:
            self._thought(session, reply, "complete")
            return
        word = reply.words.popleft()
        handover: Handover | None = None
        for piece in pieces(self._thinker.text("assistant", word)):
            handover = session.context.take(piece, self._clock()) or handover
            reply.content.append(piece)
        reply.steps += 1
        if reply.steps == 1:
            self._first_token(session, reply)
        self._token(session, reply, word, handover)
        if not reply.words:
            self._thought(session, reply, "complete")

    def _first_token(self, session: Session, reply: Reply) -> None:
        self._send(m.Stage(session.name, reply.number, "first_token", self._clock()))
        if reply.turn is not None:
            words = {id(piece) for piece in reply.turn.content}
            held = [held for held in session.context.held if id(held.piece) in words]
            before = sum(piece.positions for piece in held if piece.clock <= reply.since)
            reply.prefilled = before / max(sum(piece.positions for piece in held), 1)

    def _token(self, session: Session, reply: Reply, text: str, handover: Handover | None) -> None:
        """The next spoken token of a reply."""
        token = len(reply.texts)
        reply.texts.append(text)
        reply.ends.append(len(reply.content))
        self._send(m.Said(session.name, reply.number, token, text, self._clock()))
        self._talker.feed(session.slot, token, text, handover)

    def _thought(self, session: Session, reply: Reply, reason: Literal["complete", "length"]) -> None:
        """All tokens of the reply are there."""
        reply.reason = reason
        self._talker.finish(session.slot)
        session.thought(reply)

    # --- speaking -----------------------------------------------------------------------------

    def speak(self, sessions: Sequence[Session]) -> None:
        """The next sound of those of `sessions` that can have some."""
        ready = [session for session in sessions if session.reply and self._talker.ready(session.slot)]
        if not ready:
            return
        slots = [session.slot for session in ready]
        try:
            spoken = self._vocoder.push(slots, self._talker.step(slots))
        except Exception as error:
            if len(ready) > 1:
                for session in ready:
                    self.speak([session])
            else:
                self._failed(ready[0], error)
            return
        for session, sound in zip(ready, spoken, strict=True):
            if session.reply is not None:
                self._sound(session, session.reply, sound)

    def finish(self, session: Session) -> None:
        """Ends the session's reply if all of its sound is made."""
        reply = session.reply
        if reply is None or reply.stage != "speaking" or not self._talker.done(session.slot):
            return
        try:
            self._sound(session, reply, self._vocoder.flush(session.slot))
        except Exception as error:
            self._failed(session, error)
        else:
            self.end(session, reply, reply.reason)

    def _sound(self, session: Session, reply: Reply, sound: Spoken) -> None:
        if not len(sound.pcm):
            return
        now = self._clock()
        if reply.first_sound is None:
            reply.first_sound = now
            self._send(m.Stage(session.name, reply.number, "first_sound", now))
        reply.samples += len(sound.pcm)
        spans = [(int(token), int(first), int(last)) for token, first, last in sound.spans]
        pcm = np.asarray(sound.pcm, "<i2").tobytes()
        self._send(m.Sound(session.name, reply.number, pcm, spans, now))

    # --- the end ------------------------------------------------------------------------------

    def end(self, session: Session, reply: Reply, reason: Literal["complete", "length", "stopped"]) -> None:
        """Nothing more is made of `reply`."""
        session.ended(reply)
        done = m.Done(session.name, reply.number, reason, reply.input_tokens, reply.steps, reply.prefilled)
        self._send(done)

    def _failed(self, session: Session, error: Exception, advice: str = "") -> None:
        """A part of the family failed while it worked for `session`."""
        log.error("the reply failed", exc_info=error)
        reply = session.reply
        reason = advice or f"The model failed ({error}): ask again. What was said before is kept."
        self._send(m.Failed(session.name, reason, reply.number if reply else None))
        if reply is not None:
            self.end(session, reply, "stopped")
        try:
            self.close(session)
            self.open(session)
        except Exception:
            log.exception("the slot was not opened anew")
        session.lost()
