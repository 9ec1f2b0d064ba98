"""The ears of one call, in a thread of their own: no opinion ever holds up a frame."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np

from streaming.ears.opinions import Opinion
from streaming.ears.panel import Ears
from streaming.frames import Pcm
from streaming.resample import Resampler
from streaming.time import Time, ticks

log = logging.getLogger(__name__)

RATE, REPLY_RATE = 16_000, 24_000
LONGEST = 30 * RATE
"""Samples of what is played that are kept at most: nobody sends further ahead."""


@dataclass(frozen=True, slots=True)
class _Frame:
    pcm: Pcm
    played: Pcm | None
    t: Time


@dataclass(frozen=True, slots=True)
class _Words:
    text: str
    at: Time
    until: Time


class Playing:
    """What is played, on media time: sound that has left begins to play where what left before it ends, or now."""

    def __init__(self) -> None:
        self._resampler = Resampler(REPLY_RATE, RATE)
        self._sound = np.zeros(0, np.int16)
        self._at: Time = 0
        """Media time of the first sample of `_sound`."""

    def sent(self, pcm: Pcm, now: Time) -> None:
        """int16[n] at 24 kHz left at media time `now`."""
        if not len(self._sound):
            self._at = now
        self._sound = np.concatenate((self._sound, self._resampler.push(pcm)))[:LONGEST]

    def silenced(self) -> None:
        """What has not been played never will be."""
        self._sound = self._sound[:0]

    def during(self, t: Time, count: int) -> Pcm:
        """`count` samples at 16 kHz from media time `t` on, with silence where nothing is played. Time only goes on."""
        passed = max(0, (t - self._at) // ticks(1, RATE))
        self._sound, self._at = self._sound[passed:], max(self._at, t)
        late = min(count, (self._at - t) // ticks(1, RATE))
        playing = np.concatenate((np.zeros(late, np.int16), self._sound[: count - late]))
        return np.concatenate((playing, np.zeros(count - len(playing), np.int16)))


class Listening:
    """Feeds frames and words to `ears` in order; opinions come back on the loop, through `tell`."""

    def __init__(self, ears: Ears, tell: Callable[[list[Opinion]], None]) -> None:
        """Must be made on the loop that `tell` is to be called on."""
        self._ears = ears
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._playing = Playing()
        self._queue: SimpleQueue[_Frame | _Words | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ears", daemon=True)
        self._thread.start()

    def sent(self, pcm: Pcm, now: Time) -> None:
        """The agent's sound, int16[n] at 24 kHz, left at media time `now`: its echo is to be expected."""
        self._playing.sent(pcm, now)

    def frame(self, pcm: Pcm, played: bool, t: Time) -> None:
        """16 kHz sound of the microphone that begins at `t`; `played`: the agent's sound is, or may be, audible."""
        if not played:
            self._playing.silenced()
        self._queue.put(_Frame(pcm, self._playing.during(t, len(pcm)) if played else None, t))

    def words(self, text: str, at: Time, until: Time) -> None:
        """The user's words of the current turn, known at `at`, made of the sound up to `until`."""
        self._queue.put(_Words(text, at, until))

    def close(self) -> None:
        """Ends the thread after what is queued; its opinions are no longer told."""
        self._queue.put(None)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                if isinstance(item, _Frame):
                    opinions = self._ears.push(item.pcm, item.played, item.t)
                else:
                    opinions = self._ears.hear_words(item.text, item.at, item.until)
            except Exception:
                # Ears that stumble begin anew; the call goes on without one opinion.
                log.exception("the ears stumbled and begin anew")
                self._ears.reset()
                continue
            if opinions:
                try:
                    self._loop.call_soon_threadsafe(self._tell, opinions)
                except RuntimeError:
                    return  # the loop has ended, and the call with it
