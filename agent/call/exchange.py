"""All calls of this process: opens them, counts them, ends them."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from pathlib import Path

from aiohttp import web

from agent import logs
from agent.calls import CallRefused, Health
from agent.conversation.conversation import Conversation
from agent.conversation.settings import ConversationSettings
from agent.engine import messages as engine
from agent.engine.client import EngineClient
from agent.families import CHOOSES_NO_TOOLS
from agent.metrics import Metrics
from agent.rooms.sdp import BadOffer
from agent.rooms.webrtc import WebRTCRoom
from agent.rooms.websocket import WebSocketRoom
from agent.settings import Settings, SettingsError
from agent.tools.desk import Desk, schemas
from agent.tools.keeping import KeptNotes
from agent.tools.own import OwnToolError
from agent.tools.own import load as load_tools
from agent.wire.dialect import Dialect
from agent.wire.received import Capabilities
from agent.wire.state import Transport
from streaming.ears.panel import Ears, EarsModels
from streaming.realtime.session import Session

from .call import Call
from .mind import Mind
from .notices import Notices
from .recorder import Recorder
from .skills import Skills, said

log = logging.getLogger(__name__)


class Exchange:
    """Implements `agent.calls.Calls`."""

    def __init__(self, settings: Settings, client: EngineClient, ears: EarsModels, metrics: Metrics) -> None:
        self._settings = settings
        self._client = client
        self._ears = ears
        self._metrics = metrics
        self._notices = Notices()
        try:
            self._own = load_tools(Path(settings.tools_file)) if settings.tools_file else []
        except OwnToolError as problem:
            raise SettingsError(f"tools_file: {problem}") from problem
        try:
            self._notes = KeptNotes(settings.profile) if settings.profile else None
        except ValueError as problem:
            raise SettingsError(f"profile: {problem}") from problem
        self._tools = schemas(self._own, built_in=settings.tools == "on" and settings.model not in CHOOSES_NO_TOOLS)
        self._calls: dict[str, Call] = {}
        self._rooms: dict[str, WebRTCRoom] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self.ready = False
        client.on_lost(self._lost)

    async def prepare(self) -> None:
        """Waits for the engine and has it speak what is kept ready. From then on a call would be answered."""
        await self._client.ready()
        try:
            await self._notices.make(self._client, self._settings.voice)
        except TimeoutError:
            log.warning("the engine is slow to speak: what is kept ready for when it is away stays text")
        self.ready = True

    def health(self) -> Health:
        """Whether a call would be answered now."""
        load = self._client.load
        if not self.ready or load is None or not load.ready:
            reason = self._client.trouble or "The model is being loaded; try again in a few seconds."
            return Health(False, reason, 0, self._settings.sessions)
        total = min(self._settings.sessions, load.slots)
        return Health(True, "", max(0, total - len(self._calls)), total)

    def capabilities(self) -> Capabilities:
        """What the mind is and can do."""
        load = self._client.load
        if load is None:
            return Capabilities(self._settings.model, self._settings.model, False, True, (), 0, 0)
        health = self.health()
        return Capabilities(load.model, load.family, load.sees, load.words, load.voices, health.total, health.free)

    # --- calls --------------------------------------------------------------------------------

    def _open(self, transport: Transport, session: Session) -> Call:
        """A new call, as its client wants it. Raises `CallRefused`, or `Refused` for a session that cannot be had."""
        health = self.health()
        if not health.ready:
            raise CallRefused(health.reason, 503, "not_ready")
        if not health.free:
            busy = f"All {health.total} lines are busy; try again later, or raise the setting `sessions`."
            raise CallRefused(busy, 503, "full")
        name = f"sess_{secrets.token_urlsafe(15)}"
        able = self.capabilities()
        dialect = Dialect(
            name,
            able,
            transport,
            session,
            ConversationSettings(mind_has_words=able.words, backchannels=self._settings.backchannels == "on"),
            engine.Setup(instructions=self._settings.instructions, voice=self._settings.voice, tools=self._tools),
            self._settings.max_text,
            self._settings.max_event_kb << 10,
        )
        record = self._settings.record
        conversation = Conversation(dialect.settings)
        desk = Desk(
            self._notes or KeptNotes(),
            self._own,
            now=lambda: call.now,
            said=lambda: said(conversation.history),
            persona=self._settings.instructions,
            sees=able.sees,
            recognises=self._settings.tools == "on",
        )
        with logs.session(name):
            call = Call(
                name,
                Mind(name, self._client),
                conversation,
                dialect,
                Ears(self._ears),
                self._notices,
                self._metrics,
                Recorder(Path(record) / f"{name}.jsonl", dialect.settings) if record else None,
                self._closed,
                able.sees,
                ahead=transport == "websocket",
                skills=Skills(desk),
            )
            self._calls[name] = call
            call.begin()
            self._metrics.opened(transport)
            self._metrics.sessions(len(self._calls))
            log.info("call opened over %s", transport)
        longest = self._settings.session_minutes * 60
        asyncio.get_running_loop().call_later(longest, self._end, name, "the call reached its longest time")
        self._tell_slots()
        return call

    def _tell_slots(self) -> None:
        health = self.health()
        for call in self._calls.values():
            call.slots(health.free, health.total)

    def _closed(self, call: Call) -> None:
        self._calls.pop(call.session, None)
        self._rooms.pop(call.session, None)
        self._metrics.sessions(len(self._calls))
        log.info("call %s ended", call.session)
        self._tell_slots()

    def _end(self, name: str, reason: str) -> None:
        call = self._calls.get(name)
        if call is not None:
            self._end_with(call.hang_up(reason))

    def _end_with(self, work: Coroutine[None, None, None]) -> None:
        """Does `work` beside everything else; of tasks that nobody holds the loop keeps no strong reference."""
        task = asyncio.create_task(work)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    def _lost(self, session: str, reason: str) -> None:
        """The engine is away, and with it the mind of `session`."""
        if session in self._calls:
            self._calls[session].engine_lost(reason)

    async def close(self) -> None:
        """Ends all calls."""
        await asyncio.gather(*(call.hang_up("the server is stopping") for call in list(self._calls.values())))

    # --- what the server needs ----------------------------------------------------------------

    async def websocket(self, request: web.Request, session: Session) -> web.StreamResponse:
        """Carries one call over a WebSocket, to its end. Raises `CallRefused`."""
        call = self._open("websocket", session)
        with logs.session(call.session):
            try:
                return await WebSocketRoom(call, self._settings.max_event_kb << 10).serve(request)
            finally:
                call.close()

    async def webrtc(self, offer: str, session: Session) -> tuple[str, str]:
        """Answers a WebRTC offer: (SDP, name of the call). Raises `CallRefused`."""
        call = self._open("webrtc", session)
        with logs.session(call.session):
            room = WebRTCRoom(call, self._settings.ice_servers)
            try:
                answer = await room.answer(offer)
            except BadOffer as problem:
                call.close()
                raise CallRefused(str(problem), 400, "invalid_offer") from problem
            except BaseException:
                call.close()
                raise
        self._rooms[call.session] = room
        self._end_with(self._watch(room, call))
        return answer, call.session

    async def _watch(self, room: WebRTCRoom, call: Call) -> None:
        """A peer that was answered and never came leaves a call behind, too."""
        await room.ended()
        call.close()

    async def hangup(self, name: str) -> bool:
        """Ends a WebRTC call. False if there is none of that name."""
        room = self._rooms.get(name)
        if room is None:
            return False
        await room.close("the client hung up")
        return True
