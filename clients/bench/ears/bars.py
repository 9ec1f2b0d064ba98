"""What the ears are to reach, and what they reached: every bar, met or missed and by how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import behaviour as did
from .figures import NOTHING, Figure, equal_error_rate, mean, quantile, rate, shown
from .log import Scenario, Trial


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its bar."""

    what: str
    where: str
    """Of which cases."""
    figure: Figure
    bar: float | None = None
    """None: reported only."""
    at_least: bool = True
    anchor: str = ""
    """What others reach, by their own word."""

    @property
    def met(self) -> bool | None:
        """Whether the bar was reached; None: there is none, or nothing was measured."""
        if self.bar is None or not self.figure.n or math.isnan(self.figure.value):
            return None
        return self.figure.value >= self.bar if self.at_least else self.figure.value <= self.bar

    @property
    def verdict(self) -> str:
        """For people."""
        if self.bar is None:
            return "reported"
        if self.met is None:
            return "not measured"
        if self.met:
            return "met"
        if math.isinf(self.figure.value):
            return "missed: too often never"
        return f"missed by {shown(abs(self.figure.value - self.bar), self.figure.unit)}"

    @property
    def asked(self) -> str:
        """The bar, for people."""
        if self.bar is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {shown(self.bar, self.figure.unit)}"


@dataclass(frozen=True, slots=True)
class Apart:
    """What is not measured on cases but beside them."""

    false_commands: Figure = NOTHING
    """An hour."""
    two_at_once: Figure = NOTHING
    """The share of cases with the same log alone and beside another session."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Trials, to choose from."""

    trials: Sequence[Trial]

    def of(self, *scenarios: Scenario, at: str = "", language: str = "en", tag: str = "", lacks: str = "") -> Cases:
        """Those of the scenarios, `at` a condition, in a language, with or without a tag. No real voices."""
        return Cases([
            trial for trial in self.trials
            if trial.case.scenario in scenarios
            and (not at or trial.case.condition == at)
            and (not language or trial.case.language == language)
            and (not tag or tag in trial.case.tags)
            and (not lacks or lacks not in trial.case.tags)
            and "real" not in trial.case.tags
        ])  # fmt: skip

    def share(self, question: Callable[[Trial], bool]) -> Figure:
        """How many of them did so."""
        return rate([question(trial) for trial in self.trials])

    def spread(self, question: Callable[[Trial], float], share: float) -> Figure:
        """A quantile of how long it took; never counts."""
        return quantile([question(trial) for trial in self.trials], share)

    def average(self, question: Callable[[Trial], float]) -> Figure:
        """The mean of those in which it happened."""
        return mean([value for trial in self.trials if (value := question(trial)) < did.NEVER])


def rows(trials: Sequence[Trial], apart: Apart) -> list[Row]:
    """Every bar, in order."""
    cases = Cases(trials)
    return [
        *_yields(cases),
        *_reacts(cases),
        *_goes_on(cases),
        *_strangers(cases),
        *_verdicts(cases),
        *_commands(cases),
        *_echo(cases),
        *_turn_ends(cases),
        *_whole(cases, apart),
    ]


def _yields(cases: Cases) -> list[Row]:
    what = "yields to an interruption within 1.0 s"

    def soon(trial: Trial) -> bool:
        return did.yielded(trial, 1000.0)

    quiet = cases.of("interruption", at="quiet")
    return [
        Row(what, "quiet", quiet.share(soon), 0.97, anchor="gpt-realtime-1.5: 1.0"),
        Row(what, "babble 10 dB", cases.of("interruption", at="babble10").share(soon), 0.93),
        Row(what, "Chinese, quiet", cases.of("interruption", at="quiet", language="zh").share(soon)),
        Row("interruption → silent, p50", "quiet", quiet.spread(did.silent_after, 0.5), 280, False, "GPT-4o: 230 ms"),
        Row("interruption → silent, p95", "quiet", quiet.spread(did.silent_after, 0.95), 450, False),
        Row("interruption → silent, p50", "babble 10 dB",
            cases.of("interruption", at="babble10").spread(did.silent_after, 0.5)),
    ]  # fmt: skip


def _reacts(cases: Cases) -> list[Row]:
    what = "first reaction to interruptions and commands, T90"
    quiet = cases.of("interruption", "command", at="quiet")
    babble = cases.of("interruption", "command", at="babble10")
    nothing = cases.of("burst", "echo", "stranger", "background", language="")
    return [
        Row(what, "quiet", quiet.spread(did.reaction, 0.9), 170, False, "FireRedChat: 170 ms, LiveKit: 140 ms"),
        Row(what, "babble 10 dB", babble.spread(did.reaction, 0.9)),
        Row("ducks (or cuts) at noise, echo and strangers", "all", nothing.share(did.ducked), 0.30, False),
    ]


def _goes_on(cases: Cases) -> list[Row]:
    what = "goes on at backchannels, coughs, laughter, keys"
    everything = ("backchannel", "burst")
    return [
        Row(what, "quiet", cases.of("backchannel", "burst", at="quiet").share(did.went_on), 0.92,
            anchor="gpt-live-1: 0.99, yielding 0.36"),
        Row(what, "babble 10 dB", cases.of("backchannel", "burst", at="babble10").share(did.went_on), 0.85),
        *(Row(f"… of these: {kind}s", "quiet", cases.of(kind, at="quiet").share(did.went_on))  # type: ignore[arg-type]
          for kind in everything),
        Row("… of these: backchannels", "Chinese, quiet",
            cases.of("backchannel", at="quiet", language="zh").share(did.went_on)),
        Row("goes on at speech not directed at it, enrolled", "quiet",
            cases.of("aside", "background").share(did.went_on), 0.90, anchor="best published: 0.58"),
        Row("… of these: the user to somebody by name", "quiet", cases.of("aside").share(did.went_on)),
        Row("… of these: others, ≥ 10 dB softer", "quiet", cases.of("background").share(did.went_on)),
    ]  # fmt: skip


def _stopped(trial: Trial) -> bool:
    return not did.went_on(trial)


def _strangers(cases: Cases) -> list[Row]:
    what = "stopped by a stranger, enrolled"
    return [
        Row(what, "quiet", cases.of("stranger", at="quiet").share(_stopped), 0.05, False, "FireRedChat: 10.2%"),
        Row(what, "babble 10 dB", cases.of("stranger", at="babble10").share(_stopped), 0.08, False),
        Row("takes a stranger for its user in silence", "quiet",
            cases.of("stranger_turn").share(did.false_turn), 0.05, False),
    ]  # fmt: skip


def _verdicts(cases: Cases) -> list[Row]:
    everyone = cases.of("speaker", "stranger_turn")
    found = []
    for speech, bar, anchor in ((500, 0.05, "Resemblyzer alone: 5.5%"), (1200, 0.015, "Resemblyzer alone: 1.2%")):
        what = f"speaker verdict, EER after {speech / 1000:g} s"
        found.append(Row(what, "quiet", _eer(everyone.trials, speech), bar, False, anchor))
        near = [trial for trial in everyone.trials if trial.case.mark.who == "user" or "near" in trial.case.tags]
        found.append(Row(what, "same engine and sex", _eer(near, speech)))
    return found


def _eer(trials: Sequence[Trial], speech: float) -> Figure:
    """A trial of which nothing is known by then counts against the ears; if none is known at all, nothing is told."""
    genuine, impostor = [], []
    known = False
    for trial in trials:
        score = did.score_after(trial, speech)
        known |= score is not None
        if trial.case.mark.who == "user":
            genuine.append(-2.0 if score is None else score)
        else:
            impostor.append(2.0 if score is None else score)
    return equal_error_rate(genuine, impostor) if known else NOTHING


def _commands(cases: Cases) -> list[Row]:
    found = []
    for where, at, language, recall in (
        ("quiet", "quiet", "en", 0.97),
        ("noise 10 dB", "noise10", "en", 0.97),
        ("babble 10 dB", "babble10", "en", 0.90),
        ("Chinese, quiet", "quiet", "zh", 0.95),
    ):
        chosen = cases.of("command", at=at, language=language)
        halting = Cases([trial for trial in chosen.trials if trial.case.mark.command in ("stop", "wait")])
        anchor = "LSLM: F1 98.0 clean, 85.2 noise" if at == "noise10" else ""
        found += [
            Row("command: silent within 1.0 s of its end", where, chosen.share(did.obeyed), recall, anchor=anchor),
            Row("command: the right one is named", where, chosen.share(did.named_rightly), 0.95),
            Row("stop, wait: silent for 2.5 s", where, halting.share(did.stayed_silent), 0.95),
        ]
    quiet = cases.of("command", at="quiet")
    found += [
        Row(
            "command: last sample → silent, p95", "quiet", quiet.spread(did.command_silent_after_end, 0.95), 300, False
        ),
        Row("command: first sample → silent, at most", "quiet", quiet.spread(did.silent_after, 1.0), 1000, False),
    ]
    for where, language, bar in (("English", "en", 0.95), ("Chinese", "zh", None)):
        chosen = cases.of("lookalike", language=language)
        found.append(Row("look-alikes answered, no command", where, chosen.share(did.answered_plainly), bar))
    return found


def _echo(cases: Cases) -> list[Row]:
    return [
        Row("stopped by its own echo (8 s windows)", "-10 dB", cases.of("echo").share(_stopped), 0.02, False),
        Row("yields within 1.0 s through its echo", "-10 dB",
            cases.of("echo_interruption").share(lambda trial: did.yielded(trial, 1000.0)), 0.90),
    ]  # fmt: skip


def _turn_ends(cases: Cases) -> list[Row]:
    turns = cases.of("pause", "question")
    return [
        Row("cut off in a thinking pause of 0.6–1.6 s", "quiet", cases.of("pause").share(did.cut_off), 0.05, False,
            "LiveKit v1: 543 ms at 5%"),
        Row("last sample → turn closed, mean", "quiet", turns.average(did.turn_end_delay), 400, False),
        Row("last sample → answer at the ear, mean", "quiet", turns.average(did.answer_delay)),
        Row("plain turns answered", "quiet",
            cases.of("question").share(lambda trial: any(turn.answered for turn in trial.log.turns))),
    ]  # fmt: skip


def _whole(cases: Cases, apart: Apart) -> list[Row]:
    shares = [trial.log.cpu / trial.log.seconds for trial in cases.trials if trial.log.cpu and trial.log.seconds]
    cpu = NOTHING
    if shares:
        seconds = math.fsum(trial.log.seconds for trial in cases.trials if trial.log.cpu)
        spread = mean(shares)
        value = math.fsum(trial.log.cpu for trial in cases.trials) / seconds
        cpu = Figure(value, spread.low, spread.high, len(shares))
    return [
        Row("false commands an hour", "agent and user talk", apart.false_commands, 0.5, False),
        Row("same log beside another session", "two at once", apart.two_at_once, 1.0),
        Row("processor: ears, share of one core", "all", cpu, 0.15, False),
        Row("real voices: every trial right", "two people", rate([right(trial) for trial in real(cases.trials)]), 1.0),
    ]


# --- real voices ------------------------------------------------------------------------------


def real(trials: Sequence[Trial]) -> list[Trial]:
    """The trials of people's own voices."""
    return [trial for trial in trials if "real" in trial.case.tags]


def right(trial: Trial) -> bool:
    """Whether the ears behaved as they should."""
    match trial.case.scenario:
        case "interruption":
            return did.yielded(trial, 1000.0)
        case "stranger":
            return did.went_on(trial)
        case "stranger_turn":
            return not did.false_turn(trial)
        case "speaker":
            verdicts = [named.verdict for named in trial.log.named]
            return bool(verdicts) and verdicts[-1] == trial.case.mark.who
        case _:
            return any(turn.answered for turn in trial.log.turns)
