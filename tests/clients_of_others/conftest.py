"""Fixtures of the tests with other people's clients, which run only when they are asked for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import surroundings  # noqa: E402 (it lies beside this file)

OPTION = "--run-clients-of-others"
INSTALL = "run: sh tests/clients_of_others/install.sh"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, action="store_true", help="run other people's clients, as `make test-clients` does")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption(OPTION, default=False):
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="other people's clients are run by `make test-clients`"))


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[surroundings.Agent]:
    """An agent that is ready to be called."""
    with surroundings.running_agent(tmp_path_factory.mktemp("agent")) as running:
        yield running


@pytest.fixture(scope="session")
def secure(agent: surroundings.Agent, tmp_path_factory: pytest.TempPathFactory) -> Iterator[surroundings.Secure]:
    """The same agent behind TLS."""
    with surroundings.secured(agent, tmp_path_factory.mktemp("tls")) as front:
        yield front


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the drivers' person can say."""
    folder = tmp_path_factory.mktemp("spoken")
    surroundings.write_spoken(folder)
    return folder


@pytest.fixture(scope="session")
def python() -> Path:
    """The interpreter of the Python clients."""
    found = HERE.parents[1] / ".venv-clients" / "bin" / "python"
    assert found.exists(), f"the Python clients are not installed; {INSTALL}"
    return found


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with its clients installed."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("There is no Node here, so the clients for it are not tested.")
    assert (HERE / "node" / "node_modules" / "installed.json").exists(), (
        f"the Node clients are not installed; {INSTALL}"
    )
    return found


@pytest.fixture(scope="session")
def page(agent: surroundings.Agent, node: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with @openai/agents-realtime in it, of an origin that the agent allows."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copy(HERE / "node" / "page.html", folder / "index.html")
    esbuild = HERE / "node" / "node_modules" / ".bin" / "esbuild"
    bundle = ["--bundle", "--format=esm", "--platform=browser", "--log-level=warning"]
    into = f"--outfile={folder / 'bundle.js'}"
    subprocess.run([esbuild, HERE / "node" / "agents_page.mjs", *bundle, into], check=True)
    with surroundings.served(folder, agent.page_port) as address:
        yield address
