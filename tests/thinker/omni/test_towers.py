"""Ears and eyes against the reference's, weights loaded from a published checkpoint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the Omni families need torch: pip install 'colloquy[models]'")
pytest.importorskip("transformers", reason="transformers is the reference: pip install 'colloquy[models]'")

import torch
from tiny_omni import image, load, reference, sound
from transformers import WhisperFeatureExtractor

from thinker.omni import mel
from thinker.omni.family import Family
from thinker.omni.pictures import Patching, fitted, patches, size


def features(pcm: np.ndarray, mirrored: bool) -> torch.Tensor:
    """The reference's, of a whole clip. Where it does not mirror the end, it is filled up with silence."""
    extract = WhisperFeatureExtractor(feature_size=128)
    padding = "do_not_pad" if mirrored else "max_length"
    made = extract(pcm / 32768.0, sampling_rate=16_000, padding=padding, truncation=False, return_tensors="pt")
    return made.input_features[0][:, : pcm.size // 160]


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("seconds", [0.4, 2.0, 5.32])
def test_log_mel_made_piece_by_piece_is_that_of_the_whole_clip(seconds: float, mirrored: bool) -> None:
    pcm = sound(seconds)
    frames = pcm.size // 160
    loudest, made = mel.QUIETEST, []
    for first in range(0, frames, 37):
        count = min(37, frames - first)
        last = first + count == frames
        start = mel.needed_from(first)
        end = pcm.size if last else (first + count) * 160 + mel.LOOKAHEAD
        power = mel.power(pcm[start:end], start, first, count, 128, last, mirrored)
        loudest = max(loudest, float(power.max()))
        made.append(mel.normalised(power, loudest))
    assert torch.allclose(torch.cat(made, 1), features(pcm, mirrored), atol=2e-5)


def test_frames_whose_sound_is_not_there_yet_are_refused() -> None:
    with pytest.raises(ValueError, match="16040"):
        mel.power(np.zeros(16_000, np.int16), 0, 0, 100, 128, over=False, mirrored=True)


@pytest.mark.parametrize("frames", [2, 3, 57, 99, 100, 143, 200, 201, 533])
def test_blocks_encoded_one_by_one_are_the_reference_on_all_of_them(family: str, folder: Path, frames: int) -> None:
    perception, _ = load(family, folder, 1)
    ear = perception._ear
    whole = torch.randn(128, frames, generator=torch.Generator().manual_seed(frames))
    made = [ear.encode(part, at == 0) for at, part in enumerate(whole.split(ear.block, dim=1))]
    assert [len(part) for part in made] == [ear.tokens(part.shape[1]) for part in whole.split(ear.block, dim=1)]
    tower = reference(family).thinker.model.audio_tower
    with torch.no_grad():
        expected = tower(whole, feature_lens=torch.tensor([frames])).last_hidden_state
    assert torch.allclose(torch.cat(made), expected, atol=1e-5)


@pytest.mark.parametrize("grid", [(4, 4), (8, 12), (10, 14), (22, 2)])
def test_a_moment_is_seen_as_by_the_reference(family: str, folder: Path, grid: tuple[int, int]) -> None:
    perception, _ = load(family, folder, 1)
    eye = perception._eye
    pixels = 3 * 2 * eye.patching.patch**2
    flat = torch.randn(grid[0] * grid[1], pixels, generator=torch.Generator().manual_seed(1))
    positions, levels = eye.look(flat, *grid)
    with torch.no_grad():
        expected = reference(family).thinker.model.visual(flat, grid_thw=torch.tensor([[1, *grid]]))
    assert torch.allclose(positions, expected.pooler_output, atol=1e-5)
    deep = getattr(expected, "deepstack_features", [])
    assert len(levels) == len(deep) == (2 if family == "qwen3_omni" else 0)
    assert all(torch.allclose(mine, theirs, atol=1e-5) for mine, theirs in zip(levels, deep, strict=True))


def test_pictures_are_cut_into_patches_as_the_reference_cuts_them() -> None:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    how = Patching(14, 2, 2, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
    picture = image(4, 300, 200)
    flat, rows, columns = patches([fitted(picture, how)], how)
    assert (columns * 14, rows * 14) == size(300, 200, 28)
    processor = Qwen2VLImageProcessorPil(do_resize=False, patch_size=14, merge_size=2, temporal_patch_size=2)
    made = processor(picture.resize((columns * 14, rows * 14), 3), return_tensors="pt")
    assert made.image_grid_thw.tolist() == [[1, rows, columns]]
    assert torch.allclose(flat, made.pixel_values, atol=1e-5)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1, 1000), (4000, 3), (28, 28), (720, 1280)])
def test_a_picture_of_any_shape_costs_about_as_many_positions(width: int, height: int) -> None:
    columns, rows = (length // 28 for length in size(width, height, 28))
    assert 1 <= columns * rows <= 256
    if 0.2 < width / height < 5:
        assert 100 <= columns * rows <= 160


def test_families_differ_where_they_are_said_to(family: str) -> None:
    from tiny_omni import FAMILIES

    described: Family = FAMILIES[family]
    stretches = described.parts().stretches(reference(family).config.thinker_config.to_dict())
    assert stretches.merged == (family == "qwen3_omni")
    assert stretches.opens == stretches.opens_both[1:]
