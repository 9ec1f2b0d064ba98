"""The replies of one call on their way out: held, released, sent, heard, done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.conversation import commands as does
from agent.conversation import events as told
from agent.engine import messages as engine
from agent.metrics import Metrics
from agent.rooms.room import Room
from agent.wire.dialect import Dialect
from streaming.playout import Playout, Pulled
from streaming.realtime.base import ServerEvent
from streaming.time import Time, ms, ticks

from .reckoning import Reckoning

RATE = 24_000
LONG_TURN = ms(2000)
REMEMBERED = 32
"""So many replies are known; of older ones nothing can come any more."""


@dataclass(slots=True)
class _Reply:
    """What is known of a reply beside its sound."""

    aloud: bool
    """It is heard, not only read. A session that changes that changes it for the replies that come."""
    released: bool = False
    done: bool = False
    """All of it was made."""
    left: bool = False
    over: bool = False
    """It was heard to its end, or cut."""
    tokens: int = 0
    kept: int = 0
    """Of a reply that was cut: how many tokens the mind remembers."""
    answers_long: bool = False
    """It answers a turn of 2 s or more."""
    prefilled: float | None = None
    """How much of that turn was prefilled when it ended; known when the reply is whole."""


class Mouth:
    """Everything about the sound and words of replies. What happens to them goes to `tell`, as events.

    Sentences kept ready are replies too, under negative numbers; the conversation knows nothing of those.
    """

    def __init__(
        self,
        dialect: Dialect,
        reckoning: Reckoning,
        metrics: Metrics,
        send: Callable[[Sequence[ServerEvent]], None],
        tell: Callable[[told.Event], None],
        heard_first: Callable[[int], None],
        ahead: bool,
    ) -> None:
        """`heard_first` is called when a reply becomes audible; `ahead`: sound is sent ahead of its time, so that
        what has left was not heard yet."""
        self.playout = Playout()
        self.now: Time = 0
        self._dialect = dialect
        self._reckoning = reckoning
        self._metrics = metrics
        self._send = send
        self._tell = tell
        self._heard_first = heard_first
        self._ahead = ahead
        self._replies: dict[int, _Reply] = {}
        self._audible_until: Time = 0
        self._sentences = 0

    @property
    def audible(self) -> bool:
        """Whether anything is heard at the other end now, or is released and about to be."""
        speaking = any(reply.released and not reply.over for reply in self._replies.values())
        return speaking or self.now < self._audible_until

    @property
    def busy(self) -> bool:
        """Whether a reply is being made, kept back or heard."""
        return any(number > 0 and not reply.over for number, reply in self._replies.items())

    # --- what the conversation commands -------------------------------------------------------

    def begin(self, reply: int, *, spoken: bool) -> None:
        """`reply` is going to be made, held until `release`. `spoken`: it answers a spoken turn."""
        self._replies[reply] = _Reply(aloud=self._dialect.speaks)
        for old in list(self._replies)[:-REMEMBERED]:
            self.forget(old)
        self.playout.start(reply)
        self._reckoning.thought(reply, spoken=spoken)

    def release(self, reply: int) -> None:
        """`reply` may be heard."""
        self._replies[reply].released = True
        self._reckoning.reached(reply, "released")
        self.playout.release(reply)
        self._look(reply)

    def hold(self, reply: int) -> None:
        """Nothing of `reply` leaves until `release`."""
        self._replies[reply].released = False
        self.playout.hold(reply)

    def silence(self, reply: int, room: Room | None) -> None:
        """`reply` ends here."""
        self.playout.silence(reply)
        self._audible_until = self.now
        self._replies[reply].over = True
        if room is not None:
            room.silenced(reply)

    def forget(self, reply: int) -> None:
        """`reply` never happened."""
        self._replies.pop(reply, None)
        self._reckoning.forget(reply)

    def crop(self, reply: int, token: int) -> None:
        """The mind remembers `token` tokens of `reply`."""
        if reply in self._replies:
            self._replies[reply].kept = token

    def kept(self, reply: int) -> int:
        """How many tokens of a cut reply the mind remembers."""
        return self._replies[reply].kept if reply in self._replies else 0

    def answers(self, reply: int, length: Time) -> None:
        """`reply` answers a turn of `length`."""
        self._replies[reply].answers_long = length >= LONG_TURN
        self._tell_prefilled(self._replies[reply])

    def play(self, sentence: tuple[str, npt.NDArray[np.int16]]) -> None:
        """Plays sound that is kept ready, as a reply of its own that nobody has thought."""
        text, pcm = sentence
        self._sentences -= 1
        number = self._sentences
        self._replies[number] = _Reply(aloud=self._dialect.speaks, done=True, released=True)
        self.playout.start(number)
        self._send(self._dialect.announce(does.Announce(does.ReplyStarted(number, None)), self.now))
        self._send(self._dialect.said(number, 0, text))
        if self._dialect.speaks:
            self.playout.push(number, pcm)
        self.playout.finish(number)
        self.playout.release(number)
        self._send(self._dialect.announce(does.Announce(does.ReplyFinished(number, text)), self.now))
        self._look(number)

    # --- what the engine makes ----------------------------------------------------------------

    def knows(self, reply: int) -> bool:
        """Whether `reply` is still of interest."""
        return reply in self._replies

    def said(self, reply: int, token: int, text: str) -> None:
        """Token `token` of `reply` reads `text`."""
        self._replies[reply].tokens = token + 1
        self._send(self._dialect.said(reply, token, text))
        self._tell(told.ReplyWords(reply, token, text, at=self.now))
        if not self._replies[reply].aloud:
            # Read, not heard: a token is one sample long, and heard as soon as it may be seen.
            self._tell(told.ReplySound(reply, token, token, token + 1, at=self.now))
            self._look(reply)

    def sound(self, message: engine.Sound) -> None:
        """The next samples of a reply."""
        if not self._replies[message.reply].aloud:
            return
        self.playout.push(message.reply, np.frombuffer(message.pcm, "<i2"))
        self._send(self._dialect.spans(message.reply, message.spans))
        for token, first, last in message.spans:
            self._tell(told.ReplySound(message.reply, token, first, last, at=self.now))

    def done(self, message: engine.Done) -> None:
        """A reply is whole."""
        kept = self._replies[message.reply]
        kept.done, kept.prefilled = True, message.prefilled
        self._tell_prefilled(kept)
        self._dialect.usage(message.reply, message.reason, message.input_tokens, message.output_tokens)
        self.playout.finish(message.reply)
        self._tell(told.ReplyDone(message.reply, at=self.now))
        self._look(message.reply)

    def _tell_prefilled(self, kept: _Reply) -> None:
        """Both are known at last, in either order: that the turn was long, and how much of it was prefilled."""
        if kept.answers_long and kept.prefilled is not None:
            self._metrics.prefilled(kept.prefilled)

    # --- what the room does -------------------------------------------------------------------

    def carry(self, pulled: Pulled) -> list[ServerEvent]:
        """The events that carry this sound."""
        events: list[ServerEvent] = []
        for span in pulled.spans:
            events += self._dialect.sound(span.reply, pulled.pcm[span.offset : span.offset + span.last - span.first])
        return events

    def sent(self, pulled: Pulled, downlink: Time) -> None:
        """Sound has left; it is audible after `downlink`."""
        self._audible_until = self.now + downlink + ticks(len(pulled.pcm), RATE)
        for span in pulled.spans:
            if span.first == 0:
                if span.reply > 0:
                    self._reckoning.reached(span.reply, "first_sent")
                # Over WebRTC this says that sound begins; where events carry sound, they have said so.
                self._send(self._dialect.sound(span.reply, pulled.pcm[:0]))
            self._look(span.reply)

    def heard(self, reply: int, until: int) -> None:
        """Samples [0, `until`) of `reply` were audible."""
        before = self.playout.played(reply).heard
        self.playout.heard(reply, until)
        heard = self.playout.played(reply).heard
        if reply not in self._replies or heard <= before:
            return
        if reply > 0:
            if not before:
                self._reckoning.reached(reply, "first_heard")
                self._heard_first(reply)
            self._tell(told.Heard(reply, heard, at=self.now))
        self._look(reply)

    def _look(self, reply: int) -> None:
        """Tells what has become of `reply`: that it has left, and that it was heard to its end."""
        kept = self._replies.get(reply)
        if kept is None or not kept.released or kept.over:
            return
        if not kept.aloud:
            if kept.tokens:
                self._tell(told.Heard(reply, kept.tokens, at=self.now))
            if kept.done:
                kept.over = True
                self._send(self._dialect.drained(reply))
                if reply > 0:
                    self._tell(told.Drained(reply, at=self.now))
            return
        played = self.playout.played(reply)
        if not played.finished:
            return
        if played.sent >= played.generated and not kept.left and self._ahead:
            kept.left = True
            self._send(self._dialect.drained(reply))
        if played.heard >= played.generated:
            kept.over = True
            if not self._ahead:
                self._send(self._dialect.drained(reply))
            if reply > 0:
                self._tell(told.Drained(reply, at=self.now))
