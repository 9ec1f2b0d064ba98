"""When speech begins and ends: the network says that there is some, the energy says exactly where.

The network is sure 20 to 100 ms after an onset and stays sure as long after an end; the envelope knows the edges
to a frame but not what makes the noise. Together an onset is known within 100 ms and an end after 90.
"""

from __future__ import annotations

from dataclasses import dataclass

from streaming.time import Time, ms

from .opinions import SpeechStarted, SpeechStopped
from .sound import Frame

SURE = 0.5
"""Probability from which the network alone says speech."""
MAYBE = 0.25
"""Probability that will do for an onset that stands out and is voiced."""
UNLIKELY = 0.15
"""Probability below which there is no speech however loud it is."""
VOICED = 0.6
MAYBE_AFTER = ms(40)
"""How long a sound of which the network is not sure must have stood out."""
CLOSURE = ms(60)
"""A gap this short inside a sound is a plosive's closure and part of it."""
LOOKS_BACK = ms(160)
"""An onset lies at most this long before it is known: longer ago it was something else."""
NETWORK_LAG = ms(60)
"""How long after an edge the network notices it, where the envelope shows none."""
NETWORK_HOLDS = ms(100)
"""How long at most the network stays sure after an end: one that noise has masked lies no earlier."""
STOPPED_AFTER = ms(90)
"""Silence that ends speech when the network agrees."""
SURELY_STOPPED_AFTER = ms(160)
"""Silence that ends speech whatever the network says, where speech stood out far enough to be missed."""
FAR = 22.0
"""dB between speech and the threshold that make silence trustworthy."""
BELOW_PEAK = 34.0
"""dB below the loudest of late at which speech is over."""
PEAK_FALLS = 0.2
"""dB per frame that the memory of the loudest fades by."""


@dataclass(slots=True)
class SpeechEdges:
    """One session's onsets and ends of speech."""

    onset: Time | None = None
    """When the speech that goes on began; None: nobody speaks."""
    last_loud: Time = 0
    """The end of the last frame that belonged to a sound."""
    _sound_since: Time | None = None
    """While nobody speaks: when the sound began that goes on."""
    _sound_lasted: Time = 0
    _peak: float = -100.0
    _sure_until: Time = 0
    """While somebody speaks: when the network was sure last."""
    _doubtful_since: Time | None = None
    """While somebody speaks: since when the network has not believed it."""

    def push(self, frame: Frame) -> list[SpeechStarted | SpeechStopped]:
        """Take in the next frame; returns what began or ended with it."""
        return self._speaking(frame, self.onset) if self.onset is not None else self._silent(frame)

    def _silent(self, frame: Frame) -> list[SpeechStarted | SpeechStopped]:
        if frame.stands_out:
            if self._sound_since is None:
                self._sound_since, self._sound_lasted = frame.start, 0
            self._sound_lasted += frame.end - frame.start
            self.last_loud = frame.end
        elif self._sound_since is not None and frame.end - self.last_loud > CLOSURE:
            self._sound_since = None
        believed = frame.speech >= SURE or (
            frame.speech >= MAYBE and self._sound_lasted >= MAYBE_AFTER and frame.voicing >= VOICED
        )
        if self._sound_since is None or not believed:
            return []
        about = max(self._sound_since, frame.end - LOOKS_BACK)
        self.onset, self.last_loud = about, frame.end
        self._peak, self._sure_until, self._doubtful_since = frame.level, frame.end, None
        return [SpeechStarted(about=about, at=frame.end)]

    def _speaking(self, frame: Frame, onset: Time) -> list[SpeechStarted | SpeechStopped]:
        self._peak = max(frame.level, self._peak - PEAK_FALLS)
        if frame.level > max(frame.threshold, self._peak - BELOW_PEAK):
            self.last_loud = frame.end
        if frame.speech >= SURE:
            self._sure_until = frame.end
        if frame.speech >= UNLIKELY:
            self._doubtful_since = None
        elif self._doubtful_since is None:
            self._doubtful_since = frame.end
        quiet = frame.end - self.last_loud
        clear = self._peak - frame.threshold > FAR
        if (quiet >= STOPPED_AFTER and frame.speech < SURE) or (quiet >= SURELY_STOPPED_AFTER and clear):
            about = max(self.last_loud, self._sure_until - NETWORK_HOLDS)
        elif self._doubtful_since is not None and frame.end - self._doubtful_since >= STOPPED_AFTER:
            about = min(self.last_loud, self._doubtful_since - NETWORK_LAG)
        else:
            return []
        self.onset, self._sound_since = None, None
        return [SpeechStopped(about=max(about, onset), at=frame.end)]
