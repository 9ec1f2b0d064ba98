"""What rooms cost in time, measured with Chromium on this machine: `python -m benchmarks.rooms`.

A page calls an echo over WebRTC: each click of its (faked) microphone comes back, and a worklet times both. Then
the agent speaks, the server decides to be silent, and the page says when it was. A client on a WebSocket calls
the same echo, and times clicks at its socket. No model, no ears.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import shutil
import tempfile
import time
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import ClientSession, web
from playwright.async_api import Page, async_playwright

from agent.rooms.room import Playback, Room
from agent.rooms.webrtc import WebRTCRoom
from agent.rooms.websocket import WebSocketRoom
from streaming.frames import Pcm
from streaming.playout import Playout, Pulled
from streaming.resample import Resampler
from streaming.time import Time, ms, ticks, to_ms

RATE = 24_000
MOST_ECHOED = RATE // 100
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


class EchoCall:
    """Says what it hears; between two `speak` and `cut` it says a tone instead."""

    def __init__(self) -> None:
        self.now: Time = 0
        self.playout = Playout()
        self.sees = False
        self.room: Room | None = None
        self.heard_at: dict[int, float] = {}
        """Reply -> when the room first told that it was audible, wall clock in ms."""
        self._reply = 0
        self._echoes = True
        self._resampler = Resampler(16_000, RATE)
        self._start()

    def _start(self) -> None:
        self._reply += 1
        self.playout.start(self._reply)
        self.playout.release(self._reply)

    def speak(self, pcm: Pcm) -> int:
        """Says `pcm` as a reply of its own; its number."""
        self.cut()
        self._echoes = False
        self.playout.push(self._reply, pcm)
        return self._reply

    def cut(self) -> None:
        """Falls silent, as a call does at an interruption."""
        assert self.room is not None
        self.room.send([json.dumps({"type": "duplex.clear"})])
        self.playout.silence(self._reply)
        self.room.silenced(self._reply)
        self._start()

    def echo(self) -> None:
        """Says what it hears again."""
        self._echoes = True

    def joined(self, room: Room) -> None:
        """The page is there."""
        self.room = room

    def left(self, room: Room, reason: str) -> None:
        """The page is gone."""
        self.room = None

    def microphone(self, pcm: Pcm, t: Time) -> None:
        """A frame comes, and is to leave with the packet of the same tick."""
        self.now = t + ticks(len(pcm), 16_000)
        # What piled up before the sender began would be delay for ever, and none of the room's.
        if self._echoes and self.playout.unsent(self._reply) < MOST_ECHOED:
            self.playout.push(self._reply, self._resampler.push(pcm))

    def picture(self, jpeg: bytes, t: Time) -> None:
        """Not looked at."""

    def wire(self, raw: str) -> None:
        """The page reports what it plays; a client on a WebSocket speaks."""
        event = json.loads(raw)
        if self.room is None:
            return
        if "rtp_timestamp" in event:
            self.room.playback(Playback(rtp_timestamp=event["rtp_timestamp"], latency=ms(event["latency_ms"])))
        else:
            self.room.append(np.frombuffer(base64.b64decode(event["audio"]), "<i2"), RATE)

    def carry(self, pulled: Pulled) -> list[str]:
        """Sound as bare events."""
        return [json.dumps({"audio": base64.b64encode(pulled.pcm.tobytes()).decode()})]

    def sent(self, pulled: Pulled) -> None:
        """Sound has left."""

    def heard(self, reply: int, until: int) -> None:
        """Sound was audible, says the room."""
        self.heard_at.setdefault(reply, time.time() * 1000 - (until / RATE) * 1000)


def clicks(path: Path, count: int) -> None:
    """A microphone's sound: every 0.7 s or so a click of 20 ms, 48 kHz."""
    rng = np.random.default_rng(1)
    click = (np.sin(np.arange(960) * 2 * np.pi * 1000 / 48_000) * 20_000).astype(np.int16)
    gaps = [np.zeros(int(48_000 * (0.6 + 0.2 * rng.random())), np.int16) for _ in range(count)]
    sound = np.concatenate([piece for gap in gaps for piece in (gap, click)])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(sound.tobytes())


def figures(values: Sequence[float]) -> str:
    """Median, 95th percentile and extremes, in ms."""
    if not values:
        return "nothing was measured"
    p50, p95 = np.percentile(values, [50, 95])
    return f"p50 {p50:.0f}, p95 {p95:.0f}, least {min(values):.0f}, most {max(values):.0f} ms (n = {len(values)})"


def after(moments: list[dict[str, Any]], start: float, loud: bool, within: float = 600) -> float | None:
    """How long after `start` (wall clock, ms) sound began or ended; None if it did not."""
    delays = [moment["wall"] - start for moment in moments if moment["loud"] is loud]
    return next((delay for delay in delays if -5 <= delay <= within), None)


async def round_trips(page: Page, seconds: float) -> list[float]:
    """Click at the page's microphone -> the same click from the other end."""
    await asyncio.sleep(seconds)
    heard = await page.evaluate("window.heard")
    started = [moment for moment in heard["microphone"] if moment["loud"]]
    found = [
        next((m["audio"] - s["audio"] for m in heard["track"] if m["loud"] and 0 < m["audio"] - s["audio"] < 0.5), None)
        for s in started
    ]
    return [delay * 1000 for delay in found if delay is not None]


async def cuts(page: Page, call: EchoCall, count: int) -> dict[str, list[float]]:
    """Server decides -> silence, in the track alone and behind the page's mute; and how far off "heard" was."""
    found: dict[str, list[float]] = {"mute": [], "track": [], "heard": []}
    tone = (np.sin(np.arange(RATE * 5) * 2 * np.pi * 300 / RATE) * 8000).astype(np.int16)
    rng = np.random.default_rng(2)
    for _ in range(count):
        assert call.room is not None
        call.room.send([json.dumps({"type": "unmute"})])
        await asyncio.sleep(0.4)
        spoken = time.time() * 1000
        reply = call.speak(tone)
        call.room.send([json.dumps({"type": "unmute"})])
        await asyncio.sleep(0.8 + 0.2 * rng.random())
        decided = time.time() * 1000
        call.cut()
        await asyncio.sleep(0.6)
        heard = await page.evaluate("window.heard")
        for name, tap in (("mute", "speaker"), ("track", "track")):
            if (delay := after(heard[tap], decided, loud=False)) is not None:
                found[name].append(delay)
        began = after(heard["track"], spoken, loud=True)
        if began is not None and reply in call.heard_at:
            found["heard"].append(call.heard_at[reply] - (spoken + began))
    return found


async def websocket_trips(port: int, seconds: float) -> list[float]:
    """Click put on a WebSocket, in pieces of 20 ms -> the first piece that brings it back, in ms."""
    click = np.full(480, 10_000, np.int16)
    found: list[float] = []
    async with ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/socket") as socket:
        start = time.monotonic()
        sent = start
        for piece in range(int(seconds * 50)):
            await asyncio.sleep(max(0.0, start + piece * 0.02 - time.monotonic()))
            if piece % 25 == 24:
                sent = time.monotonic()
            pcm = click if piece % 25 == 24 else np.zeros(480, np.int16)
            await socket.send_json({"audio": base64.b64encode(pcm.tobytes()).decode()})
            with contextlib.suppress(TimeoutError):
                while True:
                    heard = await socket.receive_json(timeout=max(0.001, start + (piece + 1) * 0.02 - time.monotonic()))
                    if np.frombuffer(base64.b64decode(heard["audio"]), "<i2").max() > 5000 and sent:
                        found.append((time.monotonic() - sent) * 1000)
                        sent = 0.0
    return found


async def measure(seconds: float, count: int, browser_path: str) -> str:
    """One call from Chromium; the report."""
    calls: list[tuple[EchoCall, WebRTCRoom]] = []
    here = Path(__file__).parent

    async def offer(request: web.Request) -> web.Response:
        call = EchoCall()
        room = WebRTCRoom(call)
        calls.append((call, room))
        return web.Response(text=await room.answer(await request.text()))

    async def index(request: web.Request) -> web.FileResponse:
        return web.FileResponse(here / "rooms_page.html")

    app = web.Application()

    async def socket(request: web.Request) -> web.WebSocketResponse:
        return await WebSocketRoom(EchoCall(), 1 << 20).serve(request)

    app.add_routes([web.get("/", index), web.post("/offer", offer), web.get("/socket", socket)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "clicks.wav"
        clicks(sound, 400)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=browser_path, args=[*FLAGS, f"--use-file-for-fake-audio-capture={sound}"]
            )
            page = await browser.new_page()
            page.on("console", lambda message: print("page:", message.text))
            page.on("pageerror", lambda error: print("page:", error))
            await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            await page.wait_for_function("window.ready && window.heard.track.length > 0", timeout=20_000)
            call, room = calls[0]
            await asyncio.sleep(2)
            await page.evaluate("window.heard.microphone.length = window.heard.track.length = 0")
            used, began = time.process_time(), time.monotonic()
            trips = await round_trips(page, seconds)
            share = (time.process_time() - used) / (time.monotonic() - began)
            stopped = await cuts(page, call, count)
            stats = await page.evaluate("window.stats()")
            downlink = to_ms(room.downlink)
            closing = time.monotonic()
            await page.close()
            reason = await asyncio.wait_for(room.ended(), 30)
            gone = time.monotonic() - closing
            await browser.close()
    over_socket = await websocket_trips(runner.addresses[0][1], seconds / 3)
    await runner.cleanup()
    lines = [
        f"WebRTC round trip, click to click:      {figures(trips)}",
        f"server decides, page silent (its mute): {figures(stopped['mute'])}",
        f"server decides, track silent:           {figures(stopped['track'])}",
        f"first sample heard, room minus ear:     {figures(stopped['heard'])}",
        f"downlink as the room knows it:          {downlink:.0f} ms",
        f"server and driver, share of one core:   {share:.1%}",
        f"page closed, room noticed after:        {gone:.1f} s ({reason})",
        f"WebSocket round trip, socket to socket: {figures(over_socket)}",
        f"Chromium's own figures:                 {stats}",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30, help="how long the echo is measured")
    parser.add_argument("--cuts", type=int, default=20, help="how many times the agent is cut")
    parser.add_argument("--browser", default=shutil.which("chromium") or "chromium", help="path of Chromium")
    asked = parser.parse_args()
    print(asyncio.run(measure(asked.seconds, asked.cuts, asked.browser)))


if __name__ == "__main__":
    main()
