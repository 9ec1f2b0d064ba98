"""The Vocoder: from phrases to sound at 24 kHz, with the samples of every word."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from streaming.resample import resample
from talker.joints import Codes, Spoken

from .library import RATE, Library, Utterance
from .speakable import is_han, speakable
from .talker import Line
from .voices import Voice

_WORDS_PER_MINUTE = 175
_SLOWEST, _FASTEST = 80, 450
"""What espeak can do, in words per minute."""
_FADE_S = 0.003
_KEPT_BEFORE_S = 0.006
"""A phrase begins this long before its first audible sample."""
_AUDIBLE = 60
"""Of 32768: below is espeak's silence."""
_PEAK = 0.98 * 32768
_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\s\u3400-\u9fff\uf900-\ufaff]+")


class EspeakVocoder:
    """Speaks a whole phrase a push. It holds nothing back."""

    sample_rate = 24_000

    def __init__(self, slots: int, library: Library) -> None:
        self._library = library
        self._made = [0] * slots
        """Samples of the reply so far."""

    def open(self, slot: int) -> None:
        self._made[slot] = 0

    def close(self, slot: int) -> None:
        self._made[slot] = 0

    def start(self, slot: int) -> None:
        self._made[slot] = 0

    def push(self, slots: Sequence[int], codes: Sequence[Codes]) -> list[Spoken]:
        return [self._push(slot, line) for slot, line in zip(slots, codes, strict=True)]

    def flush(self, slot: int) -> Spoken:
        return Spoken(np.zeros(0, np.int16))

    def _push(self, slot: int, line: Codes) -> Spoken:
        assert isinstance(line, Line)
        sound, spans = self._say(line)
        if not len(sound):
            return Spoken(sound)
        silence = round(line.phrase.pause / line.speed * self.sample_rate) if self._made[slot] else 0
        begin = self._made[slot] + silence
        self._made[slot] = begin + len(sound)
        pcm = np.concatenate((np.zeros(silence, np.int16), sound))
        return Spoken(pcm, [(token, begin + first, begin + last) for token, first, last in spans])

    def _say(self, line: Line) -> tuple[NDArray[np.int16], list[tuple[int, int, int]]]:
        """The sound of a phrase without silence around it, and (token, first, last) in it."""
        phrase = line.phrase
        spoken, origins = speakable(phrase.text)
        rate = round(min(max(_WORDS_PER_MINUTE * line.speed, _SLOWEST), _FASTEST))
        sounds: list[NDArray[np.int16]] = []
        spans: list[tuple[int, int, int]] = []
        length = 0
        for begin, end, chinese in _runs(spoken):
            text = spoken[begin:end]
            last_run = end == len(spoken)
            name = line.voice.named("cmn" if chinese else None)
            # A comma after an unfinished clause keeps the voice up; espeak's pause after it is not asked for.
            utterance = self._library.speak(
                text.rstrip() + "," if phrase.open_end or not last_run else text, name, rate
            )
            heard, skipped = _trimmed(utterance.pcm, line.voice)
            if not len(heard):
                continue
            for word_begin, word_end, first, last in _words(text, utterance):
                token = _token(spoken, origins, phrase.tokens, begin + word_begin, begin + word_end)
                first, last = (
                    length + min(max(round((at - skipped) * self.sample_rate / RATE), 0), len(heard))
                    for at in (first, last)
                )
                if spans and spans[-1][0] == token:
                    spans[-1] = (token, spans[-1][1], last)
                elif last > first:
                    spans.append((token, first, last))
            sounds.append(heard)
            length += len(heard)
        return np.concatenate(sounds) if sounds else np.zeros(0, np.int16), spans


def _runs(text: str) -> Iterator[tuple[int, int, bool]]:
    """(begin, end, Chinese or not) of the parts of `text`; digits, spaces and signs join what precedes them."""
    at, begin, kind = 0, 0, None
    for at, character in enumerate(text):
        this = True if is_han(character) else False if character.isalpha() else kind
        if kind is not None and this is not kind:
            yield begin, at, kind
            begin = at
        kind = this
    if any(map(str.isalnum, text[begin:])) or text[begin:].strip():
        yield begin, len(text), bool(kind)


def _words(text: str, utterance: Utterance) -> Iterator[tuple[int, int, int, int]]:
    """(begin, end) in `text` and (first, last) in the sound of each word of it.

    espeak's positions are sure to lie in the right word, but wander within numbers; words that it runs together
    ("have been") share the sound by their letters.
    """
    words = [match.span() for match in _WORD.finditer(text)]
    if not words:
        return
    begins = [begin for begin, _ in words]
    starts: list[tuple[int, int]] = []
    for character, sample in utterance.words:
        word = max(bisect_right(begins, character) - 1, 0)
        if not starts:
            starts.append((0, sample))
        elif word > starts[-1][0]:
            starts.append((word, sample))
    for (word, first), (after, end) in pairwise([*starts, (len(words), len(utterance.pcm))]):
        last = _voiced_until(utterance, first, end)
        letters = [sum(map(str.isalnum, text[slice(*span)])) for span in words[word:after]]
        if not any(letters):
            letters = [1] * len(letters)
        shares = np.concatenate(([0], np.cumsum(letters) / sum(letters)))
        for span, (share, until) in zip(words[word:after], pairwise(shares), strict=True):
            if until > share:
                yield *span, first + round((last - first) * share), first + round((last - first) * until)


def _voiced_until(utterance: Utterance, first: int, end: int) -> int:
    """Where what is said in [first, end) ends: before its last pause, if it ends in one."""
    until = end
    for sample, is_pause in reversed(utterance.pauses):
        if sample >= end:
            continue
        if not is_pause or sample <= first:
            break
        until = sample
    return until


def _token(spoken: str, origins: list[int], tokens: list[int], begin: int, end: int) -> int:
    """The token in which the word [begin, end) ends, sign or no sign after it."""
    letters = [at for at in range(begin, end) if spoken[at].isalnum()]
    return tokens[origins[letters[-1] if letters else end - 1]]


def _trimmed(pcm: NDArray[np.int16], voice: Voice) -> tuple[NDArray[np.int16], int]:
    """24 kHz sound from the first audible sample to the last one, in its level, edges faded; and what was skipped
    before it, in samples at `RATE`."""
    audible = np.flatnonzero(np.abs(pcm.astype(np.int32)) > _AUDIBLE)
    if not len(audible):
        return np.zeros(0, np.int16), 0
    begin = max(int(audible[0]) - round(_KEPT_BEFORE_S * RATE), 0)
    sound = resample(pcm[begin : int(audible[-1]) + 1 + round(_FADE_S * RATE)], RATE, EspeakVocoder.sample_rate)
    wave = sound.astype(np.float32) * 10 ** (voice.gain_db / 20)
    wave *= min(1.0, _PEAK / max(float(np.abs(wave).max()), 1.0))
    edge = min(round(_FADE_S * EspeakVocoder.sample_rate), len(wave) // 2)
    if edge:
        ramp = np.linspace(0.0, 1.0, edge, dtype=np.float32)
        wave[:edge] *= ramp
        wave[-edge:] *= ramp[::-1]
    return np.rint(wave).astype(np.int16), begin
