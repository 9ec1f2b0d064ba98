"""The ear of the family: words of the user's turn, given to the Thinker while it is still being spoken.

The turn's sound is heard anew several times a second. When the voice falls it is heard at once, before anybody
knows whether that was the end: if nothing but silence follows, the flush that asks for the last words has them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import soxr
from numpy.typing import NDArray

from streaming.time import Time, samples, ticks

from ..eyes.eyes import Eyes
from ..joints import Chunk, Mark, Perceived, Seen
from .speech.agreement import Change, Piece, Words, plain
from .speech.recogniser import Hypothesis, Transcribes
from .speech.sound import FRAME, KEPT, RATE, Loudness, Sound, quietest
from .tokeniser import Tokeniser

_FALL, _EACH = 4, 2
"""Soft frames (10 ms) after speech at which the turn is heard at once, and after so many more at another tempo."""
_LONGEST = 10 * RATE
"""Samples that are looked at together; then their first part is frozen."""
_CUT_FROM, _CUT_TO = 3 * RATE, 6 * RATE
"""Where it is parted: at the softest place between, so that the newest words have 4 s before them."""
_LEAD, _TAIL = RATE // 20, RATE // 10
"""Silence that is left before and after speech."""
_TEMPOS = (1.0, 1.2, 0.95)
"""How often slower the end of a turn is heard, one time after the other while the silence grows: the recogniser is
small, and what it is surest of at three tempos is wrong about half as often as what it hears at one."""
_MARGIN = 0.03
"""By how much another tempo must be surer to be believed."""
_UNSURE = -0.3
"""Mean log probability below which a flush waits for the other tempos."""
_SHARE, _BEFOREHAND = 0.2, 0.15
"""Of a processor core that hearing may take while somebody speaks, and the seconds that it may be ahead of that:
where hearing is slow, a turn is heard less often, and at other tempos only if it must be."""
_LEAST_SPEECH = 15
"""Loud frames below which there are no words."""
_DOUBTFUL, _DOUBTFUL_IF_SHORT, _SHORT = -1.0, -0.5, 2
"""Mean log probability below which a hypothesis is taken for noise; one of few tokens must do better."""
_WORDLESS = frozenset({"you", "mm", "uh", "hmm", "mmhmm"})
"""What the recogniser makes of sound without words; by itself it says nothing."""
_LOUDNESS_OVER = 5 * RATE
_NOTHING = Hypothesis(confidence=-np.inf)


@dataclass
class _Turn:
    since: int
    window: int
    """Sound before it is frozen."""
    words: Words = field(default_factory=Words)
    until: int = 0
    """What was heard last ended here."""
    hearings: int = 0
    """At how many tempos it was heard as a whole; 0: only as unfinished."""
    best: Hypothesis = _NOTHING
    flushed: bool = False
    """Nothing is to change until there is more speech."""
    rest: int = 0
    """Samples to let pass before it is heard again."""
    spent: float = 0.0
    """Seconds that went into hearing it."""
    told: tuple[str, str] = ("", "")
    """Stable and tentative words as reported last."""
    looked: bool = False
    """Its first words were taken in, and what was seen before them."""


@dataclass
class _Ear:
    sound: Sound = field(default_factory=Sound)
    turn: _Turn | None = None
    seen: Seen | None = None
    noted: int = -1
    """The time of the picture that the Thinker was told of last."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A mark: what was taken in, how many words were stable, and what was told of pictures."""

    since: int
    taken: tuple[Piece, ...]
    stable: int
    looked: bool
    noted: int


class NanoPerception:
    """The Perception. State is kept per slot; calls come from one thread."""

    block_s = 0.25
    makes_words = True

    def __init__(
        self,
        recogniser: Transcribes,
        tokeniser: Tokeniser,
        clock: Callable[[], float] = time.perf_counter,
        eyes: Eyes | None = None,
    ) -> None:
        """`clock`: seconds, by which the cost of hearing is known; benchmarks give one that is the same every time."""
        self.sees = eyes is not None
        self._eyes = eyes
        self._recogniser = recogniser
        self._tokeniser = tokeniser
        self._clock = clock
        self._ears: dict[int, _Ear] = {}

    def open(self, slot: int) -> None:
        self._ears[slot] = _Ear()
        if self._eyes is not None:
            self._eyes.open(slot)

    def close(self, slot: int) -> None:
        self._ears.pop(slot, None)
        if self._eyes is not None:
            self._eyes.close(slot)

    def begin(self, slot: int, since: Time) -> None:
        ear = self._ears[slot]
        first = max(samples(since, RATE), ear.sound.first)
        ear.turn = _Turn(first, first, until=first)

    def end(self, slot: int) -> None:
        self._ears[slot].turn = None

    def audio(self, slot: int, pcm: NDArray[np.int16], t: Time) -> Perceived | None:
        seen = self._look(slot)
        heard = self._listen(slot, pcm, t)
        return heard if seen is None else replace(heard or Perceived(), seen=seen)

    def _look(self, slot: int) -> Seen | None:
        """What the eyes saw since."""
        seen = self._eyes.news(slot) if self._eyes is not None else None
        if seen is not None:
            self._ears[slot].seen = seen
        return seen

    def _listen(self, slot: int, pcm: NDArray[np.int16], t: Time) -> Perceived | None:
        ear = self._ears[slot]
        if not ear.sound.pcm.size:
            ear.sound.first = samples(t, RATE)
        ear.sound.push(_continued(ear.sound, pcm, samples(t, RATE)))
        turn = ear.turn
        ear.sound.forget(min(ear.sound.end - KEPT, turn.window if turn else ear.sound.end))
        if turn is None:
            return None
        loudness = _loudness(ear.sound, turn)
        waited = ear.sound.end - turn.until
        speech = bool((ear.sound.loudness(turn.until, ear.sound.end) > loudness.threshold).any())
        silence = _silence(ear.sound, loudness)
        if silence >= _FALL and (speech or not turn.hearings):
            if waited < turn.rest // 2:
                return None
            self._hear_whole(ear.sound, turn, loudness)
        elif speech:
            if waited < max(turn.rest, int(self.block_s * RATE)):
                return None
            self._hear(ear.sound, turn, loudness)
        elif self._worth_another(ear.sound, turn) and silence >= _FALL + turn.hearings * _EACH:
            self._hear_again(ear.sound, turn, loudness)
        else:
            return None
        return self._report(ear, turn, turn.words.take_in(growing=not turn.hearings))

    def frame(self, slot: int, jpeg: bytes, t: Time) -> Perceived | None:
        if self._eyes is None:
            return None
        self._eyes.look(slot, jpeg, t)
        seen = self._look(slot)
        return None if seen is None else Perceived(seen=seen)

    def flush(self, slot: int) -> Perceived:
        ear = self._ears[slot]
        turn = ear.turn
        if turn is None:
            return Perceived()
        loudness = _loudness(ear.sound, turn)
        if not turn.hearings or (ear.sound.loudness(turn.until, ear.sound.end) > loudness.threshold).any():
            self._hear_whole(ear.sound, turn, loudness)
        while turn.best.confidence < _UNSURE and turn.hearings < len(_TEMPOS):
            self._hear_again(ear.sound, turn, loudness)
        turn.flushed = True
        turn.words.settle()
        changes = turn.words.take_in(growing=False)
        turn.told = (" ".join(turn.words.all), "")
        return Perceived(self._chunks(ear, turn, changes), turn.told[0], "", ticks(ear.sound.end, RATE))

    def mark(self, slot: int) -> Mark:
        turn = self._ears[slot].turn
        if turn is None:
            return None
        stable = len(turn.words.frozen) + len(turn.words.stable)
        return _Place(turn.since, tuple(turn.words.taken), stable, turn.looked, self._ears[slot].noted)

    def crop(self, slot: int, mark: Mark) -> None:
        turn = self._ears[slot].turn
        if turn is None or not isinstance(mark, _Place) or mark.since != turn.since:
            return  # that turn is over, and its words with it
        turn.words.taken = list(mark.taken)
        turn.looked, self._ears[slot].noted = mark.looked, mark.noted
        turn.words.stable = turn.words.stable[: max(0, mark.stable - len(turn.words.frozen))]

    def _worth_another(self, sound: Sound, turn: _Turn) -> bool:
        """Whether the turn's end is to be heard at one more tempo."""
        affordable = turn.spent < (sound.end - turn.since) / RATE * _SHARE + _BEFOREHAND
        return affordable and not turn.flushed and 0 < turn.hearings < len(_TEMPOS)

    def _hear(self, sound: Sound, turn: _Turn, loudness: Loudness) -> None:
        """Hears a turn that goes on."""
        if self._hear_first(sound, turn, loudness):
            turn.words.hear(turn.best.text.split())
        turn.hearings = 0

    def _hear_whole(self, sound: Sound, turn: _Turn, loudness: Loudness) -> None:
        """Hears a turn that may be over."""
        if self._hear_first(sound, turn, loudness):
            turn.words.correct(turn.best.text.split())
        turn.hearings = 1

    def _hear_first(self, sound: Sound, turn: _Turn, loudness: Loudness) -> bool:
        """Hears all there is, at its own tempo; whether that are words."""
        began = self._clock()
        if sound.end - turn.window > _LONGEST:
            self._freeze(sound, turn, loudness)
        turn.best = self._transcribe(sound, turn.window, sound.end, loudness, guess=turn.best.tokens)
        turn.until, turn.flushed = sound.end, False
        cost = self._clock() - began
        turn.rest, turn.spent = int(cost / _SHARE * RATE), turn.spent + cost
        return bool(turn.best.tokens)

    def _hear_again(self, sound: Sound, turn: _Turn, loudness: Loudness) -> None:
        """Hears the same at another tempo, and believes it if that is surer."""
        began = self._clock()
        tempo = _TEMPOS[turn.hearings]
        heard = self._transcribe(sound, turn.window, sound.end, loudness, tempo, guess=turn.best.tokens)
        if heard.tokens and heard.confidence > turn.best.confidence + _MARGIN:
            turn.best = heard
            turn.words.correct(heard.text.split())
        turn.hearings += 1
        turn.spent += self._clock() - began

    def _freeze(self, sound: Sound, turn: _Turn, loudness: Loudness) -> None:
        """Parts the turn's sound at its softest place; its first part is heard for the last time."""
        first = turn.window + _CUT_FROM
        cut = first + quietest(sound.loudness(first, turn.window + _CUT_TO)) * FRAME
        before = self._transcribe(sound, turn.window, cut, loudness, guess=turn.best.tokens)
        after = self._transcribe(sound, cut, sound.end, loudness)
        turn.words.freeze(before.text.split(), after.text.split())
        turn.window, turn.best = cut, after

    def _transcribe(
        self,
        sound: Sound,
        first: int,
        last: int,
        loudness: Loudness,
        tempo: float = 1.0,
        guess: tuple[int, ...] = (),
    ) -> Hypothesis:
        """The words of [first, last), without the silence around them; none where there is no speech."""
        loud = np.flatnonzero(sound.loudness(first, last) > loudness.threshold)
        if not loudness.has_speech or loud.size < _LEAST_SPEECH:
            return _NOTHING
        begins = max(first, first + int(loud[0]) * FRAME - _LEAD)
        ends = min(last, first + int(loud[-1] + 1) * FRAME + _TAIL)
        stretch = sound.stretch(begins, ends)
        if tempo != 1.0:
            stretch = soxr.resample(stretch, 1.0, tempo, quality="LQ")
        heard = self._recogniser.transcribe(stretch, guess)
        doubtful = _DOUBTFUL_IF_SHORT if len(heard.tokens) <= _SHORT else _DOUBTFUL
        letters = "".join(filter(str.isalnum, plain(heard.text)))
        if heard.confidence < doubtful or not letters or letters in _WORDLESS:
            return _NOTHING
        return heard

    def _report(self, ear: _Ear, turn: _Turn, changes: list[Change]) -> Perceived | None:
        words = turn.words
        stable = words.frozen + words.stable
        told = (" ".join(stable), " ".join(words.all[len(stable) :]))
        if not changes and told == turn.told:
            return None
        turn.told = told
        return Perceived(self._chunks(ear, turn, changes), *told, ticks(turn.until, RATE))

    def _chunks(self, ear: _Ear, turn: _Turn, changes: list[Change]) -> tuple[Chunk, ...]:
        """What was heard; before the first words of a turn what was seen, if that is new."""
        note = noted(ear.seen, ear.sound.end) if ear.seen is not None and not turn.looked else ""
        turn.looked |= bool(changes)
        before: tuple[Chunk, ...] = ()
        if changes and note and ear.seen is not None and ear.noted != ear.seen.at:
            ear.noted = ear.seen.at
            before = (Chunk(tuple(self._tokeniser.encode(note))),)
        return before + tuple(
            Chunk(tuple(self._tokeniser.encode(change.text)), change.takes_back) for change in changes
        )


def noted(seen: Seen, now: int) -> str:
    """What the Thinker is told of a picture, in words; "" where there is nothing to read. `now` in samples."""
    if not seen.text and not seen.codes:
        return ""
    ago = max(0, now - samples(seen.until, RATE)) // RATE
    when = "now" if ago < 2 else f"{ago} seconds ago"
    says = f"it reads: {seen.text}" if seen.text else f"a code says: {seen.codes[0]}"
    return f"(camera, {when}; {says}) "


def _loudness(sound: Sound, turn: _Turn) -> Loudness:
    """Of the last seconds, with what was before the turn: the room is best known from there."""
    return Loudness.of(sound.loudness(max(sound.first, min(turn.since - RATE, sound.end - _LOUDNESS_OVER)), sound.end))


def _silence(sound: Sound, loudness: Loudness) -> int:
    """How many frames have been soft up to now."""
    loud = np.flatnonzero(sound.levels > loudness.threshold)
    return sound.levels.size - (int(loud[-1]) + 1 if loud.size else 0)


def _continued(sound: Sound, pcm: NDArray[np.int16], at: int) -> NDArray[np.int16]:
    """`pcm`, made to follow on: a gap becomes silence, what is known already is dropped."""
    if at > sound.end:
        return np.concatenate([np.zeros(at - sound.end, np.int16), pcm])
    return pcm[sound.end - at :]
