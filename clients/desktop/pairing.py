"""What was recorded beside what was being played: the echo canceller wants both, 10 ms at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from streaming.frames import Pcm

RATE = 48_000
FRAME = RATE // 100
PATIENCE = RATE // 50
"""A recorded frame waits for the played one at most so long; then nothing was played."""
MOST_AHEAD = RATE // 10
"""More played than recorded: the two clocks have drifted, or the microphone stumbled."""


def _empty() -> Pcm:
    return np.zeros(0, np.int16)


@dataclass(slots=True)
class Pairing:
    """Two streams of int16 at 48 kHz that come in blocks of any size, each by a clock of its own. Pure."""

    _recorded: Pcm = field(default_factory=_empty)
    _rendered: Pcm = field(default_factory=_empty)

    def rendered(self, pcm: Pcm) -> None:
        """The loudspeaker was given this."""
        self._rendered = np.concatenate((self._rendered, pcm))
        if len(self._rendered) > len(self._recorded) + MOST_AHEAD:
            # The echo canceller finds the new delay by itself, within a second or so.
            self._rendered = self._rendered[-(len(self._recorded) + MOST_AHEAD // 2) :]

    def recorded(self, pcm: Pcm) -> None:
        """The microphone gave this."""
        self._recorded = np.concatenate((self._recorded, pcm))

    def frames(self) -> list[tuple[Pcm, Pcm]]:
        """All pairs (recorded, rendered) of 10 ms that are whole, each once."""
        found = []
        while len(self._recorded) >= FRAME:
            if len(self._rendered) < FRAME:
                if len(self._recorded) < FRAME + PATIENCE:
                    break
                missing = np.zeros(FRAME - len(self._rendered), np.int16)
                self._rendered = np.concatenate((self._rendered, missing))
            found.append((self._recorded[:FRAME], self._rendered[:FRAME]))
            self._recorded, self._rendered = self._recorded[FRAME:], self._rendered[FRAME:]
        return found
