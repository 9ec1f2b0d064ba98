"""Plays a plan over a WebSocket against a running server, and reads the log of each case off what came back."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from ..recording import CallFailed
from .log import Log, Named, Obeyed, Stretch, Trial, Turn
from .plan import RATE, Placed, Plan

PACKET = 480
"""Samples: 20 ms."""
LATE = 0.12
"""Seconds behind time from which a packet makes a case worthless."""
Event = dict[str, Any]


@dataclass(slots=True)
class Loudspeaker:
    """Plays queued sound from the moment it came, and obeys ducks and clears; times are ms of the call."""

    stretches: list[Stretch] = field(default_factory=list)
    free_at: float = 0.0
    gains: list[tuple[float, float]] = field(default_factory=list)
    """(from, dB)."""

    def play(self, length: float, now: float) -> float:
        """Queues so many ms of sound; returns when they begin to play."""
        first = max(now, self.free_at)
        if self.stretches and first - self.stretches[-1].last < 1e-6:
            self.stretches[-1] = replace(self.stretches[-1], last=first + length)
        else:
            self.stretches.append(Stretch(first, first + length))
        self.free_at = first + length
        return first

    def clear(self, now: float) -> bool:
        """Silent from now on; whether it was not."""
        if self.free_at <= now:
            return False
        self.stretches[-1] = replace(self.stretches[-1], last=max(now, self.stretches[-1].first))
        self.free_at = now
        return True

    def gain(self, gain_db: float, now: float) -> None:
        """Plays at `gain_db` from now on."""
        self.gains.append((now, gain_db))

    def heard(self) -> list[Stretch]:
        """What was played, parted where the gain changed."""
        found = []
        for part in self.stretches:
            edges = [part.first, *(at for at, _ in self.gains if part.first < at < part.last), part.last]
            for first, last in itertools.pairwise(edges):
                gain = next((db for at, db in reversed(self.gains) if at <= first), 0.0)
                if last > first:
                    found.append(Stretch(first, last, gain))
        return found


@dataclass(slots=True)
class Reader:
    """Makes a log of a whole call out of the events of the wire, each with its time in ms."""

    log: Log = field(default_factory=Log)
    speaker: Loudspeaker = field(default_factory=Loudspeaker)
    _turns: dict[str, Turn] = field(default_factory=dict)
    _unanswered: str = ""
    """The turn that was committed and has no response yet."""
    _answers: dict[str, bool] = field(default_factory=dict)
    """Response -> whether it is audible already."""

    def read(self, event: Event, now: float) -> None:
        """Takes in one event."""
        match event["type"]:
            case "response.output_audio.delta":
                samples = len(base64.b64decode(event["delta"])) // 2
                began = self.speaker.play(samples * 1000 / RATE, now)
                if samples and self._answers.get(event["response_id"]) is False:
                    self._answers[event["response_id"]] = True
                    self.log.replies.append(began)
            case "duplex.duck":
                self.speaker.gain(float(event["gain_db"]), now)
            case "duplex.unduck":
                self.speaker.gain(0.0, now)
            case "duplex.clear":
                self.speaker.gain(0.0, now)
                if self.speaker.clear(now):
                    self.log.cuts.append(now)
            case "duplex.command":
                first, last = float(event["audio_start_ms"]), float(event["audio_end_ms"])
                self.log.commands.append(Obeyed(str(event["command"]), first, last, now))
            case "duplex.speaker":
                self.log.named.append(Named(str(event["verdict"]), now, now, event.get("score")))
            case "response.created":
                if self._unanswered:
                    self._turns[self._unanswered] = replace(self._turns[self._unanswered], answered=True)
                    self._answers[event["response"]["id"]] = False
                    self._unanswered = ""
            case "input_audio_buffer.speech_started":
                self._turns.setdefault(event["item_id"], Turn(float(event["audio_start_ms"]), now))
            case "input_audio_buffer.committed":
                turn = self._turns.get(event["item_id"]) or Turn(now, now)
                self._turns[event["item_id"]] = replace(turn, ended=now, kept=True)
                self._unanswered = event["item_id"]
            case "conversation.item.deleted" if event["item_id"] in self._turns:
                self._turns[event["item_id"]] = replace(self._turns[event["item_id"]], kept=False, answered=False)

    def whole(self) -> Log:
        """The log of the call."""
        self.log.audible = self.speaker.heard()
        self.log.turns = list(self._turns.values())
        return self.log


def part(log: Log, placed: Placed) -> Trial:
    """The case's own part of a call's log, in its own time."""
    begin, end = placed.at, placed.at + placed.case.length

    def inside(at: float) -> bool:
        return begin <= at < end

    own = Log(
        audible=[
            Stretch(max(piece.first, begin) - begin, min(piece.last, end) - begin, piece.gain_db)
            for piece in log.audible
            if piece.first < end and piece.last > begin
        ],
        cuts=[at - begin for at in log.cuts if inside(at)],
        replies=[at - begin for at in log.replies if inside(at)],
        commands=[
            Obeyed(said.command, said.first - begin, said.last - begin, said.at - begin)
            for said in log.commands
            if inside(said.at)
        ],
        turns=[
            replace(turn, since=turn.since - begin, opened=turn.opened - begin,
                    ended=None if turn.ended is None else turn.ended - begin)
            for turn in log.turns
            if inside(turn.opened)
        ],
        named=[Named(one.verdict, one.about - begin, one.at - begin, one.score) for one in log.named if inside(one.at)],
        seconds=placed.case.length / 1000,
    )  # fmt: skip
    return Trial(placed.case, own)


async def call(url: str, key: str, plan: Plan) -> list[Trial]:
    """Plays one call. Raises `CallFailed`, which says what to do.

    A case that is not what it was to be (the agent did not talk, the client could not keep time) is left out.
    """
    address = url.replace("http", "ws", 1).rstrip("/") + "/v1/realtime"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    reader = Reader()
    try:
        async with connect(address, additional_headers=headers, max_size=None) as socket:
            began = time.monotonic()
            listening = asyncio.create_task(_listen(socket, began, reader))
            late = await _speak(socket, began, plan)
            listening.cancel()
    except InvalidStatus as problem:
        raise CallFailed(f"the server answered {problem.response.status_code}: {problem.response.body!r}") from problem
    except (OSError, WebSocketException) as problem:
        raise CallFailed(f"no call over {address}: {problem}; is `colloquy serve` running there?") from problem
    log = reader.whole()
    trials = [part(log, placed) for placed in plan.placed]
    return [trial for trial, placed in zip(trials, plan.placed, strict=True) if counts(trial, placed, late)]


def counts(trial: Trial, placed: Placed, late: list[float]) -> bool:
    """Whether the case was what it was to be: the agent was as it should be at its beginning, and nothing was late."""
    if any(placed.at <= at <= placed.at + placed.case.length for at in late):
        return False
    before = trial.case.mark.first
    began = any(piece.first < before for piece in trial.log.audible)
    return began if trial.case.talking else not any(piece.first <= before < piece.last for piece in trial.log.audible)


async def _speak(socket: ClientConnection, began: float, plan: Plan) -> list[float]:
    """Sends microphone and events at their times; returns where (ms) it was late."""
    await socket.send(json.dumps({"type": "duplex.hello", "ducks": True, "reports_playback": False}))
    track = (np.clip(plan.track(), -1, 1) * 32767).astype("<i2")
    sends, late = sorted(plan.sends, key=lambda send: send[0]), []
    for first in range(0, len(track), PACKET):
        # A packet can leave when its last sample has been spoken.
        due = (first + PACKET) / RATE
        behind = time.monotonic() - began - due
        if behind > LATE:
            late.append(due * 1000)
        await asyncio.sleep(max(0.0, -behind))
        while sends and sends[0][0] <= due * 1000:
            await socket.send(json.dumps(sends.pop(0)[1]))
        pcm = base64.b64encode(track[first : first + PACKET].tobytes()).decode()
        await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": pcm}))
    return late


async def _listen(socket: ClientConnection, began: float, reader: Reader) -> None:
    async for raw in socket:
        reader.read(json.loads(raw), (time.monotonic() - began) * 1000)
