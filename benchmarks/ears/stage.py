"""A stage for one case: 10 ms at a time through the real ears and the real conversation, with a sample-accurate log.

It stands where `agent.call` does, without its threads: an opinion is told in the frame in which it is known, so the
same case always gives the same log. Sound leaves the loudspeaker in the frame in which it is let go; what lies
between here and a person's ear is `PATH`, and is added where a figure is one at the ear.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agent.conversation import commands as does
from agent.conversation.conversation import Conversation
from agent.conversation.events import CreateReply, Drained, Event, Heard, Joined, Tick, Words
from agent.conversation.settings import ConversationSettings
from clients.bench.ears.log import Log, Named, Obeyed, Stretch, Turn
from streaming.ears.opinions import WhoIsIt
from streaming.time import Time, ticks, to_ms

from .hearing import Hearing
from .mind import THINKS, Mind, Script, Speaking, at_reply_rate
from .words import Words as Recognition

RATE = 16_000
FRAME = RATE // 100
PATH = 40.0
"""ms from a decision to the ear, and from the mouth to the ears: 20 ms packets both ways on one machine."""
Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Echo:
    """How the loudspeaker comes back into the microphone."""

    delay: int
    """Samples."""
    gain: float
    room: Sound
    """Impulse response, direct sound first."""


@dataclass
class Stage:
    """One session. `mic`: everything but the echo, float32 in [-1, 1] at 16 kHz."""

    hearing: Hearing
    mic: Sound
    script: Script
    echo: Echo | None = None
    words: bool = True
    """Whether the user's words are recognised; without, three quarters of the time are saved where none matter."""
    settings: ConversationSettings = field(default_factory=ConversationSettings)
    log: Log = field(default_factory=lambda: Log(path=PATH))
    events: list[Event] = field(default_factory=list)
    """All that the conversation was told."""

    def __post_init__(self) -> None:
        self.now: Time = 0
        self._conversation = Conversation(self.settings)
        self._mind = Mind(self.script)
        self._recognition = Recognition() if self.words else None
        self._piece: list[NDArray[np.int16]] = []
        self._playing: Speaking | None = None
        self._gain_db = 0.0
        self._loudspeaker = np.zeros(len(self.mic) + RATE, np.float32)
        self._turns: dict[int, Turn] = {}
        self._quick = False
        """The next reply is ready at once."""
        self._tell(Joined(0))

    def play(self, talking: bool) -> Log:
        """Plays the case to its end. `talking`: the agent begins to talk at once."""
        self.begin(talking)
        while self.step():
            pass
        return self.finish()

    def begin(self, talking: bool) -> None:
        """The case begins, with the agent talking or silent."""
        if talking:
            self._quick = True
            self._tell(CreateReply(0))
            self._quick = False

    def step(self) -> bool:
        """10 ms go by; False: the case is over."""
        first = self.now * RATE // 48_000
        if first + FRAME > len(self.mic):
            return False
        mic = self._microphone(first)
        played = self._move_loudspeaker(first)
        t, self.now = self.now, self.now + ticks(FRAME, RATE)
        for opinion in self.hearing.push(mic, played, t):
            self._opinion(opinion)
        if self._recognition is not None:
            self._recognise(self._recognition, mic, t)
        for made in self._mind.made(self.now):
            self._tell(made)
        self._report_playing()
        if self._conversation.wake_at is not None and self._conversation.wake_at <= self.now:
            self._tell(Tick(self.now))
        return True

    def _recognise(self, recognition: Recognition, mic: NDArray[np.int16], t: Time) -> None:
        self._piece.append(mic)
        if len(self._piece) == 2:
            recognition.audio(np.concatenate(self._piece), t - ticks(FRAME, RATE))
            self._piece = []
        for turn, words in recognition.known(self.now):
            text = f"{words.stable} {words.tentative}".strip()
            for opinion in self.hearing.words(text, self.now, words.until):
                self._opinion(opinion)
            self._tell(Words(turn, words.stable, words.tentative, self.now, words.until))

    def finish(self) -> Log:
        """The log of all that was."""
        self.log.turns = list(self._turns.values())
        self.log.seconds, self.log.cpu = to_ms(self.now) / 1000, self.hearing.cpu
        return self.log

    # --- sound --------------------------------------------------------------------------------

    def _microphone(self, first: int) -> NDArray[np.int16]:
        sound = self.mic[first : first + FRAME]
        if self.echo is not None:
            needed = FRAME + len(self.echo.room) - 1
            until = first + FRAME - self.echo.delay
            heard = self._loudspeaker[max(0, until - needed) : max(0, until)]
            heard = np.concatenate((np.zeros(needed - len(heard), np.float32), heard))
            sound = sound + self.echo.gain * np.convolve(heard, self.echo.room, "valid")
        return np.asarray(np.clip(sound, -1, 1) * 32767, np.int16)

    def _move_loudspeaker(self, first: int) -> NDArray[np.int16] | None:
        """Plays the next 10 ms; returns them, None if the agent is silent and has nothing to say."""
        reply = self._playing = self._next()
        if reply is None:
            waits = any(other.released and not other.told for other in self._mind.replies.values())
            return np.zeros(FRAME, np.int16) if waits else None
        piece = reply.script.sound[reply.place : reply.place + FRAME]
        loud = piece.astype(np.float32) * 10 ** (self._gain_db / 20)
        self._loudspeaker[first : first + len(piece)] = loud / 32768
        begin = to_ms(self.now)
        end = begin + len(piece) * 1000 / RATE
        if reply.place == 0 and not reply.again:
            self.log.replies.append(begin)
        last = self.log.audible[-1] if self.log.audible else None
        if last is not None and last.gain_db == self._gain_db and begin - last.last < 1e-6:
            self.log.audible[-1] = Stretch(last.first, end, last.gain_db)
        else:
            self.log.audible.append(Stretch(begin, end, self._gain_db))
        reply.place += len(piece)
        full = np.zeros(FRAME, np.int16)
        full[: len(piece)] = loud.astype(np.int16)
        return full

    def _next(self) -> Speaking | None:
        ready = [
            reply
            for reply in self._mind.replies.values()
            if reply.released and not reply.held and reply.told and reply.place < len(reply.script.sound)
        ]
        return ready[0] if ready else None

    def _report_playing(self) -> None:
        reply = self._playing
        if reply is None or reply.number not in self._mind.replies:
            return
        self._tell(Heard(reply.number, at_reply_rate(reply.place), self.now))
        if reply.place >= len(reply.script.sound) and reply.number in self._mind.replies:
            self._tell(Drained(reply.number, self.now))

    # --- the conversation ---------------------------------------------------------------------

    def _opinion(self, opinion: Event) -> None:
        if isinstance(opinion, WhoIsIt):
            named = Named(opinion.verdict, to_ms(opinion.about), to_ms(opinion.at), opinion.score)
            self.log.named.append(named)
        self._tell(opinion)

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        for command in self._conversation.receive(event):
            self._carry_out(command)

    def _carry_out(self, command: does.Command) -> None:
        mind = self._mind
        match command:
            case does.Duck(gain_db=gain):
                self._gain_db = gain
            case does.Unduck():
                self._gain_db = 0.0
            case does.Silence(reply=reply):
                self._gain_db = 0.0
                mind.stop(reply)
                self.log.cuts.append(to_ms(self.now))
            case does.Rollback(reply=reply):
                mind.stop(reply)
                if self._recognition is not None:
                    self._recognition.crop()
            case does.Hold(reply=reply):
                mind.replies[reply].held = True
            case does.Release(reply=reply):
                mind.replies[reply].released, mind.replies[reply].held = True, False
            case does.ThinkAhead(reply=reply):
                known = self.now if self._recognition is None else self._recognition.flush(self.now)
                mind.think(reply, known + THINKS)
            case does.Reply(reply=reply):
                mind.think(reply, self.now + (0 if self._quick else THINKS)).released = True
            case does.TakeUp(reply=reply, of=of, token=token):
                self.log.taken_up.append(to_ms(self.now))
                mind.take_up(reply, of, token, self.now)
            case does.Announce(what=what):
                self._announced(what)
            case _:
                pass  # history, tools and the mind's context play no part here

    def _announced(self, what: does.Happening) -> None:
        now = to_ms(self.now)
        match what:
            case does.TurnOpened(turn=number, since=since):
                known = self._turns.get(number)
                self._turns[number] = Turn(to_ms(since), known.opened if known else now)
                if self._recognition is not None:
                    self._recognition.opened(number, since)
            case does.TurnWithdrawn(turn=number):
                self._end(number, kept=False, answered=False, text="")
            case does.TurnClosed(turn=number, reply=reply, text=text):
                self._end(number, kept=True, answered=reply is not None, text=text or "")
            case does.CommandObeyed(command=name, first=first, last=last):
                self.log.commands.append(Obeyed(name, to_ms(first), to_ms(last), now))
            case _:
                pass

    def _end(self, number: int, *, kept: bool, answered: bool, text: str) -> None:
        turn = self._turns[number]
        self._turns[number] = Turn(turn.since, turn.opened, to_ms(self.now), kept, answered, text)
        if self._recognition is not None:
            self._recognition.over()
