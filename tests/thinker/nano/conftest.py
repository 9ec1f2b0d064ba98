"""The converted weights, once for all tests of a worker; tests that need them are skipped where they are missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from thinker.nano.converted import converted
from thinker.nano.thinker import NanoThinker
from thinker.nano.tokeniser import Tokeniser
from thinker.nano.weights import missing, moonshine, smollm2

sys.path.insert(0, str(Path(__file__).parent))  # listening.py: recognisers and sessions for tests


@pytest.fixture(scope="session")
def gguf_file() -> Path:
    found = smollm2()
    if found is None:
        pytest.skip(missing()[0])
    return found


@pytest.fixture(scope="session")
def moonshine_folder() -> Path:
    found = moonshine()
    if found is None:
        pytest.skip(missing()[-1])
    return found


@pytest.fixture(scope="session")
def folder(gguf_file: Path) -> Path:
    """The converted model, in the cache in which users have it."""
    return converted(gguf_file)


@pytest.fixture(scope="session")
def tokeniser(folder: Path) -> Tokeniser:
    return Tokeniser(folder / "tokeniser.json")


@pytest.fixture(scope="session")
def thinker(folder: Path) -> NanoThinker:
    """Tests open the slots that they use anew."""
    return NanoThinker(folder, slots=2, threads=1)
