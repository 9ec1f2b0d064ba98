"""One reply on the wire: a response, its spoken or written item, its function calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import UNSET

from agent.conversation.commands import ReplyCut, ReplyHeard
from streaming.realtime import duplex
from streaming.realtime.base import ServerEvent
from streaming.realtime.items import Content, Item, ItemStatus, function_call, message
from streaming.realtime.response import (
    OutputDetails,
    Response,
    ResponseError,
    ResponseState,
    StatusDetails,
    TokenDetails,
    Usage,
)
from streaming.realtime.server_events import (
    ContentPartAdded,
    ContentPartDone,
    ConversationItemAdded,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemTruncated,
    FunctionCallArgumentsDelta,
    FunctionCallArgumentsDone,
    OutputAudioBufferStarted,
    OutputAudioBufferStopped,
    OutputAudioDelta,
    OutputAudioDone,
    OutputAudioTranscriptDelta,
    OutputAudioTranscriptDone,
    OutputItemAdded,
    OutputItemDone,
    OutputTextDelta,
    OutputTextDone,
    Part,
    ResponseCreated,
    ResponseDone,
)
from streaming.realtime.session import Modality

from .ids import Ids
from .sound import SoundWriter
from .store import ItemStore

RATE = 24_000


@dataclass(slots=True)
class WireReply:
    """Its state, and the events of each step. Nothing is said before `start`, and nothing after its end."""

    number: int
    ids: Ids
    items: ItemStore
    response_id: str = ""
    """"" until it is announced."""
    item_id: str = ""
    """Of what it says; "" until it says something."""
    modality: Modality = "audio"
    metadata: dict[str, Any] | None = None
    writer: SoundWriter | None = None
    """Writes its sound into events (WebSocket); None: it leaves in another way, or not at all."""
    over: bool = False
    """`response.done` was sent."""
    audible: bool = False
    """Sound of it has left, and it was neither drained nor cut since."""
    sounded: bool = False
    """Sound of it has left."""
    sent: int = 0
    """Samples of it that have left."""
    finished: str | None = None
    """Its whole text, once it is whole."""
    left: bool = False
    """All its sound has left."""
    limited: bool = False
    """It was ended by the limit of tokens."""
    usage: Usage = field(default_factory=Usage)
    tokens: list[str] = field(default_factory=list)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Token -> its first and last sample, in order."""
    shown: int = 0
    """Tokens whose text the client has."""
    heard: int = 0
    """Tokens that were heard."""
    end: int | None = None
    """The sample at which it was cut."""
    output: list[Item] = field(default_factory=list)
    """What the response consists of, complete or not."""

    @property
    def started(self) -> bool:
        return self.response_id != ""

    @property
    def open(self) -> bool:
        """The client knows of it and not yet of its end."""
        return self.started and not self.over

    # --- beginning --------------------------------------------------------------------------

    def start(
        self, modality: Modality, writer: SoundWriter | None, metadata: dict[str, Any] | None
    ) -> list[ServerEvent]:
        """It may be heard from now on. `writer` None: its sound does not leave in events."""
        self.response_id = self.ids.new("resp")
        self.modality, self.metadata, self.writer = modality, metadata, writer
        created = Response(
            id=self.response_id,
            object="realtime.response",
            status="in_progress",
            output=[],
            conversation_id=self.ids.conversation,
            output_modalities=[modality],
            metadata=UNSET if metadata is None else metadata,
        )
        events: list[ServerEvent] = [ResponseCreated(response=created)]
        if self.tokens:
            events += self._show()
        return events

    def _open_item(self) -> list[ServerEvent]:
        """The item appears with the first that is said, so that a response that only calls a function has none."""
        if self.item_id:
            return []
        self.item_id = self.ids.new("item")
        spoken = self.modality == "audio"
        item = message(self.item_id, "assistant", [], "in_progress")
        before = self.items.add(item, apart=self.number < 0) or UNSET
        self.output.append(item)
        part = Part("audio", transcript="") if spoken else Part("text", text="")
        empty = message(self.item_id, "assistant", [], "in_progress")
        return [
            OutputItemAdded(response_id=self.response_id, output_index=self._index, item=empty),
            ConversationItemAdded(item=empty, previous_item_id=before),
            ContentPartAdded(**self._place(), part=part),
        ]

    @property
    def _index(self) -> int:
        return next((number for number, item in enumerate(self.output) if item.id == self.item_id), len(self.output))

    def _place(self) -> dict[str, Any]:
        return {
            "response_id": self.response_id,
            "item_id": self.item_id,
            "output_index": self._index,
            "content_index": 0,
        }

    # --- words and sound --------------------------------------------------------------------

    def said(self, token: int, text: str) -> list[ServerEvent]:
        if self.over:
            return []
        self.tokens += [""] * (token + 1 - len(self.tokens))
        self.tokens[token] = text
        return self._show() if self.started else []

    def sounds(self, spans: Sequence[tuple[int, int, int]]) -> list[ServerEvent]:
        if self.over:
            return []
        for token, first, last in spans:
            begun = self.spans.get(token, (first, last))[0]
            self.spans[token] = (begun, last)
        return self._show() if self.started else []

    def _show(self, all_of_it: bool = False) -> list[ServerEvent]:
        """The texts that can be shown. Spoken ones wait until their times are known: clients want both at once.

        Where sound leaves in events, they leave with their sound: a client that keeps what it was shown of a reply that
        is cut keeps little that was not heard.
        """
        if self.modality == "text" or all_of_it:
            until = len(self.tokens)
        else:
            sounding = (
                token
                for token, (first, _) in self.spans.items()
                if token < len(self.tokens) and (self.writer is None or first < self.sent)
            )
            until = max(sounding, default=-1) + 1
        if until <= self.shown:
            return []
        events = self._open_item()
        if self.modality == "text":
            events.append(OutputTextDelta(**self._place(), delta="".join(self.tokens[self.shown : until])))
            self.shown = until
            return events
        words: list[duplex.TimedWord] = []
        text = ""
        for token in range(self.shown, until):
            # A token without sound of its own is heard together with the next one that has some.
            text += self.tokens[token]
            if token in self.spans and text:
                first, last = self.spans[token]
                words.append(duplex.TimedWord(text, *(round(sample * 1000 / RATE, 1) for sample in (first, last))))
                text = ""
        if text:
            end = round(max((last for _, last in self.spans.values()), default=0) * 1000 / RATE, 1)
            words.append(duplex.TimedWord(text, end, end))
        self.shown = until
        for word in words:
            start = round(word.start_ms / 1000, 4)
            events.append(OutputAudioTranscriptDelta(**self._place(), delta=word.text, start_time=start))
        if words:
            events.append(duplex.WordTimes(response_id=self.response_id, item_id=self.item_id, words=words))
        return events

    def sound(self, pcm: npt.NDArray[np.int16]) -> list[ServerEvent]:
        if not self.started or self.modality == "text" or (self.over and self.writer is not None):
            return []
        events = [] if self.over else self._open_item()
        self.sent += len(pcm)
        if self.writer is not None:
            events += self._show()
            delta = self.writer.write(pcm)
            if delta:
                events.append(OutputAudioDelta(**self._place(), delta=delta))
        elif not self.sounded:
            events.append(OutputAudioBufferStarted(response_id=self.response_id))
        self.audible = self.sounded = True
        return events

    def drained(self) -> list[ServerEvent]:
        """Its sound has all left."""
        if self.left or not self.started:
            self.left = True
            return []
        self.left = True
        stopped = self.audible and self.writer is None
        self.audible = False
        events = self._close_if_whole()
        if stopped:
            events.append(OutputAudioBufferStopped(response_id=self.response_id))
        return events

    # --- function calls ---------------------------------------------------------------------

    def call(self, call_id: str, name: str, arguments: str) -> list[ServerEvent]:
        """It calls a function."""
        item_id = self.ids.new("item")
        index = len(self.output)
        whole = function_call(item_id, call_id, name, arguments)
        self.output.append(whole)
        before = self.items.add(whole) or UNSET
        begun = function_call(item_id, call_id, name, "", "in_progress")
        place: dict[str, Any] = {
            "response_id": self.response_id,
            "item_id": item_id,
            "output_index": index,
            "call_id": call_id,
        }
        return [
            OutputItemAdded(response_id=self.response_id, output_index=index, item=begun),
            ConversationItemAdded(item=begun, previous_item_id=before),
            FunctionCallArgumentsDelta(**place, delta=arguments),
            FunctionCallArgumentsDone(**place, name=name, arguments=arguments),
            OutputItemDone(response_id=self.response_id, output_index=index, item=whole),
            ConversationItemDone(item=whole, previous_item_id=before),
        ]

    # --- the end ----------------------------------------------------------------------------

    def finish(self, text: str) -> list[ServerEvent]:
        """It is whole. The response ends now, or with its last sound where that leaves in events."""
        self.finished = text
        return self._close_if_whole()

    def _close_if_whole(self) -> list[ServerEvent]:
        if not self.open or self.finished is None:
            return []
        if self.writer is not None and not self.left and (self.tokens or self.sounded):
            return []
        text = self.finished
        events = self._show(all_of_it=True)
        if self.writer is not None and self.item_id:
            rest = self.writer.finish()
            if rest:
                events.append(OutputAudioDelta(**self._place(), delta=rest))
        if self.limited:
            details = StatusDetails(type="incomplete", reason="max_output_tokens")
            events += self._close(text, "incomplete", details)
        else:
            events += self._close(text, "completed", StatusDetails(type="completed"))
        if self.number > 0 and self.tokens and self.heard >= len(self.tokens):
            events += self._heard(text, cut=False)
        return events

    def cut(self, what: ReplyCut) -> list[ServerEvent]:
        """It ended here; of it was heard what was heard."""
        events: list[ServerEvent] = []
        if self.open:
            if what.reason == "mind_lost":
                trouble = ResponseError(
                    "server_error", "mind_lost", "The model is being restarted; please say that again."
                )
                events += self._close(what.text, "failed", StatusDetails(type="failed", error=trouble))
            else:
                events += self._close(what.text, "cancelled", StatusDetails(type="cancelled", reason=what.reason))
        self.audible = False
        self.heard, self.end = what.token, what.until
        if self.item_id not in self.items:
            return events
        self._write(what.text, "incomplete")
        if self.modality == "audio":
            events.append(
                ConversationItemTruncated(
                    item_id=self.item_id,
                    content_index=0,
                    audio_end_ms=round(what.until * 1000 / RATE),
                    transcript=what.text,
                )
            )
            events += self._heard(what.text, cut=True, until=what.until)
        return events

    def truncate(self, until: int) -> list[ServerEvent]:
        """The client says that only [0, `until`) was heard. That never makes it longer than it was known to be."""
        until = min(
            until, self.end if self.end is not None else max((last for _, last in self.spans.values()), default=0)
        )
        text = self._text_until(until)
        if self.over:
            self._write(text, "incomplete")
        end = round(until * 1000 / RATE)
        return [ConversationItemTruncated(item_id=self.item_id, content_index=0, audio_end_ms=end, transcript=text)]

    def _text_until(self, until: int) -> str:
        """The words of which more than half lies before `until`."""
        heard = [token for token, (first, last) in self.spans.items() if until - first > last - until]
        return "".join(self.tokens[: max(heard, default=-1) + 1])

    def vanish(self) -> list[ServerEvent]:
        """It was not heard at all, and never happened."""
        events: list[ServerEvent] = []
        had_item = self.item_id in self.items
        if self.open:
            self.output = [item for item in self.output if item.type != "message"]
            cancelled = StatusDetails(type="cancelled", reason="turn_detected")
            events.append(self._done("cancelled", cancelled))
        self.over, self.audible = True, False
        if had_item:
            self.items.delete(self.item_id)
            events.append(ConversationItemDeleted(item_id=self.item_id))
        return events

    def _write(self, text: str, status: ItemStatus) -> Item:
        """Into the item, as clients and a new mind will read it."""
        part = (
            Content("output_audio", transcript=text) if self.modality == "audio" else Content("output_text", text=text)
        )
        item = message(self.item_id, "assistant", [part], status)
        self.items.put(item)
        return item

    def _close(self, text: str, status: ResponseState, details: StatusDetails) -> list[ServerEvent]:
        events: list[ServerEvent] = []
        if self.item_id:
            place = self._place()
            if self.modality == "audio":
                events += [OutputAudioDone(**place), OutputAudioTranscriptDone(**place, transcript=text)]
                part = Part("audio", transcript=text)
            else:
                events.append(OutputTextDone(**place, text=text))
                part = Part("text", text=text)
            index = self._index
            item = self._write(text, "completed" if status == "completed" else "incomplete")
            self.output[index] = item
            events += [
                ContentPartDone(**place, part=part),
                OutputItemDone(response_id=self.response_id, output_index=index, item=item),
                ConversationItemDone(item=item),
            ]
        events.append(self._done(status, details))
        return events

    def _done(self, status: ResponseState, details: StatusDetails) -> ResponseDone:
        self.over = True
        return ResponseDone(
            response=Response(
                id=self.response_id,
                object="realtime.response",
                status=status,
                status_details=details,
                output=list(self.output),
                conversation_id=self.ids.conversation,
                output_modalities=[self.modality],
                metadata=UNSET if self.metadata is None else self.metadata,
                usage=self.usage,
            )
        )

    # --- heard ------------------------------------------------------------------------------

    def was_heard(self, what: ReplyHeard) -> list[ServerEvent]:
        """A client's truncate may make it less than it was."""
        self.heard = what.token
        if self.item_id not in self.items:
            return []
        if not self.over:
            self._write(what.text, "in_progress")
        return self._heard(what.text, cut=False)

    def _heard(self, text: str, cut: bool, until: int | None = None) -> list[ServerEvent]:
        if until is None:
            until = max((last for token, (_, last) in self.spans.items() if token < self.heard), default=0)
        done = not cut and self.finished is not None and self.heard >= len(self.tokens)
        return [
            duplex.Heard(
                response_id=self.response_id,
                item_id=self.item_id,
                transcript=text,
                audio_end_ms=round(until * 1000 / RATE, 1),
                done=done,
                cut=cut,
            )
        ]

    def took(self, reason: str, input_tokens: int, output_tokens: int) -> None:
        """What the mind says it took (`length`: it ran into the limit)."""
        self.limited = reason == "length"
        self.usage = Usage(
            total_tokens=input_tokens + output_tokens,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            input_token_details=TokenDetails(text_tokens=input_tokens),
            output_token_details=OutputDetails(text_tokens=output_tokens),
        )
