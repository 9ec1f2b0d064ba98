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
    from tests.clients.livekit.stage import House, Pair, Stage, server

BINARY = Path(sys.executable).parent / "livekit-server"


@pytest.fixture(scope="session")
def livekit_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a livekit-server of this run's own."""
    if not BINARY.exists():
        pytest.skip(f"there is no livekit-server at {BINARY}; `make livekit` builds it")
    process, url = server(BINARY, tmp_path_factory.mktemp("livekit"))
    yield url
    process.stop()


@pytest.fixture(scope="session")
def house(livekit_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A scripted agent and a worker for the rooms that ask for "house"; they cost seconds to start."""
    found = Stage(tmp_path_factory.mktemp("house"), livekit_url)
    address, agent = found.agent(4, "--sees")
    found.worker(address, "--name", "house")
    found.ready()
    yield House(found, address, agent)
    found.stop()


@pytest.fixture
async def stage(house: House, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One test's people, and whatever else it starts, beside the house."""
    found = Stage(tmp_path_factory.mktemp("stage"), house.stage.url)
    yield found
    await found.everybody_leaves()
    found.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A LiveKit of its own with two workers for every room, each with an agent that takes two calls."""
    if not BINARY.exists():
        pytest.skip(f"there is no livekit-server at {BINARY}; `make livekit` builds it")
    folder = tmp_path_factory.mktemp("pair")
    process, url = server(BINARY, folder)
    found = Stage(folder, url)
    agents = [found.agent(2)[0] for _ in range(2)]
    workers = [found.worker(agent) for agent in agents]
    found.ready()
    yield Pair(found, workers)
    found.stop()
    process.stop()


@pytest.fixture
async def fleet(pair: Pair) -> AsyncIterator[Pair]:
    """The pair, and the people of one test."""
    yield pair
    await pair.stage.everybody_leaves()
