"""Tools in a call: proposed before the mind thinks, seen by clients, done only when the answer is heard."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from agent.call.call import Call
from agent.call.skills import Skills, said
from agent.engine import messages as engine
from agent.tools.desk import Desk, schemas
from agent.tools.keeping import KeptNotes
from agent.tools.own import OwnTool
from agent.tools.said import heard
from agent.tools.tool import Seen
from streaming.ears.opinions import SpeechStarted, SpeechStopped, TurnEnd
from streaming.time import ms
from tests.agent.call.engine import REPLY, FakeClient
from tests.agent.call.scene import Scene


class ConsultingClient(FakeClient):
    """A mind that asks first, as the engine does: the last words are known when it thinks."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, str]] = []
        """What it calls instead of the next thought."""

    def send(self, message: engine.ToEngine) -> None:
        if isinstance(message, engine.Think) and message.consult:
            self.sent.append(message)
            text = self.words if message.turn is not None else ""
            self.tell(engine.Consult("sess_test", message.reply, text))
            return
        super().send(message)
        if isinstance(message, engine.Proceed):
            asked = engine.Think("sess_test", message.reply, say=message.say)
            if message.say is None and self.calls:
                self.tell(engine.Called("sess_test", message.reply, f"call_{message.reply}", *self.calls.pop()))
                self.tell(engine.Done("sess_test", message.reply, "complete", 0, 0))
            elif message.say == "":
                self.tell(engine.Done("sess_test", message.reply, "complete", 0, 0))
            else:
                self.think(asked)


class SkilledScene(Scene):
    """A call with tools."""

    def __init__(self, own: list[OwnTool] | None = None, recognises: bool = True, **options: Any) -> None:
        super().__init__(join=False, **options)
        self.client = ConsultingClient()
        self.call._mind._client = self.client
        self.notes = KeptNotes()
        call: Call = self.call
        self.desk = Desk(
            self.notes,
            own or [],
            now=lambda: call.now,
            said=lambda: said(call._conversation.history),
            persona="",
            recognises=recognises,
        )
        call._skills = Skills(self.desk)
        call.begin()
        call.joined(self.ear)

    def says(self) -> str:
        return "".join(
            event["delta"] for event in self.ear.events if event["type"] == "response.output_audio_transcript.delta"
        ).strip()

    def type_and_ask(self, text: str) -> None:
        self.type(text)
        self.wire(type="response.create")


@pytest.fixture
async def scene() -> SkilledScene:
    return SkilledScene()


async def test_a_typed_question_is_answered_by_a_tool_and_clients_see_which(scene: SkilledScene) -> None:
    scene.type_and_ask("What is seventeen times twenty-three?")
    scene.until(3000)
    assert scene.says() == "17 times 23 is 391."
    used = scene.ear.last("duplex.tool")
    assert (used["name"], used["output"]) == ("calculate", "17 times 23 is 391.")


async def test_a_spoken_question_is_answered_from_its_last_words_in_the_pause(scene: SkilledScene) -> None:
    scene.ask(0, "What is seventeen times twenty-three?")
    scene.until(1130)
    assert scene.client.got(engine.Proceed)
    assert not scene.ear.heard.any()
    scene.until(1200)
    assert scene.ear.heard.any(), "the answer was not ready in the pause"
    scene.until(4000)
    assert scene.says() == "17 times 23 is 391."


async def test_what_no_tool_knows_is_thought(scene: SkilledScene) -> None:
    scene.type_and_ask("Tell me a long story.")
    scene.until(4000)
    assert scene.says() == "".join(REPLY)
    assert "duplex.tool" not in scene.ear.kinds()


async def test_a_timer_rings_by_itself_when_both_are_silent(scene: SkilledScene) -> None:
    scene.type_and_ask("Set a timer for ten seconds.")
    scene.until(9_000)
    assert scene.says() == "Your timer is set for 10 seconds."
    scene.until(14_000)
    assert scene.says().endswith("Your timer for 10 seconds is over.")


async def test_a_turn_that_goes_on_after_its_answer_was_begun_sets_no_timer_twice(scene: SkilledScene) -> None:
    scene.ask(0, "Set a timer for ten minutes")
    scene.until(1120)
    assert scene.client.got(engine.Proceed)
    scene.opinion(SpeechStarted(ms(1100), ms(1164)))
    assert scene.client.got(engine.Rollback) or scene.ear.kinds()
    turn = scene.client.got(engine.Listen)[-1].turn  # type: ignore[attr-defined]
    scene.client.hears(turn, "Set a timer for ten minutes and thirty seconds", ms(1900))
    scene.opinion(SpeechStopped(ms(2000), ms(2096)))
    scene.opinion(TurnEnd(0.95, ms(2000), ms(2096)))
    scene.until(6000)
    assert [round(left) for _, left in scene.desk.timers.pending()] == [pytest.approx(630, abs=5)]


async def test_what_was_typed_is_remembered_and_found_again(scene: SkilledScene) -> None:
    scene.type_and_ask("Remember that my keys are on the shelf.")
    scene.until(4000)
    assert scene.notes.all() == ["my keys are on the shelf"]
    scene.type_and_ask("Where are my keys?")
    scene.until(8000)
    assert scene.says().endswith("Your keys are on the shelf.")


async def test_a_function_of_the_clients_of_the_same_name_is_called_there(scene: SkilledScene) -> None:
    parameters = {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}
    tool = {"type": "function", "name": "calculate", "parameters": parameters}
    scene.wire(type="session.update", session={"type": "realtime", "tools": [tool]})
    scene.type_and_ask("What is two plus two?")
    scene.until(1000)
    called = scene.ear.last("response.function_call_arguments.done")
    assert (called["name"], called["arguments"]) == ("calculate", '{"expression": "2 + 2"}')
    output = {"type": "function_call_output", "call_id": called["call_id"], "output": "four"}
    scene.wire(type="conversation.item.create", item=output)
    scene.wire(type="response.create")
    added = [line for add in scene.client.got(engine.Add) for line in add.lines]  # type: ignore[attr-defined]
    assert [line.name for line in added if line.role == "assistant"] == ["calculate"], "the mind lacks the call"
    assert [line.text for line in added if line.role == "tool"] == ["four"]
    scene.until(5000)
    assert scene.says() == "".join(REPLY), "the mind was to answer from the client's result"


@pytest.mark.parametrize("how", ["setting", "tool_choice"])
async def test_proposals_can_be_switched_off(how: str) -> None:
    scene = SkilledScene(recognises=how != "setting")
    if how == "tool_choice":
        scene.wire(type="session.update", session={"type": "realtime", "tool_choice": "none"})
    scene.type_and_ask("What is two plus two?")
    scene.until(4000)
    assert scene.says() == "".join(REPLY)


async def test_a_tool_of_the_users_runs_and_its_sentence_is_spoken() -> None:
    async def switch(state: str) -> str:
        return f"The light is {state} now."

    light = OwnTool(
        "light",
        "Switches the light.",
        {"type": "object", "properties": {"state": {"type": "string"}}, "required": ["state"]},
        5.0,
        function=switch,
        phrases=(re.compile(r"light (?P<state>on|off)"),),
    )
    assert light.hear(heard("Light on, please.")) == {"state": "on"}
    scene = SkilledScene([light])
    scene.type_and_ask("Light on, please.")
    for at in range(100, 4000, 100):
        scene.until(at)
        await asyncio.sleep(0)
    assert scene.says() == "The light is on now."
    assert scene.ear.last("duplex.tool")["arguments"] == '{"state": "on"}'
    assert "response.function_call_arguments.done" not in scene.ear.kinds()


async def test_a_call_of_the_minds_to_a_tool_here_is_answered_here(scene: SkilledScene) -> None:
    scene.client.calls = [("calculate", '{"expression": "6 * 7"}')]
    scene.type_and_ask("I wonder about the answer to everything, in numbers.")
    scene.until(4000)
    assert scene.says() == "6 times 7 is 42."
    assert scene.ear.last("duplex.tool")["name"] == "calculate"
    assert "response.function_call_arguments.done" not in scene.ear.kinds(), "the client does not know that function"


@pytest.mark.parametrize("arguments", ["{}", "[1]", "no json", '{"expression": {"a": 1}}'])
async def test_arguments_that_make_no_sense_end_in_a_sentence(scene: SkilledScene, arguments: str) -> None:
    scene.client.calls = [("calculate", arguments)]
    scene.type_and_ask("I wonder about the answer to everything, in numbers.")
    scene.until(4000)
    assert "understand" in scene.says()


def test_the_thinker_is_told_of_the_users_tools_and_of_ours_only_if_it_can_choose() -> None:
    own = OwnTool("light", "Switches the light.", {}, 5.0, command=("true",))
    assert [tool["name"] for tool in schemas([own], built_in=False)] == ["light"]
    assert {"calculate", "light"} <= {str(tool["name"]) for tool in schemas([own], built_in=True)}


async def test_what_a_function_of_the_clients_may_know_is_not_denied(scene: SkilledScene) -> None:
    scene.type_and_ask("What is the weather like?")
    scene.until(6000)
    assert "no connection" in scene.says()
    tool = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
    scene.wire(type="session.update", session={"type": "realtime", "tools": [tool]})
    scene.type_and_ask("What is the weather like?")
    scene.until(12_000)
    assert scene.says().endswith("".join(REPLY))


def show(scene: SkilledScene, at_ms: float, text: str) -> None:
    """The engine has looked at a picture taken then."""
    scene.client.tell(engine.Seen("sess_test", ms(at_ms), ms(at_ms), text, [], ["white"], "bright"))


@pytest.fixture
async def seeing() -> SkilledScene:
    scene = SkilledScene()
    scene.desk.seen = Seen()
    return scene


async def test_what_the_camera_shows_is_read_out(seeing: SkilledScene) -> None:
    seeing.until(500)
    seeing.call.picture(b"jpeg", seeing.call.now)
    show(seeing, 500, "Open daily")
    seeing.type_and_ask("What does this say?")
    seeing.until(3000)
    assert seeing.says() == "It says: Open daily."


async def test_a_question_waits_for_eyes_that_are_still_reading(seeing: SkilledScene) -> None:
    seeing.call.picture(b"jpeg", seeing.call.now)
    seeing.type_and_ask("What does this say?")
    seeing.until(600)
    assert not seeing.client.got(engine.Proceed)
    show(seeing, 0, "Fresh bread")
    seeing.until(3000)
    assert seeing.says() == "It says: Fresh bread."


async def test_eyes_that_never_answer_are_not_waited_for_for_ever(seeing: SkilledScene) -> None:
    seeing.call.picture(b"jpeg", seeing.call.now)
    seeing.type_and_ask("Can you read this?")
    seeing.until(8000)
    assert seeing.says() == "I can't read any text there."


async def test_a_camera_that_is_off_is_said_to_be_off(seeing: SkilledScene) -> None:
    seeing.call.picture(b"jpeg", seeing.call.now)
    show(seeing, 0, "Open daily")
    seeing.until(21_000)
    seeing.type_and_ask("What does this say?")
    seeing.until(25_000)
    assert seeing.says() == "I can't see anything: the camera is off."
