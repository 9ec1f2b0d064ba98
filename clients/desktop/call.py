"""A call over the Realtime API: one connection after another, and a conversation that outlives them."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from msgspec import UNSET
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from streaming.realtime import duplex
from streaming.realtime.audio import AudioConfig, AudioInput, TurnDetection
from streaming.realtime.client import RealtimeClient
from streaming.realtime.codec import WireError
from streaming.realtime.duplex import AgentState, UserState
from streaming.realtime.happenings import Failed, Happening, PlaybackCleared, ReplySound, SessionReady, Told, UserSpeaks
from streaming.realtime.session import Session

from .loudspeaker import REPLY_RATE, Loudspeaker, Played
from .transcript import Transcript

BACK_OFF_S = (0.3, 1.0, 2.0, 4.0, 8.0, 10.0)
REPORT_S = 0.1
MOST_UNSENT_S = 1.0
"""Sound that a stalled network holds up beyond this is dropped, oldest first: it would be answered too late."""
OPENS_WITHIN_S = 10.0
HARMLESS = ("response_cancel_not_active",)
TRUSTED = (401, 403)

LinkState = Literal["connecting", "connected", "lost", "ended"]
Mode = Literal["hands-free", "push-to-talk"]


@dataclass(slots=True)
class Status:
    """What is to be seen of a call beside its words."""

    link: LinkState = "connecting"
    problem: str = ""
    """Why there is no connection, for people."""
    model: str = ""
    user: UserState = "silent"
    agent: AgentState = "listening"
    reply_ms: float | None = None
    """End of speech to audible, of the last reply."""
    stop_ms: float | None = None
    """Onset to silent, of the last interruption."""
    stages: list[duplex.Stage] = field(default_factory=list)
    """Where the milliseconds of the last reply went."""


class Call:
    """Everything here belongs to the event loop's thread."""

    def __init__(self, url: str, key: str, loudspeaker: Loudspeaker, changed: Callable[[], None]) -> None:
        """`url` is the server's, http or https; `changed` is called when there is something new to show."""
        self.status = Status()
        self.transcript = Transcript()
        self.mode: Mode = "hands-free"
        self.wiretap: Callable[[str | bytes], None] = lambda raw: None
        """Sees every event of the server's as it comes."""
        self._address = url.replace("http", "ws", 1).rstrip("/") + "/v1/realtime"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._loudspeaker = loudspeaker
        self._changed = changed
        self._client = RealtimeClient()
        self._turns: TurnDetection | None = TurnDetection()
        """How the server takes turns when it is left to it."""
        self._orders: deque[str] = deque()
        self._sound: deque[bytes] = deque()
        self._something = asyncio.Event()
        self._hurry = asyncio.Event()
        self._reported: Played | None = None

    async def run(self) -> None:
        """Calls until cancelled, or until the server refuses the key; comes back after every loss."""
        attempt = 0
        while True:
            try:
                async with connect(
                    self._address,
                    additional_headers=self._headers,
                    max_size=None,
                    compression=None,
                    open_timeout=OPENS_WITHIN_S,
                ) as socket:
                    attempt = 0
                    await self._carry(socket)
                problem = socket.close_reason or "the connection was closed"
            except InvalidStatus as refused:
                problem = f"the server answered {refused.response.status_code}"
                if refused.response.status_code in TRUSTED:
                    self._enter("ended", f"{problem}: it wants another key (COLLOQUY_API_KEY, or --key)")
                    return
                if refused.response.status_code == 503:
                    problem = "all its places are taken"
            except ConnectionClosed as closed:
                problem = closed.reason or "the connection was lost"
            except (OSError, WebSocketException) as unreachable:
                problem = str(unreachable) or "no answer"
            self._enter("lost", problem)
            with contextlib.suppress(TimeoutError):
                self._hurry.clear()
                await asyncio.wait_for(self._hurry.wait(), BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            attempt += 1

    def retry(self) -> None:
        """Come back now."""
        self._hurry.set()

    # --- what the user does -------------------------------------------------------------------

    def microphone(self, pcm: bytes) -> None:
        """10 ms of int16 at 24 kHz."""
        if self.status.link != "connected":
            return
        self._sound.append(pcm)
        if len(self._sound) > MOST_UNSENT_S * 100:
            self._sound.popleft()
        self._something.set()

    def type(self, text: str) -> bool:
        """A typed turn. False: there is nobody to read it."""
        if self.status.link != "connected":
            return False
        item_id = f"item_{uuid.uuid4().hex[:18]}"
        self.transcript.typed(item_id, text, time.monotonic())
        self._send(self._client.say(text, item_id))
        self._changed()
        return True

    def take_turns(self, mode: Mode) -> None:
        """Who says when a turn begins and ends: the server by ear, or the user by a key."""
        self.mode = mode
        if self.status.link == "connected":
            self._send([self._turn_taking()])
        self._changed()

    def begin_turn(self) -> None:
        """Push-to-talk: the key is down. Whatever the agent says ends here."""
        if self.status.agent != "listening":
            self._silence(None)
            self._send([self._client.cancel()])
        self._send([self._client.clear()])

    def end_turn(self) -> None:
        """Push-to-talk: the key is up; what was said is to be answered."""
        self._send([self._client.commit(), self._client.respond()])

    # --- a connection -------------------------------------------------------------------------

    async def _carry(self, socket: ClientConnection) -> None:
        self._client = RealtimeClient()
        self._orders.clear()
        self._sound.clear()
        self._reported = None
        tasks = [asyncio.create_task(self._write(socket)), asyncio.create_task(self._report())]
        try:
            async for raw in socket:
                self.wiretap(raw)
                try:
                    happenings = self._client.receive(raw)
                except WireError:
                    continue  # of a later day than this client
                for happening in happenings:
                    self._apply(happening)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _write(self, socket: ClientConnection) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._orders or self._sound:
                # What the user said before an order belongs before it.
                sound = b"".join(self._sound)
                self._sound.clear()
                orders = [*self._client.append(sound), *self._orders]
                self._orders.clear()
                for order in orders:
                    await socket.send(order)

    def _send(self, orders: Iterable[str]) -> None:
        self._orders.extend(orders)
        self._something.set()

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_S)
            self._tell_played()
            self.transcript.prune(time.monotonic())

    def _tell_played(self) -> None:
        played = self._loudspeaker.played
        if played is None or played == self._reported or self._client.hello is None:
            return
        self._reported = played
        latency = max(0.0, (played.at - time.monotonic()) * 1000)
        self._send([self._client.played(played.item_id, played.until * 1000 / REPLY_RATE, round(latency, 1))])

    def _silence(self, item_id: str | None) -> None:
        self._loudspeaker.clear(item_id)
        self._loudspeaker.gain(0.0)
        self._tell_played()

    # --- what the server says -----------------------------------------------------------------

    def _apply(self, happening: Happening) -> None:
        match happening:
            case ReplySound(item_id=item_id, sound=sound, first=first):
                self._loudspeaker.play(item_id, first // 2, np.frombuffer(sound, "<i2"))
                return
            case PlaybackCleared():
                self._silence(None)
            case UserSpeaks():
                # At an onset nothing plays, at a cut `duplex.clear` came before: this is for other servers.
                self._loudspeaker.clear(None)
            case SessionReady(session=session) if self.status.link != "connected":
                self._welcome(session)
            case Told(event=event):
                self._told(event)
            case Failed(message=message, code=code) if code not in HARMLESS:
                self.transcript.note(message, time.monotonic())
        self.transcript.apply(happening, time.monotonic())
        self._changed()

    def _told(self, event: object) -> None:
        status = self.status
        match event:
            case duplex.Hello(model=model):
                status.model = model
                self._send([self._client.greet(ducks=True, reports_playback=True)])
            case duplex.Duck(gain_db=db):
                self._loudspeaker.gain(db)
            case duplex.Unduck():
                self._loudspeaker.gain(0.0)
            case duplex.State(user=user, agent=agent):
                status.user, status.agent = user, agent
            case duplex.Latency(kind="reply", turn_ms=turn_ms, stages=stages):
                status.reply_ms, status.stages = turn_ms, stages
            case duplex.Latency(kind="stop", turn_ms=turn_ms):
                status.stop_ms = turn_ms

    def _welcome(self, session: Session) -> None:
        """A new session: it is told what was said before, and how turns are taken."""
        if session.audio is not UNSET and session.audio.input is not UNSET:
            turns = session.audio.input.turn_detection
            self._turns = TurnDetection() if turns is UNSET else turns
        self._enter("connected", "")
        self._send(self._client.create(item) for item in self.transcript.history())
        if self.mode == "push-to-talk":
            self._send([self._turn_taking()])

    def _turn_taking(self) -> str:
        turns = self._turns if self.mode == "hands-free" else None
        return self._client.update(Session(audio=AudioConfig(input=AudioInput(turn_detection=turns))))

    def _enter(self, link: LinkState, problem: str) -> None:
        now = time.monotonic()
        if link == "lost" and self.status.link == "connected":
            self._loudspeaker.clear(None)
            self._loudspeaker.gain(0.0)
            self.transcript.broken(now)
            self.transcript.note("The connection is lost. Trying to come back.", now)
        if link == "connected" and self.status.link == "lost":
            self.transcript.note("Connected again.", now)
        self.status.link, self.status.problem = link, problem
        self.status.user, self.status.agent = "silent", "listening"
        self._changed()
