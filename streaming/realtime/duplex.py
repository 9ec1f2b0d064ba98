"""What the Realtime API lacks and a call needs: events of our own, which other clients ignore.

Times named `_ms` are ms; within an item they count from the item's first sample.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from .base import ClientEvent, ServerEvent

# --- server -> client -----------------------------------------------------------------------


class Slots(msgspec.Struct):
    """How many calls the server can take, and how many more right now."""

    free: int
    total: int


class Hello(ServerEvent, tag="duplex.hello"):
    """Who answers, and what it can do. Comes right after `session.created`."""

    session_id: str
    model: str
    family: str
    sees: bool
    words: bool
    """Whether the user's words come, live (`duplex.user.words`) and when the turn is over."""
    voices: list[str]
    slots: Slots


class SlotsChanged(ServerEvent, tag="duplex.slots"):
    free: int
    total: int


UserState = Literal["silent", "speaking", "pausing"]
AgentState = Literal["listening", "thinking", "speaking", "ducked", "holding", "tool"]


class State(ServerEvent, tag="duplex.state"):
    """What both are doing. Sent when it changes."""

    user: UserState
    agent: AgentState


class Duck(ServerEvent, tag="duplex.duck"):
    """Play more softly by `gain_db` (negative): somebody may be interrupting."""

    gain_db: float


class Unduck(ServerEvent, tag="duplex.unduck"):
    """At full level again: that was no interruption."""


class Clear(ServerEvent, tag="duplex.clear"):
    """Be silent at once and drop what is queued of this item."""

    response_id: str
    item_id: str


class UserWords(ServerEvent, tag="duplex.user.words"):
    """The words of the user's turn so far: `stable` will not change, `tentative` may."""

    item_id: str
    stable: str
    tentative: str


class TimedWord(msgspec.Struct):
    text: str
    start_ms: float
    end_ms: float


class WordTimes(ServerEvent, tag="duplex.words"):
    """When the words of a reply sound, within the item's sound. Texts, joined, are the transcript."""

    response_id: str
    item_id: str
    words: list[TimedWord]


class Heard(ServerEvent, tag="duplex.heard"):
    """What has been heard of a reply so far. `done`: all of it. `cut`: it ended here, unfinished."""

    response_id: str
    item_id: str
    transcript: str
    audio_end_ms: float
    done: bool
    cut: bool


class CommandObeyed(ServerEvent, tag="duplex.command"):
    """A spoken command was obeyed; where in the session it lay."""

    command: str
    audio_start_ms: int
    audio_end_ms: int


class Speaker(ServerEvent, tag="duplex.speaker"):
    """Whose voice that is. `score` is a cosine similarity, if one was taken."""

    verdict: Literal["user", "other", "unsure"]
    score: float | UnsetType = UNSET


class Person(msgspec.Struct):
    """Somebody whose voice is known. It goes both ways unchanged: whoever keeps it gives it to the next session."""

    name: str
    voice: str
    """Base64 of the voice as its encoder gave it (float32, little-endian): a direction, not a recording."""
    seconds: float
    """How much speech it was made of."""
    encoder: int
    """Which encoder made it; what another one made is of no use."""
    level: float | UnsetType | None = UNSET
    """How loud this person is at the microphone as a rule, in dBFS, if that is known."""


class Enrolled(ServerEvent, tag="duplex.speaker.enrolled"):
    """Who is known now: all of them. Sent whenever that changes, and when a profile has become better."""

    people: list[Person]
    learns: bool
    """Whether the user becomes known by talking. False, and nobody known: everybody is the user."""


class Learning(ServerEvent, tag="duplex.speaker.learning"):
    """How far `duplex.speaker.enroll` has come, whenever that changes. `duplex.speaker.enrolled` ends it."""

    name: str
    seconds: float
    """How much of one voice was heard; falls back if it was too faint, or two voices."""
    needed: float


class Notice(ServerEvent, tag="duplex.notice"):
    """Something people should know; `text` is a sentence for them."""

    kind: str
    text: str


class ToolUsed(ServerEvent, tag="duplex.tool"):
    """A tool that runs on the server has answered. `arguments` is JSON; `output` is the sentence it gave."""

    name: str
    arguments: str
    output: str


class Stage(msgspec.Struct):
    """From `start_ms` to `end_ms` after the end of the user's speech (of a stop: after its onset)."""

    name: str
    start_ms: float
    end_ms: float


class Latency(ServerEvent, tag="duplex.latency"):
    """Where the milliseconds of a reply, or of a stop, went."""

    response_id: str
    kind: Literal["reply", "stop"]
    turn_ms: float
    """End of speech to audible, or onset to silent, as far as the server can know."""
    stages: list[Stage]


# --- client -> server -----------------------------------------------------------------------


class ClientHello(ClientEvent, tag="duplex.hello"):
    """What this client does by itself."""

    ducks: bool = False
    """It obeys `duplex.duck`, so the server need not lower the sound as well."""
    reports_playback: bool = False
    """It sends `duplex.playback`, so the server need not guess what was audible."""


class Playback(ClientEvent, tag="duplex.playback"):
    """What left the loudspeaker last: an RTP timestamp (WebRTC), or a place in an item (WebSocket)."""

    rtp_timestamp: int | UnsetType = UNSET
    item_id: str | UnsetType = UNSET
    audio_end_ms: float | UnsetType = UNSET
    latency_ms: float = 0.0
    """How much later than this report the sound leaves the loudspeaker."""


class Say(ClientEvent, tag="duplex.say"):
    """Say exactly this as soon as both are silent. It is a reply like any other: it can be cut, and is remembered."""

    text: str


class Enroll(ClientEvent, tag="duplex.speaker.enroll"):
    """Whoever speaks next becomes known by this name, beside those who are."""

    name: str


class People(ClientEvent, tag="duplex.speaker.people"):
    """Who is known from now on, and nobody else. Ends an enrolment that has not come to its end."""

    people: list[Person]
    learns: bool = True
    """Whether they become better known, and the first user known at all, by talking."""
