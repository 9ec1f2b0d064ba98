"""From a recorded call to figures: every utterance of the plan is found in the microphone track, then listened to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .measure import Listener, Sound, Spread, locate, word_errors
from .plan import RATE, Plan, Utterance
from .recording import Recording

FOUND = 0.5
"""An utterance is where its cross-correlation is at least this."""
PAUSE_S = 0.3
SOONEST_MS = 120.0
"""No agent may believe an interruption sooner (rule 4): what was silent before that was a pause between words."""
REPORT_S = 0.35
"""A word is told to be heard at most so much after its sound."""


@dataclass(slots=True)
class Trial:
    """One thing that was measured, or why it could not be."""

    kind: str
    """`reply`, `stop` (an interruption), `command` (a spoken stop), `short` (a noise that should change nothing)."""
    text: str
    voice: str
    at: float
    """Where in the recording: end of speech of a reply, onset of anything else, in seconds."""
    ms: float | None = None
    """End of speech to audible, or onset to silent."""
    track_ms: float | None = None
    """Onset to silent without the client's own mute."""
    went_on: bool | None = None
    """After a short noise: whether the agent went on."""
    skipped: str = ""
    stages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Findings:
    """All that one call showed."""

    trials: list[Trial] = field(default_factory=list)
    user_words: tuple[int, int] = (0, 0)
    """Of the questions: (wrong, all) words in the agent's transcripts."""
    histories: list[int] = field(default_factory=list)
    """For each reply that was cut: how many words the history is off by, against what was audible."""

    def spread(self, kind: str, of: str = "ms") -> Spread | None:
        """How `ms` or `track_ms` of one kind of trial is spread."""
        found = [getattr(trial, of) for trial in self.trials if trial.kind == kind and not trial.skipped]
        return Spread.of([value for value in found if value is not None])

    def went_on(self) -> tuple[int, int]:
        """(short noises after which the agent went on, all of them that count)."""
        shorts = [trial for trial in self.trials if trial.kind == "short" and not trial.skipped]
        return sum(bool(trial.went_on) for trial in shorts), len(shorts)


def analyse(plan: Plan, recording: Recording) -> Findings:
    """Measures every trial of `plan` in `recording`."""
    findings = Findings()
    heard, track = Listener.of(recording.heard(), RATE), Listener.of(recording.ear, RATE)
    shift = _shift(plan, recording.mic)
    for number, utterance in enumerate(plan.utterances):
        start, sure = locate(
            utterance.clip.sound(), recording.mic, RATE, utterance.start + shift - 0.6, utterance.end + shift + 0.6
        )
        if sure >= FOUND:
            # The two clocks drift apart a little; the next one is looked for around here.
            shift = start - utterance.start
        trial = _measure(utterance, start, recording, heard, track, _until(plan, number, shift))
        if sure < FOUND:
            trial.skipped = "not found in the microphone track"
        elif any(start - 1 < place < start + utterance.length + 3 for place, _ in recording.slips):
            trial.skipped = "the recording stumbled here"
        trial.stages = _stages(recording, trial)
        findings.trials.append(trial)
        if utterance.role in ("asks", "interrupts") and not trial.skipped:
            understood = _transcript(recording, start, _until(plan, number, shift))
            wrong, meant = word_errors(understood, utterance.clip.text)
            findings.user_words = (findings.user_words[0] + wrong, findings.user_words[1] + meant)
    findings.histories = histories(recording, heard)
    return findings


def _shift(plan: Plan, mic: Sound) -> float:
    """How much later than planned the microphone track plays in the recording."""
    first = plan.utterances[0]
    found, _ = locate(first.clip.sound(), mic, RATE, 0.0, first.end + 12.0)
    return found - first.start


def _until(plan: Plan, number: int, shift: float) -> float:
    following = plan.utterances[number + 1].start if number + 1 < len(plan.utterances) else plan.length
    return following + shift


def _ended_by_itself(recording: Recording, start: float, end: float) -> bool:
    """Whether a reply was heard to its end between two places."""
    return any(
        event["type"] == "duplex.heard" and event["done"] and not event["cut"] and start - 0.3 < time < end
        for time, event in recording.events
    )


def _measure(
    utterance: Utterance, start: float, recording: Recording, heard: Listener, track: Listener, until: float
) -> Trial:
    clip, end = utterance.clip, start + utterance.length
    if utterance.role == "asks":
        trial = Trial("reply", clip.text, clip.voice, end)
        if heard.audible_share(start, end) > 0:
            trial.skipped = "the agent was talking"
            return trial
        audible = heard.first_audible(end - 0.3, until)
        if audible is None:
            trial.skipped = "no answer"
        else:
            trial.ms = (audible - end) * 1000
        return trial
    talking = heard.audible_share(start - PAUSE_S, start) > 0.3
    if utterance.role == "disturbs":
        trial = Trial("short", clip.name, clip.voice, start)
        if not talking:
            trial.skipped = "the agent was not talking"
        elif _ended_by_itself(recording, start, end + 1.4):
            trial.skipped = "the agent had just finished"
        else:
            trial.went_on = heard.audible_share(end + 0.2, min(until, end + 1.4)) > 0.3
        return trial
    trial = Trial("stop" if utterance.role == "interrupts" else "command", clip.text, clip.voice, start)
    if not talking:
        trial.skipped = "the agent was not talking"
        return trial
    for name, listener in (("ms", heard), ("track_ms", track)):
        silent = listener.silent_from(start)
        setattr(trial, name, None if silent is None else (silent - start) * 1000)
    if trial.ms is not None and trial.ms < SOONEST_MS:
        trial.skipped, trial.ms, trial.track_ms = "the agent paused just there", None, None
    return trial


def _stages(recording: Recording, trial: Trial) -> list[dict[str, Any]]:
    """The server's own account of this trial (`duplex.latency`), if it gave one."""
    kind = "reply" if trial.kind == "reply" else "stop"
    for time, event in recording.events:
        if event["type"] == "duplex.latency" and event["kind"] == kind and trial.at - 0.2 < time < trial.at + 4:
            return list(event["stages"])
    return []


def _transcript(recording: Recording, start: float, until: float) -> str:
    """What the agent understood of the speech between two places: the last that it said of the turn there.

    A turn that goes on after its answer was taken back is transcribed again, as a whole.
    """
    found = ""
    for time, event in recording.events:
        if (
            event["type"] == "conversation.item.input_audio_transcription.completed"
            and start + 0.3 < time < until + 0.3
        ):
            found = str(event["transcript"])
    return found


def histories(recording: Recording, heard: Listener) -> list[int]:
    """For each reply that was cut: the words in its history against those that were audible, as a difference.

    A word was audible when more than half of it was, by the word times of `duplex.words`, counted from where the
    reply's sound began in the recording.
    """
    words: dict[str, list[dict[str, Any]]] = {}
    began: dict[str, float] = {}
    differences = []
    for time, event in recording.events:
        item = event.get("item_id", "")
        if event["type"] == "duplex.words":
            words.setdefault(item, []).extend(event["words"])
        elif event["type"] == "duplex.heard":
            if item not in began and event["audio_end_ms"] > 0:
                # The first word was heard just now.
                began[item] = time - event["audio_end_ms"] / 1000
            if event["cut"] and words.get(item):
                onset = heard.first_audible(began.get(item, time) - REPORT_S, time)
                silent = heard.silent_from(time - 0.4)
                if onset is None or silent is None:
                    continue
                first = words[item][0]["start_ms"]
                until = (silent - onset) * 1000 + first
                audible = sum((word["start_ms"] + word["end_ms"]) / 2 <= until for word in words[item])
                differences.append(len(event["transcript"].split()) - audible)
    return differences
