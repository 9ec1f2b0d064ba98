"""What time and what day it is, here and elsewhere. Zones come from the zone database, nothing from a network."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from .places import zone
from .said import Said
from .tool import Arguments, Outcome, Scene, Tool, ToolError, sentence
from .when import CLOCK, DAYS, LENGTH, MONTHS, calendar_day, clock, count, day, length, moment, seconds

_PLACE = (
    r"(?: (?:is it )?(?:over |back |right now |now |currently )?(?:in|at|for|over in|out in) (?P<place>[a-zé' ]+?))?"
)
_NOW = r"(?: now| right now| currently| at the moment| here| over there| there| today| where you are| please| is it)*"
_TIME = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:what|which) (?:time|hour) (?:is it|it is|do you have|do you make it|have you got|is "
        rf"this){_NOW}{_PLACE}{_NOW}",
        rf"(?:what is |what |is it |give me |show me |read me |check |say |tell me )?(?:the |a )?(?:current |"
        rf"exact |local |"
        rf"present |correct )*(?:time|hour)(?: of day)?(?: it is| is it)?{_NOW}{_PLACE}{_NOW}",
        rf"(?:do you )?(?:have|got|know|read|give me) (?:got )?(?:the|what) (?:current |exact )?(?:time|"
        rf"hour)(?: it is| is it)?"
        rf"{_NOW}{_PLACE}{_NOW}",
        rf"how late is it{_NOW}{_PLACE}{_NOW}",
        rf"(?:what does|what is on) (?:the|your|my) (?:clock|watch)(?: say| show| read)?{_NOW}",
        rf"(?:in )?(?P<place>[a-zé' ]+?) what time is it{_NOW}",
        r"what is (?P<place>[a-zé' ]+?)(?:'s)? (?:local |current )?time",
    )
)
_DAY = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:what|which) (?:day|date|day of the week|weekday|day of week|calendar day)(?: and date)?(?: is| "
        rf"was| will| are| do)?"
        rf"(?: it| we| be| have| today)*{_NOW}(?: be)?(?: (?P<when>.+?))?(?: be| fall on| is it| land on)?",
        rf"what is (?:the |)(?:current |exact |full |)(?:date|day|day of the week|weekday)(?: it is)?{_NOW}(?: "
        rf"(?P<when>.+?))?",
        r"(?:what is |give me |say |tell me )?(?P<when>today|tomorrow|yesterday)(?:'?s| is) (?:date|day|weekday|"
        r"day of the week)",
        r"(?:what is |give me |say |tell me )?(?:the |today's )?(?:current |exact )?date(?: today| of today| please)?",
        r"what is the date (?P<when>.+)",
        r"what (?:is|was) (?P<when>today|tomorrow|yesterday)'s (?:date|day|weekday)",
        r"what is (?P<when>today|tomorrow)",
        r"(?:on )?(?:what|which) (?:day|day of the week|weekday|date) (?:is|was|will|does|did|do|are)(?: it be| "
        r"it| we)? "
        r"?(?P<when>.+?)"
        r"(?: be| fall on| fall| on| land on| this year| be on)?",
        r"(?:the )?(?:day|date) of (?P<when>today|tomorrow|yesterday)",
        r"(?P<when>.+?) is (?:on )?(?:what|which) (?:day|weekday|day of the week)",
        r"when is (?P<when>.+?)(?: this year)?",
    )
)
_UNTIL = re.compile(
    r"(?:how many (?P<unit>days|weeks|months|hours|sleeps|minutes)(?: are| is)?(?: there| left| remain(?:ing)?| "
    r"do we have"
    r"| to go| have we got)*|how (?:long|much (?:longer|time))(?: is it| is left| until it is| is there| to go| "
    r"do we have)*"
    r"|how far away is|how soon is) ?(?:until|till|to|before|from (?:now|today) (?:until|to)|up to|til)? "
    rf"(?:it is |the )?(?P<when>{CLOCK}|.+?)(?: from (?:now|today))?(?: this year)?"
)
_IN = re.compile(
    rf"(?:what|which) (?P<what>time|day|date)(?: of the week)?(?: will| is| was| would)? ?(?:it )?(?:be )?(?:in )?"
    rf"(?P<length>{LENGTH}|\d+ (?:months?|years?)) ?(?P<ago>ago|from (?:now|today))?(?: be| from (?:now|today))?"
)
_SIMPLE: tuple[tuple[str, Callable[[datetime], str]], ...] = (
    (r"(?:what|which) year (?:is it|are we in|is this|do we have|is it now)(?: now| currently| right now)?|what "
     r"is the (?:current )?year",
     lambda now: f"It is {now.year}."),
    (r"(?:what|which) month (?:is it|are we in|is this|do we have)(?: now| currently| right now)?|what is the "
     r"(?:current )?month",
     lambda now: f"It is {MONTHS[now.month - 1].title()}."),
    (r"(?:what|which) (?:week|week number|calendar week)(?: of the year)? (?:is it|are we in|is this)|what is "
     r"the week number",
     lambda now: f"It is week {now.isocalendar().week}."),
    (r"(?:is it|are we|is this|is today)(?: in| on| at| really)? ?(?:a |the )?(?:weekend|week end)(?: yet| "
     r"today| now)?|is today (?:a |the )?weekend",
     lambda now: f"{'Yes' if now.weekday() > 4 else 'No'}, today is {DAYS[now.weekday()].title()}."),
    (r"is (?:it|this(?: year)?|\d+) a leap year|is this year a leap year",
     lambda now: f"{'Yes' if calendar.isleap(now.year) else 'No'}, {now.year} is "
                 f"{'' if calendar.isleap(now.year) else 'not '}a leap year."),
    (r"is it (?:still |already )?(?:morning|afternoon|evening|night|am|pm|day|daytime)(?: or (?:the "
     r")?(?:morning|afternoon|evening|night|am|pm))?"
     r"(?: yet| already| now)?", lambda now: f"It is {clock(now)}."),
)  # fmt: skip
_IS_DAY = re.compile(rf"is (?:it|today|tomorrow) (?:a |really |still |already )?(?P<day>{'|'.join(DAYS)})(?: today)?")
_NEXT = re.compile(
    rf"what (?:day|month) (?:comes|is|follows|goes) (?:right )?(after|before) ({'|'.join(DAYS + MONTHS)})"
)
_IN_MONTH = re.compile(
    rf"how many days (?:are |does )?(?:there )?(?:in |are in |has |have )?(?P<month>{'|'.join(MONTHS)}|this "
    rf"month)(?: have)?"
)
_BETWEEN = re.compile(
    r"what is the (?:time )?difference (?:in time )?between (?P<a>[a-zé' ]+?) and (?P<b>[a-zé' ]+)|"
    r"how many hours (?:apart are|(?:are|is) (?:there )?between) (?P<c>[a-zé' ]+?) and (?P<d>[a-zé' ]+)|"
    r"how (?:far|many hours) (?:ahead|behind) (?:of \w+ )?is (?P<e>[a-zé' ]+?)(?: of (?P<f>[a-zé' ]+))?"
)


def answer(words: str, now: datetime) -> str | None:
    """The answer to a question about time; None where the words ask something else."""
    for simple, say in _SIMPLE:
        if re.fullmatch(simple, words):
            return say(now)
    if found := _IS_DAY.fullmatch(words):
        asked = now + timedelta(days="tomorrow" in words)
        right = DAYS[asked.weekday()] == found["day"]
        when = "tomorrow" if "tomorrow" in words else "today"
        return f"{'Yes' if right else 'No'}, {when} is {DAYS[asked.weekday()].title()}."
    if beside := _NEXT.fullmatch(words):
        names = DAYS if beside.group(2) in DAYS else MONTHS
        step = 1 if beside.group(1) == "after" else -1
        return f"{names[(names.index(beside.group(2)) + step) % len(names)].title()}."
    for pattern in _TIME:
        if timed := pattern.fullmatch(words):
            found_place = _time_at((timed.groupdict().get("place") or "").strip(), now)
            if found_place:
                return found_place
    for ask in (_in, _until, _in_month, _between, _on_day, _somewhere, _dated):
        if (said := ask(words, now)) is not None:
            return said
    return None


def _time_at(place: str, now: datetime) -> str | None:
    if place in ("", "here", "my place", "this place", "home"):
        return f"It is {clock(now)}."
    there = zone(place)
    if there is None:
        return None
    return f"It is {clock(now.astimezone(there))} in {_title(place)}."


_ASKS_TIME = re.compile(
    r"\b(?:what|which|current|local|tell me|check|know|give me) (?:the )?(?:exact |current |local |right "
    r")*(?:time|hour)\b|"
    r"\bhow late\b|\btime check\b|\b(?:the|what) time (?:is it|it is|they have|do (?:they|we|you) have)\b"
)
_NOT_NOW = re.compile(
    r"\b(?:difference|zone|timer|alarm|signature|what time (?:do|does|did|will|should|can|would|was|am|are) "
    r"(?!they|we|you have|"
    r"people)|last time|first time|time to|time of (?:year|birth)|how (?:much|long|many)|in time|remind|"
    r"remember|every time)\b"
)
_HERE = re.compile(r"\b(?:there|they|them|him|her|over there|his|their)\b")


def _somewhere(words: str, now: datetime) -> str | None:
    """What time it is, asked around a corner: "my sister lives in Sydney, what time is it there"."""
    if not _ASKS_TIME.search(words) or _NOT_NOW.search(words) or len(words.split()) > 20:
        return None
    heard = words.split()
    for at, word in enumerate(heard):
        if word in ("in", "at", "for", "from", "to", "over"):
            for size in (3, 2, 1):
                if (said := _time_at(" ".join(heard[at + 1 : at + 1 + size]), now)) and at + 1 < len(heard):
                    return said
    return None if _HERE.search(words) else _time_at("", now)


def _dated(words: str, now: datetime) -> str | None:
    """The date of today or of a day that is so far away, in whatever words."""
    if (
        not re.search(r"\b(?:date|day)\b", words)
        or len(words.split()) > 14
        or re.search(r"\bhow (?:many|long)\b", words)
    ):
        return None
    if not re.match(r"(?:what|which|tell|give|say|the|today's|on what|on which|read|can|could|let|date)\b", words):
        return None
    if found := re.search(rf"\b(?:in|after) ({LENGTH})\b|\b({LENGTH}) from (?:now|today)\b", words):
        return _in(f"what date will it be in {found.group(1) or found.group(2)}", now)
    if re.search(r"\btoday\b|\btoday's\b", words) and "date" in words:
        return f"Today is {day(now.date())}."
    return None


def _title(place: str) -> str:
    small = ("the", "of", "de")
    names = [word if word in small else word.upper() if word in _LETTERS else word.title() for word in place.split()]
    return " ".join(names)


_LETTERS = ("uk", "nyc", "la", "uae", "dc", "utc", "gmt")


def _in(words: str, now: datetime) -> str | None:
    found = _IN.fullmatch(words)
    if not found:
        return None
    sign = -1 if found["ago"] == "ago" else 1
    months = re.fullmatch(r"(\d+) (month|year)s?", found["length"])
    if months:
        total = now.year * 12 + now.month - 1 + sign * int(months.group(1)) * (12 if months.group(2) == "year" else 1)
        if not 12 <= total < 9999 * 12:
            return None
        year, month = divmod(total, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return f"{'That was' if sign < 0 else 'That will be'} {day(date(year, month + 1, min(now.day, last)))}."
    span = seconds(found["length"])
    if span is None or span > 3 * 10**9:
        return None
    then = now + sign * timedelta(seconds=float(span))
    verb = "It was" if sign < 0 else "It will be"
    if found["what"] == "time":
        return f"{verb} {clock(then)}."
    return f"{verb} {day(then.date())}."


def _until(words: str, now: datetime) -> str | None:
    found = _UNTIL.fullmatch(words)
    if not found:
        return None
    when, unit, today = found["when"], found["unit"], now.date()
    there = calendar_day(when, today)
    if there is None:
        if (when in ("weekend", "the weekend")) and now.weekday() < 5:
            there = today + timedelta(days=5 - now.weekday())
        elif re.fullmatch(CLOCK, when) and unit in (None, "hours", "minutes") and (then := moment(when, now)):
            return f"It is {length((then - now).total_seconds())} until {clock(then)}."
        else:
            return None
    days = (there - today).days
    if unit == "weeks" and days >= 7:
        weeks, rest = divmod(days, 7)
        odd = f" and {count(rest, 'day')}" if rest else ""
        return f"It is {count(weeks, 'week')}{odd} until {day(there, False)}."
    if unit in ("hours", "minutes", "months"):
        return None
    if days == 0:
        return "That is today."
    return f"It is {count(days, 'day')} until {day(there, False)}."


def _in_month(words: str, now: datetime) -> str | None:
    found = _IN_MONTH.fullmatch(words)
    if not found:
        return None
    month = now.month if found["month"] == "this month" else MONTHS.index(found["month"]) + 1
    days = calendar.monthrange(now.year, month)[1]
    if month == 2 and found["month"] == "february":
        return f"February has 28 days, and 29 in a leap year; this year it has {days}."
    return f"{MONTHS[month - 1].title()} has {days} days."


def _between(words: str, now: datetime) -> str | None:
    found = _BETWEEN.fullmatch(words)
    if not found:
        return None
    first, second = found["a"] or found["c"] or found["e"], found["b"] or found["d"] or found["f"]
    here, there = zone(first), zone(second) if second else now.tzinfo
    if here is None or there is None:
        return None
    hours = (now.astimezone(here).utcoffset() or timedelta()) - (now.astimezone(there).utcoffset() or timedelta())
    gap = hours.total_seconds() / 3600
    name = _title(second) if second else "here"
    if gap == 0:
        return f"{_title(first)} and {name} have the same time."
    size = f"{abs(gap):g} hour{'' if abs(gap) == 1 else 's'}"
    return f"{_title(first)} is {size} {'ahead of' if gap > 0 else 'behind'} {name}."


def _on_day(words: str, now: datetime) -> str | None:
    for pattern in _DAY:
        found = pattern.fullmatch(words)
        if not found:
            continue
        when = (found.groupdict().get("when") or "today").strip()
        when = re.sub(
            r"^(?:it |be |is |on |will |was |does |fall |the date )+|\s(?:is it|be|fall|on|fall on)$", "", when
        )
        when = "today" if when in ("", "it", "it today", "today's", "is it", "we have today", "it now") else when
        ahead = not re.search(r"\b(?:was|did)\b", words)
        there = calendar_day(when, now.date(), ahead)
        if there is None:
            continue
        if there == now.date():
            return f"Today is {day(there)}."
        near = {1: "Tomorrow is", -1: "Yesterday was"}.get((there - now.date()).days)
        if near:
            return f"{near} {day(there)}."
        return f"That {'is' if there > now.date() else 'was'} {day(there)}."
    return None


def _run(arguments: Arguments, scene: Scene) -> Outcome:
    found = answer(str(arguments.get("question", "what time is it")), scene.now)
    if found is None:
        raise ToolError("I do not know about that time or place.")
    return Outcome(sentence(found))


def _hear(said: Said, scene: Scene) -> Arguments | None:
    return None if answer(said.core, scene.now) is None else {"question": said.core}


TIME = Tool(
    "tell_time",
    "Tells time and date, here or in a city, the day of a date, and how long it is until then.",
    _run,
    _hear,
    {"question": {"type": "string", "description": "such as: what time is it in tokyo"}},
    ("question",),
)
