"""Timers, reminders and alarms: they run on the call's media clock and speak when they are due."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from streaming.time import TICKS_PER_SECOND, Time

from .person import turned
from .said import Said
from .tool import Arguments, Outcome, Scene, Tool, ToolError, listed, sentence
from .when import CLOCK, LENGTH, clock, length, moment, seconds

LONGEST_S = 24 * 3600.0
MOST = 32


@dataclass(slots=True)
class CallTimers:
    """The timers of one call. Implements `agent.tools.tool.Timers`."""

    now: Callable[[], Time]
    _running: list[tuple[Time, str, str]] = field(default_factory=list)

    def pending(self) -> list[tuple[str, float]]:
        return [(label, (due - self.now()) / TICKS_PER_SECOND) for due, label, _ in self._running]

    def start(self, label: str, seconds: float, says: str) -> None:
        self._running.append((self.now() + round(seconds * TICKS_PER_SECOND), label, says))
        self._running.sort()

    def cancel(self, label: str | None) -> None:
        self._running = [timer for timer in self._running if label is not None and timer[1] != label]

    def due(self) -> list[str]:
        """What is to be said now; it is said once."""
        at = self.now()
        ringing = [says for due, _, says in self._running if due <= at]
        if ringing:
            self._running = [timer for timer in self._running if timer[0] > at]
        return ringing


_SET = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:set|start|begin|create|make|run|give me|put|put on|have|do|set up|set me|start me|get)(?: me)?(?: "
        rf"up)? (?:a|an|the|my|another|one|new)*"
        rf" ?(?:new |second |quick )?(?:(?P<label>[a-z' ]+?) )?(?:timer|countdown|count down|alarm|reminder|clock)"
        rf"(?: (?:called|named|labell?ed) (?P<label2>[a-z' ]+?))?(?: going)?"
        rf" (?:for|of|to|at|in|on|that (?:rings|goes off) in|to go off in|with) (?:the next "
        rf")?(?P<length>{LENGTH})(?: from now)?"
        rf"(?: (?:for|called|named|labell?ed) (?:the |my |a )?(?P<label3>[a-z' ]+?)| (?:to|so i) (?P<task>.+))?",
        rf"(?:set|start|begin|create|make|run|give me|put|put on|have|do|get|set up)(?: me)? (?:a|an|the|my|"
        rf"another|one)* ?"
        rf"(?P<length>{LENGTH}) ?(?:long )?(?:(?P<label>[a-z']+) )?(?:timer|countdown|alarm)"
        rf"(?: (?:for|called|named|labell?ed) (?:the |my |a )?(?P<label3>[a-z' ]+?)| to (?P<task>.+))?",
        rf"(?:a |an )?(?:(?P<label>[a-z']+) )?(?:timer|countdown|count down|alarm)(?: please)?,? (?:for |of |in "
        rf")?(?P<length>{LENGTH})"
        rf"(?: for (?:the |my )?(?P<label3>[a-z' ]+))?",
        rf"(?:a )?(?P<length>{LENGTH}) (?:(?P<label>[a-z']+) )?(?:timer|countdown)(?: for (?:the |my "
        rf")?(?P<label3>[a-z' ]+))?",
        rf"(?:time|count down|countdown|measure|clock)(?: me| for me)?(?: for| from)? (?P<length>{LENGTH})(?: "
        rf"for (?:the |my )?(?P<label3>[a-z' ]+))?",
        rf"(?:let me know|tell me|alert me|notify me|ping me|beep|ring|ring me|buzz me|wake me(?: up)?|warn me|"
        rf"call me|give me a (?:shout|"
        rf"signal|sign|nudge|call)|remind me|shout|say something|speak up)(?: when| after| in| once| as soon as)*"
        rf" (?P<length>{LENGTH})(?: (?:is|are|have|has) (?:up|over|passed|gone by|gone|elapsed)| from now| "
        rf"later| have passed)?"
        rf"(?: (?:to|that (?:i|we) (?:have|need|should|must) to|that i need to|about|of|because of|for) "
        rf"(?P<task>.+)| that (?P<fact>.+))?",
        rf"remind me (?:to|that (?:i|we) (?:have|need) to|about) (?P<task>.+?) (?:in|after) "
        rf"(?P<length>{LENGTH})(?: from now| time)?",
        rf"in (?P<length>{LENGTH})(?: from now)? (?:remind me|tell me|let me know|wake me(?: up)?|alert me)"
        rf"(?: (?:to|about|that i (?:have|need) to) (?P<task>.+))?",
    )
)
_AT = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:set|start|create|make|give me|put)(?: me)?(?: up)? (?:a|an|the|my)? ?(?:(?P<label>[a-z' ]+?) "
        rf")?(?:alarm|timer|reminder)"
        rf" (?:for|at|to|to go off at|on) (?P<clock>{CLOCK})(?: (?:to|for) (?P<task>.+))?",
        rf"(?:wake me(?: up)?|remind me|alert me|call me|ring me) (?:at|by) (?P<clock>{CLOCK})(?: (?:to|about|"
        rf"that i (?:have|need) to) (?P<task>.+))?",
        rf"remind me (?:to|about) (?P<task>.+?) at (?P<clock>{CLOCK})",
        rf"at (?P<clock>{CLOCK}) (?:remind me|wake me(?: up)?)(?: to (?P<task>.+))?",
    )
)
_CANCEL = re.compile(
    r"(?:cancel|stop|delete|remove|clear|end|turn off|switch off|kill|abort|forget(?: about)?|drop|shut off|get "
    r"rid of|dismiss|"
    r"disable|i do not need) (?:(?P<all>all|both|every|all of)(?: of)? ?)?(?:the |my |that |this |any |our |those )?"
    r"(?:(?P<label>[a-z' ]+?) )?(?P<what>timers?|alarms?|countdowns?|reminders?)(?: for (?:the |my "
    r")?(?P<label2>[a-z' ]+))?"
    r"(?: any ?more)?"
)
_LEFT = re.compile(
    r"(?:how (?:much|long|many (?:minutes|seconds))(?: more| longer)?(?: time)?(?: is| does| do| are| have i| "
    r"will)?(?: it)?(?: there)?"
    r"(?: still)?(?: left| remaining| remains?| to go| until| till| before| have| is left| got left)*(?: on| in|"
    r" for| of| with)?|"
    r"what is (?:left|remaining)(?: on| of| in)|when (?:will|does|is|do)|what is|how is|how are|check(?: on)?|"
    r"(?:what is )?the (?:status|state) of|what is the (?:status|state) of|where is|how far along is|what time "
    r"is left on)"
    r" (?:the |my |that |our )?(?:(?P<label>[a-z']+) )?(?:timers?|alarm|countdown|reminder)"
    r"(?: (?:have left|has left|left|go off|going off|be (?:over|done|up)|end|ring|over|due|at|remaining|still "
    r"have|have|doing|run|say|"
    r"finish(?:ed)?|done|up|running|still (?:run|running|got)))*|how much time (?:is|do i have|have i got)(?: "
    r"still)? (?:left|remaining)|"
    r"how (?:much|many) (?:more )?(?:time|minutes|seconds) (?:are |is |do i have )?(?:left|remaining|to go)|how "
    r"much longer(?: is it)?"
)
_WHICH = re.compile(
    r"(?:(?:what|which|how many) (?:timers?|alarms?|reminders?)(?: do i have| are| have i| is| did i| are there)*"
    r"(?: set| running| going| active| on| left| still)*|(?:list|show(?: me)?|read|tell me|name) (?:all )?(?:my|"
    r"the|all) "
    r"(?:active |running )?(?:timers|alarms|reminders)|(?:are|is) (?:there )?(?:any|my|the|a) (?:timers?|"
    r"alarms?|reminders?)(?: still)?"
    r"(?: set| running| on| going| active)*|do i have (?:any|a) (?:timers?|alarms?|reminders?)(?: set| running| "
    r"on| going)*)"
)
_NO_LABEL = {"", "a", "an", "the", "my", "new", "kitchen", "last", "current", "running", "one", "single", "me"}


def _label(found: re.Match[str]) -> str:
    given = found.groupdict()
    label = (given.get("label") or given.get("label2") or given.get("label3") or "").strip()
    label = re.sub(r"^(?:the|my|a|an|new|another)\s+", "", label)
    return "" if label in _NO_LABEL else label


def _hear_set(said: Said, scene: Scene) -> Arguments | None:
    for core in dict.fromkeys((said.core, said.words)):
        for pattern in _SET:
            if found := pattern.fullmatch(core):
                span = seconds(found["length"])
                if span is None:
                    continue
                given = found.groupdict()
                task = given.get("task") or given.get("fact") or ""
                return {"seconds": float(span), "label": _label(found)} | ({"task": task} if task else {})
        for pattern in _AT:
            if (found := pattern.fullmatch(core)) and (then := moment(found["clock"], scene.now)):
                task = found.groupdict().get("task") or ""
                left = (then - scene.now).total_seconds()
                arguments: Arguments = {"seconds": left, "label": "", "clock": clock(then)}
                return arguments | ({"task": task} if task else {})
    return _loosely(said.words)


_TRIGGER = re.compile(
    r"\b(?:timer|count ?down|on the clock|remind me|wake me|let me know|tell me|notify me|alert me|give me a "
    r"(?:shout|call|signal|sign|"
    r"nudge|ping)|(?:can|could|will|would) you time|time (?:that|this|it|them|me)|be told|warn me|ring me|call "
    r"me|buzz me)\b"
)
_NO_ORDER = re.compile(
    r"^(?:how|what|when|why|who|where|is|are|does|do|did|if)\b|\b(?:cancel|stop|delete|left|"
    r"remaining|ago)\b"
)


def _loosely(words: str) -> Arguments | None:
    """A timer in other words: something that calls for one, one length of time, and no question."""
    if not _TRIGGER.search(words) or _NO_ORDER.search(words) or len(words.split()) > 22:
        return None
    if re.search(r"\b(?:quarters?|thirds?|half) of an? \w", words):
        return None  # part of a length that was not understood: "the quarter of an hour" is no hour
    lengths = [found.group() for found in re.finditer(rf"\b{LENGTH}", words)]
    span = seconds(lengths[0]) if len(lengths) == 1 else None
    if span is None:
        return None
    named = re.search(r"\b(?:called|named|labell?ed) (?:the )?([a-z]+(?: [a-z]+)?)(?= for| to|$)", words)
    kind = re.search(r"\b(?:an?|the|my) ([a-z]+) timer\b", words)
    label = named.group(1) if named else kind.group(1) if kind else ""
    task = re.search(
        r"\bremind me (?:that i (?:have|need) to|to|about) (.+?)(?= (?:in|after) \d| (?:in|after) "
        r"an?\b|$)",
        words,
    )
    arguments: Arguments = {"seconds": float(span), "label": "" if label in _NO_LABEL else label}
    return arguments | ({"task": task.group(1)} if task else {})


def _set(arguments: Arguments, scene: Scene) -> Outcome:
    try:
        span = float(arguments["seconds"])
    except (KeyError, TypeError, ValueError) as problem:
        raise ToolError("I did not understand how long the timer should run.") from problem
    label, task = str(arguments.get("label") or ""), str(arguments.get("task") or "").strip()
    at = str(arguments.get("clock") or "")
    if not 0 < span <= LONGEST_S:
        raise ToolError("I can only set timers of up to one day.")
    if len(scene.timers.pending()) >= MOST:
        raise ToolError("There are too many timers already; cancel one first.")
    if task:
        rings = f"This is your reminder: {turned(task)}."
        says = f"I will remind you {f'at {at}' if at else f'in {length(span)}'}: {turned(task)}."
    elif at:
        rings, says = f"It is {at}.", f"Your alarm is set for {at}."
    else:
        name = f"{label} timer" if label else "timer"
        rings = f"Your {name} for {length(span)} is over."
        says = f"Your {name} is set for {length(span)}."
    return Outcome(sentence(says), lambda: scene.timers.start(label or task, span, sentence(rings)))


def _hear_cancel(said: Said, scene: Scene) -> Arguments | None:
    found = _CANCEL.fullmatch(said.core)
    if not found:
        return None
    every = bool(found["all"]) or found["what"].endswith("s")
    return {"label": "" if every else _label(found), "all": every}


def _cancel(arguments: Arguments, scene: Scene) -> Outcome:
    pending = scene.timers.pending()
    label = str(arguments.get("label") or "")
    if not pending:
        return Outcome("There is no timer running.")
    if label and not any(name == label for name, _ in pending):
        raise ToolError(f"There is no {label} timer.")
    if label:
        return Outcome(f"The {label} timer is cancelled.", lambda: scene.timers.cancel(label))
    if len(pending) > 1 and not arguments.get("all"):
        names = listed([f"the {name or length(left)} one" for name, left in pending])
        raise ToolError(f"Which one? There are {len(pending)} timers: {names}.")
    says = {1: "Your timer is cancelled.", 2: "Both timers are cancelled."}.get(
        len(pending), f"All {len(pending)} timers are cancelled."
    )
    return Outcome(says, lambda: scene.timers.cancel(None))


def _hear_left(said: Said, scene: Scene) -> Arguments | None:
    found = _LEFT.fullmatch(said.core)
    if found:
        mentions = re.search(r"timer|alarm|countdown|reminder", said.core)
        return {"label": _label(found)} if mentions or scene.timers.pending() else None
    return {"label": ""} if _WHICH.fullmatch(said.core) else None


def _left(arguments: Arguments, scene: Scene) -> Outcome:
    pending = scene.timers.pending()
    label = str(arguments.get("label") or "")
    if label:
        pending = [timer for timer in pending if timer[0] == label]
    if not pending:
        return Outcome(f"There is no {label} timer running." if label else "There is no timer running.")
    if len(pending) == 1:
        name, left = pending[0]
        named = f" on the {name} timer" if name and len(name.split()) < 3 else ""
        return Outcome(f"There are {length(left)} left{named}.")
    parts = [
        f"{length(left)} on {f'the {name} timer' if 0 < len(name.split()) < 3 else 'one'}" for name, left in pending
    ]
    return Outcome(sentence(f"There are {len(pending)} timers: {listed(parts)}"))


_LABEL = {"type": "string", "description": "what the timer is for; may be empty"}
SET_TIMER = Tool(
    "set_timer",
    "Sets a timer or a reminder that speaks when it is due.",
    _set,
    _hear_set,
    {
        "seconds": {"type": "number"},
        "label": _LABEL,
        "task": {"type": "string", "description": "what to remind the user of"},
        "clock": {"type": "string", "description": "the time of day at which it rings, for alarms"},
    },
    ("seconds",),
)
CANCEL_TIMER = Tool(
    "cancel_timer",
    "Cancels a timer.",
    _cancel,
    _hear_cancel,
    {"label": _LABEL, "all": {"type": "boolean"}},
)
TIMER_LEFT = Tool("timer_left", "Says which timers run and how much is left.", _left, _hear_left, {"label": _LABEL})
