"""The server's half of one Realtime API session, without I/O: it translates, and decides nothing about turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, assert_never

import numpy as np
import numpy.typing as npt
from msgspec import UNSET

from agent.conversation import commands as does
from agent.conversation.agent_track import AgentState
from agent.conversation.settings import ConversationSettings
from agent.conversation.user_track import UserState
from agent.engine.messages import Line, Setup
from streaming.realtime import duplex
from streaming.realtime.base import ServerEvent
from streaming.realtime.codec import WireError, decode_client
from streaming.realtime.server_events import OutputAudioBufferCleared, SessionCreated
from streaming.realtime.session import Session
from streaming.time import Time, to_ms

from .config import Config
from .errors import Refused, error
from .ids import Ids
from .incoming import Incoming
from .received import Capabilities, Received
from .sound import SoundWriter
from .state import Transport, Wire
from .store import ItemStore
from .turns import UserTurns
from .voices import Voices, news

NOTICES = {
    "mind_lost": "The model is away for a moment; it is being restarted.",
    "tool_runs": "A tool is still running.",
    "still_there": "It has been quiet for a while.",
}


class Dialect:
    """One session as its client sees it.

    The call gives it what the client says (`receive`), the conversation's commands (`announce`), and what the
    engine and playout do (`said`, `spans`, `sound`, ...). Each returns the events to send, in order. Replies and
    turns go by the numbers that the conversation gave them. What a reply that was not announced
    (`ReplyStarted`) says is kept back until it is: nobody sees a thought that was never released.
    A notice's sound is a reply as well, announced by the call under a negative number (and `drained` like any
    other); it leaves no line behind in `lines()`.

    Responses: `response.created`; with the first word or sound the item; deltas; then `response.done`, as soon as
    the reply is `ReplyFinished` and, on a WebSocket with sound, `drained`; or at `ReplyCut` / `ReplyVanished`.
    """

    def __init__(
        self,
        session_id: str,
        capabilities: Capabilities,
        transport: Transport,
        session: Session,
        settings: ConversationSettings,
        setup: Setup,
        max_text: int = 16_000,
        max_event: int = 2 * 1024 * 1024,
    ) -> None:
        """`session`: what the client asked for when it connected (an empty one: nothing). `settings`, `setup`: the
        server's own defaults; what is in force is `self.settings` and `self.setup`, from the start. `max_text` is
        in characters, `max_event` in bytes. Raises `Refused` if `session` asks for what there is not.
        """
        ids = Ids(session_id)
        items = ItemStore()
        config = Config(model=capabilities.model, voices=tuple(capabilities.voices)).merged(session)
        self._wire = Wire(
            ids, capabilities, transport, config, settings, setup, items, UserTurns(ids, items)
        )  # fmt: skip
        self._incoming = Incoming(self._wire, max_text)
        self._max_event = max_event
        self._state: tuple[str, str] | None = None
        self._slots = (capabilities.free, capabilities.slots)

    # --- what is in force ---------------------------------------------------------------------

    @property
    def settings(self) -> ConversationSettings:
        """The rules of turn-taking in force."""
        return self._wire.settings

    @property
    def setup(self) -> Setup:
        """How the mind is to be."""
        return self._wire.setup

    @property
    def speaks(self) -> bool:
        """Whether replies are heard (True) or only read (`output_modalities: ["text"]`)."""
        return self._wire.config.modality == "audio"

    @property
    def client_ducks(self) -> bool:
        """Whether the client lowers its sound by itself (`duplex.hello`)."""
        return self._wire.ducks

    @property
    def reports_playback(self) -> bool:
        """Whether the client says what was audible (`duplex.playback`)."""
        return self._wire.reports

    def lines(self) -> list[Line]:
        """The whole conversation as heard, for a mind that has to begin anew."""
        return self._wire.items.lines()

    # --- from the client ----------------------------------------------------------------------

    def receive(self, raw: str | bytes, now: Time) -> Received:
        """One event of the client. Never raises: what cannot be obeyed is answered by an `error`."""
        do = Received()
        event_id: str | None = None
        try:
            if len(raw) > self._max_event:
                raise Refused(f"An event may have {self._max_event} bytes; this has {len(raw)}.", "event_too_large")
            event = decode_client(raw)
            if event is not None:
                event_id = event.event_id or None
                self._incoming.obey(event, do, now)
        except WireError as problem:
            do = Received(replies=[error(str(problem), problem.code, problem.param, problem.event_id)])
        except Refused as problem:
            do = Received(replies=[error(str(problem), problem.code, problem.param, event_id)])
        self._out(do.replies)
        return do

    # --- to the client ------------------------------------------------------------------------

    def hello(self) -> list[ServerEvent]:
        """What a client is told first."""
        wire, able = self._wire, self._wire.capabilities
        return self._out(
            [
                SessionCreated(session=wire.config.shown(wire.ids.session_id, wire.base_setup)),
                duplex.Hello(
                    session_id=wire.ids.session_id,
                    model=able.model,
                    family=able.family,
                    sees=able.sees,
                    words=able.words,
                    voices=list(able.voices),
                    slots=duplex.Slots(*self._slots),
                ),
            ]
        )

    def announce(self, command: does.Command, now: Time) -> list[ServerEvent]:
        """A command of the conversation; give it all of them, in order: those that are not for the client say nothing.

        `Silence` becomes `output_audio_buffer.cleared` or `duplex.clear`, `Announce(...)` what it announces,
        `CallTool` the items and events of a function call, `Duck`, `Unduck`, `Notice` ours.
        """
        match command:
            case does.Announce(what=what):
                events = self._happened(what)
            case does.Silence(reply=reply):
                events = self._silenced(reply)
            case does.Duck(gain_db=gain_db):
                events = [duplex.Duck(gain_db=gain_db)]
            case does.Unduck():
                events = [duplex.Unduck()]
            case does.Notice(kind=kind):
                events = [duplex.Notice(kind=kind, text=NOTICES[kind])]
            case does.CallTool(call=call, name=name, arguments=arguments):
                events = self._called(call, name, arguments)
            case does.Rollback(reply=number):
                # A thought that nobody saw leaves nothing behind.
                if number in self._wire.replies and not self._wire.replies[number].started:
                    del self._wire.replies[number]
                events = []
            case _:
                events = []
        return self._out(events)

    def said(self, reply: int, token: int, text: str) -> list[ServerEvent]:
        """Token `token` of `reply` reads `text` (engine `Said`)."""
        return self._out(self._wire.reply(reply).said(token, text))

    def spans(self, reply: int, spans: Sequence[tuple[int, int, int]]) -> list[ServerEvent]:
        """(token, first, last): when words of `reply` sound, in samples at 24 kHz (engine `Sound.spans`)."""
        return self._out(self._wire.reply(reply).sounds(spans))

    def sound(self, reply: int, pcm: npt.NDArray[np.int16]) -> list[ServerEvent]:
        """The next samples of `reply` leave now: int16[n] at 24 kHz. On WebRTC only the first call says something."""
        return self._out(self._wire.reply(reply).sound(pcm))

    def drained(self, reply: int) -> list[ServerEvent]:
        """All of `reply` was made and has left. Also where it has no sound at all."""
        return self._out(self._wire.reply(reply).drained())

    def usage(self, reply: int, reason: str, input_tokens: int, output_tokens: int) -> None:
        """What `reply` took (engine `Done`); call it before the conversation hears of `ReplyDone`."""
        self._wire.reply(reply).took(reason, input_tokens, output_tokens)

    def state(self, user: UserState, agent: AgentState) -> list[ServerEvent]:
        """What both are doing, in the conversation's words; says something only when it changed."""
        shown: duplex.AgentState = "thinking" if agent == "released" else agent
        if self._state == (user, shown):
            return []
        self._state = (user, shown)
        return self._out([duplex.State(user=user, agent=shown)])

    def slots(self, free: int, total: int) -> list[ServerEvent]:
        """How many calls the server can take; says something only when it changed."""
        if self._slots == (free, total):
            return []
        self._slots = (free, total)
        return self._out([duplex.SlotsChanged(free=free, total=total)])

    def voices(self, now: Voices) -> list[ServerEvent]:
        """Whom the ears know now; says something only when that is news."""
        told = news(self._wire.voices, now)
        if told:
            self._wire.voices = now
        return self._out(told)

    def latency(
        self, reply: int, kind: Literal["reply", "stop"], turn_ms: float, stages: Iterable[duplex.Stage]
    ) -> list[ServerEvent]:
        """One record of the ledger; nothing if the client never knew of `reply`."""
        known = self._wire.replies.get(reply)
        if known is None or not known.started:
            return []
        shown = [duplex.Stage(stage.name, round(stage.start_ms, 1), round(stage.end_ms, 1)) for stage in stages]
        record = duplex.Latency(response_id=known.response_id, kind=kind, turn_ms=round(turn_ms, 1), stages=shown)
        return self._out([record])

    def tool(self, name: str, arguments: str, output: str) -> list[ServerEvent]:
        """A tool of the server's own has answered."""
        return self._out([duplex.ToolUsed(name=name, arguments=arguments, output=output)])

    def notice(self, kind: str, text: str) -> list[ServerEvent]:
        """A sentence for people (`duplex.notice`)."""
        return self._out([duplex.Notice(kind=kind, text=text)])

    # --- what happened ------------------------------------------------------------------------

    def _happened(self, what: does.Happening) -> list[ServerEvent]:
        wire = self._wire
        match what:
            case does.TurnOpened():
                return wire.turns.opened(what)
            case does.TurnWithdrawn():
                return wire.turns.withdrawn(what)
            case does.TurnClosed():
                wire.unasked |= wire.typed
                wire.typed.clear()
                return wire.turns.closed(what)
            case does.UserWords():
                return wire.turns.words(what)
            case does.ReplyStarted(reply=reply):
                return self._started(reply)
            case does.ReplyHeard(reply=reply):
                return wire.reply(reply).was_heard(what)
            case does.ReplyCut(reply=reply):
                return wire.reply(reply).cut(what)
            case does.ReplyVanished(reply=reply):
                return wire.reply(reply).vanish()
            case does.ReplyFinished(reply=reply, text=text):
                return wire.reply(reply).finish(text)
            case does.Noted():
                return []  # it came from the client
            case does.CommandObeyed(command=command, first=first, last=last):
                start, end = round(to_ms(first)), round(to_ms(last))
                return [duplex.CommandObeyed(command=command, audio_start_ms=start, audio_end_ms=end)]
            case does.SpeakerNamed(verdict=verdict, score=score):
                return [duplex.Speaker(verdict=verdict, score=UNSET if score is None else round(score, 3))]
            case does.MindLost(reason=reason):
                return [duplex.Notice(kind="engine", text=reason)]
            case _:
                assert_never(what)

    def _started(self, number: int) -> list[ServerEvent]:
        wire = self._wire
        reply = wire.reply(number)
        if reply.started:
            return []
        modality, metadata = wire.config.modality, None
        if wire.request is not None and number > 0:
            metadata, wire.request = wire.request.metadata, None
        spoken = modality == "audio" and wire.transport == "websocket"
        return reply.start(modality, SoundWriter(wire.config.output_format) if spoken else None, metadata)

    def _silenced(self, number: int) -> list[ServerEvent]:
        reply = self._wire.replies.get(number)
        if reply is None or not reply.started or reply.modality == "text":
            return []
        if self._wire.transport == "webrtc":
            return [OutputAudioBufferCleared(response_id=reply.response_id)]
        return [duplex.Clear(response_id=reply.response_id, item_id=reply.item_id)] if reply.item_id else []

    def _called(self, call: str, name: str, arguments: str) -> list[ServerEvent]:
        wire = self._wire
        wire.calls.add(call)
        reply = wire.open_reply()
        return [] if reply is None else reply.call(call, name, arguments)

    def _out(self, events: list[ServerEvent]) -> list[ServerEvent]:
        """Every event that leaves has a name of its own."""
        for event in events:
            event.event_id = self._wire.ids.new("event")
        return events
