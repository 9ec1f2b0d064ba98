"""Which words a stretch of generated speech says, for models that do not tell.

An Omni Talker takes in text four to fifteen times faster than it speaks it, so that the frame at which a token was
taken in says only that the token is not spoken earlier. What is left is the sound itself and the text: how much of the
sound is speech, where it pauses, how long each word should take, and where the text has commas and stops. A pause is
matched with the nearest stop that is expected about there; between such anchors time is shared out by length, at a pace
that is learnt as the reply goes on and kept for the voice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lengths import length

_BLOCK = 240
"""Samples (10 ms at 24 kHz) that are speech or silence."""
_BELOW_PEAK = 0.02
"""Rms below this share of the loudest block so far is silence (-34 dB)."""
_SILENCE = 40.0
"""Rms that is silence whatever else was heard, of 32768."""
_PAUSE = 9
"""Blocks of silence that are a pause."""
_REACH_S, _REACH_SHARE = 0.30, 0.25
"""How far from its expected place a stop is looked for: so much, and so much of the speech since the last one."""
_SKIPPED = 30.0
"""Blocks by which a stop counts as farther for each stop before it at which no pause was heard."""
_PRIOR_S = 2.5
"""Speech after which the reply's own pace counts as much as what was known of the voice."""
_STOP_S = 0.3
"""A pause expected to be at least this long is a full stop: speech does not run past it."""


@dataclass(slots=True)
class Pace:
    """How slowly a voice speaks, as a factor on `lengths`; learnt from whole replies."""

    factor: float = 1.0

    def learn(self, spoken: float, expected: float) -> None:
        """A reply took `spoken` seconds of speech; `expected` at an ordinary pace."""
        if expected > 1.0:
            self.factor += 0.5 * (min(max(spoken / expected, 0.4), 2.5) - self.factor)


@dataclass(frozen=True, slots=True)
class _Unit:
    token: int
    speech: float
    pause: float


class HeardText:
    """One reply: takes text and sound as they come, gives spans (token, first, last) in samples."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._units: list[_Unit] = []
        self._spoken: list[int] = []
        """Where each block of speech begins, in samples."""
        self._samples = 0
        self._rest = np.zeros(0, np.int16)
        self._peak = 0.0
        self._silent = 0
        """Blocks of silence since the last speech."""
        self._anchor = 0
        """Blocks of speech at the last stop that was recognised."""
        self._next = 0
        """The first unit that begins after it."""
        self._told = 0
        """Units that have a span, or never get one."""
        self._until = 0
        """Blocks of speech that belong to them."""
        self._anchored = 0.0
        """Speech of the units before the anchor, at an ordinary pace."""

    def say(self, token: int, text: str) -> None:
        """The Talker knows token number `token` from here on. Pauses join the words before them."""
        takes = length(text)
        if takes.speech:
            self._units.append(_Unit(token, takes.speech, takes.pause))
        elif self._units and takes.pause > self._units[-1].pause:
            last = self._units[-1]
            self._units[-1] = _Unit(last.token, last.speech, takes.pause)

    def sound(self, pcm: NDArray[np.int16]) -> list[tuple[int, int, int]]:
        """The next samples; spans of what they finish."""
        pcm = np.concatenate((self._rest, pcm))
        whole = len(pcm) // _BLOCK
        blocks = pcm[: whole * _BLOCK].reshape(whole, _BLOCK).astype(np.float64)
        self._rest = pcm[whole * _BLOCK :]
        for level in np.sqrt((blocks**2).mean(-1)):
            self._block(float(level))
        return self._tell(self._reached())

    def finish(self) -> list[tuple[int, int, int]]:
        """All sound is made: what is left of the text shares what is left of the speech. The pace is learnt."""
        left = self._units[self._told :]
        expected = sum(unit.speech for unit in left)
        begin, share = self._until, max(len(self._spoken) - self._until, 0) / max(expected, 1e-9)
        spans = self._tell([begin + share * at for at in np.cumsum([unit.speech for unit in left])] if left else [])
        self._pace.learn(0.01 * len(self._spoken), sum(unit.speech for unit in self._units))
        return spans

    # --- inside ---------------------------------------------------------------------------------

    @property
    def _factor(self) -> float:
        """The pace, from what is known of the voice and what was recognised of this reply."""
        return (self._pace.factor * _PRIOR_S + 0.01 * self._anchor) / (_PRIOR_S + self._anchored)

    def _block(self, level: float) -> None:
        at = self._samples
        self._samples += _BLOCK
        self._peak = max(self._peak, level)
        if level > max(_SILENCE, _BELOW_PEAK * self._peak):
            self._spoken.append(at)
            self._silent = 0
            return
        self._silent += 1
        if self._silent == _PAUSE and self._spoken:
            self._anchor_at(len(self._spoken))

    def _anchor_at(self, spoken: int) -> None:
        """There is a pause after `spoken` blocks of speech: which stop is it?"""
        expected, best, nearest, skipped = float(self._anchor), -1, 0.0, 0
        reach = 100 * _REACH_S + _REACH_SHARE * (spoken - self._anchor)
        for at in range(self._next, len(self._units)):
            expected += 100 * self._factor * self._units[at].speech
            if expected > spoken + reach:
                break
            if not self._units[at].pause:
                continue
            distance = abs(expected - spoken)
            if distance <= reach and (best < 0 or distance + _SKIPPED * skipped < nearest):
                best, nearest = at, distance + _SKIPPED * skipped
            skipped += 1
        if best < 0:
            return
        self._anchored += sum(unit.speech for unit in self._units[self._next : best + 1])
        self._anchor, self._next = spoken, best + 1

    def _reached(self) -> list[float]:
        """The block of speech at which each unit that is not told yet ends, as far as there is speech."""
        ends: list[float] = []
        have, at = len(self._spoken), float(self._anchor)
        if self._next > self._told:
            # A stop was recognised: what comes before it shares the speech up to it.
            units = self._units[self._told : self._next]
            share = max(self._anchor - self._until, 0) / sum(unit.speech for unit in units)
            place = float(self._until)
            for unit in units:
                place += share * unit.speech
                ends.append(place)
        else:
            # Beyond the anchor already: the units told since then have taken their time.
            at += sum(100 * self._factor * unit.speech for unit in self._units[self._next : self._told])
        for unit in self._units[max(self._next, self._told) :]:
            at += 100 * self._factor * unit.speech
            stops = unit.pause >= _STOP_S
            if at > have:
                break
            if stops and have - at < 100 * _REACH_S + _REACH_SHARE * (at - self._anchor) and self._silent < _PAUSE:
                break  # the pause that must come here was not heard yet
            ends.append(at)
        return ends

    def _tell(self, ends: list[float]) -> list[tuple[int, int, int]]:
        """Spans of the next units, which end at these blocks of speech."""
        spans: list[tuple[int, int, int]] = []
        for end in ends:
            unit, first, last = self._units[self._told], self._until, min(round(end), len(self._spoken))
            self._told += 1
            if last > first:
                spans.append((unit.token, self._spoken[first], self._spoken[last - 1] + _BLOCK))
                self._until = last
        return spans
