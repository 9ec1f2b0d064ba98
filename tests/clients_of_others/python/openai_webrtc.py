"""The `openai` package's calls over WebRTC: it opens and ends the call, aiortc carries it."""

from __future__ import annotations

import asyncio
import fractions
import json
import time
from typing import Any

import av
import numpy as np
from aiortc import AudioStreamTrack, MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from openai import AsyncOpenAI
from openai._models import construct_type
from openai.types.realtime import RealtimeServerEvent
from openai_call import SESSION, OpenAICall
from outside import BLOCK, RATE, Person, Place, run, until

LOUD = 200.0
"""RMS of int16 that counts as sound."""
ON_ITS_WAY_S = 0.3
"""After that nothing of a cut reply is heard any more."""


class Microphone(AudioStreamTrack):
    """The person, as a track."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self._blocks = person.blocks()
        self._next = 0

    async def recv(self) -> av.AudioFrame:
        samples = np.frombuffer(await anext(self._blocks), np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._next, fractions.Fraction(1, RATE)
        self._next += BLOCK
        return frame


class Line:
    """What comes over the line: sound, and the events that say whose it is."""

    def __init__(self) -> None:
        self._heard: list[tuple[float, float]] = []
        """(when, seconds) of each loud frame."""
        self.times: dict[tuple[str, str], float] = {}
        """(started, stopped or cleared; response) -> when."""

    async def listen(self, track: MediaStreamTrack) -> None:
        while True:
            frame = await track.recv()
            samples = frame.to_ndarray().astype(np.float64)
            if np.sqrt(np.mean(samples**2)) > LOUD:
                self._heard.append((time.monotonic(), frame.samples / frame.sample_rate))

    def note(self, event: dict[str, Any]) -> None:
        kind, _, what = event["type"].partition(".")
        if kind == "output_audio_buffer":
            self.times[what, event["response_id"]] = time.monotonic()

    def between(self, first: float, last: float) -> float:
        """Seconds of sound."""
        return sum(length for when, length in self._heard if first <= when <= last)

    def _span(self, response: str) -> tuple[float, float]:
        last = self.times.get(("stopped", response)) or self.times.get(("cleared", response)) or time.monotonic()
        return self.times.get(("started", response), last), last

    def sounded(self, response: str) -> float:
        return self.between(*self._span(response))

    def lasted(self, response: str) -> float:
        first, last = self._span(response)
        return last - first

    def over(self, response: str) -> bool:
        return ("stopped", response) in self.times

    async def interrupted(self, response: str) -> None:
        """The server empties the line by itself."""


async def driver() -> dict[str, object]:
    place = Place.given()
    person, line = Person(place.clips), Line()
    client = AsyncOpenAI(api_key=place.key, base_url=f"{place.url}/v1")
    peer = RTCPeerConnection()
    peer.addTrack(Microphone(person))
    channel = peer.createDataChannel("oai-events")
    work: list[asyncio.Task[None]] = []

    @peer.on("track")
    def arrived(track: MediaStreamTrack) -> None:
        work.append(asyncio.create_task(line.listen(track)))

    @channel.on("message")
    def message(raw: str) -> None:
        event = construct_type(type_=RealtimeServerEvent, value=json.loads(raw))
        line.note(json.loads(raw))
        work.append(asyncio.create_task(call.receive(raw, event)))

    async def send(event: dict[str, Any]) -> None:
        channel.send(json.dumps(event))

    call = OpenAICall(person, send, line)
    await peer.setLocalDescription(await peer.createOffer())
    answer = await client.realtime.calls.create(sdp=peer.localDescription.sdp, session=SESSION)  # type: ignore[arg-type]
    await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    call_id = answer.response.headers["location"].rsplit("/", 1)[-1]
    try:
        found = await call.acts()
        cleared = next(when for (what, _), when in line.times.items() if what == "cleared")
        following = min(when for (what, _), when in line.times.items() if what == "started" and when > cleared)
        found["silent"] = {
            "length_s": following - cleared - ON_ITS_WAY_S,
            "sound_s": line.between(cleared + ON_ITS_WAY_S, following),
        }
        await client.realtime.calls.hangup(call_id)
        await until(lambda: peer.connectionState == "closed" or channel.readyState == "closed", "the call's end")
        return found
    finally:
        print([event["type"] for event in call.events if "delta" not in event["type"]])
        for task in work:
            task.cancel()
        await peer.close()


run(driver)
