"""The ears of one call, in a thread of their own: no opinion ever holds up a frame."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt

from streaming.ears.opinions import Opinion
from streaming.ears.panel import Ears
from streaming.time import Time

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Frame:
    pcm: npt.NDArray[np.int16]
    played: bool
    t: Time


@dataclass(frozen=True, slots=True)
class _Words:
    text: str
    at: Time
    until: Time


class Listening:
    """Feeds frames and words to `ears` in order; opinions come back on the loop, through `tell`."""

    def __init__(self, ears: Ears, tell: Callable[[list[Opinion]], None]) -> None:
        """Must be made on the loop that `tell` is to be called on."""
        self._ears = ears
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Frame | _Words | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ears", daemon=True)
        self._thread.start()

    def frame(self, pcm: npt.NDArray[np.int16], played: bool, t: Time) -> None:
        """16 kHz sound of the microphone that begins at `t`; `played`: the agent's sound is, or may be, audible."""
        self._queue.put(_Frame(pcm, played, t))

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
