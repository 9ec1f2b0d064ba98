"""Days, times and lengths of time in words, both ways."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from fractions import Fraction

from .numbers import ORDINALS, plain

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
]  # fmt: skip
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_SHORT = {"sec": "second", "min": "minute", "hr": "hour"}
_PIECE = re.compile(
    r"(?:(0\.(?:25|75) of an?|0\.5 an?|\d+(?:\.\d+)?(?:/\d+)?|an?|half an?|half|a half|0\.25 of an?|0\.75 of "
    r"an?|a couple(?: of)?|a few) ?)-?"
    r"(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)(?: and (0\.5|a half|0\.25|0\.75))?\b"
)
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)"
LENGTH = (
    r"(?:(?:(?:\d+(?:\.\d+)?(?:/\d+)?|an?|half an?|0\.5 an?|0\.25 of an?|0\.75 of an?|a couple(?: of)?) ?-?"
    rf"{_UNIT}(?: and (?:0\.5|a half|0\.25|0\.75))?)(?:(?:,| and|,? )? ?(?:\d+(?:\.\d+)?|an?) ?{_UNIT})*)"
)
"""What `seconds` reads."""
CLOCK = (
    r"(?:(?:\d{1,2}(?::\d{2}| \d{2}| o \d|)|(?:0\.25|a quarter|quarter|half|\d{1,2}(?: minutes)?) (?:past|to|after|"
    r"before|till) \d{1,2})(?: oclock)?(?: (?:am|pm|in the (?:morning|afternoon|evening)|at night|tonight|"
    r"this (?:morning|afternoon|evening)))?|noon|midday|midnight)"
)
"""What `moment` reads."""


def seconds(text: str) -> Fraction | None:
    """How long "1 hour and 20 minutes" is; None where `text` says something else."""
    total, at = Fraction(0), 0
    for found in _PIECE.finditer(text):
        if re.sub(r"\band\b|[, ]", "", text[at : found.start()]):
            return None
        number, unit, more = found.groups()
        unit = unit.rstrip("s")
        size = _SECONDS[_SHORT.get(unit, unit)]
        if number in ("a", "an"):
            count = Fraction(1)
        elif number.endswith((" of a", " of an")) and number[0] == "0":
            count = Fraction(number.split()[0])
        elif number.startswith(("half", "0.5 a", "a half")):
            count = Fraction(1, 2)
        elif number.startswith("a couple"):
            count = Fraction(2)
        elif number == "a few":
            count = Fraction(3)
        else:
            count = Fraction(number)
        if more:
            count += Fraction(1, 2) if more == "a half" else Fraction(more)
        total, at = total + count * size, found.end()
    return total if at and not re.sub(r"[, ]", "", text[at:]) else None


def length(seconds: float) -> str:
    """1 hour and 20 minutes; seconds only where they matter."""
    whole = max(1, round(seconds))
    parts: list[str] = []
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, whole = divmod(whole, size)
        if count and len(parts) < 2:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " and ".join(parts)


def clock(moment: datetime) -> str:
    """9:31 in the morning; 9 o'clock at night; noon."""
    hour, minute = moment.hour, moment.minute
    if minute == 0 and hour in (0, 12):
        return "noon" if hour else "midnight"
    part = (
        "at night"
        if hour >= 21 or hour < 4
        else "in the morning"
        if hour < 12
        else "in the afternoon"
        if hour < 18
        else "in the evening"
    )
    shown = hour % 12 or 12
    return f"{shown} o'clock {part}" if minute == 0 else f"{shown}:{minute:02d} {part}"


def ordinal(number: int) -> str:
    """21st"""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def day(value: date, year: bool = True) -> str:
    """Saturday, November 21st, 2026"""
    text = f"{DAYS[value.weekday()].title()}, {MONTHS[value.month - 1].title()} {ordinal(value.day)}"
    return f"{text}, {value.year}" if year else text


def moment(text: str, now: datetime) -> datetime | None:
    """When the clock next shows `text` ("7 30 am", "quarter past 5", "noon"); None where it is no time."""
    found = re.fullmatch(
        r"(?:(?P<before>0\.25|a quarter|quarter|half|\d{1,2}(?: minutes)?) (?P<side>past|to|after|before|till) )?"
        r"(?P<hour>\d{1,2})(?:(?::| | o )(?P<minute>\d{1,2}))?(?: oclock)?(?: (?P<part>am|pm|in the (?:morning|"
        r"afternoon|"
        r"evening)|at night|tonight|this (?:morning|afternoon|evening)))?",
        text,
    )
    if text in ("noon", "midday", "midnight"):
        hour, minute, part = (0 if text == "midnight" else 12), 0, "set"
    elif found:
        hour, minute, part = int(found["hour"]), int(found["minute"] or 0), found["part"] or ""
        if found["before"]:
            by = {"half": 30}.get(found["before"], 15 if "quarter" in found["before"] or "." in found["before"] else -1)
            by = int(found["before"].split()[0]) if by < 0 else by
            minute += by if found["side"] in ("past", "after") else -by
    else:
        return None
    if hour > 24 or not -60 < minute < 60:
        return None
    if part in ("pm", "in the afternoon", "in the evening", "tonight", "this afternoon", "this evening", "at night"):
        hour = hour + 12 if hour < 12 and not (part == "at night" and hour < 5) else hour
    elif part in ("am", "in the morning", "this morning"):
        hour %= 12
    base = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found_at = base + timedelta(hours=hour, minutes=minute)
    while found_at <= now:
        found_at += timedelta(hours=12 if not part and hour <= 12 else 24)
    return found_at


_MONTH = "|".join(MONTHS)
_DATE = re.compile(
    rf"(?:the )?(?:(?P<d1>\d+)(?:st|nd|rd|th)?|(?P<o1>(?:\d+ )?(?:{'|'.join(ORDINALS)})))(?: day)?(?: of)? "
    rf"(?P<m1>{_MONTH})"
    rf"(?: (?P<y1>\d{{4}}|\d{{2}} \d{{2}}))?|(?P<m2>{_MONTH}) (?:the )?(?:(?P<d2>\d+)(?:st|nd|rd|th)?|"
    rf"(?P<o2>(?:\d+ )?(?:{'|'.join(ORDINALS)})))(?: (?P<y2>\d{{4}}|\d{{2}} \d{{2}}))?"
)
_FEASTS = {
    "christmas": (12, 25), "christmas day": (12, 25), "christmas eve": (12, 24), "new year": (1, 1),
    "new years": (1, 1), "new year's": (1, 1), "new year's day": (1, 1), "new years day": (1, 1),
    "the new year": (1, 1), "new year's eve": (12, 31), "new years eve": (12, 31), "halloween": (10, 31),
    "valentine's day": (2, 14), "valentines day": (2, 14), "st patrick's day": (3, 17), "the end of the year": (12, 31),
    "independence day": (7, 4), "the 4th of july": (7, 4), "april fools day": (4, 1), "april fool's day": (4, 1),
}  # fmt: skip


def calendar_day(text: str, today: date, ahead: bool = True) -> date | None:
    """The day that `text` names ("next friday", "july 4th", "christmas"); `ahead`: the next one, if no year is said."""
    text = text.removeprefix("on ").removeprefix("this coming ")
    near = {"today": 0, "tomorrow": 1, "yesterday": -1, "the day after tomorrow": 2, "the day before yesterday": -2}
    if text in near:
        return today + timedelta(days=near[text])
    if text in _FEASTS:
        month, number = _FEASTS[text]
        value = date(today.year, month, number)
        return value.replace(year=today.year + 1) if ahead and value < today else value
    if (found := re.fullmatch(rf"(next |last |this )?({'|'.join(DAYS)})", text)) is not None:
        off = (DAYS.index(found.group(2)) - today.weekday()) % 7
        if found.group(1) == "last ":
            return today + timedelta(days=off - 7 if off else -7)
        return today + timedelta(days=off or 7)
    dated = _DATE.fullmatch(text)
    if not dated:
        return None
    month = MONTHS.index(dated["m1"] or dated["m2"]) + 1
    spelt = dated["o1"] or dated["o2"]
    if spelt:
        tens, _, one = spelt.rpartition(" ")
        number = int(tens or 0) + ORDINALS[one]
    else:
        number = int(dated["d1"] or dated["d2"])
    year_said = (dated["y1"] or dated["y2"] or "").replace(" ", "")
    try:
        value = date(int(year_said) if year_said else today.year, month, number)
        return value.replace(year=today.year + 1) if ahead and not year_said and value < today else value
    except ValueError:
        return None


def count(number: int, noun: str) -> str:
    """1 day, 2 days"""
    return f"{plain(Fraction(number))} {noun}{'' if abs(number) == 1 else 's'}"
