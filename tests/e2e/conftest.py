"""A real agent in a process of its own, with the bundled model, for calls from outside."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import families

STARTS_WITHIN_S = 120


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def agent_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an agent that is ready to be called."""
    lacking = families.lacking("nano")
    if lacking:
        pytest.skip("; ".join(lacking))
    port = free_port()
    log = tmp_path_factory.mktemp("agent") / "log.txt"
    settings = {"COLLOQUY_PORT": str(port), "COLLOQUY_LOG_LEVEL": "debug"}
    settings |= dict.fromkeys(("COLLOQUY_RECORD", "COLLOQUY_DATA"), str(log.parent))
    with log.open("w") as written:
        command = [sys.executable, "-m", "agent", "serve"]
        process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=written, stderr=subprocess.STDOUT, cwd=Path(log.parent)
        )
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + STARTS_WITHIN_S
            while True:
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        break
                assert process.poll() is None, log.read_text()[-3000:]
                assert time.monotonic() < deadline, "the agent did not start in time:\n" + log.read_text()[-3000:]
                time.sleep(0.2)
            yield url
        finally:
            process.terminate()
            process.wait(20)
