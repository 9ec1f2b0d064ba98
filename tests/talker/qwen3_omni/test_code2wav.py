"""Code2Wav as a stream against one decoding of all frames."""

from __future__ import annotations

import pytest
import tiny_qwen3 as tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from talker.qwen3_omni.code2wav import StreamedCode2Wav

FRAMES = 25


def frames(count: int, seed: int = 0) -> Tensor:
    """[frames, codebooks]"""
    return torch.randint(tiny.CODEBOOK, (count, tiny.GROUPS), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def whole(codes: Tensor, dtype: torch.dtype) -> Tensor:
    return tiny.model(dtype).code2wav(codes.T[None])[0, 0]


def off(made: Tensor, expected: Tensor) -> float:
    """The rms of the difference; full scale is 1."""
    assert made.shape == expected.shape
    assert expected.abs().mean() > 0.02
    assert (expected.abs() < 1).float().mean() > 0.8  # not clipped
    return float(((made - expected) ** 2).mean().sqrt())


@pytest.mark.parametrize(("dtype", "bar"), [(torch.float32, 1e-6), (torch.float64, 1e-13)])
@pytest.mark.parametrize("sizes", [[1] * FRAMES, [FRAMES], [1, 2, 3, 9, 10], [12, 13]])
def test_the_stream_is_the_whole_at_any_chunking(dtype: torch.dtype, bar: float, sizes: list[int]) -> None:
    codes = frames(FRAMES)
    stream = StreamedCode2Wav(tiny.model(dtype).code2wav, 2)
    stream.start(1)
    made, at = [], 0
    for size in sizes:
        made.append(stream.push([1], codes[None, at : at + size])[0].clone())
        at += size
    assert len(made[0]) == sizes[0] * stream.samples_per_frame - 555
    assert off(torch.cat(made), whole(codes, dtype)) <= bar


def test_sessions_in_one_batch_sound_as_each_alone_wherever_they_are() -> None:
    stream = StreamedCode2Wav(tiny.model().code2wav, 3)
    codes = [frames(12, seed) for seed in range(3)]
    made: list[list[Tensor]] = [[], [], []]
    begins = [0, 3, 4]
    for at in range(16):
        active = [slot for slot in range(3) if 0 <= at - begins[slot] < 12]
        for slot in active:
            if at == begins[slot]:
                stream.start(slot)
        batch = torch.stack([codes[slot][at - begins[slot]] for slot in active])[:, None]
        for slot, sound in zip(active, stream.push(active, batch), strict=True):
            made[slot].append(sound.clone())
    for slot in range(3):
        assert off(torch.cat(made[slot]), whole(codes[slot], torch.float32)) <= 1e-6


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_going_back_leaves_no_trace(data: st.DataObject) -> None:
    stream = StreamedCode2Wav(tiny.model().code2wav, 2)
    codes = [frames(FRAMES, 5), frames(FRAMES, 6)]
    at, made, mark = [0, 0], [[torch.zeros(0)], [torch.zeros(0)]], [None, None]
    for slot in (0, 1):
        stream.start(slot)
    for _ in range(data.draw(st.integers(0, 25))):
        slot = data.draw(st.integers(0, 1))
        match data.draw(st.sampled_from(["push", "wrong", "mark", "crop"])):
            case "push" if at[slot] < FRAMES:
                made[slot].append(stream.push([slot], codes[slot][None, at[slot] : at[slot] + 1])[0].clone())
                at[slot] += 1
            case "wrong":
                before = stream.mark(slot)
                stream.push([slot], frames(2, 9)[None])
                stream.crop(slot, before)
            case "mark":
                mark[slot] = (stream.mark(slot), at[slot], len(made[slot]))
            case "crop" if mark[slot] is not None:
                place, at[slot], count = mark[slot]
                stream.crop(slot, place)
                del made[slot][count:]
    for slot in (0, 1):
        if at[slot]:
            expected = whole(codes[slot][: at[slot]], torch.float32)
            assert off(torch.cat(made[slot]), expected) <= 1e-6
