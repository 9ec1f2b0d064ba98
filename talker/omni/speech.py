"""What both Vocoders do around their networks: samples, the text that they say, and the end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..joints import Spoken
from .frame import Frame
from .heard import HeardText, Pace

RATE = 24_000


@dataclass(slots=True)
class Speech:
    """One session's replies, one after the other. The pace of its voice is learnt from reply to reply."""

    pace: Pace = field(default_factory=Pace)
    text: HeardText = field(default_factory=lambda: HeardText(Pace()))
    over: bool = False
    """The Talker said that it is done."""

    def start(self) -> None:
        """A reply begins."""
        self.text, self.over = HeardText(self.pace), False

    def take(self, frame: Frame) -> bool:
        """Notes the text that came with a frame. False if the frame is the end."""
        for token, text in frame.said:
            self.text.say(token, text)
        self.over = self.over or frame.ended()
        return not self.over

    def say(self, wave: NDArray[np.floating]) -> Spoken:
        """The next samples, in [-1, 1]."""
        pcm = np.rint(np.clip(wave, -1, 1) * 32767).astype(np.int16)
        return Spoken(pcm, self.text.sound(pcm))

    def finish(self, wave: NDArray[np.floating]) -> Spoken:
        """The last samples. What is left of the text was said by then; it needs a sample of sound to travel with."""
        last = self.say(wave)
        left = self.text.finish()
        return Spoken(last.pcm if len(last.pcm) or not left else np.zeros(1, np.int16), [*last.spans, *left])


NOTHING = Spoken(np.zeros(0, np.int16))
