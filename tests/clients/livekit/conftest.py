"""A real livekit-server for a whole run of the tests; without one they are skipped, and say why."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

if importlib.util.find_spec("livekit") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    from tests.clients.livekit.stage import Stage, server

BINARY = Path(sys.executable).parent / "livekit-server"


@pytest.fixture(scope="session")
def livekit_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a livekit-server of this run's own."""
    if not BINARY.exists():
        pytest.skip(f"there is no livekit-server at {BINARY}; `make livekit` builds it")
    process, url = server(BINARY, tmp_path_factory.mktemp("livekit"))
    yield url
    process.stop()


@pytest.fixture
async def stage(livekit_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """For one test."""
    found = Stage(tmp_path_factory.mktemp("stage"), livekit_url)
    yield found
    await found.everybody_leaves()
    found.stop()
