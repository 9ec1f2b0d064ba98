"""What a room is told when its agent is in trouble, and how it sounds: spoken once by the agent, in its own voice."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import sys
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from streaming.realtime.client import RealtimeClient
from streaming.realtime.duplex import Hello
from streaming.realtime.happenings import ReplyBegan, ReplyEnded, ReplySound, Told

log = logging.getLogger(__name__)

AWAY = "I have lost my connection for a moment. Please stay with me."
BACK = "I am back. Please go on."
MOVED = "Sorry, I was cut off for a moment. I am here again."
PATIENCE_S = 30.0
RETRY_S = 5.0


def _folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "colloquy"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "colloquy"


def _file(agent_url: str) -> Path:
    name = hashlib.sha256(f"{agent_url} {AWAY}".encode()).hexdigest()[:16]
    return _folder() / "sentences" / f"{name}.pcm"


def kept(agent_url: str) -> bytes:
    """How `AWAY` sounds (int16 at 24 kHz), from the last time that it was asked; b"" if it never was."""
    try:
        return _file(agent_url).read_bytes()
    except OSError:
        return b""


async def fetch(agent_url: str, key: str) -> bytes:
    """Has the agent say `AWAY`, in a call of its own, and keeps it. Asks again until it has it."""
    while True:
        try:
            async with asyncio.timeout(PATIENCE_S):
                sound = await _spoken(agent_url, key)
            if sound:
                file = _file(agent_url)
                try:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(sound)
                except OSError as problem:
                    log.warning("the sentence for bad moments is not kept: %s", problem)
                return sound
        except (OSError, WebSocketException, TimeoutError) as problem:
            log.info("the agent's server cannot speak yet (%s)", problem)
        await asyncio.sleep(RETRY_S)


async def _spoken(agent_url: str, key: str) -> bytes:
    address = agent_url.replace("http", "ws", 1).rstrip("/") + "/v1/realtime"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    client, sound, reply = RealtimeClient(), bytearray(), ""
    async with connect(address, additional_headers=headers, max_size=None) as socket:
        async for raw in socket:
            for happening in client.receive(raw):
                match happening:
                    case Told(event=Hello()):
                        await socket.send(client.speak(AWAY))
                    case ReplyBegan(response=response):
                        reply = response.id
                    case ReplySound(response_id=response_id, sound=more) if response_id == reply:
                        sound += more
                    case ReplyEnded(response_id=response_id) if response_id == reply:
                        return bytes(sound)
    return b""
