"""One call in media time: real conversation, wire and playout around a mind with known words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from agent.call.call import Call
from agent.call.mind import Mind
from agent.call.notices import Notices
from agent.conversation.conversation import Conversation
from agent.conversation.settings import ConversationSettings
from agent.engine import messages as engine
from agent.metrics import Metrics
from agent.rooms.room import Playback
from agent.wire.dialect import Dialect
from agent.wire.received import Capabilities
from agent.wire.state import Transport
from streaming.ears.opinions import Opinion, Overlap, SpeechStarted, SpeechStopped, TurnEnd
from streaming.ears.speaker import Lesson
from streaming.ears.voiceprint import SIZE, Profile
from streaming.playout import Pulled
from streaming.realtime.session import Session
from streaming.time import Time, ms
from tests.agent.call.engine import FakeClient

FRAME = np.zeros(160, np.int16)
VOICE = np.full(SIZE, SIZE**-0.5, np.float32)


class ScriptedEars:
    """Opinions that are known at given times. Whoever is to be enrolled is known with the next frame."""

    people: tuple[Profile, ...] = ()
    learns = True
    learning: Lesson | None = None

    def __init__(self) -> None:
        self.script: list[Opinion] = []

    def enrol(self, name: str | None) -> None:
        self.learning = None if name is None else Lesson(name, 0.0, 2.4)

    def push(self, mic: object, played: bool, t: Time) -> list[Opinion]:
        if self.learning is not None:
            self.people = (*self.people, Profile(self.learning.name, VOICE, 2.4))
            self.learning = None
        return []

    def hear_words(self, words: str, at: Time, until: Time | None = None) -> list[Opinion]:
        return []

    def reset(self) -> None: ...


class Ear:
    """A room whose other end hears everything 40 ms after it left."""

    DOWNLINK = ms(40)

    def __init__(self, call: Call) -> None:
        self.call = call
        self.events: list[dict[str, Any]] = []
        self.heard = np.zeros(0, np.int16)
        self.closed = ""
        """Why, once it is."""
        self._line: list[tuple[Time, int, int]] = []
        self._at: Time = 0

    @property
    def downlink(self) -> Time:
        return self.DOWNLINK

    def send(self, events: Sequence[str]) -> None:
        self.events += [json.loads(event) for event in events]

    def append(self, pcm: object, rate: int) -> None: ...

    def silenced(self, reply: int) -> None:
        self._line = [sent for sent in self._line if sent[1] != reply]

    def playback(self, report: Playback) -> None: ...

    async def close(self, reason: str) -> None:
        self.closed = reason
        self.call.left(self, reason)

    def pull(self) -> Pulled:
        """What leaves now."""
        return self.call.playout.pull(240)

    def frame(self) -> None:
        """10 ms go by."""
        self._at += ms(10)
        self.call.microphone(FRAME, self.call.now)
        pulled = self.pull()
        self.heard = np.concatenate((self.heard, pulled.pcm))
        self._line += [(self._at + self.DOWNLINK, span.reply, span.last) for span in pulled.spans]
        if pulled.spans:
            self.call.sent(pulled)
        while self._line and self._line[0][0] <= self._at:
            _, reply, until = self._line.pop(0)
            self.call.heard(reply, until)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    def last(self, kind: str) -> dict[str, Any]:
        return [event for event in self.events if event["type"] == kind][-1]


class EventEar(Ear):
    """The same over events: no silence is sent, and the room's end is told by whoever serves it."""

    def pull(self) -> Pulled:
        pulled = self.call.playout.take(240)
        self.send(self.call.carry(pulled))
        return pulled

    async def close(self, reason: str) -> None:
        self.closed = reason


class Scene:
    """A call, its room, its mind; time passes when it is told to."""

    def __init__(
        self,
        transport: Transport = "webrtc",
        session: Session | None = None,
        join: bool = True,
        settings: ConversationSettings = ConversationSettings(),  # noqa: B008 (frozen)
    ) -> None:
        """`join` False: the other end is not there yet."""
        self.client = FakeClient()
        able = Capabilities("nano", "nano", False, True, (), 4, 3)
        dialect = Dialect("sess_test", able, transport, session or Session(), settings, engine.Setup())
        self.ended: list[Call] = []
        self.call = Call(
            "sess_test",
            Mind("sess_test", self.client),  # type: ignore[arg-type]
            Conversation(settings),
            dialect,
            ScriptedEars(),  # type: ignore[arg-type]
            Notices(
                {
                    "mind_lost": ("Sorry.", np.full(2400, 900, np.int16)),
                    "backchannel": ("Mm-hm.", np.full(7200, 900, np.int16)),
                }
            ),
            Metrics(),
            None,
            self.ended.append,
            sees=False,
            ahead=transport == "websocket",
        )
        self.call.begin()
        self.ear = Ear(self.call) if transport == "webrtc" else EventEar(self.call)
        if join:
            self.call.joined(self.ear)

    def until(self, at_ms: float) -> None:
        while self.call.now < ms(at_ms):
            self.ear.frame()

    def opinion(self, opinion: Opinion) -> None:
        self.until(opinion.at / 48)
        self.call._opinions([opinion])

    def ask(self, at_ms: float, words: str = "What is that?") -> None:
        """A spoken question of one second, the end of which is plain."""
        self.opinion(SpeechStarted(ms(at_ms), ms(at_ms + 64)))
        turn = self.client.got(engine.Listen)[-1].turn  # type: ignore[attr-defined]
        self.until(at_ms + 900)
        self.client.hears(turn, words, ms(at_ms + 900))
        self.opinion(SpeechStopped(ms(at_ms + 1000), ms(at_ms + 1096)))
        self.opinion(TurnEnd(0.95, ms(at_ms + 1000), ms(at_ms + 1096)))

    def interrupt(self, at_ms: float) -> None:
        """Speech over the agent that is known to be an interruption, and goes on."""
        self.opinion(SpeechStarted(ms(at_ms), ms(at_ms + 64)))
        self.opinion(Overlap("interruption", ms(at_ms), ms(at_ms + 160)))

    def added(self) -> list[tuple[str, str]]:
        """Role and text of what the mind was told beside what it heard."""
        return [(line.role, line.text) for add in self.client.got(engine.Add) for line in add.lines]  # type: ignore[attr-defined]

    def wire(self, **event: Any) -> None:
        self.call.wire(json.dumps(event))

    def type(self, text: str, **event: Any) -> None:
        """A typed turn; `event`: what else its `conversation.item.create` says."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        self.wire(type="conversation.item.create", item=item, **event)
