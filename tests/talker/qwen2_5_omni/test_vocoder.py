"""Qwen2.5-Omni's Vocoder as a stream against one decoding of all codes by the stock modules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import tiny_qwen25 as tiny
import torch
from numpy.typing import NDArray
from torch import Tensor

from talker.joints import Spoken
from talker.omni.frame import Drawn, Frame
from talker.qwen2_5_omni.bigvgan import Waveform
from talker.qwen2_5_omni.dit import BlockDiT
from talker.qwen2_5_omni.vocoder import HOLD, Qwen25OmniVocoder

BLOCK, RATE = 24, 240
CODES = 12
"""A block's."""


def vocoder(slots: int = 2, dtype: torch.dtype = torch.float32) -> Qwen25OmniVocoder:
    made = tiny.model(dtype).token2wav.to(dtype)
    voices = {name: (about["cond"], about["ref_mel"]) for name, about in tiny.speakers().items()}
    return Qwen25OmniVocoder(made.code2wav_dit_model, made.code2wav_bigvgan_model, voices, slots)


def frame(code: int, voice: str = "Chelsie", said: tuple[tuple[int, str], ...] = ()) -> Frame:
    codes = torch.tensor([code])
    return Frame(codes, Drawn(codes), 0, frozenset({tiny.CODEC_EOS}), voice, said)


def codes_of(count: int, seed: int = 0) -> list[int]:
    return torch.randint(tiny.CODES, (count,), generator=torch.Generator().manual_seed(seed)).tolist()


def spoken(made: Qwen25OmniVocoder, slot: int, codes: Sequence[int], voice: str = "Chelsie") -> list[Spoken]:
    """A whole reply, a code a push."""
    made.start(slot)
    return [*(made.push([slot], [frame(code, voice)])[0] for code in codes), made.flush(slot)]


def sound(parts: Sequence[Spoken]) -> NDArray[np.int16]:
    return np.concatenate([part.pcm for part in parts])


@torch.no_grad()
def whole(
    codes: Sequence[int], noise: Tensor, monkeypatch: pytest.MonkeyPatch, voice: str = "Chelsie"
) -> NDArray[np.float64]:
    """The stock modules' sound of all codes at once, from the same noise."""
    made, about = tiny.model(torch.float64).token2wav.to(torch.float64), tiny.speakers()[voice]
    frames = 2 * len(codes)
    monkeypatch.setattr(torch, "randn", lambda *_, **__: noise[None, :frames].double())
    wave = made(torch.tensor([codes]), about["cond"].double(), about["ref_mel"].double())
    monkeypatch.undo()
    return np.asarray(wave)


def off(made: NDArray[np.int16], expected: NDArray[np.float64]) -> float:
    """The rms of the difference, relative to the sound's. Rounding to int16 is a part of it."""
    assert made.shape == expected.shape
    assert 0.005 < expected.std() < 0.7
    return float(np.sqrt(((made / 32767 - expected) ** 2).mean()) / np.sqrt((expected**2).mean()))


@pytest.mark.parametrize("count", [1, 12, 24, 25, 61])
def test_the_stream_is_the_whole_within_a_thousandth(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = vocoder(dtype=torch.float64)
    made.open(1)
    codes = codes_of(count)
    pcm = sound(spoken(made, 1, codes))
    assert len(pcm) == count * 2 * RATE
    assert off(pcm, whole(codes, torch.cat(made._slots[1].noise), monkeypatch)) <= 1e-3


def test_the_first_sound_comes_with_the_24th_code_and_then_a_block_with_every_twelve() -> None:
    made = vocoder()
    made.open(0)
    lengths = [len(part.pcm) for part in spoken(made, 0, codes_of(48))]
    assert lengths.index((BLOCK - HOLD) * RATE) == 23
    assert not any(lengths[:23])
    assert [at for at, length in enumerate(lengths) if length] == [23, 35, 47, 48]
    assert lengths[35] == BLOCK * RATE
    assert sum(lengths) == 48 * 2 * RATE


def test_the_solver_is_the_stock_one() -> None:
    model = tiny.model(torch.float64).token2wav.to(torch.float64).code2wav_dit_model
    about, codes = tiny.speakers()["Ethan"], torch.tensor([codes_of(30)])
    torch.manual_seed(7)
    expected = model.sample(about["cond"].double(), about["ref_mel"].double(), codes)
    torch.manual_seed(7)
    noise = torch.randn([1, 60, tiny.MEL], dtype=torch.float64)
    dit = BlockDiT(model)
    with torch.inference_mode():
        made = dit.solve(codes, noise, dit.timbre(about["cond"], about["ref_mel"])[None], torch.tensor([60]))
    assert torch.allclose(made.transpose(1, 2), expected, rtol=0, atol=1e-12)


def test_the_waveform_is_the_stock_one_and_24_frames_around_a_piece_make_it_whole() -> None:
    model = tiny.model(torch.float64).token2wav.to(torch.float64).code2wav_bigvgan_model
    wave, mel = Waveform(model), torch.randn(1, 100, tiny.MEL, dtype=torch.float64) - 2
    with torch.inference_mode():
        expected = model(mel.transpose(1, 2))
        assert torch.equal(wave.decode(mel)[0], expected)
        piece = wave.decode(mel[:, 16:84])[0, 24 * RATE : 44 * RATE]
    assert float((piece - expected[40 * RATE : 60 * RATE]).abs().max()) <= 1e-10


def test_sessions_in_one_batch_sound_as_each_alone_and_going_back_leaves_no_trace() -> None:
    alone, together = vocoder(), vocoder()
    codes = [codes_of(38, seed) for seed in range(2)]
    for made in (alone, together):
        made.open(0)
        made.open(1)
    expected = [sound(spoken(alone, slot, codes[slot], voice)) for slot, voice in enumerate(("Chelsie", "Ethan"))]
    parts: list[list[Spoken]] = [[], []]
    together.start(0)
    together.start(1)
    for at in range(38):
        frames = [frame(codes[0][at]), frame(codes[1][at], "Ethan")]
        if at in (23, 36):
            marks = [together.mark(slot) for slot in (0, 1)]
            for code in codes_of(5, 9):
                together.push([0, 1], [frame(code), frame(code)])
            together.flush(1)
            for slot in (0, 1):
                together.crop(slot, marks[slot])
        for slot, part in enumerate(together.push([0, 1], frames)):
            parts[slot].append(part)
    for slot in (0, 1):
        parts[slot].append(together.flush(slot))
        difference = np.abs(sound(parts[slot]).astype(int) - expected[slot])
        assert difference.max() <= 4


def test_the_end_is_no_code_and_every_word_has_its_place_in_the_sound() -> None:
    made = vocoder()
    made.open(0)
    made.start(0)
    parts = []
    for at, code in enumerate(codes_of(40)):
        said = ((at, f" word{at}"),) if at < 3 else ()
        parts += made.push([0], [frame(code, said=said)])
    parts += made.push([0], [frame(tiny.CODEC_EOS)])
    parts.append(made.flush(0))
    assert len(sound(parts)) == 40 * 2 * RATE
    spans = [span for part in parts for span in part.spans]
    assert [token for token, _, _ in spans] == [0, 1, 2]
    assert spans[-1][2] <= len(sound(parts))
    made.start(0)
    assert not len(made.flush(0).pcm)
