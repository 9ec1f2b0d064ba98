"""Spoken tasks and what is a right answer to them.

A task is a line of `questions.txt`: skill | turns before it, parted by // | question | what is right. What is right is
one or more of these, joined by &: all must hold.

    any A|B        the answer has one of these words (regular expressions, from a word's beginning)
    number N M     the answer has one of these numbers, in digits or words
    words N        the answer has at least N words
    honest         the answer admits that this cannot be done, seen or known
    tool NAME      that tool was used
    timer N        a timer of N seconds was set
    time ZONE      the answer is the present time, there or here, to two minutes
    clock N        the time N minutes from now, to two minutes
    date N, weekday N           the date, or day of the week, N days from now
    weekdayof M-D, until M-D    the day of the week of that day, or the days until then
    year, month, leap, weekend  of today
"""

from __future__ import annotations

import calendar
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.tools.numbers import digits

FILE = Path(__file__).parent / "questions.txt"
_HONEST = re.compile(
    r"\b(?:can't|cannot|can not|not able|unable|don't know|do not know|no (?:connection|internet|access|eyes|calendar|"
    r"maps|way)|don't have|do not have|not have|neither can|haven't told|have not told|nobody can know|not see|no idea|"
    r"not sure)\b",
    re.IGNORECASE,
)
_DAYS = list(calendar.day_name)
_MONTHS = list(calendar.month_name)
_CLOCK = re.compile(r"\b(\d{1,2})(?::(\d\d)| o'clock)|\b(noon|midnight)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Task:
    """One question. `held_out`: it was not looked at while the assistant was made."""

    number: int
    skill: str
    before: tuple[str, ...]
    question: str
    right: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the text, and the tools that were used as (name, JSON arguments)."""

    text: str
    tools: tuple[tuple[str, str], ...]
    at: datetime
    """When it was asked, with its zone."""


def tasks(file: Path = FILE) -> list[Task]:
    """All tasks, in their order."""
    found = []
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    for number, line in enumerate(lines, 1):
        skill, before, question, right = (part.strip() for part in line.split("|", 3))
        turns = tuple(turn.strip() for turn in before.split("//") if turn.strip())
        found.append(Task(number, skill, turns, question, right, number % 2 == 0))
    return found


def is_right(right: str, answer: Answer) -> bool:
    """Whether all that is asked of the answer holds. Raises `ValueError` for a condition that there is not."""
    return all(_holds(condition.strip(), answer) for condition in right.split("&"))


def _holds(condition: str, answer: Answer) -> bool:
    kind, _, rest = condition.partition(" ")
    text, at = answer.text, answer.at
    match kind:
        case "any":
            return re.search(rf"\b(?:{rest})", text, re.IGNORECASE) is not None
        case "number":
            return bool({Fraction(number) for number in rest.split()} & numbers(text))
        case "words":
            return len(text.split()) >= int(rest)
        case "honest":
            return _HONEST.search(text.replace("’", "'")) is not None
        case "tool":
            return any(name == rest for name, _ in answer.tools)
        case "timer":
            lengths = [json.loads(arguments).get("seconds") for name, arguments in answer.tools if name == "set_timer"]
            return any(length == float(rest) for length in lengths)
        case "time":
            return _shows(text, at.astimezone(ZoneInfo(rest)) if rest else at)
        case "clock":
            return _shows(text, at + timedelta(minutes=int(rest)))
        case "date":
            day = at + timedelta(days=int(rest))
            return _MONTHS[day.month] in text and day.day in numbers(text)
        case "weekday":
            return _DAYS[(at + timedelta(days=int(rest))).weekday()] in text
        case "weekdayof":
            return _DAYS[_next(rest, at).weekday()] in text
        case "until":
            return (_next(rest, at).date() - at.date()).days in numbers(text)
        case "year":
            return at.year in numbers(text)
        case "month":
            return _MONTHS[at.month] in text
        case "leap":
            return bool(re.search(r"\byes\b", text, re.IGNORECASE)) == calendar.isleap(at.year)
        case "weekend":
            return bool(re.search(r"\byes\b", text, re.IGNORECASE)) == (at.weekday() > 4)
    raise ValueError(f"there is no condition {kind!r}")


def numbers(text: str) -> set[Fraction]:
    """All numbers in `text`, in digits or words."""
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text.lower().replace(",", ""))
    plain = digits(re.sub(r"(?<!\d)[.!?;:]|[.!?;:](?!\d)", " ", plain))
    minus = re.sub(r"\b(?:minus|negative) (?=\d)", "-", plain)
    spelt = re.sub(r"(?<![\d.])\d(?: \d)+(?![\d.])", lambda read: read.group().replace(" ", ""), minus)  # "4 7 1 2"
    return {Fraction(found) for part in (minus, spelt) for found in re.findall(r"(?<![\d.])-?\d+(?:\.\d+)?", part)}


def _next(month_day: str, at: datetime) -> datetime:
    month, day = (int(part) for part in month_day.split("-"))
    found = at.replace(month=month, day=day)
    return found if found.date() >= at.date() else found.replace(year=at.year + 1)


def _shows(text: str, at: datetime) -> bool:
    """Whether a time of day in `text` is `at`, to two minutes; morning and evening must be told apart rightly."""
    for found in _CLOCK.finditer(text):
        if found.group(3):
            hour, minute = (12 if found.group(3).lower() == "noon" else 0), 0
        else:
            hour, minute = int(found.group(1)), int(found.group(2) or 0)
        late = re.search(r"\b(?:pm|p\.m|afternoon|evening)\b", text, re.IGNORECASE)
        if late or ("at night" in text and 5 <= hour < 12):
            hour = hour % 12 + 12
        elif re.search(r"\b(?:am|a\.m|morning|at night)\b", text, re.IGNORECASE):
            hour %= 12
        gap = abs((hour * 60 + minute) - (at.hour * 60 + at.minute))
        if min(gap, 24 * 60 - gap) <= 2:
            return True
    return False
