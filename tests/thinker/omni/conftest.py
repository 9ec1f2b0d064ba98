"""The tiny Omni models, on disk once for all tests."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if find_spec("torch"):
    import torch

    # More threads only wait for each other on models this small.
    torch.set_num_threads(1)


@pytest.fixture(scope="session", params=["qwen2_5_omni", "qwen3_omni"])
def family(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def folder(family: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The family's checkpoint."""
    import tiny_omni

    place = tmp_path_factory.mktemp(family)
    tiny_omni.save(family, place)
    return place
