"""The user's spoken turns on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import UNSET

from agent.conversation.commands import TurnClosed, TurnOpened, TurnWithdrawn, UserWords
from streaming.realtime import duplex
from streaming.realtime.base import ServerEvent
from streaming.realtime.items import Content, message
from streaming.realtime.server_events import (
    ConversationItemAdded,
    ConversationItemDeleted,
    ConversationItemDone,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    InputAudioTranscriptionCompleted,
    InputAudioTranscriptionDelta,
    TranscriptionUsage,
)
from streaming.time import TICKS_PER_SECOND, Time, to_ms

from .ids import Ids
from .store import ItemStore


@dataclass(slots=True)
class UserTurns:
    """Which item a turn is, or will be, and whether the client knows that somebody speaks.

    Of a turn that is not `automatic` (`turn_detection: null`) nothing is said until it is committed.
    """

    ids: Ids
    items: ItemStore
    _of_turn: dict[int, str] = field(default_factory=dict)
    """The last turns only."""
    _speaking: int | None = None
    """The turn whose `speech_started` was sent and whose `speech_stopped` was not."""

    def item(self, turn: int) -> str:
        """The item that `turn` is or will be."""
        if turn not in self._of_turn:
            self._of_turn[turn] = self.ids.new("item")
            while len(self._of_turn) > 32:
                del self._of_turn[next(iter(self._of_turn))]
        return self._of_turn[turn]

    def turn(self, item_id: str) -> int | None:
        """The turn that item `item_id` is."""
        return next((turn for turn, item in self._of_turn.items() if item == item_id), None)

    def opened(self, what: TurnOpened) -> list[ServerEvent]:
        events: list[ServerEvent] = []
        item_id = self.item(what.turn)
        if item_id in self.items:
            # It had been closed, and goes on after all: its item is to become a longer one.
            self.items.delete(item_id)
            events.append(ConversationItemDeleted(item_id=item_id))
            del self._of_turn[what.turn]
        if what.automatic and self._speaking != what.turn:
            events += self._started(what.turn, what.since)
        return events

    def _started(self, turn: int, since: Time) -> list[ServerEvent]:
        self._speaking = turn
        start = max(0, round(to_ms(since)))
        return [InputAudioBufferSpeechStarted(audio_start_ms=start, item_id=self.item(turn))]

    def _stopped(self, turn: int, until: Time) -> list[ServerEvent]:
        self._speaking = None
        return [InputAudioBufferSpeechStopped(audio_end_ms=max(0, round(to_ms(until))), item_id=self.item(turn))]

    def withdrawn(self, what: TurnWithdrawn) -> list[ServerEvent]:
        events = self._stopped(what.turn, what.until) if self._speaking == what.turn else []
        self._of_turn.pop(what.turn, None)
        return events

    def words(self, what: UserWords) -> list[ServerEvent]:
        item_id = self.item(what.turn)
        # Of a turn that is closed: the words were corrected. Clients that know only the API have them once already.
        text = f"{what.stable} {what.tentative}".strip()
        self.items.put(message(item_id, "user", [Content("input_audio", transcript=text)]))
        return [duplex.UserWords(item_id=item_id, stable=what.stable, tentative=what.tentative)]

    def closed(self, what: TurnClosed) -> list[ServerEvent]:
        """The turn becomes an item, with its words if the mind makes any."""
        item_id = self.item(what.turn)
        events: list[ServerEvent] = []
        if item_id in self.items:
            return events
        if what.automatic:
            if self._speaking != what.turn:
                events += self._started(what.turn, what.since)
            events += self._stopped(what.turn, what.until)
        added = message(item_id, "user", [Content("input_audio", transcript=None)])
        before = self.items.add(message(item_id, "user", [Content("input_audio", transcript=what.text)])) or UNSET
        events += [
            InputAudioBufferCommitted(item_id=item_id, previous_item_id=before),
            ConversationItemAdded(item=added, previous_item_id=before),
            ConversationItemDone(item=added, previous_item_id=before),
        ]
        if what.text is not None:
            if what.text:
                events.append(InputAudioTranscriptionDelta(item_id=item_id, content_index=0, delta=what.text))
            seconds = round((what.until - what.since) / TICKS_PER_SECOND, 3)
            events.append(
                InputAudioTranscriptionCompleted(
                    item_id=item_id, content_index=0, transcript=what.text, usage=TranscriptionUsage(seconds)
                )
            )
        return events
