"""A call over a WebSocket: 20 ms of microphone at a time, and a loudspeaker that plays what comes as it comes."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soxr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from .measure import Sound
from .recording import ANYBODY, RATE, CallFailed, Recording

WIRE_RATE = 24_000
PACKET_S = 0.02


@dataclass(slots=True)
class Loudspeaker:
    """Plays queued sound without gaps from the moment it came; knows what was played when."""

    ear: Sound
    """float32 at 24 kHz, the whole call."""
    free_at: int = 0
    """The first sample that nothing is queued for."""
    item: str = ""
    began: int = 0
    played: list[tuple[str, int, int]] = field(default_factory=list)

    def play(self, item: str, pcm: Sound, now: int) -> None:
        """Queues `pcm`, which came at sample `now`."""
        first = max(now, self.free_at)
        if item != self.item:
            self.item, self.began = item, first
        part = pcm[: max(0, len(self.ear) - first)]
        self.ear[first : first + len(part)] = part
        self.free_at = first + len(part)

    def clear(self, now: int) -> int:
        """Silent from sample `now` on; returns how many samples of the current item were played."""
        self.ear[now : self.free_at] = 0
        self.free_at = min(self.free_at, now)
        return max(0, now - self.began)


class WebSocketCaller:
    """Calls `/v1/realtime`."""

    async def call(self, url: str, key: str, microphone: Sound) -> Recording:
        """Makes one call. Raises `CallFailed` when the server is not there or does not want it."""
        address = url.replace("http", "ws", 1).rstrip("/") + "/v1/realtime"
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        track = (np.clip(soxr.resample(microphone, RATE, WIRE_RATE), -1, 1) * 32767).astype("<i2")
        events: list[tuple[float, dict[str, Any]]] = []
        speaker = Loudspeaker(np.zeros(len(track) + WIRE_RATE, np.float32))
        try:
            async with connect(address, additional_headers=headers, max_size=None) as socket:
                began = time.monotonic()
                listening = asyncio.create_task(self._listen(socket, began, events, speaker))
                slips = await self._speak(socket, began, track)
                listening.cancel()
        except InvalidStatus as problem:
            raise CallFailed(
                f"the server answered {problem.response.status_code}: {problem.response.body!r}"
            ) from problem
        except (OSError, WebSocketException) as problem:
            raise CallFailed(f"no call over {address}: {problem}; is `colloquy serve` running there?") from problem
        ear = soxr.resample(speaker.ear, WIRE_RATE, RATE).astype(np.float32)[: len(microphone)]
        return Recording(microphone, ear, events, [], slips)

    async def _speak(self, socket: ClientConnection, began: float, track: np.ndarray) -> list[tuple[float, float]]:
        hello = {"type": "duplex.hello", "ducks": False, "reports_playback": False}
        await socket.send(json.dumps(hello))
        await socket.send(json.dumps(ANYBODY))
        step, slips = round(PACKET_S * WIRE_RATE), []
        for first in range(0, len(track), step):
            # A packet can leave when its last sample has been spoken.
            due = began + (first + step) / WIRE_RATE
            if (late := time.monotonic() - due) > 0.05:
                slips.append((first / WIRE_RATE, late))
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            pcm = base64.b64encode(track[first : first + step].tobytes()).decode()
            await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": pcm}))
        return slips

    async def _listen(
        self,
        socket: AsyncIterable[str | bytes],
        began: float,
        events: list[tuple[float, dict[str, Any]]],
        speaker: Loudspeaker,
    ) -> None:
        async for raw in socket:
            event = json.loads(raw)
            now = time.monotonic() - began
            place = round(now * WIRE_RATE)
            kind = event["type"]
            if kind == "response.output_audio.delta":
                pcm: Sound = np.frombuffer(base64.b64decode(event.pop("delta")), "<i2").astype(np.float32)
                speaker.play(event["item_id"], (pcm / 32767).astype(np.float32), place)
                continue
            if kind in ("duplex.clear", "input_audio_buffer.speech_started") and speaker.free_at > place:
                speaker.clear(place)
            events.append((now, event))
