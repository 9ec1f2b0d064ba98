"""The built-in tools, asked in words. If these fail, the assistant answers wrongly what it says it knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.tools.desk import BUILT_IN
from agent.tools.keeping import MOST, KeptNotes
from agent.tools.tool import Seen
from tests.agent.tools.conftest import Room


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("What is seventeen times twenty-three?", "17 times 23 is 391."),
        ("How much is 15% of 80?", "15 percent of 80 is 12."),
        ("subtract twelve from forty", "40 minus 12 is 28."),
        ("What's the remainder when you divide 17 by 5?", "The remainder is 2."),
        ("ten divided by three", "10 divided by 3 is about 3.33."),
        ("what is five divided by zero", "Nothing can be divided by zero."),
        ("Is 91 prime?", "No, 91 is not a prime number."),
        ("How many ounces are in a pound?", "A pound is 16 ounces."),
        ("How many ounces are in a cup?", "A cup is 8 fluid ounces."),
        ("What is 72 degrees Fahrenheit in Celsius?", "72 degrees Fahrenheit is about 22.22 degrees Celsius."),
        ("How tall is 5 foot 11 in centimetres?", "5 feet and 11 inches is 180.34 centimetres."),
        ("What time is it?", "It is 9:31 in the morning."),
        ("What time is it in Tokyo?", "It is 5:31 in the afternoon in Tokyo."),
        ("What day is it tomorrow?", "Tomorrow is Sunday, November 22nd, 2026."),
        ("How many days until Christmas?", "It is 34 days until Friday, December 25th."),
        ("What time will it be in two hours?", "It will be 11:31 in the morning."),
        ("Can you look up the weather?", "I can't tell you about the weather: I have no connection to the internet."),
    ],
)
def test_what_is_certain_is_answered_in_a_sentence(room: Room, asked: str, answer: str) -> None:
    assert room.says(asked) == answer


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "Tell me about the Roman empire.",
        "Why is the sky blue?",
        "I bought seventeen apples and ate three of them, and then it rained.",
        "How many people live in China?",
        "What is the time signature of a waltz?",
        "Where is Paris?",
        "My name is Anna.",
    ],
)
def test_what_is_not_certain_is_left_to_the_thinker(room: Room, text: str) -> None:
    assert room.ask(text) == ("", "")


def test_a_timer_speaks_when_it_is_due_and_only_once(room: Room) -> None:
    assert room.says("Set a timer for ten seconds.") == "Your timer is set for 10 seconds."
    assert room.wait(9.9) == []
    assert room.wait(0.2) == ["Your timer for 10 seconds is over."]
    assert room.wait(60) == []


def test_timers_are_told_apart_by_name(room: Room) -> None:
    room.says("Set a pasta timer for eight minutes")
    room.says("start a five minute timer for the eggs")
    assert room.says("how long is left on the pasta timer") == "There are 8 minutes left on the pasta timer."
    assert room.says("cancel the timer").startswith("Which one?")
    assert room.says("cancel the pasta timer") == "The pasta timer is cancelled."
    assert room.wait(600) == ["Your eggs timer for 5 minutes is over."]


def test_part_of_a_length_is_not_taken_for_the_whole(room: Room) -> None:
    assert room.ask("Let me know when the quarter of an hour has passed.")[0] != "set_timer"
    assert room.says("Let me know when a quarter of an hour has passed.") == "Your timer is set for 15 minutes."


def test_a_reminder_says_what_it_is_about(room: Room) -> None:
    assert "call your mother" in room.says("Remind me in twenty minutes to call my mother")
    assert room.wait(1201) == ["This is your reminder: call your mother."]


def test_what_is_to_be_remembered_is_found_by_its_words(room: Room) -> None:
    room.says("Remember that my keys are on the shelf.")
    assert room.says("Where are my keys?") == "Your keys are on the shelf."
    assert room.says("Where did I put my keys?") == "Your keys are on the shelf."
    assert room.ask("Where is my umbrella?")[0] != "recall"
    room.says("forget about the keys")
    assert "shelf" not in room.says("Where are my keys?")


def test_what_was_said_in_passing_is_remembered_during_the_call(room: Room) -> None:
    room.says("Hi, my name is Anna and I live in Paris.")
    assert room.says("What is my name?") == "Your name is Anna."
    assert room.says("Where do I live?") == "You live in Paris."
    assert room.notes.all() == []


def test_lists_are_kept(room: Room) -> None:
    room.says("Add milk to my shopping list")
    room.says("add bread to the shopping list")
    assert room.says("what's on my shopping list") == "On your shopping list: milk and bread."
    room.says("remove milk from my shopping list")
    assert room.says("what's on my shopping list") == "On your shopping list: bread."


def test_the_call_remembers_what_was_asked_and_answered(room: Room) -> None:
    room.says("What is two plus two?")
    assert room.says("What did you just say?") == "2 plus 2 is 4."
    assert room.says("What was my first question?") == "Your first question was: What is two plus two?"


def test_without_eyes_nothing_is_seen_and_with_them_only_what_they_know(room: Room) -> None:
    assert room.says("What does this say?") == "I can't see anything: this model has no eyes."
    room.seen = Seen()
    assert room.says("Read me that.") == "I can't see anything: the camera is off."
    room.seen = Seen(camera=True, text="Open daily", colours=("red", "white"))
    assert room.says("What does this say?") == "It says: Open daily."
    assert room.says("What colour is this?") == "I see red and white."
    assert "recognise" in room.says("Who is this?") or "text" in room.says("Who is this?")


def test_schemas_are_what_the_realtime_api_wants() -> None:
    for tool in BUILT_IN:
        schema = tool.schema()
        assert schema["type"] == "function"
        assert set(schema["parameters"]["required"]) <= set(schema["parameters"]["properties"])
    assert len({tool.name for tool in BUILT_IN}) == len(BUILT_IN)


def test_notes_outlast_the_process_under_a_profile_and_only_there(tmp_path: Path) -> None:
    kept = KeptNotes("anna", tmp_path)
    kept.add("the key is under the mat")
    assert KeptNotes("anna", tmp_path).all() == ["the key is under the mat"]
    assert KeptNotes("bert", tmp_path).all() == []
    assert KeptNotes().all() == []


def test_a_broken_file_of_notes_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes-anna.json"
    file.write_text("{broken")
    kept = KeptNotes("anna", tmp_path)
    kept.add("a new note")
    assert file.read_text() == "{broken"
    assert kept.all() == ["a new note"]


def test_notes_do_not_grow_for_ever(tmp_path: Path) -> None:
    kept = KeptNotes("", tmp_path)
    for number in range(MOST + 5):
        kept.add(f"note {number}")
    assert len(kept.all()) == MOST
    assert kept.all()[-1] == f"note {MOST + 4}"
