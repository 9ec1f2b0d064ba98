"""What a client asks for, one event at a time."""

from __future__ import annotations

from dataclasses import replace

from msgspec import UNSET

from agent.conversation.events import (
    CancelReply,
    ClearInput,
    CommitInput,
    CreateReply,
    Due,
    Heard,
    ItemDeleted,
    SettingsChanged,
    ToolResult,
    TypedTurn,
)
from streaming.realtime import client_events as client
from streaming.realtime import duplex
from streaming.realtime.base import ClientEvent
from streaming.realtime.items import Content, Item, function_call, function_call_output, message
from streaming.realtime.server_events import (
    ConversationItemAdded,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemRetrieved,
    ConversationItemTruncated,
    InputAudioBufferCleared,
    SessionUpdated,
)
from streaming.realtime.session import Reply
from streaming.time import Time, ms

from .errors import Refused
from .pictures import jpeg
from .received import PlaybackReport, Received
from .reply import RATE
from .sound import SoundReader
from .state import REQUEST_LASTS, Request, Wire
from .store import line
from .voices import MAX_PEOPLE, Voices, named, profiles

LONGEST_MS = 86_400_000.0
MAX_ID = 128
MAX_PICTURES = 8
WISH_FOLLOWS = ms(1000)
"""Clients that want a function's result answered say so within this."""


class Incoming:
    """The client's events. `obey` fills a `Received`, or raises `Refused` and has then changed nothing."""

    def __init__(self, wire: Wire, max_text: int) -> None:
        self._wire = wire
        self._max_text = max_text
        self._reader = SoundReader()
        self._said_blind = False

    def obey(self, event: ClientEvent, do: Received, now: Time) -> None:
        wire = self._wire
        self._let_go(event, do, now)
        match event:
            case client.InputAudioBufferAppend(audio=audio):
                do.microphone = self._reader.read(audio, wire.config.input_format)
            case client.SessionUpdate():
                self._update(event, do, now)
            case client.InputAudioBufferCommit():
                do.events.append(CommitInput(at=now))
            case client.InputAudioBufferClear():
                do.events.append(ClearInput(at=now))
                do.replies.append(InputAudioBufferCleared())
            case client.OutputAudioBufferClear():
                if wire.live():
                    do.events.append(CancelReply(at=now))
            case client.ConversationItemCreate():
                self._create(event, do, now)
            case client.ConversationItemRetrieve(item_id=item_id):
                item = wire.items.get(item_id)
                if item is None:
                    raise Refused("There is no item of that id.", "item_retrieve_invalid_item_id", "item_id")
                do.replies.append(ConversationItemRetrieved(item=item))
            case client.ConversationItemDelete(item_id=item_id):
                self._delete(item_id, do, now)
            case client.ConversationItemTruncate():
                self._truncate(event, do, now)
            case client.ResponseCreate(response=asked):
                self._respond(asked or Reply(), do, now)
            case client.ResponseCancel(response_id=response_id):
                self._cancel(response_id or None, do, now)
            case duplex.ClientHello(ducks=ducks, reports_playback=reports):
                wire.ducks, wire.reports = ducks, reports
            case duplex.Playback():
                self._playback(event, do)
            case duplex.People(people=people, learns=learns):
                do.voices = Voices(profiles(people), learns)
            case duplex.Enroll(name=name):
                if len(wire.voices.people) >= MAX_PEOPLE:
                    raise Refused(f"{MAX_PEOPLE} people are known already: have somebody forgotten first.")
                do.enrol = named(name, "name")
            case duplex.Say(text=text):
                if self._short(text, "text").strip():
                    do.events.append(Due(text.strip(), at=now))

    def _update(self, event: client.SessionUpdate, do: Received, now: Time) -> None:
        wire = self._wire
        setup, settings = wire.setup, wire.settings
        wire.config = wire.config.merged(event.session)
        if wire.setup != setup:
            do.setup = wire.setup
        if wire.settings != settings:
            do.events.append(SettingsChanged(wire.settings, at=now))
        do.replies.append(SessionUpdated(session=wire.config.shown(wire.ids.session_id, wire.base_setup)))

    # --- items ------------------------------------------------------------------------------

    def _create(self, event: client.ConversationItemCreate, do: Received, now: Time) -> None:
        wire = self._wire
        asked = event.item
        item_id = asked.id or wire.ids.new("item")
        if len(item_id) > MAX_ID:
            raise Refused(f"An item's id has at most {MAX_ID} characters.", param="item.id")
        if item_id in wire.items:
            raise Refused("There is an item of that id already.", "item_already_exists", "item.id")
        if asked.type == "message":
            item = self._message(item_id, asked, do)
        elif not asked.call_id or len(asked.call_id) > MAX_ID:
            raise Refused("A function call, or its output, needs its call_id.", param="item.call_id")
        elif asked.type == "function_call":
            if not asked.name or len(asked.name) > MAX_ID:
                raise Refused("A function call needs the function's name.", param="item.name")
            item = function_call(
                item_id, asked.call_id, asked.name, self._short(asked.arguments or "{}", "item.arguments")
            )
        else:
            item = function_call_output(item_id, asked.call_id, self._short(asked.output or "", "item.output"))
        before = wire.items.add(item, event.previous_item_id or None)
        do.replies += [
            ConversationItemAdded(item=item, previous_item_id=before or UNSET),
            ConversationItemDone(item=item, previous_item_id=before or UNSET),
        ]
        told = line(item)
        if told is None:
            return
        if wire.items.is_last(item_id):
            do.lines.append(told)
        else:
            do.rebuild = True
        if item.role not in ("user", "system"):
            do.events += self._unasked(now)
        if item.type == "message" and item.role == "user":
            wire.typed[item_id] = item.words
        elif item.type == "message":
            role = item.role or "user"
            do.events.append(TypedTurn(item.words, at=now, item=item_id, answer=False, role=role))
        elif item.type == "function_call_output" and item.call_id in wire.calls:
            wire.calls.discard(item.call_id or "")
            result = ToolResult(item.call_id or "", item.output or "", at=now, answer=False)
            if self._is_making_a_reply():
                wire.held.append(result)
            else:
                wire.results = True
                do.events.append(result)

    def _is_making_a_reply(self) -> bool:
        reply = self._wire.open_reply()
        return reply is not None and reply.finished is None

    def _let_go(self, event: ClientEvent, do: Received, now: Time) -> None:
        """A result that came while the reply was being made waits a moment for the wish that it be answered.

        Both together are one event to the conversation, which ignores such a wish while a reply is being made.
        """
        held = self._wire.held
        asks = isinstance(event, client.ResponseCreate | client.ConversationItemCreate)
        if held and not asks and now - held[0].at >= WISH_FOLLOWS:
            do.events += [replace(result, at=now) for result in held]
            held.clear()
            self._wire.results = True

    def _unasked(self, now: Time) -> list[TypedTurn]:
        """What was typed and is not to be answered."""
        wire = self._wire
        wire.unasked |= wire.typed
        typed = [TypedTurn(text, at=now, item=item_id, answer=False) for item_id, text in wire.unasked.items()]
        wire.typed.clear()
        wire.unasked.clear()
        return typed

    def _message(self, item_id: str, asked: Item, do: Received) -> Item:
        if not asked.role:
            raise Refused("A message needs a role: user, assistant or system.", param="item.role")
        shown: list[Content] = []
        pictures: list[bytes] = []
        for number, part in enumerate(asked.content or []):
            at = f"item.content[{number}]"
            if part.type == "input_image":
                pictures.append(jpeg(part.image_url or "", f"{at}.image_url"))
            elif part.type in ("input_audio", "output_audio"):
                if part.transcript is UNSET:
                    raise Refused(
                        "Spoken items need their transcript; send sound to be heard with input_audio_buffer.append.",
                        "unsupported_value",
                        f"{at}.audio",
                    )
                shown.append(
                    Content(
                        "output_audio" if asked.role == "assistant" else "input_audio",
                        transcript=self._short(part.transcript or "", f"{at}.transcript"),
                    )
                )
            elif part.text is UNSET:
                raise Refused("A text part needs its text.", "missing_required_parameter", f"{at}.text")
            else:
                text = self._short(part.text, f"{at}.text")
                shown.append(Content("output_text" if asked.role == "assistant" else "input_text", text=text))
        if len(pictures) > MAX_PICTURES:
            raise Refused(f"One item may hold {MAX_PICTURES} pictures.", param="item.content")
        if pictures and self._wire.capabilities.sees:
            do.pictures = pictures
        elif pictures and not self._said_blind:
            self._said_blind = True
            name = self._wire.capabilities.model
            do.replies.append(duplex.Notice(kind="blind", text=f"{name} does not look at pictures; they are ignored."))
        # Pictures are not shown back: clients stumble over them, and they are large.
        return message(item_id, asked.role, shown)

    def _short(self, text: str, param: str) -> str:
        if len(text) > self._max_text:
            raise Refused(
                f"Text may have {self._max_text} characters here; this has {len(text)}.",
                "string_above_max_length",
                param,
            )
        return text

    def _delete(self, item_id: str, do: Received, now: Time) -> None:
        wire = self._wire
        reply, turn = wire.reply_of(item_id), wire.turns.turn(item_id)
        item = wire.items.delete(item_id)
        if item is None and item_id not in wire.items.deleted:
            raise Refused("There is no item of that id.", "item_delete_invalid_item_id", "item_id")
        wire.typed.pop(item_id, None)
        wire.unasked.pop(item_id, None)
        do.replies.append(ConversationItemDeleted(item_id=item_id))
        if reply is not None and (reply.open or reply.audible):
            do.events.append(CancelReply(at=now))
        if item is None or line(item) is None:
            return
        if item.type == "message":
            name = None if reply is not None or turn is not None else item_id
            number = None if reply is None else reply.number
            do.events.append(ItemDeleted(at=now, turn=turn, reply=number, item=name))
        else:
            do.events.append(ItemDeleted(at=now, call=item.call_id or None))
        do.rebuild = True

    def _truncate(self, event: client.ConversationItemTruncate, do: Received, now: Time) -> None:
        wire = self._wire
        reply = wire.reply_of(event.item_id)
        item = wire.items.get(event.item_id)
        until = round(min(max(event.audio_end_ms, 0.0), LONGEST_MS) * RATE / 1000)
        if item is None:
            if event.item_id not in wire.items.deleted:
                raise Refused("There is no item of that id.", "item_truncate_invalid_item_id", "item_id")
        elif item.role != "assistant":
            raise Refused("Only what the assistant said can be truncated.", param="item_id")
        elif reply is None or reply.modality == "text":
            # Not spoken by us, so there is nothing to shorten; clients do it all the same.
            end = round(until * 1000 / RATE)
            do.replies.append(ConversationItemTruncated(item_id=event.item_id, content_index=0, audio_end_ms=end))
        else:
            do.replies += reply.truncate(until)
            do.events.append(Heard(reply.number, until, at=now, by_client=True))

    # --- responses --------------------------------------------------------------------------

    def _respond(self, asked: Reply, do: Received, now: Time) -> None:
        wire = self._wire
        if asked.conversation not in (UNSET, "auto"):
            raise Refused(
                "Responses outside the conversation are not served.", "unsupported_value", "response.conversation"
            )
        if asked.input:
            raise Refused("Create items first; `input` is not served.", "unsupported_value", "response.input")
        waits = wire.request is not None and now - wire.request.at < REQUEST_LASTS
        active = self._is_making_a_reply()
        if (active or waits) and not wire.typed and not wire.results and not wire.held:
            reply = wire.open_reply()
            name = reply.response_id if reply is not None and active else "the one just asked for"
            raise Refused(
                f"Conversation already has an active response in progress: {name}. "
                "Wait until the response is finished before creating a new one.",
                "conversation_already_has_active_response",
            )
        config = wire.config.merged(asked, "response")
        if not wire.typed:
            # The conversation takes the instructions with it; a typed turn has no place for them.
            config = replace(config, instructions=wire.config.instructions)
        setup = config.setup(wire.base_setup)
        if setup != wire.setup:
            do.setup, do.setup_after = setup, wire.setup
        metadata = None if asked.metadata is UNSET else {k: v for k, v in asked.metadata.items() if isinstance(v, str)}
        wire.request = Request(metadata, now)
        wire.results = False
        results = [replace(result, at=now, answer=True) for result in wire.held]
        wire.held.clear()
        do.events += results
        asked_for = list(wire.typed.items())[-1:]
        for item_id, _ in asked_for:
            del wire.typed[item_id]
        do.events += self._unasked(now)
        for item_id, text in asked_for:
            do.events.append(TypedTurn(text, at=now, item=item_id))
        if not asked_for and not results:
            do.events.append(CreateReply(at=now, instructions=asked.instructions or None))

    def _cancel(self, response_id: str | None, do: Received, now: Time) -> None:
        wire = self._wire
        live = [reply for reply in wire.live() if response_id in (None, reply.response_id)]
        waits = wire.request is not None and response_id is None and now - wire.request.at < REQUEST_LASTS
        if not live and not waits:
            raise Refused("Cancellation failed: no active response found", "response_cancel_not_active")
        wire.request = None
        do.events.append(CancelReply(at=now))

    def _playback(self, event: duplex.Playback, do: Received) -> None:
        reply = self._wire.reply_of(event.item_id or "")
        if reply is None and event.rtp_timestamp is UNSET:
            return
        end = 0.0 if event.audio_end_ms is UNSET else min(max(event.audio_end_ms, 0.0), LONGEST_MS)
        do.playback = PlaybackReport(
            rtp_timestamp=None if event.rtp_timestamp is UNSET else event.rtp_timestamp & 0xFFFFFFFF,
            reply=None if reply is None else reply.number,
            until=round(end * RATE / 1000),
            latency=ms(min(max(event.latency_ms, 0.0), 5_000.0)),
        )
