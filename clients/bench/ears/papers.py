"""The field's own measures, from their papers' definitions, on sample-accurate logs. All input is synthetic here.

Where a paper lets a language model or a transcript judge, the log knows: what is a new reply, and what is the old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .behaviour import (
    NEVER,
    answer_delay,
    cut_off,
    false_turn,
    silent_after,
    spoken,
    stopped_for,
    talks_at,
    yielded,
)
from .figures import Figure, quantile, rate
from .log import Scenario, Trial

Behaviour = Literal["respond", "resume", "unknown"]
BEHAVIOURS: tuple[Behaviour, ...] = ("respond", "resume", "unknown")
OVERLAPS: dict[str, tuple[Scenario, ...]] = {
    "user interruption": ("interruption",),
    "user backchannel": ("backchannel",),
    "talking to others": ("aside",),
    "background speech": ("background", "stranger"),
}
"""The four scenarios of Full-Duplex-Bench v1.5, and ours that play them."""


# --- Full-Duplex-Bench v1 (arXiv 2503.04721) and v1.5 (arXiv 2507.23159) ----------------------


def behaviour(trial: Trial) -> Behaviour:
    """v1.5's category of what the agent did about an overlap.

    respond: it stopped and answered what was said; resume: it went on with what it was saying, after a pause or
    without one; unknown: it did neither (fell silent). Uncertain, the judge's fourth, cannot happen: nothing is judged.
    """
    mark, log = trial.case.mark, trial.log
    if any(at >= mark.first for at in log.replies):
        return "respond"
    after = max([mark.last, *(cut for cut in log.cuts if cut >= mark.first)])
    return "resume" if any(part.last > after for part in spoken(log)) else "unknown"


def overlap_behaviours(trials: Sequence[Trial]) -> dict[str, dict[Behaviour, Figure]]:
    """v1.5: the share of each behaviour, for each of its scenarios that was played."""
    found: dict[str, dict[Behaviour, Figure]] = {}
    for name, scenarios in OVERLAPS.items():
        seen = [behaviour(trial) for trial in trials if trial.case.scenario in scenarios]
        if seen:
            found[name] = {kind: rate([one == kind for one in seen]) for kind in BEHAVIOURS}
    return found


def stop_latency(trials: Sequence[Trial]) -> Figure:
    """v1.5: from the overlap's first sample to silence, median over those that stopped (as there; n says how many)."""
    return quantile([delay for trial in trials if (delay := silent_after(trial)) < NEVER], 0.5)


def response_latency(trials: Sequence[Trial]) -> Figure:
    """v1.5: from the overlap's last sample to the new reply's first, median over those that replied."""
    return quantile([delay for trial in trials if (delay := answer_delay(trial)) < NEVER], 0.5)


def takeover(trials: Sequence[Trial]) -> Figure:
    """v1, pause handling: how often the agent takes over in a pause of the user's turn (TOR; less is better).

    A reply that begins in the pause takes over, and so does a turn that is closed there.
    """
    return rate([cut_off(trial) for trial in trials if trial.case.scenario == "pause"])


# --- tau-voice (Ray et al. 2026, PMLR 306; windows as in its published configuration) ---------

NO_YIELD_WINDOW = 2000.0
SELECTIVE_WINDOW = 1000.0


def yield_rate(trials: Sequence[Trial]) -> Figure:
    """R_Y: interruptions at which the agent, talking, falls silent within 2.0 s."""
    return rate([yielded(trial, NO_YIELD_WINDOW) for trial in _of(trials, "interruption")])


def yield_latency(trials: Sequence[Trial]) -> Figure:
    """Y_L: interruption → silent, median over the yields."""
    delays = [silent_after(trial) for trial in _of(trials, "interruption") if yielded(trial, NO_YIELD_WINDOW)]
    return quantile(delays, 0.5)


def response_rate(trials: Sequence[Trial]) -> Figure:
    """R_R: plain turns of the user that are answered."""
    return rate([answer_delay(trial) < NEVER for trial in _of(trials, "question")])


def reply_latency(trials: Sequence[Trial]) -> Figure:
    """R_L: end of a turn → the reply's first sample, median over the answered ones."""
    return quantile([delay for trial in _of(trials, "question") if (delay := answer_delay(trial)) < NEVER], 0.5)


def selectivity(trials: Sequence[Trial], kind: Literal["BC", "VT", "ND"]) -> Figure:
    """S_BC, S_VT, S_ND: backchannels, vocal tics (coughs, laughter, throats) and speech to others that are ignored.

    Ignored: the agent, talking, does not yield within 1.0 s; silent, it does not take it for a turn.
    """
    if kind == "BC":
        chosen = _of(trials, "backchannel")
    elif kind == "VT":
        chosen = [trial for trial in _of(trials, "burst") if not {"keys", "chair"} & set(trial.case.tags)]
    else:
        chosen = _of(trials, "aside", "background", "stranger", "stranger_turn")
    return rate([_ignored(trial) for trial in chosen])


def _ignored(trial: Trial) -> bool:
    if not trial.case.talking:
        return not false_turn(trial)
    return talks_at(trial.log, trial.case.mark.first) and not stopped_for(trial, SELECTIVE_WINDOW)


# --- FD-Bench (Peng et al., Interspeech 2025, arXiv 2507.19040) -------------------------------


def success_interrupt_rate(trials: Sequence[Trial]) -> Figure:
    """SIR: interruptions by the user that end the agent's speech before they are over, or within 1 s of it."""
    return rate([
        trial.case.mark.first + silent_after(trial) <= trial.case.mark.last + 1000.0
        for trial in _of(trials, "interruption")
    ])  # fmt: skip


def early_interrupt_rate(trials: Sequence[Trial]) -> Figure:
    """EIR: turns of the user that the agent talks into before they are over."""
    early = []
    for trial in _of(trials, "question", "pause", "lookalike"):
        marks = trial.case.marks
        early.append(any(marks[0].first <= at < marks[-1].last for at in trial.log.replies))
    return rate(early)


def noise_interrupt_rate(trials: Sequence[Trial]) -> Figure:
    """NIR: noises (and echoes) between the user's turns that end the agent's speech."""
    return rate([not talks_at(trial.log, trial.case.mark.first) or bool(
        [cut for cut in trial.log.cuts if cut >= trial.case.mark.first]
    ) for trial in _of(trials, "burst", "echo")])  # fmt: skip


def interrupt_response_delay(trials: Sequence[Trial]) -> Figure:
    """IRD: interruption → silent, median over the successful ones."""
    return quantile([delay for trial in _of(trials, "interruption") if (delay := silent_after(trial)) < NEVER], 0.5)


def _of(trials: Sequence[Trial], *scenarios: Scenario) -> list[Trial]:
    return [trial for trial in trials if trial.case.scenario in scenarios]
