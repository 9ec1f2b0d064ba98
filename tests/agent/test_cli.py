"""If these fail, the command line misleads the people who type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import cli, families
from agent.conversation.conversation import Conversation
from agent.conversation.events import TypedTurn
from agent.conversation.record import first_line, line_for
from agent.conversation.settings import ConversationSettings


def test_models_lists_every_family_and_what_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["models"])
    said = capsys.readouterr().out
    for family in families.FAMILIES:
        assert family in said
        assert all(sentence in said for sentence in families.lacking(family))
    assert status == (1 if families.lacking("nano") else 0)


def test_a_setting_that_cannot_be_used_ends_with_a_sentence_and_not_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["serve", "--port", "eighty"]) == 2
    assert "port" in capsys.readouterr().err
    assert cli.main(["serve", "--ice-servers", "nonsense"]) == 2
    assert "stun:host:port" in capsys.readouterr().err


def test_an_unknown_model_is_refused_with_the_ones_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--model", "nobody"]) == 2
    assert "nano" in capsys.readouterr().err


def recorded(path: Path, *, changed: bool) -> Path:
    conversation, event = Conversation(ConversationSettings()), TypedTurn("Hello", at=480)
    commands = conversation.receive(event)
    lines = [first_line(ConversationSettings()), line_for(event, [] if changed else commands)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_replay_says_whether_todays_rules_would_act_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["replay", str(recorded(tmp_path / "same.jsonl", changed=False))]) == 0
    assert cli.main(["replay", str(recorded(tmp_path / "other.jsonl", changed=True))]) == 1
    assert "line 2" in capsys.readouterr().out


def test_replaying_something_else_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_text("hello")
    assert cli.main(["replay", str(tmp_path / "x")]) == 2
    assert "no recorded call" in capsys.readouterr().err
    assert cli.main(["replay", str(tmp_path / "nowhere")]) == 2
