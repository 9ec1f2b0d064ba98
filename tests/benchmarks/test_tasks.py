"""The spoken task set. If these fail, a wrong answer counts as right, or a right one as wrong."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from benchmarks.tasks.check import Answer, is_right, numbers, tasks
from benchmarks.tasks.run import table

AT = datetime(2026, 11, 21, 14, 31, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("right", "text", "holds"),
    [
        ("number 391", "17 times 23 is 391.", True),
        ("number 391", "Three hundred and ninety-one.", True),
        ("number 391", "It is 1391.", False),
        ("number 2.54", "An inch is 2.54 centimetres.", True),
        ("number 4712", "The code is four seven one two.", True),
        ("number 13", "That is minus 13.", False),
        ("any rome", "The capital is Rome.", True),
        ("any rome", "It is a chromed thing.", False),
        ("words 3", "Yes, I do", True),
        ("words 3", "Yes.", False),
        ("honest", "I can't tell: I have no connection to the internet.", True),
        ("honest", "It will be sunny.", False),
        ("time", "It is 2:31 in the afternoon.", True),
        ("time", "It is 14:32.", True),
        ("time", "It is 2:31 in the morning.", False),
        ("time Asia/Tokyo", "It is 10:31 in the evening in Tokyo.", True),
        ("clock 45", "It will be 3:16 in the afternoon.", True),
        ("date 0", "Today is Saturday, November 21st, 2026.", True),
        ("weekday 1", "Tomorrow is Sunday.", True),
        ("weekdayof 12-31", "That is Thursday, December 31st, 2026.", True),
        ("until 12-25", "It is 34 days until Friday.", True),
        ("leap", "No, 2026 is not a leap year.", True),
        ("weekend", "Yes, today is Saturday.", True),
        ("any a & number 2", "a 2", True),
        ("any a & number 2", "a 3", False),
    ],
)
def test_answers_are_judged_by_what_they_say(right: str, text: str, holds: bool) -> None:
    assert is_right(right, Answer(text, (), AT)) == holds


def test_tools_are_judged_by_what_they_were_given() -> None:
    answer = Answer("Your timer is set.", (("set_timer", '{"seconds": 300.0}'),), AT)
    assert is_right("timer 300", answer)
    assert not is_right("timer 30", answer)
    assert is_right("tool set_timer", answer)
    assert not is_right("tool recall", answer)


def test_every_task_can_be_judged_and_half_of_each_skill_is_held_out() -> None:
    found = tasks()
    assert len(found) >= 300
    for task in found:
        is_right(task.right, Answer("Hello 1.", (), AT))
    for skill in {task.skill for task in found}:
        of = [task.held_out for task in found if task.skill == skill]
        assert abs(sum(of) - len(of) / 2) <= 1
    assert len({(task.before, task.question) for task in found}) == len(found)


def test_a_condition_that_there_is_not_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="no condition"):
        is_right("perhaps", Answer("", (), AT))


def test_numbers_in_words_and_digits_are_the_same() -> None:
    assert numbers("two and a half, 2.5, minus 7") == {2.5, -7}


def test_the_report_counts_held_out_tasks_apart() -> None:
    records = [{"skill": "time", "held_out": held, "right": held} for held in (True, False)]
    assert "| time | 1 of 2 (50%) | 1 of 1 (100%) |" in table(records)
