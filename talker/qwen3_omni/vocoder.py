"""Qwen3-Omni's Vocoder: 80 ms of sound a frame, at once."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from transformers.models.qwen3_omni_moe.modeling_qwen3_omni_moe import Qwen3OmniMoeCode2Wav as Code2Wav

from ..joints import Codes, Mark, Spoken
from ..omni.frame import Frame
from ..omni.speech import NOTHING, RATE, Speech
from .code2wav import StreamedCode2Wav


class Qwen3OmniVocoder:
    """Decodes frames as they come, batched; what it holds back is the 555 samples that it looks ahead."""

    sample_rate = RATE

    def __init__(self, model: Code2Wav, slots: int) -> None:
        self._codebook = model.config.codebook_size
        self._stream = StreamedCode2Wav(model, slots)
        self._speech = [Speech() for _ in range(slots)]

    def open(self, slot: int) -> None:
        """A session begins."""
        self._speech[slot] = Speech()
        self.start(slot)

    def close(self, slot: int) -> None:
        """Nothing of the session stays."""
        self._speech[slot] = Speech()
        self._stream.start(slot)

    def start(self, slot: int) -> None:
        """A reply begins."""
        self._speech[slot].start()
        self._stream.start(slot)

    def push(self, slots: Sequence[int], codes: Sequence[Codes]) -> list[Spoken]:
        """The sound of one frame for each of `slots`; none for a frame that is the end."""
        frames = [frame for frame in codes if isinstance(frame, Frame)]
        # The Talker's end is no code of the codebook; its sound is computed with the others' and thrown away.
        batch = torch.stack([frame.codes for frame in frames])[:, None].clamp(max=self._codebook - 1)
        waves = self._stream.push(slots, batch)
        sound = torch.cat([wave.float() for wave in waves]).cpu().numpy()
        parts = np.split(sound, np.cumsum([len(wave) for wave in waves])[:-1])
        return [
            self._speech[slot].say(part) if self._speech[slot].take(frame) else NOTHING
            for slot, frame, part in zip(slots, frames, parts, strict=True)
        ]

    def flush(self, slot: int) -> Spoken:
        """Everything that can be decoded was: the spans of the last words."""
        return self._speech[slot].finish(np.zeros(0, np.float32))

    def warm(self) -> None:
        """Prepares what the first caller would wait for."""
        self._stream.warm()

    def mark(self, slot: int) -> Mark:
        """A place in the reply, for `crop`."""
        return deepcopy(self._speech[slot]), self._stream.mark(slot)

    def crop(self, slot: int, mark: Mark) -> None:
        """Back to `mark`, as if nothing had come after it."""
        assert isinstance(mark, tuple)
        speech, stream = mark
        self._speech[slot] = deepcopy(speech)
        self._stream.crop(slot, stream)
