"""What the tests of rooms need around them: a real livekit-server, agents, workers, and people."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clients.livekit.person import Person, token

ROOT = Path(__file__).resolve().parents[3]
KEY, SECRET = "testkey", "a-secret-of-the-tests-32-bytes-long"
PATIENCE_S = 40.0


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Process:
    """A child of the test, and what it wrote."""

    command: Sequence[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        with self.log.open("ab") as written:
            self.child = subprocess.Popen(
                self.command, env={**os.environ, **self.environment}, stdout=written, stderr=subprocess.STDOUT,
                cwd=ROOT, start_new_session=True,
            )  # fmt: skip
        return self

    def wait_for(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not ready():
            assert self.child is not None
            assert self.child.poll() is None, self.text()
            assert time.monotonic() < deadline, f"{what}: {self.text()}"
            time.sleep(0.1)

    def says(self, line: str, after: int = 0) -> bool:
        return line in self.log.read_text(errors="replace")[after:]

    def text(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def signal(self, number: int) -> None:
        assert self.child is not None
        self.child.send_signal(number)

    def kill(self) -> None:
        """At once, with everything that it started."""
        if self.child is not None and self.child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def stop(self) -> None:
        """As a person would; its children are not left behind."""
        if self.child is None:
            return
        if self.child.poll() is None:
            self.child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(3)
        self.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)


@dataclass
class Stage:
    """One livekit-server, and whoever a test brings to it."""

    folder: Path
    url: str
    processes: list[Process] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    count: int = 0

    def agent(self, slots: int = 4, *more: str) -> tuple[str, Process]:
        """A scripted agent: (its address, its process). `ready` waits for it."""
        port = free_port()
        self.count += 1
        command = [sys.executable, "-m", "tests.clients.livekit.scripted_agent", "--port", str(port)]
        process = Process([*command, "--slots", str(slots), *more], self.folder / f"agent-{self.count}.log").start()
        self.processes.append(process)
        return f"http://127.0.0.1:{port}", process

    def worker(self, agent: str, *more: str) -> Process:
        """A worker. `ready` waits until LiveKit knows of it."""
        self.count += 1
        command = [sys.executable, "-m", "agent", "room", "--url", self.url, "--api-key", KEY, "--api-secret", SECRET]
        environment = {"XDG_CACHE_HOME": str(self.folder / "cache"), "OMP_NUM_THREADS": "1"}
        log = self.folder / f"worker-{self.count}.log"
        process = Process([*command, "--agent", agent, *more], log, environment).start()
        self.processes.append(process)
        return process

    def ready(self) -> None:
        """Waits for everybody who was started; together they take hardly longer than one."""
        for process in self.processes:
            process.wait_for(lambda process=process: process.says("ready"), "it did not start")  # type: ignore[misc]

    async def person(self, room: str, identity: str = "alice", agent: str = "house", metadata: str = "") -> Person:
        """Somebody enters a room, which asks for `agent` ("": for none)."""
        person = Person()
        self.people.append(person)
        await person.join(self.url, token(KEY, SECRET, room, identity, agent, metadata))
        return person

    async def everybody_leaves(self) -> None:
        """The rooms are empty."""
        people, self.people = self.people, []
        await asyncio.gather(*(person.leave() for person in people), return_exceptions=True)

    def stop(self) -> None:
        """Everything that was started is ended."""
        processes, self.processes = self.processes, []
        for process in reversed(processes):
            process.stop()


@dataclass
class House:
    """What most tests of rooms share."""

    stage: Stage
    address: str
    """Of the agent."""
    agent: Process


@dataclass
class Pair:
    """Two workers that watch each other."""

    stage: Stage
    workers: list[Process]


async def until(true: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


def server(binary: Path, folder: Path) -> tuple[Process, str]:
    """A livekit-server on loopback, in development mode."""
    port, tcp, udp = free_port(), free_port(), free_port()
    config = f'{{"port": {port}, "rtc": {{"tcp_port": {tcp}, "udp_port": {udp}}}, "keys": {{"{KEY}": "{SECRET}"}}}}'
    command = [str(binary), "--dev", "--bind", "127.0.0.1", "--node-ip", "127.0.0.1", "--config-body", config]
    process = Process(command, folder / "livekit.log").start()

    def answers() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1) as answer:
            return bool(answer.status == 200)
        return False

    process.wait_for(answers, "livekit-server did not start")
    return process, f"ws://127.0.0.1:{port}"
