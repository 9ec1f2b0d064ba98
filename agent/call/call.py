"""One call: ties a room, ears, the conversation, playout, the engine and the wire together.

Everything here happens on the asyncio loop and nothing blocks. The call decides nothing: it turns what it is told
into the conversation's events, and carries the conversation's commands out, in their order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from agent.conversation import commands as does
from agent.conversation import events as told
from agent.conversation.conversation import Conversation
from agent.conversation.history import ToolReturned
from agent.conversation.lines import line_of
from agent.engine import messages as engine
from agent.metrics import Metrics
from agent.rooms.room import Playback, Room
from agent.wire.dialect import Dialect
from agent.wire.received import Received
from agent.wire.voices import Voices
from streaming.ears.opinions import Opinion, SpeechStarted, SpeechStopped
from streaming.ears.panel import Ears
from streaming.playout import Playout, Pulled
from streaming.realtime.base import ServerEvent
from streaming.realtime.codec import encode
from streaming.realtime.duplex import Stage
from streaming.time import Time, ms, ticks

from .listening import Listening
from .mind import Mind
from .mouth import Mouth
from .notices import Notices
from .reckoning import Reckoning
from .recorder import Recorder
from .skills import Skills

log = logging.getLogger(__name__)

PIECE = ms(20)
"""Sound goes to the engine in pieces of this length."""


class Call:
    """One session. Implements `agent.rooms.room.CallSide`."""

    def __init__(
        self,
        session: str,
        mind: Mind,
        conversation: Conversation,
        dialect: Dialect,
        ears: Ears,
        notices: Notices,
        metrics: Metrics,
        recorder: Recorder | None,
        ended: Callable[[Call], None],
        sees: bool,
        ahead: bool,
        skills: Skills | None = None,
    ) -> None:
        """`ahead`: the room sends sound ahead of its time, so that a reply that has left was not heard yet. `skills`:
        what runs here of the session's tools; None: nothing does."""
        self.session = session
        self._mind = mind
        self._conversation = conversation
        self._dialect = dialect
        self._notices = notices
        self._reckoning = Reckoning()
        self._metrics = metrics
        self._recorder = recorder
        self._ended = ended
        self._sees = sees
        self._mouth = Mouth(dialect, self._reckoning, metrics, self._send, self._receive, self._send_latency, ahead)
        self._listening = Listening(ears, self._opinions, self._known)
        self._room: Room | None = None
        self._now: Time = 0
        self._asked: engine.Think | None = None
        """What the mind is to answer, or is answering."""
        self._calls: set[str] = set()
        """The tool calls that the mind made."""
        self._rearranged = False
        """The client changed the past in its middle; the mind is told when no reply is in the way."""
        self._turn: engine.Listen | None = None
        """The turn that is being spoken, as the mind was told of it."""
        self._fell_silent: Time | None = None
        """Where the user's speech ended last."""
        self._stopping: int | None = None
        """The reply that was cut, until the client says that it is silent."""
        self._inbox: deque[told.Event] = deque()
        self._deciding = False
        self._piece: list[npt.NDArray[np.int16]] = []
        self._piece_at: Time = 0
        self._ending: asyncio.Future[None] | None = None
        """Of a task that nobody holds the loop keeps no strong reference."""
        self._skills = skills
        self._looking: tuple[int, str] | None = None
        """The reply that waits for the eyes, and what it answers."""
        self._closed = False

    def begin(self) -> None:
        """Takes a slot of the engine."""
        self._mind.begin(self._dialect.setup, self._dialect.lines(), self.from_engine)

    # --- what a room needs (CallSide) ---------------------------------------------------------

    @property
    def now(self) -> Time:
        """The end of the last microphone frame."""
        return self._now

    @property
    def playout(self) -> Playout:
        """Where rooms pull sound from."""
        return self._mouth.playout

    @property
    def sees(self) -> bool:
        """Whether the mind looks at pictures."""
        return self._sees

    def joined(self, room: Room) -> None:
        """The other end is there."""
        if self._closed:
            self._ending = asyncio.ensure_future(room.close("the call is over"))
            return
        self._room = room
        self._send(self._dialect.hello())
        self._receive(told.Joined(at=self._now))

    def left(self, room: Room, reason: str) -> None:
        """The other end is gone: the call ends, with what was heard until then."""
        if room is not self._room or self._closed:
            return
        log.info("left: %s", reason)
        self._receive(told.Left(at=self._now))
        self._room = None
        self.close()

    def microphone(self, pcm: npt.NDArray[np.int16], t: Time) -> None:
        """10 ms of the user's sound at 16 kHz. Media time goes on here, and only here."""
        self._now = t + ticks(len(pcm), 16_000)
        self._mouth.now = self._now
        self._reckoning.clock(self._now)
        self._listening.frame(pcm, self._mouth.audible, t)
        if not self._piece:
            self._piece_at = t
        self._piece.append(pcm)
        if self._now - self._piece_at >= PIECE:
            self._pass_on()
        wake = self._conversation.wake_at
        if wake is not None and wake <= self._now:
            self._receive(told.Tick(at=self._now))
        if self._skills is not None:
            for event in self._skills.tick(self._now):
                self._receive(event)
            self._go_on()

    def picture(self, jpeg: bytes, t: Time) -> None:
        """A camera frame."""
        if self._skills is not None:
            self._skills.shown(t)
        self._mind.tell(engine.Picture(self.session, t, jpeg))

    def wire(self, raw: str) -> None:
        """One event of the client."""
        received = self._dialect.receive(raw, self._now)
        self._send(received.replies)
        self._obey(received)

    def carry(self, pulled: Pulled) -> list[str]:
        """The events that carry this sound over a WebSocket."""
        return [encode(event) for event in self._mouth.carry(pulled)]

    def sent(self, pulled: Pulled) -> None:
        """Sound has left."""
        self._mouth.sent(pulled, self._room.downlink if self._room is not None else 0)
        self._listening.sent(pulled.pcm, self._now)

    def heard(self, reply: int, until: int) -> None:
        """Samples [0, `until`) of `reply` were audible."""
        self._mouth.heard(reply, until)

    # --- from the ears ------------------------------------------------------------------------

    def _opinions(self, opinions: list[Opinion]) -> None:
        for opinion in opinions:
            if self._closed:
                return
            if isinstance(opinion, SpeechStarted):
                self._reckoning.onset(opinion.about)
            elif isinstance(opinion, SpeechStopped):
                self._reckoning.speech_end(opinion.about)
                self._fell_silent = opinion.about
            self._receive(opinion)

    def _known(self, voices: Voices) -> None:
        if not self._closed:
            self._send(self._dialect.voices(voices))

    # --- from the engine ----------------------------------------------------------------------

    def from_engine(self, message: engine.EngineMessage) -> None:
        """Whatever the engine says of this session."""
        match message:
            case engine.WordsHeard(turn=turn, stable=stable, tentative=tentative, until=until):
                self._listening.words(f"{stable} {tentative}".strip(), self._now, until)
                self._receive(told.Words(turn, stable, tentative, at=self._now, until=until))
            case engine.Said() | engine.Sound() | engine.Done() | engine.Called() | engine.Stage():
                self._made(message)
            case engine.Consult(reply=reply, text=text):
                self._consulted(reply, text)
            case engine.Seen() if self._skills is not None:
                self._skills.saw(message)
                self._go_on()
            case engine.Failed(reason=reason):
                log.warning("engine: %s", reason)
                self._send(self._dialect.notice("engine", reason))
            case engine.Full(reason=reason):
                log.error("engine: %s", reason)
                self._mind.lost()
                self._send(self._dialect.notice("engine", reason))
                self._ending = asyncio.ensure_future(self.hang_up(reason))

    def engine_lost(self, reason: str) -> None:
        """The engine is away."""
        self._lost(reason)

    def _lost(self, reason: str) -> None:
        self._mind.lost()
        self._asked = None
        if self._room is None and not self._closed:
            self._execute(does.Restart())  # nobody is there yet who could be told
            return
        self._receive(told.Lost(reason, at=self._now))

    def _made(self, message: engine.Said | engine.Sound | engine.Done | engine.Called | engine.Stage) -> None:
        """Something of a reply, if that reply is still of interest."""
        reply = message.reply
        if isinstance(message, engine.Done):
            self._answered(reply)
        if not self._mouth.knows(reply):
            return
        match message:
            case engine.Said(token=token, text=text):
                self._mouth.said(reply, token, text)
            case engine.Sound():
                self._mouth.sound(message)
            case engine.Called(call=call, name=name, arguments=arguments):
                self._receive(told.ToolCall(reply, call, name, arguments, at=self._now))
            case engine.Stage(name=name, clock=clock):
                self._reckoning.reached(reply, name, clock)
            case engine.Done():
                self._mouth.done(message)

    def _consulted(self, reply: int, text: str) -> None:
        """The mind asks whether a tool knows what to say."""
        if not self._mouth.knows(reply):
            return
        say: str | None = None
        if self._skills is not None:
            if self._skills.has_to_look(reply, text, self._now):
                self._looking = reply, text
                return
            say, call = self._skills.consult(reply, text, self._dialect.setup)
            if call is not None:
                self._receive(told.ToolCall(reply, call.id, call.name, call.arguments, at=self._now))
        self._mind.tell(engine.Proceed(self.session, reply, say))

    def _go_on(self) -> None:
        """With a reply that waited for the eyes."""
        if self._looking is not None:
            (reply, text), self._looking = self._looking, None
            self._consulted(reply, text)

    def _served_here(self, call: does.CallTool) -> bool:
        return self._skills is not None and self._skills.serves(call, self._dialect.setup)

    def _run_tool(self, call: does.CallTool) -> None:
        """A tool that runs here, and not at the client."""
        assert self._skills is not None

        def done(says: str) -> None:
            if not self._closed:
                self._send(self._dialect.tool(call.name, call.arguments, says))
                self._receive(told.ToolResult(call.call, says, at=self._now))

        self._skills.run(call, done)

    # --- from the client ----------------------------------------------------------------------

    def _obey(self, received: Received) -> None:
        """Does what one event of the client asks for, top to bottom."""
        room = self._room
        if received.microphone is not None and room is not None:
            room.append(received.microphone.pcm, received.microphone.rate)
        for jpeg in received.pictures:
            self.picture(jpeg, self._now)
        if received.playback is not None and room is not None:
            report = received.playback
            if self._stopping is not None:
                self._reckoning.stopping("silent_reported")
                self._send_latency(self._stopping, stop=True)
                self._stopping = None
            room.playback(Playback(report.rtp_timestamp, report.reply, report.until, report.latency))
        if received.voices is not None:
            self._listening.meet(received.voices)
        if received.enrol is not None:
            self._listening.enrol(received.enrol)
        if received.setup is not None:
            self._mind.tell(engine.Change(self.session, received.setup))
        # Results of the mind's own calls reach it when the conversation notes them; all else it is told at once.
        if lines := [line for line in received.lines if line.role != "tool" or line.call not in self._calls]:
            self._mind.tell(engine.Add(self.session, lines))
        for event in received.events:
            self._receive(event)
        self._rearranged |= received.rebuild
        self._rearrange()
        if received.setup_after is not None:
            self._mind.tell(engine.Change(self.session, received.setup_after))

    def _rearrange(self) -> None:
        """Gives the mind the past as the client has arranged it.

        Not while a reply is made, kept back or heard: what is still to happen to it must find it in the mind.
        """
        if self._rearranged and not self._mouth.busy:
            self._rearranged = False
            self._mind.tell(engine.Rebuild(self.session, self._dialect.lines()))

    # --- the conversation ---------------------------------------------------------------------

    def _receive(self, event: told.Event) -> None:
        """Tells the conversation, and does what it commands. What comes of that is told after it."""
        self._inbox.append(event)
        if self._deciding:
            return
        self._deciding = True
        try:
            while self._inbox:
                self._decide(self._inbox.popleft())
        finally:
            self._deciding = False
        self._rearrange()
        self._send(self._dialect.state(self._conversation.user_state, self._conversation.agent_state))

    def _decide(self, event: told.Event) -> None:
        if self._closed:
            return
        commands = self._conversation.receive(event)
        if self._recorder is not None:
            self._recorder.write(event, commands)
        for command in commands:
            self._metrics.command(command)
            if isinstance(command, does.CallTool) and self._served_here(command):
                self._run_tool(command)
            elif isinstance(command, does.Announce | does.Silence):
                self._promised(command)
                self._send(self._dialect.announce(command, self._now))
                self._execute(command)
            else:
                self._execute(command)
                self._send(self._dialect.announce(command, self._now))

    def _execute(self, command: does.Command) -> None:
        """Carries out one command."""
        match command:
            case does.Duck(gain_db=gain_db):
                self._reckoning.stopping("ducked")
                if not self._dialect.client_ducks:
                    self._mouth.playout.duck(gain_db)
            case does.Unduck():
                self._mouth.playout.unduck()
            case does.Silence(reply=reply):
                self._reckoning.stopping("decided")
                self._mouth.silence(reply, self._room)
                self._mouth.playout.unduck()  # `silence` sees to that only where sound is pulled as it plays
                self._reckoning.stopping("silenced")
            case does.Hold(reply=reply):
                self._mouth.hold(reply)
            case does.ThinkAhead(turn=turn, reply=reply):
                self._think(reply, engine.Think(self.session, reply, turn, ended=self._fell_silent), turn)
            case does.Release(reply=reply):
                self._mouth.release(reply)
                self._mind.tell(engine.Accept(self.session, reply))
            case does.Rollback(reply=reply):
                self._mouth.silence(reply, self._room)
                self._mouth.forget(reply)
                self._answered(reply)
                if self._skills is not None:
                    self._skills.take_back(reply)
                self._mind.tell(engine.Rollback(self.session, reply))
            case does.Reply(reply=reply, instructions=instructions, say=say):
                self._think(reply, engine.Think(self.session, reply, None, instructions, say), None)
                self._mouth.release(reply)
            case does.TakeUp(reply=reply, text=text):
                self._think(reply, engine.Think(self.session, reply, say=text), None)
                self._mouth.release(reply)
            case does.Cancel(reply=reply):
                self._answered(reply)
                self._mind.tell(engine.Stop(self.session, reply))
            case does.CropToHeard(reply=reply, token=token):
                self._mouth.crop(reply, token)
                self._mind.tell(engine.Crop(self.session, reply, token))
            case does.Drop(reply=reply):
                self._mind.tell(engine.Crop(self.session, reply, self._mouth.kept(reply), dropped=True))
            case does.Rebuild():
                self._rearranged = True
            case does.Restart():
                self._rearranged = False
                self._mind.restart(lambda: self._dialect.setup, self._dialect.lines, self._back)
            case does.CallTool(call=call):
                self._calls.add(call)
            case does.CancelTool(call=call) if self._skills is not None:
                self._skills.cancel(call)
            case does.Notice(kind=kind):
                self._mouth.play(self._notices.sentence(kind))
            case does.Backchannel():
                self._mouth.play(self._notices.backchannel)
            case does.Announce(what=what):
                self._announced(what)

    def _back(self) -> None:
        """The mind is back, and knows nothing of the turn that is being spoken, nor of what was asked meanwhile."""
        turn, asked = self._turn, self._asked
        if turn is not None:
            self._mind.tell(turn)
        if asked is not None:
            spoken = turn is not None and turn.turn == asked.turn
            # A turn that is over is in the history that the mind was given.
            self._mind.tell(asked if spoken else msgspec.structs.replace(asked, turn=None))

    def _promised(self, command: does.Announce | does.Silence) -> None:
        """What a tool promised in a reply is done when that is heard; the client knows before the response is over."""
        if self._skills is not None and isinstance(command, does.Announce):
            for used in self._skills.announced(command.what):
                self._send(self._dialect.tool(used.name, used.arguments, used.says))

    def _announced(self, what: does.Happening) -> None:
        match what:
            case does.TurnOpened(turn=turn, since=since):
                kept = self._dialect.settings.kept_before_onset
                self._turn = engine.Listen(self.session, turn, max(0, since - kept))
                self._mind.tell(self._turn)
            case does.TurnClosed(turn=turn, since=since, until=until, text=text, reply=reply):
                self._turn = None
                if reply is not None:
                    self._mouth.answers(reply, until - since)
                else:
                    self._mind.tell(engine.Keep(self.session, turn, text or ""))
            case does.TurnWithdrawn(turn=turn):
                self._turn = None
                self._mind.tell(engine.Forget(self.session, turn))
            case does.Noted(entry=ToolReturned() as entry):
                if (line := line_of(entry)) is not None:
                    made = self._skills.made(entry.call) if self._skills is not None else None
                    self._mind.tell(engine.Add(self.session, [line] if made is None else [made, line]))
            case does.ReplyCut(reply=reply, reason="turn_detected"):
                if self._dialect.reports_playback:
                    self._stopping = reply  # its next report says that it is silent
                else:
                    self._send_latency(reply, stop=True)

    def _answered(self, reply: int) -> None:
        if self._asked is not None and self._asked.reply == reply:
            self._asked = None

    def _think(self, reply: int, think: engine.Think, turn: int | None) -> None:
        self._pass_on()
        self._rearrange()
        self._mouth.begin(reply, spoken=turn is not None)
        if self._skills is not None:
            think = self._skills.before(think, self._conversation.history, self._dialect.setup)
        self._asked = think
        self._mind.tell(think)

    # --- the other end ------------------------------------------------------------------------

    def _send(self, events: Sequence[ServerEvent]) -> None:
        if events and self._room is not None:
            self._room.send([encode(event) for event in events])

    def _send_latency(self, reply: int, stop: bool = False) -> None:
        entry = self._reckoning.stopped(reply) if stop else self._reckoning.answered(reply)
        if entry is None or entry.total_ms is None:
            return
        stages = [Stage(stage.name, stage.start_ms, stage.end_ms) for stage in entry.stages]
        self._metrics.latency(entry)
        self._send(self._dialect.latency(reply, entry.kind, entry.total_ms, stages))

    def slots(self, free: int, total: int) -> None:
        """How many calls the server can take has changed."""
        self._send(self._dialect.slots(free, total))

    def _pass_on(self) -> None:
        """What came from the microphone since the last piece, to the engine."""
        if not self._piece:
            return
        pcm = np.concatenate(self._piece)
        self._piece.clear()
        self._mind.tell(engine.Audio(self.session, self._piece_at, pcm.tobytes()))

    async def hang_up(self, reason: str) -> None:
        """Ends the call from this side."""
        room = self._room
        if room is not None:
            self.left(room, reason)  # how a reply ended still goes out before the room does
            await room.close(reason)
        self.close()

    def close(self) -> None:
        """Frees everything; nothing is told any more."""
        if self._closed:
            return
        self._closed = True
        self._metrics.underruns(self._mouth.playout.underruns)
        self._listening.close()
        self._mind.close()
        if self._skills is not None:
            self._skills.close()
        if self._recorder is not None:
            self._recorder.close()
        self._ended(self)
