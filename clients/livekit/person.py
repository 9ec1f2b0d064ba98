"""A participant without a browser: speaks from memory, hears, and reads along. For the bench and the tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from livekit import api, rtc

Pcm = npt.NDArray[np.int16]

RATE = 48_000
FRAME = RATE // 100


@dataclass(slots=True)
class Said:
    """One segment of `lk.transcription`."""

    who: str
    text: str = ""
    final: bool = False
    at: list[tuple[float, str]] = field(default_factory=list)
    """When it read what (monotonic seconds)."""


def token(key: str, secret: str, room: str, identity: str, agent: str = "", metadata: str = "") -> str:
    """A key to `room`. `agent`: the room is to ask for the agent of that name, told `metadata`."""
    made = api.AccessToken(key, secret).with_identity(identity).with_grants(api.VideoGrants(room_join=True, room=room))
    if agent:
        asked = api.RoomAgentDispatch(agent_name=agent, metadata=metadata)
        made = made.with_room_config(api.RoomConfiguration(agents=[asked]))
    return made.to_jwt()


class Person:
    """Somebody in a room. `join`, `say`, read what the fields have; `leave`."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.ear: list[tuple[float, Pcm]] = []
        """What the agent's track delivered: (when, 10 ms at 48 kHz)."""
        self.events: list[tuple[float, dict[str, Any]]] = []
        """`duplex.*` events that the agent sent into the room."""
        self.segments: dict[str, Said] = {}
        self.agents: list[tuple[float, int]] = []
        """How many agents were in the room, whenever that changed."""
        self.spoken: list[tuple[float, float]] = []
        """When each utterance left the microphone: (its first sample, its last)."""
        self.slips: list[tuple[float, float]] = []
        """Where this participant itself lost time: (when, seconds)."""
        self._waiting: deque[Pcm] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._source: rtc.AudioSource | None = None
        self._muted_until = 0.0
        self.gate = False
        """Whether this participant falls silent by itself on `duplex.clear`, as a page with our gate does."""

    async def join(self, url: str, key: str) -> None:
        """Enters with the token `key`, and opens the microphone."""
        room = self.room
        room.on("track_subscribed", self._track)
        room.on("data_received", self._data)
        for event in ("participant_connected", "participant_disconnected"):
            room.on(event, self._count)
        room.register_text_stream_handler("lk.transcription", self._text)
        await room.connect(url, key)
        self._count()
        source = self._source = rtc.AudioSource(RATE, 1, queue_size_ms=0)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False, red=False)
        await room.local_participant.publish_track(track, options)
        self._tasks.append(asyncio.create_task(self._speak(source)))

    async def leave(self) -> None:
        """Is gone."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.room.disconnect()
        if self._source is not None:
            await self._source.aclose()

    async def say(self, sound: npt.NDArray[np.float32]) -> tuple[float, float]:
        """Speaks `sound` (48 kHz, -1 to 1) at the pace of real time; returns when it began and ended (monotonic s)."""
        pcm = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
        before = len(self.spoken)
        self._waiting.append(pcm)
        while len(self.spoken) == before:
            await asyncio.sleep(0.005)
        return self.spoken[before]

    def loud(self, since: float, until: float = float("inf"), level: float = 300.0) -> list[float]:
        """When the agent was heard, in frames of 10 ms (monotonic s)."""
        return [at for at, pcm in self.ear if since <= at < until and rms(pcm) > level]

    def said(self, who: str) -> list[str]:
        """What `who` said, as text, segment by segment. `who` may be the beginning of an identity."""
        return [said.text for said in self.segments.values() if said.who.startswith(who)]

    # --- the room -----------------------------------------------------------------------------

    async def _speak(self, source: rtc.AudioSource) -> None:
        due = time.monotonic()
        silence = np.zeros(FRAME, np.int16)
        began = 0.0
        while True:
            frame = silence
            if self._waiting:
                pcm = self._waiting[0]
                began = began or due
                frame = np.pad(pcm[:FRAME], (0, max(0, FRAME - len(pcm))))
                if len(pcm) <= FRAME:
                    self._waiting.popleft()
                    self.spoken.append((began, due + len(pcm) / RATE))
                    began = 0.0
                else:
                    self._waiting[0] = pcm[FRAME:]
            due += 0.01
            if (late := time.monotonic() - due) > 0.05:
                self.slips.append((due, late))
            # A frame can leave when its last sample has been spoken.
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await source.capture_frame(rtc.AudioFrame(frame.tobytes(), RATE, 1, FRAME))

    def _track(self, track: rtc.Track, publication: object, person: rtc.RemoteParticipant) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO and person.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
            self._tasks.append(asyncio.create_task(self._listen(track)))

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=10)
        try:
            async for event in stream:
                now = time.monotonic()
                pcm = np.frombuffer(event.frame.data, np.int16).copy()
                if now < self._muted_until:
                    pcm[:] = 0
                self.ear.append((now, pcm))
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(stream.aclose())

    def _data(self, packet: rtc.DataPacket) -> None:
        if packet.topic == "duplex":
            event = json.loads(packet.data)
            self.events.append((time.monotonic(), event))
            if self.gate and event["type"] == "duplex.clear":
                self._muted_until = time.monotonic() + 0.15

    def _text(self, reader: rtc.TextStreamReader, who: str) -> None:
        self._tasks.append(asyncio.create_task(self._read(reader, who)))

    async def _read(self, reader: rtc.TextStreamReader, who: str) -> None:
        attributes = reader.info.attributes or {}
        name = attributes.get("lk.segment_id", reader.info.stream_id)
        said = self.segments.setdefault(name, Said(who))
        said.text = ""
        async for more in reader:
            said.text += more
            said.at.append((time.monotonic(), said.text))
        said.final = (reader.info.attributes or {}).get("lk.transcription_final") == "true"

    def _count(self, *_: object) -> None:
        kind = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        found = sum(person.kind == kind for person in self.room.remote_participants.values())
        self.agents.append((time.monotonic(), found))


def rms(pcm: Pcm) -> float:
    """How loud a frame is."""
    return float(np.sqrt(np.mean(np.square(pcm.astype(np.float32)))))
