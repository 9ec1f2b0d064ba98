"""The ears of one call, in a thread of their own: no opinion ever holds up a frame."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np

from agent.wire.voices import Voices
from streaming.ears.opinions import Opinion
from streaming.ears.panel import Ears
from streaming.frames import Pcm
from streaming.resample import Resampler
from streaming.time import Time, ticks

from .voices import known, meet

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


@dataclass(frozen=True, slots=True)
class _Enrol:
    name: str


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
    """Feeds frames and words to `ears` in order; what comes of it comes back on the loop.

    Nobody else touches the ears: they are also told here whom they are to know.
    """

    def __init__(self, ears: Ears, tell: Callable[[list[Opinion]], None], voices: Callable[[Voices], None]) -> None:
        """Must be made on the loop that `tell` and `voices` are to be called on: with opinions, and with whom the
        ears know, whenever that has changed."""
        self._ears = ears
        self._tell = tell
        self._voices = voices
        self._loop = asyncio.get_running_loop()
        self._playing = Playing()
        self._queue: SimpleQueue[_Frame | _Words | _Enrol | Voices | None] = SimpleQueue()
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

    def meet(self, voices: Voices) -> None:
        """The ears know these people from now on, and nobody else."""
        self._queue.put(voices)

    def enrol(self, name: str) -> None:
        """The ears get to know whoever speaks next as `name`."""
        self._queue.put(_Enrol(name))

    def close(self) -> None:
        """Ends the thread after what is queued; its opinions are no longer told."""
        self._queue.put(None)

    def _run(self) -> None:
        before = known(self._ears)
        while (item := self._queue.get()) is not None:
            try:
                opinions = self._hear(item)
            except Exception:
                # Ears that stumble begin anew; the call goes on without one opinion.
                log.exception("the ears stumbled and begin anew")
                self._ears.reset()
                continue
            now = known(self._ears)
            try:
                if opinions:
                    self._loop.call_soon_threadsafe(self._tell, opinions)
                if not now.same_as(before):
                    self._loop.call_soon_threadsafe(self._voices, now)
            except RuntimeError:
                return  # the loop has ended, and the call with it
            before = now

    def _hear(self, item: _Frame | _Words | _Enrol | Voices) -> list[Opinion]:
        match item:
            case _Frame(pcm, played, t):
                return self._ears.push(pcm, played, t)
            case _Words(text, at, until):
                return self._ears.hear_words(text, at, until)
            case _Enrol(name):
                self._ears.enrol(name)
            case Voices():
                meet(self._ears, item)
        return []
