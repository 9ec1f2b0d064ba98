"""Sound in events: base64 of what the session's formats say, to samples and back."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from streaming import g711
from streaming.realtime.audio import AudioFormat
from streaming.resample import Resampler

from .errors import Refused
from .received import Microphone


@dataclass(slots=True)
class SoundReader:
    """What a client appends. Pieces may end in the middle of a sample."""

    _odd: bytes = b""

    def read(self, text: str, form: AudioFormat) -> Microphone | None:
        """The samples in `text`; None if there is no whole one. Raises `Refused` if it is not base64."""
        try:
            raw = self._odd + base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as problem:
            raise Refused(f"`audio` is base64 of {form.type}: {problem}.", "invalid_value", "audio") from None
        self._odd = b""
        if form.type == "audio/pcm":
            whole = len(raw) & ~1
            self._odd = raw[whole:]
            pcm = np.frombuffer(raw[:whole], "<i2").astype(np.int16)
        else:
            pcm = g711.decode(raw, "ulaw" if form.type == "audio/pcmu" else "alaw")
        return Microphone(pcm, form.sample_rate) if len(pcm) else None


@dataclass(slots=True)
class SoundWriter:
    """One reply's sound, int16 at 24 kHz, in the session's output format."""

    form: AudioFormat
    _resampler: Resampler | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.form.type != "audio/pcm":
            self._resampler = Resampler(24_000, self.form.sample_rate)

    def write(self, pcm: npt.NDArray[np.int16]) -> str:
        """Base64 of the next samples; "" if none are ready."""
        return self._text(pcm if self._resampler is None else self._resampler.push(pcm))

    def finish(self) -> str:
        """What resampling held back."""
        return "" if self._resampler is None else self._text(self._resampler.finish())

    def _text(self, pcm: npt.NDArray[np.int16]) -> str:
        if self.form.type == "audio/pcm":
            raw = pcm.astype("<i2").tobytes()
        else:
            raw = g711.encode(pcm, "ulaw" if self.form.type == "audio/pcmu" else "alaw")
        return base64.b64encode(raw).decode()
