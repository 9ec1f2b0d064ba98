"""A call over WebRTC without a browser, by aiortc: for load, and where there is no Chromium.

aiortc's receive buffer adds about 80 ms of its own to all that is heard here; a browser's does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from fractions import Fraction
from typing import Any

import aiohttp
import av
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from .measure import Sound
from .recording import ANYBODY, RATE, CallFailed, Recording

PACKET = RATE // 50


class _Microphone(MediaStreamTrack):
    """Plays a track once, in real time, from the first time that it is asked."""

    kind = "audio"

    def __init__(self, sound: Sound) -> None:
        super().__init__()
        self._pcm = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
        self._at = 0
        self.began: float | None = None
        self.over = asyncio.Event()
        self.slips: list[tuple[float, float]] = []

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, when their last sample has been spoken."""
        if self.began is None:
            self.began = time.monotonic()
        due = self.began + (self._at + PACKET) / RATE
        if (late := time.monotonic() - due) > 0.05:
            self.slips.append((self._at / RATE, late))
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        part = self._pcm[self._at : self._at + PACKET]
        if not len(part):
            self.over.set()
        part = np.pad(part, (0, PACKET - len(part)))
        frame = av.AudioFrame.from_ndarray(part[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, Fraction(1, RATE)
        self._at += PACKET
        return frame


class WebRTCCaller:
    """Calls `POST /v1/realtime/calls`."""

    async def call(self, url: str, key: str, microphone: Sound) -> Recording:
        """Makes one call. Raises `CallFailed` when the server is not there or does not want it."""
        peer = RTCPeerConnection()
        track = _Microphone(microphone)
        peer.addTrack(track)
        ear = np.zeros(len(microphone) + RATE, np.float32)
        events: list[tuple[float, dict[str, Any]]] = []
        gains: list[tuple[float, float]] = []
        tasks: list[asyncio.Task[None]] = []
        channel = peer.createDataChannel("oai-events")

        def greet() -> None:
            channel.send(json.dumps({"type": "duplex.hello", "ducks": False}))
            channel.send(json.dumps(ANYBODY))

        channel.on("open", greet)
        channel.on("message", lambda raw: _note(raw, track, events, gains))
        peer.on("track", lambda remote: tasks.append(asyncio.ensure_future(_listen(remote, track, ear))))
        try:
            await peer.setLocalDescription(await peer.createOffer())
            await peer.setRemoteDescription(RTCSessionDescription(await _post(url, key, peer), "answer"))
            async with asyncio.timeout(len(microphone) / RATE + 30):
                await track.over.wait()
        except TimeoutError:
            raise CallFailed("the call was never connected; does a firewall stand between?") from None
        finally:
            for task in tasks:
                task.cancel()
            await peer.close()
        return Recording(microphone, ear[: len(microphone)], events, gains, track.slips)


async def _post(url: str, key: str, peer: RTCPeerConnection) -> str:
    headers = {"Content-Type": "application/sdp", **({"Authorization": f"Bearer {key}"} if key else {})}
    address = f"{url}/v1/realtime/calls"
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.post(address, data=peer.localDescription.sdp, headers=headers) as answer,
        ):
            text = await answer.text()
            if answer.status != 201:
                raise CallFailed(f"the server answered {answer.status}: {text[:300]}")
            return text
    except aiohttp.ClientError as problem:
        raise CallFailed(f"no call over {address}: {problem}; is `colloquy serve` running there?") from problem


def _note(
    raw: str, track: _Microphone, events: list[tuple[float, dict[str, Any]]], gains: list[tuple[float, float]]
) -> None:
    """Keeps an event, and does what a page does about some: mute at a clear, listen again at the next reply."""
    event = json.loads(raw)
    now = time.monotonic() - track.began if track.began is not None else 0.0
    events.append((now, event))
    if event["type"] == "output_audio_buffer.cleared":
        gains.append((now, 0.0))
    elif event["type"] == "output_audio_buffer.started":
        gains.append((now, 1.0))


async def _listen(remote: MediaStreamTrack, track: _Microphone, ear: Sound) -> None:
    """Writes what comes where it is heard: each piece as it arrives, or right after the one before it."""
    resampler = av.AudioResampler("flt", "mono", RATE)
    free = 0
    with contextlib.suppress(MediaStreamError):
        while True:
            frame = await remote.recv()
            if track.began is None:
                continue
            now = round((time.monotonic() - track.began) * RATE)
            for part in resampler.resample(frame):  # type: ignore[arg-type]
                sound = part.to_ndarray()[0]
                first = free if 0 <= free - now < RATE // 10 or 0 <= now - free < RATE // 50 else now
                sound = sound[: max(0, len(ear) - first)]
                ear[first : first + len(sound)] = sound
                free = first + len(sound)
