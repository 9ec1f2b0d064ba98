"""Spoken commands in the transcript, and what only looks like one."""

import pytest

from streaming.ears.commands import CommandEar, Phrases
from streaming.ears.opinions import CommandHeard, CommandName, SpeechStarted, SpeechStopped
from streaming.ears.words import SpokenWords
from streaming.time import ms


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("Stop.", "stop"),
        ("Stop, stop, please!", "stop"),
        ("Okay, stop talking.", "stop"),
        ("INTERRUPT", "stop"),
        ("Hold on a second, please.", "wait"),
        ("No, no, wait!", "wait"),
        ("Let’s change the topic.", "change_topic"),
        ("What is the capital of France? Stop.", "stop"),
        ("停！", "stop"),
        ("停停停", "stop"),
        ("请停一下吧", "stop"),
        ("打断一下", "stop"),
        ("别说了。", "stop"),
        ("等一下。", "wait"),
        ("等等", "wait"),
        ("换个话题吧", "change_topic"),
    ],
)
def test_a_command_is_found_whatever_courtesy_surrounds_it(text: str, command: CommandName) -> None:
    assert Phrases().find(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "Is the bus stop near here?",
        "Non-stop.",
        "I waited.",
        "Stop the music in the kitchen at ten.",
        "Wait, what about tomorrow?",
        "The wait was long.",
        "停车场",
        "等一下我们去哪儿",
        "",
        "...",
    ],
)
def test_look_alikes_are_no_commands(text: str) -> None:
    assert Phrases().find(text) is None


def test_a_session_may_have_phrases_of_its_own() -> None:
    assert Phrases({"Zip it!": "stop"}).find("Zip it, please.") == "stop"
    assert Phrases().find("Zip it.") is None


def test_a_command_is_told_once_an_utterance_and_only_when_the_user_pauses() -> None:
    words, ear = SpokenWords(), CommandEar()
    words.edge(SpeechStarted(about=ms(100), at=ms(164)))
    words.hear("Stop", ms(300))
    assert ear.judge(words, ms(320)) == []  # it may yet become "stop the music in the kitchen"
    words.edge(SpeechStopped(about=ms(350), at=ms(440)))
    assert ear.judge(words, ms(440)) == [CommandHeard("stop", about=ms(100), until=ms(350), at=ms(440))]
    words.hear("Stop.", ms(500))
    assert ear.judge(words, ms(500)) == []


def test_a_later_sound_does_not_obey_an_old_command_again() -> None:
    words, ear = SpokenWords(), CommandEar()
    words.edge(SpeechStarted(about=ms(100), at=ms(164)))
    words.edge(SpeechStopped(about=ms(350), at=ms(440)))
    words.hear("Stop.", ms(440))
    assert ear.judge(words, ms(440))
    words.edge(SpeechStarted(about=ms(2000), at=ms(2064)))
    words.edge(SpeechStopped(about=ms(2100), at=ms(2190)))
    assert ear.judge(words, ms(2190)) == []
