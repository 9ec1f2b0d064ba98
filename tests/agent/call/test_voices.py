"""Who is known, through a whole call. If these fail, a user is locked out, or one call's people are another's."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from agent.conversation.settings import ConversationSettings
from agent.engine import messages as engine
from streaming.ears.opinions import SpeechStarted, SpeechStopped, TurnEnd
from streaming.ears.voiceprint import ENCODER
from streaming.time import ms
from tests.agent.call.scene import VOICE, Scene

PATIENCE_S = 30.0


def person(name: str) -> dict[str, Any]:
    voice = base64.b64encode(VOICE.astype("<f4").tobytes()).decode()
    return {"name": name, "voice": voice, "seconds": 3.0, "encoder": ENCODER}


async def told(scene: Scene, kind: str, count: int = 1) -> dict[str, Any]:
    """The event of that kind that is number `count`: it comes from the ears' thread."""
    async with asyncio.timeout(PATIENCE_S):
        while scene.ear.kinds().count(kind) < count:
            await asyncio.sleep(0.01)
    return scene.ear.last(kind)


def names(event: dict[str, Any]) -> list[str]:
    return [each["name"] for each in event["people"]]


async def test_whoever_is_enrolled_is_told_to_the_client_and_can_be_given_back_to_another_call() -> None:
    scene = Scene()
    scene.wire(type="duplex.speaker.enroll", name="Ann")
    assert (await told(scene, "duplex.speaker.learning"))["name"] == "Ann"
    scene.until(100)
    first = await told(scene, "duplex.speaker.enrolled")
    assert names(first) == ["Ann"]
    other = Scene()
    other.wire(type="duplex.speaker.people", people=first["people"])
    assert (await told(other, "duplex.speaker.enrolled"))["people"] == first["people"]


async def test_two_calls_know_each_their_own_people() -> None:
    one, two = Scene(), Scene()
    one.wire(type="duplex.speaker.people", people=[person("Ann")])
    two.wire(type="duplex.speaker.people", people=[person("Bob")], learns=False)
    assert names(await told(one, "duplex.speaker.enrolled")) == ["Ann"]
    second = await told(two, "duplex.speaker.enrolled")
    assert (names(second), second["learns"]) == (["Bob"], False)
    assert one.ear.kinds().count("duplex.speaker.enrolled") == 1


async def test_who_is_known_stays_known_when_the_engine_dies() -> None:
    scene = Scene()
    scene.wire(type="duplex.speaker.people", people=[person("Ann")])
    await told(scene, "duplex.speaker.enrolled")
    scene.call.engine_lost("it crashed")
    scene.wire(type="duplex.speaker.enroll", name="Bob")
    scene.until(100)
    assert names(await told(scene, "duplex.speaker.enrolled", 2)) == ["Ann", "Bob"]


async def test_what_cannot_be_a_voice_is_an_error_and_nobody_is_forgotten_for_it() -> None:
    scene = Scene()
    scene.wire(type="duplex.speaker.people", people=[person("Ann")])
    await told(scene, "duplex.speaker.enrolled")
    scene.wire(type="duplex.speaker.people", people=[{**person("Bob"), "voice": "AAAA"}])
    assert scene.ear.last("error")["error"]["param"] == "people[0].voice"
    scene.wire(type="duplex.speaker.enroll", name="Bob")
    scene.until(100)
    assert names(await told(scene, "duplex.speaker.enrolled", 2)) == ["Ann", "Bob"]


# --- the agent's own "mm-hm" ------------------------------------------------------------------


def speak_at_length(scene: Scene) -> int:
    """Six seconds with a thinking pause after each two; returns the turn."""
    for begin in (0, 2400, 4800):
        scene.opinion(SpeechStarted(ms(begin), ms(begin + 64)))
        turn: int = scene.client.got(engine.Listen)[-1].turn  # type: ignore[attr-defined]
        scene.until(begin + 1900)
        scene.client.hears(turn, "so I went there and", ms(begin + 1900))
        scene.opinion(SpeechStopped(ms(begin + 2000), ms(begin + 2096)))
        scene.opinion(TurnEnd(0.15, ms(begin + 2000), ms(begin + 2110)))
    return turn


def said(scene: Scene) -> list[str]:
    kind = "response.output_audio_transcript.done"
    return [event["transcript"] for event in scene.ear.events if event["type"] == kind]


async def test_a_sign_of_listening_is_given_only_where_it_is_set_and_the_turn_goes_on() -> None:
    quiet = Scene()
    speak_at_length(quiet)
    quiet.until(7200)
    assert said(quiet) == []
    scene = Scene(settings=ConversationSettings(backchannels=True))
    turn = speak_at_length(scene)
    scene.until(7200)
    assert said(scene) == ["Mm-hm."]
    assert abs(scene.ear.heard).max() > 0
    assert scene.ear.last("duplex.state")["user"] == "pausing"
    # The words that follow are of the same turn, and the mind knows nothing of what was said into it.
    scene.opinion(SpeechStarted(ms(7300), ms(7364)))
    assert scene.client.got(engine.Listen)[-1].turn == turn  # type: ignore[attr-defined]
    assert scene.ear.last("duplex.state")["user"] == "speaking"
    assert scene.added() == []
