"""What the agent did about one mark of a case, read from its log."""

from __future__ import annotations

import math

from .log import Log, Stretch, Trial

NEVER = math.inf
LONG_DUCK = 600.0
"""A duck of this length is felt as a stop, and counts as one."""
AFTERWARDS = 1500.0
"""How long after a sound it is still blamed for what happens."""
REACTS_WITHIN = 2000.0
"""After this a reaction is to something else."""
JOINED = 1.0
"""Stretches this close belong together."""


def spoken(log: Log) -> list[Stretch]:
    """Where the agent was audible without a gap, however loud."""
    found: list[Stretch] = []
    for part in log.audible:
        if found and part.first - found[-1].last <= JOINED:
            found[-1] = Stretch(found[-1].first, part.last)
        else:
            found.append(Stretch(part.first, part.last))
    return found


def ducks(log: Log) -> list[Stretch]:
    """Where it was audible, but softer."""
    found: list[Stretch] = []
    for part in log.audible:
        if part.gain_db >= 0:
            continue
        if found and part.first - found[-1].last <= JOINED:
            found[-1] = Stretch(found[-1].first, part.last, part.gain_db)
        else:
            found.append(part)
    return found


def talks_at(log: Log, at: float) -> bool:
    """Whether the agent is audible at `at`."""
    return any(part.first <= at < part.last for part in log.audible)


def reaction(trial: Trial) -> float:
    """First sample → first duck or cut; `NEVER` if there is none within 2 s, or if it had fallen silent before."""
    mark, log = trial.case.mark, trial.log
    if not talks_at(log, mark.first):
        return NEVER
    began = [duck.first for duck in ducks(log)] + log.cuts
    after = [at - mark.first for at in began if mark.first <= at <= mark.first + REACTS_WITHIN]
    return min(after, default=NEVER)


def silent_after(trial: Trial) -> float:
    """First sample → silence by a cut, at the ear; `NEVER` if it was never cut, or had fallen silent before."""
    mark, log = trial.case.mark, trial.log
    if not talks_at(log, mark.first):
        return NEVER
    return min((cut - mark.first + log.path for cut in log.cuts if cut >= mark.first), default=NEVER)


def yielded(trial: Trial, within: float) -> bool:
    """Whether it fell silent within so many ms of the first sample."""
    return silent_after(trial) <= within


def stopped_for(trial: Trial, within: float = NEVER) -> bool:
    """Whether it was cut or ducked for long because of the mark; a cut that is taken up again is one, too."""
    mark, log = trial.case.mark, trial.log
    until = mark.first + within if within < NEVER else mark.last + AFTERWARDS
    if any(mark.first <= cut <= until for cut in log.cuts):
        return True
    return any(
        mark.first <= duck.first <= until and min(duck.last, until) - duck.first >= LONG_DUCK for duck in ducks(log)
    )


def went_on(trial: Trial) -> bool:
    """It talked when the sound began, and went on as if nothing had happened."""
    return talks_at(trial.log, trial.case.mark.first) and not stopped_for(trial)


def ducked(trial: Trial) -> bool:
    """It was softer, or silent, for however short a time, because of the mark."""
    mark = trial.case.mark
    began = [duck.first for duck in ducks(trial.log)] + trial.log.cuts
    return any(mark.first <= at <= mark.last + AFTERWARDS for at in began)


def false_turn(trial: Trial) -> bool:
    """Something was taken for a turn of the user: closed and kept, or answered."""
    return any(turn.kept or turn.answered for turn in trial.log.turns) or bool(trial.log.replies)


# --- commands ---------------------------------------------------------------------------------

OBEYED_WITHIN = 1000.0
"""After a command's last sample: what is obeyed later is not obeyed."""
SILENT_FOR = 2500.0


def obeyed(trial: Trial) -> bool:
    """Whether the agent was silent by 1.0 s after the command's last sample."""
    mark = trial.case.mark
    return mark.first + silent_after(trial) <= mark.last + OBEYED_WITHIN


def named_rightly(trial: Trial) -> bool:
    """Whether the first command that was named is the right one."""
    mark = trial.case.mark
    named = [said for said in trial.log.commands if mark.first <= said.at <= mark.last + OBEYED_WITHIN]
    return bool(named) and min(named, key=lambda said: said.at).command == mark.command


def stayed_silent(trial: Trial) -> bool:
    """Whether it was silent by 1.0 s after the command's last sample, and for 2.5 s from then on."""
    log, silence = trial.log, trial.case.mark.first + silent_after(trial)
    return obeyed(trial) and not any(
        part.last > silence and part.first < silence + SILENT_FOR for part in log.audible if part.first >= silence
    )


def command_silent_after_end(trial: Trial) -> float:
    """Last sample of the command → silence; less than nothing where it was cut in the middle."""
    mark = trial.case.mark
    return silent_after(trial) - (mark.last - mark.first)


# --- turns ------------------------------------------------------------------------------------


def cut_off(trial: Trial) -> bool:
    """Whether the turn was taken for over in the pause between its two parts."""
    first, second = trial.case.marks[:2]
    ended = [turn.ended for turn in trial.log.turns if turn.kept and turn.ended is not None]
    return any(first.first < at < second.first for at in [*ended, *trial.log.replies])


def turn_end_delay(trial: Trial) -> float:
    """Last sample of the turn → closed and answered; `NEVER` if it was not, or was cut off before."""
    last = trial.case.marks[-1].last
    ended = [turn.ended for turn in trial.log.turns if turn.kept and turn.answered and turn.ended is not None]
    return min((at - last for at in ended if at >= last), default=NEVER)


def answer_delay(trial: Trial) -> float:
    """Last sample of the turn → first sample of the answer at the ear."""
    last = trial.case.marks[-1].last
    return min((at - last + trial.log.path for at in trial.log.replies if at >= last), default=NEVER)


def answered_plainly(trial: Trial) -> bool:
    """Whether a turn was answered, and nothing in it taken for a command."""
    return not trial.log.commands and any(turn.answered for turn in trial.log.turns)


# --- whose voice ------------------------------------------------------------------------------


KNOWN_BY = 60.0
"""ms after so much speech at which a score of it must be known."""


def score_after(trial: Trial, speech: float) -> float | None:
    """The newest score of the voice that rests on at most about `speech` ms of it; None: there was none."""
    first, by = trial.case.mark.first, trial.case.mark.first + speech + KNOWN_BY
    known = [named for named in trial.log.named if named.score is not None and first < named.at <= by]
    return max(known, key=lambda named: named.at).score if known else None
