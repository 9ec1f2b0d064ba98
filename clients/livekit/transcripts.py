"""What was said, as text for the room: `lk.transcription` streams as LiveKit's own agents send them.

The agent's words appear when they have been heard, never before: a reply that is cut ends with exactly the words that
history keeps. The user's appear while they are spoken, and are corrected when the turn is over.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from livekit import rtc

log = logging.getLogger(__name__)

TOPIC = "lk.transcription"
SEGMENT, FINAL, TRACK = "lk.segment_id", "lk.transcription_final", "lk.transcribed_track_id"


@dataclass(frozen=True, slots=True)
class _Agent:
    item: str
    text: str
    over: bool


@dataclass(frozen=True, slots=True)
class _User:
    item: str
    text: str
    over: bool
    who: str
    track: str


class Transcripts:
    """Sends both sides' words, in their order, from a task of its own."""

    def __init__(self, room: rtc.Room) -> None:
        self._room = room
        self._queue: asyncio.Queue[_Agent | _User] = asyncio.Queue()
        self._writer: rtc.TextStreamWriter | None = None
        self._segment = ""
        self._written = ""
        self._ended: set[str] = set()
        self._shown = ("", "")
        """The user's turn, and how it was shown last."""
        self.track = ""
        """The agent's own track."""

    def agent(self, item: str, text: str, over: bool) -> None:
        """`text` is what was heard of `item` by now; `over`: there will be no more."""
        self._queue.put_nowait(_Agent(item, text, over))

    def user(self, item: str, text: str, over: bool, who: str, track: str) -> None:
        """`text` is what `who` has said in this turn."""
        self._queue.put_nowait(_User(item, text, over, who, track))

    async def run(self) -> None:
        """Sends until cancelled. A room that cannot take text now loses it, not the call."""
        while True:
            said = await self._queue.get()
            try:
                if isinstance(said, _Agent):
                    await self._agent(said)
                else:
                    await self._user(said)
            except (RuntimeError, ConnectionError) as problem:
                log.warning("a transcript was lost: %s", problem)
                self._writer = None

    async def _agent(self, said: _Agent) -> None:
        if said.item in self._ended or (not said.text and self._segment != said.item):
            return
        if self._segment != said.item or self._writer is None:
            await self._finish()
            attributes = {SEGMENT: said.item, FINAL: "false", TRACK: self.track}
            self._writer = await self._room.local_participant.stream_text(topic=TOPIC, attributes=attributes)
            self._segment, self._written = said.item, ""
        more = said.text.removeprefix(self._written)
        if more and said.text.startswith(self._written):
            await self._writer.write(more)
            self._written = said.text
        if said.over:
            self._ended.add(said.item)
            await self._finish()

    async def _finish(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.aclose(attributes={FINAL: "true", SEGMENT: self._segment, TRACK: self.track})

    async def _user(self, said: _User) -> None:
        # Words may be corrected after the turn has ended; they are final all the same.
        over = said.over or said.item in self._ended
        if not said.text or (not over and (said.item, said.text) == self._shown):
            return
        self._shown = ("", "") if over else (said.item, said.text)
        writer = await self._room.local_participant.stream_text(
            topic=TOPIC,
            attributes={SEGMENT: said.item, FINAL: "true" if over else "false", TRACK: said.track},
            sender_identity=said.who,
        )
        await writer.write(said.text)
        await writer.aclose()
        if over:
            self._ended.add(said.item)
