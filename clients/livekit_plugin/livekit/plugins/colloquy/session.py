"""One call, as livekit-agents sees it: the framework's wishes to the wire, and the wire's events to the framework.

Beside the framework's own events a session emits `duplex_event` with every event of the server's own (`duplex.*`: what
was heard, where the milliseconds went, who speaks), `connection_lost`, and the framework's `session_reconnected`.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Literal

from livekit import rtc
from livekit.agents import llm, utils
from livekit.agents.types import NOT_GIVEN, NotGivenOr
from livekit.agents.utils import is_given
from msgspec import UNSET

from ._wire import duplex
from ._wire import happenings as what
from ._wire import server_events as told
from ._wire.audio import AudioConfig, AudioInput, AudioOutput
from ._wire.client import RealtimeClient
from ._wire.codec import WireError, decode_server
from ._wire.items import Content, Item
from ._wire.response import Response
from ._wire.session import Reply, Session
from .context import OWN_PICTURE, Mirror, data_url, to_wire
from .generation import Generation
from .link import Link, Refused
from .log import logger
from .microphone import Microphone
from .settings import tool_choice_to_wire, tools_to_wire
from .usage import metrics

if TYPE_CHECKING:
    from .model import RealtimeModel

ANSWERED_WITHIN_S = 10.0
"""A reply that was asked for begins within this, or has failed; time without a server does not count."""
ACKNOWLEDGED_WITHIN_S = 5.0
SETTLED_S = 1.0
"""The user's words are final once they are answered, or after this: until then their turn may go on after all."""
HARMLESS = ("response_cancel_not_active", "item_delete_invalid_item_id", "item_truncate_invalid_item_id")


class _Asked:
    """A reply that the framework waits for."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.future: asyncio.Future[llm.GenerationCreatedEvent] = asyncio.get_running_loop().create_future()
        self.timer: asyncio.TimerHandle | None = None


class RealtimeSession(llm.RealtimeSession[Literal["duplex_event", "connection_lost"]]):
    """Made by `RealtimeModel.session`."""

    def __init__(self, model: RealtimeModel, *, turn_detection_disabled: bool) -> None:
        super().__init__(model)
        self._model = model
        self._by_hand = turn_detection_disabled
        self._instructions: str | None = None
        self._tools = llm.ToolContext.empty()
        self._tool_choice: llm.ToolChoice | None = None
        self._mirror = Mirror()
        self._client = RealtimeClient()
        self._microphone = Microphone()
        self._asked: dict[str, _Asked] = {}
        self._generations: dict[str, Generation] = {}
        self._acknowledged: dict[str, asyncio.Future[None]] = {}
        self._said: dict[str, tuple[str, asyncio.TimerHandle]] = {}
        """User items whose words are not final yet."""
        self._user_speaks = False
        self._reconnecting = False
        self._link = Link(model.url, model.api_key, received=self._received, connected=self._connected, lost=self._lost)
        self._running = asyncio.create_task(self._run(), name="colloquy")

    async def _run(self) -> None:
        try:
            await self._link.run()
        except Refused as refused:
            self._fail(refused, recoverable=False)
        except Exception as problem:
            logger.exception("the session broke")
            self._fail(problem, recoverable=False)

    async def aclose(self) -> None:
        """Ends the call."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        for _, timer in self._said.values():
            timer.cancel()
        for generation in self._generations.values():
            generation.close(whole=False)
        for asked in self._asked.values():
            asked.future.cancel()

    # --- the framework's wishes ---------------------------------------------------------------

    @property
    def chat_ctx(self) -> llm.ChatContext:
        return self._mirror.chat_ctx

    @property
    def tools(self) -> llm.ToolContext:
        return self._tools.copy()

    async def update_instructions(self, instructions: str) -> None:
        self._instructions = str(instructions)
        self._link.send([self._client.update(Session(instructions=self._instructions))])

    async def update_tools(self, tools: list[llm.Tool]) -> None:
        self._tools = llm.ToolContext(tools)
        self._link.send([self._client.update(Session(tools=tools_to_wire(tools)))])

    def update_options(self, *, tool_choice: NotGivenOr[llm.ToolChoice | None] = NOT_GIVEN) -> None:
        if is_given(tool_choice):
            self._tool_choice = tool_choice
            self._link.send([self._client.update(Session(tool_choice=tool_choice_to_wire(tool_choice)))])

    async def update_chat_ctx(self, chat_ctx: llm.ChatContext) -> None:
        """Makes the server's conversation this one. Without a server it is told when there is one.

        Raises `RealtimeError` if the server does not say that it has done so.
        """
        # Instructions travel apart; hand-overs between agents are the framework's own.
        wanted = chat_ctx.copy(exclude_instructions=True, exclude_handoff=True, exclude_config_update=True)
        difference = llm.utils.compute_chat_ctx_diff(self._mirror.chat_ctx, wanted)
        # Of what was spoken, the server knows better than anybody what was heard.
        changed = [pair for pair in difference.to_update if not self._mirror.is_spoken(pair[1])]
        orders, waited = [], []
        for item_id in [*difference.to_remove, *(item_id for _, item_id in changed)]:
            self._mirror.deleted(item_id)
            orders.append(self._client.delete(item_id))
        for previous, item_id in [*difference.to_create, *changed]:
            item = wanted.get_by_id(item_id)
            made = to_wire(item) if item is not None else None
            if item is None or made is None:
                continue
            self._mirror.insert(item, previous)
            if self._link.up:
                future = self._acknowledged[item_id] = asyncio.get_running_loop().create_future()
                waited.append(future)
            orders.append(self._client.create(made, previous or "root"))
        self._link.send(orders)
        try:
            await asyncio.wait_for(asyncio.gather(*waited), ACKNOWLEDGED_WITHIN_S)
        except TimeoutError:
            raise llm.RealtimeError("the server did not take the conversation's changes in time") from None

    def push_audio(self, frame: rtc.AudioFrame) -> None:
        """Sends it at once, in packets of at most 20 ms."""
        for packet in self._microphone.packets(frame):
            self._link.send_sound(self._client.append(packet))

    def push_video(self, frame: rtc.VideoFrame) -> None:
        """Shows the server a picture, if it looks at any."""
        if self._client.hello is None or not self._client.hello.sees:
            return
        jpeg = utils.images.encode(frame, utils.images.EncodeOptions(format="JPEG"))
        content = [Content("input_image", image_url=data_url(jpeg, "image/jpeg"))]
        item = Item(id=f"{OWN_PICTURE}{uuid.uuid4().hex[:18]}", type="message", role="user", content=content)
        self._link.send([self._client.create(item)])

    def generate_reply(
        self,
        *,
        instructions: NotGivenOr[str] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        tools: NotGivenOr[list[llm.Tool]] = NOT_GIVEN,
    ) -> asyncio.Future[llm.GenerationCreatedEvent]:
        """Asks for an answer now; without a server, as soon as there is one."""
        name = f"reply_{uuid.uuid4().hex[:18]}"
        reply = Reply(metadata={"client_event_id": name})
        if is_given(instructions):
            reply.instructions = instructions
        if is_given(tool_choice):
            reply.tool_choice = tool_choice_to_wire(tool_choice)
        if is_given(tools):
            reply.tools = tools_to_wire(tools)
        asked = self._asked[name] = _Asked(reply)
        asked.future.add_done_callback(lambda future: self._answered_or_not(name, future))
        if self._link.up:
            self._ask(name)
        return asked.future

    def _ask(self, name: str) -> None:
        asked = self._asked[name]
        self._link.send([self._client.respond(asked.reply)])
        asked.timer = asyncio.get_running_loop().call_later(ANSWERED_WITHIN_S, self._too_late, name)

    def _too_late(self, name: str) -> None:
        asked = self._asked.get(name)
        if asked is not None and not asked.future.done():
            asked.future.set_exception(llm.RealtimeError("no reply began in time"))

    def _answered_or_not(self, name: str, future: asyncio.Future[llm.GenerationCreatedEvent]) -> None:
        asked = self._asked.pop(name, None)
        if asked is None:
            return
        if asked.timer is not None:
            asked.timer.cancel()
        if future.cancelled():
            # Nobody wants it any more, and it may be on its way.
            self._link.send([self._client.cancel()])

    def commit_audio(self) -> None:
        self._link.send([self._client.commit()])

    def clear_audio(self) -> None:
        self._link.send([self._client.clear()])

    def interrupt(self) -> None:
        """Comes often, and mostly when nothing is to be interrupted: the server has done that itself."""
        if self._client.response is not None:
            self._link.send([self._client.cancel()])

    def truncate(
        self,
        *,
        message_id: str,
        modalities: list[Literal["text", "audio"]],
        audio_end_ms: int,
        audio_transcript: NotGivenOr[str] = NOT_GIVEN,
    ) -> None:
        """Of a message only so much was played. It may shorten what the server thinks, never lengthen it."""
        if "audio" in modalities:
            self._link.send([self._client.truncate(message_id, audio_end_ms)])
        if is_given(audio_transcript):
            self._mirror.write(message_id, audio_transcript)

    # --- the connection -----------------------------------------------------------------------

    def _connected(self) -> None:
        """A new session of the server's: it is told everything that the last one knew."""
        self._client = RealtimeClient()
        session = Session(tools=tools_to_wire(self._tools.flatten()))
        if self._instructions is not None:
            session.instructions = self._instructions
        if self._tool_choice is not None:
            session.tool_choice = tool_choice_to_wire(self._tool_choice)
        if self._by_hand or self._model.voice:
            session.audio = AudioConfig(
                input=AudioInput(turn_detection=None if self._by_hand else UNSET),
                output=AudioOutput(voice=self._model.voice or UNSET),
            )
        self._link.send([self._client.greet(ducks=False, reports_playback=False), self._client.update(session)])
        self._link.send(self._client.create(item) for item in self._mirror.reset())
        for name in list(self._asked):
            self._ask(name)
        if self._reconnecting:
            self._reconnecting = False
            self.emit("session_reconnected", llm.RealtimeSessionReconnectedEvent())

    def _lost(self, problem: Exception) -> None:
        self._reconnecting = True
        for generation in self._generations.values():
            generation.close(whole=False)
        self._generations.clear()
        for item_id in list(self._said):
            self._settle(item_id)
        for asked in self._asked.values():
            if asked.timer is not None:
                asked.timer.cancel()
        for future in self._acknowledged.values():
            if not future.done():
                future.set_result(None)
        self._acknowledged.clear()
        if self._user_speaks:
            # Else the framework waits for the end of this speech for ever.
            self._user_speaks = False
            self.emit("input_speech_stopped", llm.InputSpeechStoppedEvent(user_transcription_enabled=False))
        self._fail(problem, recoverable=True)
        self.emit("connection_lost", problem)

    def _fail(self, problem: Exception, recoverable: bool) -> None:
        error = llm.RealtimeModelError(
            timestamp=time.time(), label=self._model.label, error=problem, recoverable=recoverable
        )
        self.emit("error", error)

    # --- what the server says -----------------------------------------------------------------

    def _received(self, raw: str) -> None:
        try:
            event = decode_server(raw)
            if event is None:
                return
            happenings = self._client.receive(raw)
        except WireError as problem:
            logger.warning("an event of the server's cannot be read", extra={"error": str(problem)})
            return
        self._of_items(event)
        for happening in happenings:
            self._apply(happening)

    def _of_items(self, event: object) -> None:
        match event:
            case told.ConversationItemAdded(item=item, previous_item_id=previous):
                waiting = self._acknowledged.pop(str(item.id), None)
                if waiting is not None:
                    if not waiting.done():
                        waiting.set_result(None)
                    return
                new = self._mirror.added(item, previous or None)
                if new is not None:
                    self.emit("remote_item_added", llm.RemoteItemAddedEvent(previous or None, new))
            case told.ConversationItemDone(item=item, previous_item_id=previous):
                self._mirror.added(item, previous or None)
            case told.ConversationItemDeleted(item_id=item_id):
                self._mirror.deleted(item_id)
                _, timer = self._said.pop(item_id, ("", None))
                if timer is not None:
                    timer.cancel()

    def _apply(self, happening: what.Happening) -> None:
        match happening:
            case what.UserSpeaks():
                self._user_speaks = True
                self.emit("input_speech_started", llm.InputSpeechStartedEvent())
            case what.UserSilent():
                self._user_speaks = False
                self.emit("input_speech_stopped", llm.InputSpeechStoppedEvent(user_transcription_enabled=True))
            case what.UserSaid(item_id=item_id, text=text):
                self._mirror.write(item_id, text)
                timer = asyncio.get_running_loop().call_later(SETTLED_S, self._settle, item_id)
                self._said[item_id] = (text, timer)
            case what.ReplyTruncated(item_id=item_id, transcript=text) if text is not None:
                self._mirror.write(item_id, text)
            case what.ToolCalled(response_id=response_id, call_id=call_id, name=name, arguments=arguments):
                self._tool_called(response_id, call_id, name, arguments)
            case what.Failed(message=message, code=code) if code not in HARMLESS:
                logger.warning("the server could not obey", extra={"error": message, "code": code})
            case what.Told(event=event):
                self._duplex(event)
            case _:
                self._of_response(happening)

    def _of_response(self, happening: what.Happening) -> None:
        match happening:
            case what.ReplyBegan(response=response):
                self._began(response)
            case what.ReplySound(response_id=response_id, item_id=item_id, sound=sound):
                self._heard_of(response_id).sound(item_id, sound)
            case what.ReplyText(response_id=response_id, item_id=item_id, text=text, start_s=None):
                self._heard_of(response_id).text(item_id, text)
            case what.ReplyEnded(response_id=response_id, status=status):
                self._ended(response_id, status)

    def _duplex(self, event: object) -> None:
        match event:
            case duplex.WordTimes(response_id=response_id, item_id=item_id, words=words):
                self._heard_of(response_id).words(item_id, words)
            case duplex.Heard(item_id=item_id, transcript=text):
                self._mirror.write(item_id, text)
            case duplex.UserWords(item_id=item_id, stable=stable, tentative=tentative) if self._user_speaks:
                so_far = llm.InputTranscriptionCompleted(item_id, stable + tentative, is_final=False)
                self.emit("input_audio_transcription_completed", so_far)
        if type(event).__module__ == duplex.__name__:
            self.emit("duplex_event", event)

    def _settle(self, item_id: str) -> None:
        """The user's words will not change any more."""
        text, timer = self._said.pop(item_id)
        timer.cancel()
        final = llm.InputTranscriptionCompleted(item_id, text, is_final=True)
        self.emit("input_audio_transcription_completed", final)

    # --- responses ----------------------------------------------------------------------------

    def _began(self, response: Response) -> None:
        name = (response.metadata or {}).get("client_event_id") if response.metadata else None
        asked = self._asked.get(str(name))
        generation = self._generations[response.id] = Generation(response.id, user_initiated=asked is not None)
        if asked is not None and not asked.future.done():
            asked.future.set_result(event := generation.event())
            self.emit("generation_created", event)

    def _heard_of(self, response_id: str) -> Generation:
        """The generation, of which something comes now: an answer of which nothing comes was taken back unheard."""
        generation = self._generations.get(response_id)
        if generation is None:
            generation = self._generations[response_id] = Generation(response_id, user_initiated=False)
        if not generation.announced:
            for item_id in list(self._said):
                self._settle(item_id)
            self.emit("generation_created", generation.event())
        return generation

    def _tool_called(self, response_id: str, call_id: str, name: str, arguments: str) -> None:
        generation = self._heard_of(response_id)
        known = [item for item in self._mirror.chat_ctx.items if isinstance(item, llm.FunctionCall)]
        mirrored = next((item for item in known if item.call_id == call_id), None)
        call = llm.FunctionCall(call_id=call_id, name=name, arguments=arguments)
        if mirrored is not None:
            # Under the same id, or the framework would make the call a second time.
            call.id = mirrored.id
        generation.call(call)

    def _ended(self, response_id: str, status: str) -> None:
        generation = self._generations.pop(response_id, None)
        if generation is None:
            return
        generation.close(whole=status in ("completed", "incomplete"))
        if generation.announced:
            self.emit("metrics_collected", metrics(generation, self._model, status == "cancelled"))

    def __repr__(self) -> str:
        return f"<colloquy.RealtimeSession {self._model.url}>"
