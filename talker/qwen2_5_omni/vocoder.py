"""Qwen2.5-Omni's Vocoder: from codes to sound in blocks of 240 ms.

A block of mel frames is final as soon as the codes of the block after it are there: 24 codes in all before the first
sound (stock streaming waits for 48). The waveform of a final block wants some frames to its right. Those that are
there already come from the block after it as the same window made it, without what follows that one: they are wrong by
a few thousandths, and the last `HOLD` frames of a final block, which would notice, wait for the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from transformers.models.qwen2_5_omni.modeling_qwen2_5_omni import (
    Qwen2_5OmniToken2WavBigVGANModel as BigVGAN,
)
from transformers.models.qwen2_5_omni.modeling_qwen2_5_omni import (
    Qwen2_5OmniToken2WavDiTModel as DiT,
)

from ..joints import Codes, Mark, Spoken
from ..omni.frame import Frame
from ..omni.graphs import Graphed, bucket, sizes
from ..omni.speech import NOTHING, RATE, Speech
from .bigvgan import REACH, Waveform
from .dit import BlockDiT

Item = TypeVar("Item")

BACK = 2
"""Blocks before a block that its window has."""
HOLD = 4
"""Mel frames at the end of a final block that are not sounded before the next is final."""


@dataclass(slots=True)
class _Slot:
    """One session's reply."""

    speech: Speech = field(default_factory=Speech)
    voice: str = ""
    replies: int = 0
    codes: list[Tensor] = field(default_factory=list)
    """[1] each."""
    noise: list[Tensor] = field(default_factory=list)
    """[block, mel bins] for each block, what its equation starts from."""
    final: int = 0
    """Blocks whose mel frames are final."""
    sounded: int = 0
    """Mel frames whose samples were given."""
    mel: Tensor | None = None
    """The last final frames, [at most `REACH` and a block, mel bins]."""
    generator: torch.Generator | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    """One slot's share of a batch."""

    slot: int
    begin: int
    """The first block of the window."""
    frames: int
    """Mel frames in it."""
    final: int
    """Mel frames of the reply that are final afterwards."""
    until: int
    """Mel frames of the reply that are sounded afterwards."""
    whole: bool
    """There are no more codes."""


class Qwen25OmniVocoder:
    """Decodes a block whenever it can, batched over the slots that have one."""

    sample_rate = RATE

    def __init__(self, dit: DiT, bigvgan: BigVGAN, voices: Mapping[str, tuple[Tensor, Tensor]], slots: int) -> None:
        """`voices`: for each, `cond` [1, width] and `ref_mel` [1, frames, mel bins]."""
        self._dit, self._wave = BlockDiT(dit), Waveform(bigvgan)
        self._timbres = {name: self._dit.timbre(*about) for name, about in voices.items()}
        self._codes_a_block = self._dit.block // self._dit.repeats
        self._slots = [_Slot() for _ in range(slots)]
        self._spare = slots
        self._solve = Graphed(self._solved, self._dit.device, slots)
        self._sound = Graphed(self._sounded, self._dit.device, slots)

    def open(self, slot: int) -> None:
        """A session begins."""
        self._slots[slot] = _Slot()

    def close(self, slot: int) -> None:
        """Nothing of the session stays."""
        self._slots[slot] = _Slot()

    def start(self, slot: int) -> None:
        """A reply begins."""
        before = self._slots[slot]
        before.speech.start()
        generator = torch.Generator(self._dit.device)
        generator.manual_seed(1_000_003 * slot + before.replies)
        self._slots[slot] = _Slot(before.speech, replies=before.replies + 1, generator=generator)

    def push(self, slots: Sequence[int], codes: Sequence[Codes]) -> list[Spoken]:
        """What becomes sound with one frame more for each of `slots`: a block's, or nothing."""
        due: list[_Window] = []
        for slot, frame in zip(slots, codes, strict=True):
            assert isinstance(frame, Frame)
            state = self._slots[slot]
            if state.speech.take(frame):
                state.codes.append(frame.codes)
                state.voice = frame.voice
                if len(state.codes) >= (state.final + 2) * self._codes_a_block:
                    due.append(self._window(slot, state.final + 1))
        sounds = self._decode(due)
        return [self._slots[slot].speech.say(sounds[slot]) if slot in sounds else NOTHING for slot in slots]

    def flush(self, slot: int) -> Spoken:
        """What was held back, to the last code."""
        state = self._slots[slot]
        frames = len(state.codes) * self._dit.repeats
        if frames == state.sounded:
            return state.speech.finish(np.zeros(0, np.float32))
        return state.speech.finish(self._decode([self._window(slot, -(-frames // self._dit.block), whole=True)])[slot])

    def mark(self, slot: int) -> Mark:
        """A place in the reply, for `crop`."""
        state = self._slots[slot]
        generator = None if state.generator is None else state.generator.get_state()
        return _copy(state), generator

    def crop(self, slot: int, mark: Mark) -> None:
        """Back to `mark`, as if nothing had come after it."""
        assert isinstance(mark, tuple)
        state, generator = mark
        self._slots[slot] = _copy(state)
        if generator is not None:
            state.generator.set_state(generator)

    @torch.inference_mode()
    def warm(self) -> None:
        """Captures the graphs of whole blocks, so that no caller waits for them. Without CUDA there are none."""
        dit, on = self._dit, self._dit.device
        if on.type != "cuda":
            return
        timbre = next(iter(self._timbres.values()))
        for size in sizes(len(self._slots)):
            spare = torch.full((size,), self._spare)
            for blocks in range(2, BACK + 3):
                codes = torch.zeros(size, blocks * self._codes_a_block, dtype=torch.int64, device=on)
                noise = torch.zeros(size, blocks * dit.block, dit.mel_dim, device=on, dtype=dit.dtype)
                lengths = torch.full((size,), blocks * dit.block, device=on)
                self._solve((size, blocks), spare, codes, noise, timbre.expand(size, -1, -1), lengths)
            # The first and the second sound of a reply begin at its beginning, all others in the middle.
            for frames in (2 * dit.block, 3 * dit.block, REACH + HOLD + 2 * dit.block):
                self._sound((size, frames), spare, torch.zeros(size, frames, dit.mel_dim, device=on, dtype=dit.dtype))

    # --- inside ---------------------------------------------------------------------------------

    def _window(self, slot: int, final: int, whole: bool = False) -> _Window:
        """The window in which the blocks up to `final` become final; `whole`: there are no more codes."""
        state, block = self._slots[slot], self._dit.block
        begin = max(state.final - BACK, 0)
        there = len(state.codes) * self._dit.repeats
        until = there if whole else final * block - HOLD
        return _Window(slot, begin, there - begin * block, min(final * block, there), until, whole)

    @torch.inference_mode()
    def _decode(self, windows: Sequence[_Window]) -> dict[int, NDArray[np.floating]]:
        """The sound of each window's slot. Windows of one size are one batch."""
        mels: dict[int, Tensor] = {}
        for alike in _alike([(-(-window.frames // self._dit.block), window) for window in windows]):
            mels |= self._mels(alike)
        pieces = []
        for window in windows:
            state, mel = self._slots[window.slot], mels[window.slot]
            begin = max(state.sounded - REACH, 0)
            # What was final before stays what it was; the rest is this window's.
            known = state.mel if state.mel is not None else mel[:0]
            before = state.final * self._dit.block
            around = torch.cat((known[len(known) - (before - begin) :], mel[before - window.begin * self._dit.block :]))
            pieces.append((len(around), (window, begin, around)))
            kept = around[: window.final - begin]
            state.mel = kept[-(REACH + self._dit.block) :]
            state.final = -(-window.final // self._dit.block)
        waves: dict[int, Tensor] = {}
        for group in _alike(pieces):
            size = bucket(len(group))
            mel = torch.stack([around for _, _, around in group] + [group[0][2]] * (size - len(group)))
            index = self._index([window for window, _, _ in group], size)
            # The end of a reply has any length: a graph of its own would not be used again.
            sound = self._sounded if any(window.whole for window, _, _ in group) else self._sound
            (made,) = sound((size, mel.shape[1]), index, mel)
            per = self._wave.samples_per_frame
            for (window, begin, _), wave in zip(group, made, strict=False):
                state = self._slots[window.slot]
                waves[window.slot] = wave[(state.sounded - begin) * per : (window.until - begin) * per].float().clone()
                state.sounded = window.until
        return {slot: wave.cpu().numpy() for slot, wave in waves.items()}

    def _mels(self, windows: Sequence[_Window]) -> dict[int, Tensor]:
        """[frames, mel bins] for each of `windows`, all of as many blocks."""
        size, block, dit = bucket(len(windows)), self._dit.block, self._dit
        blocks = -(-windows[0].frames // block)
        codes, noise, timbres = [], [], []
        for window in windows:
            state = self._slots[window.slot]
            there = torch.cat(state.codes[window.begin * self._codes_a_block :])
            codes.append(functional.pad(there, (0, blocks * self._codes_a_block - len(there))))
            while len(state.noise) < window.begin + blocks:
                drawn = torch.empty(block, dit.mel_dim, device=dit.device, dtype=dit.dtype)
                state.noise.append(drawn.normal_(generator=state.generator))
            noise.append(torch.cat(state.noise[window.begin : window.begin + blocks]))
            timbres.append(self._timbres[state.voice])
        lengths = torch.tensor([window.frames for window in windows] + [block] * (size - len(windows)))
        filled = [torch.stack(part + part[:1] * (size - len(windows))) for part in (codes, noise, timbres)]
        index = self._index(windows, size)
        (made,) = self._solve((size, blocks), index, *filled, lengths.to(dit.device, non_blocking=True))
        return {window.slot: mel[: window.frames].clone() for window, mel in zip(windows, made, strict=False)}

    def _index(self, windows: Sequence[_Window], size: int) -> Tensor:
        return torch.tensor([*(window.slot for window in windows), *([self._spare] * (size - len(windows)))])

    def _solved(
        self, key: object, slots: Tensor, codes: Tensor, noise: Tensor, timbres: Tensor, lengths: Tensor
    ) -> tuple[Tensor]:
        return (self._dit.solve(codes, noise, timbres, lengths),)

    def _sounded(self, key: object, slots: Tensor, mel: Tensor) -> tuple[Tensor]:
        return (self._wave.decode(mel),)


def _alike(items: Sequence[tuple[int, Item]]) -> list[list[Item]]:
    """Items of one size together."""
    groups: dict[int, list[Item]] = {}
    for size, item in items:
        groups.setdefault(size, []).append(item)
    return list(groups.values())


def _copy(state: _Slot) -> _Slot:
    """A copy that shares what never changes."""
    return replace(state, speech=deepcopy(state.speech), codes=list(state.codes), noise=list(state.noise))
