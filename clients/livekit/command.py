"""`colloquy room`: a worker of LiveKit's, from its command line to its end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial

from livekit.agents import AgentServer, JobRequest

from . import sentences
from .control import Control
from .fleet import Beat
from .job import serve
from .settings import GENERATION, WORKER, Order, Settings
from .slots import Slots
from .switchboard import Job, Switchboard

log = logging.getLogger(__name__)

LOST_KEPT_S = 3.0
"""For so long the others are told that a room's job has ended without saying why."""
DRAIN_S = 3600
MOST_WARM = 4
"""Processes kept ready for rooms to come: each has 50 MB of its own."""
WAITS_FOR_SERVER_S = 5.0


def parser() -> argparse.ArgumentParser:
    """The worker's command line; what is secret can come from the environment."""
    found = argparse.ArgumentParser(
        prog="colloquy room",
        description="Joins LiveKit rooms and talks there. The model is in `colloquy serve`, here or elsewhere.",
    )
    env = os.environ.get
    found.add_argument("--url", default=env("LIVEKIT_URL"), help="LiveKit's address: ws://… (LIVEKIT_URL)")
    found.add_argument("--api-key", default=env("LIVEKIT_API_KEY"), help="LiveKit's key (LIVEKIT_API_KEY)")
    found.add_argument("--api-secret", default=env("LIVEKIT_API_SECRET"), help="its secret (LIVEKIT_API_SECRET)")
    found.add_argument(
        "--agent", default=env("COLLOQUY_URL", "http://127.0.0.1:8000"),
        help="where `colloquy serve` listens (COLLOQUY_URL; %(default)s)",
    )  # fmt: skip
    found.add_argument("--agent-key", default=env("COLLOQUY_API_KEY", ""), help="its API key (COLLOQUY_API_KEY)")
    found.add_argument("--name", default="", help="join only rooms that ask for this agent (explicit dispatch)")
    found.add_argument("--slots", type=int, default=0, help="most rooms at once (as many calls as the agent takes)")
    found.add_argument("--health-port", type=int, default=0, help="where GET / says that the worker is well (any)")
    return found


def main(arguments: Sequence[str]) -> int:
    """Runs a worker until it is told to stop. Returns the exit status."""
    given = parser().parse_args(list(arguments))
    for name, value in (("--url", given.url), ("--api-key", given.api_key), ("--api-secret", given.api_secret)):
        if not value:
            print(f"colloquy room: {name} is missing; see colloquy room --help", file=sys.stderr)
            return 2
    settings = Settings(
        given.url, given.api_key, given.api_secret, given.agent.rstrip("/"), given.agent_key,
        given.name, given.slots, given.health_port, f"worker-{secrets.token_hex(8)}",
    )  # fmt: skip
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Worker(settings).run())
    return 0


class Worker:
    """The worker's main process: takes rooms, gives them to jobs, and watches the fleet."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slots = Slots(settings.agent_url, settings.slots)
        self._switchboard = Switchboard(self._began, self._ended)
        self._identities: dict[str, str] = {}
        """Room -> our agent there."""
        self._jobs: dict[str, str] = {}
        """Room -> the job that has it: a later one may begin before the earlier has quite ended."""
        self._lost: dict[str, float] = {}
        self._control: Control | None = None
        self._draining = False

    async def run(self) -> None:
        """Serves until SIGINT or SIGTERM, and then until the last room is empty; a second signal ends it at once."""
        settings = self._settings
        stop = [asyncio.Event(), asyncio.Event()]
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                handler = partial(_next, stop)
                asyncio.get_running_loop().add_signal_handler(number, handler)
        self._switchboard.away_sound = sentences.kept(settings.agent_url)
        desk = await self._switchboard.open()
        self._control = Control(settings, self._beat)
        self._slots.taken = self._control.tell
        works = [asyncio.create_task(work) for work in (self._slots.run(), self._sentences(), self._control.run())]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAITS_FOR_SERVER_S):
                while not self._slots.total:
                    await asyncio.sleep(0.05)
        server = AgentServer(
            ws_url=settings.livekit_url, api_key=settings.livekit_key, api_secret=settings.livekit_secret,
            host="127.0.0.1" if not settings.health_port else "", port=settings.health_port,
            load_fnc=lambda: self._slots.load, load_threshold=0.999,
            num_idle_processes=min(MOST_WARM, settings.slots or self._slots.total or MOST_WARM),
            max_retry=1_000_000, drain_timeout=DRAIN_S, preload_modules=["clients.livekit.job"],
        )  # fmt: skip
        server.rtc_session(partial(serve, settings, desk), agent_name=settings.name, on_request=self._asked)
        serving = asyncio.create_task(server.run())
        ready = asyncio.create_task(self._say_ready(server))
        stopping = asyncio.create_task(stop[0].wait())
        try:
            await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            self._draining = True
            self._control.tell()
            draining = asyncio.create_task(server.drain())
            at_once = asyncio.create_task(stop[1].wait())
            await asyncio.wait((draining, at_once), return_when=asyncio.FIRST_COMPLETED)
            await server.aclose()
        finally:
            for task in (*works, ready, serving):
                task.cancel()
            await asyncio.gather(*works, ready, serving, return_exceptions=True)
            self._switchboard.close()

    async def _say_ready(self, server: AgentServer) -> None:
        """The line that people and tests wait for."""
        registered = asyncio.Event()
        server.on("worker_registered", lambda *_: registered.set())
        await registered.wait()
        which = f"rooms that ask for {self._settings.name}" if self._settings.name else "every room"
        print(f"Colloquy is ready for {which} of {self._settings.livekit_url}", flush=True)

    async def _sentences(self) -> None:
        self._switchboard.away_sound = await sentences.fetch(self._settings.agent_url, self._settings.agent_key)

    # --- rooms --------------------------------------------------------------------------------

    async def _asked(self, request: JobRequest) -> None:
        """LiveKit asks for an agent."""
        room = request.room.name
        control = self._control
        assert control is not None
        if room.startswith(self._settings.control_room):
            await request.reject()
            return
        now = asyncio.get_running_loop().time()
        order = Order.read(request.job.metadata)
        if order.generation == 1 and (room in self._slots.rooms or control.fleet.served_by_others(room, now)):
            await request.reject()  # it has its agent, and needs no second
            return
        if self._draining or not self._slots.free:
            await request.reject(terminate=False)
            return
        self._slots.accept(room)
        identity = self._settings.identity(order.generation)
        self._identities[room] = identity
        control.tell()
        attributes = {WORKER: self._settings.worker, GENERATION: str(order.generation)}
        await request.accept(name="Colloquy", identity=identity, attributes=attributes)

    def _began(self, name: str, job: Job) -> None:
        log.info("took %s with pid %d", job.room, job.pid)
        self._jobs[job.room] = name
        self._identities[job.room] = job.identity
        self._lost.pop(job.room, None)
        self._slots.began(job.room)
        self._tell()

    def _ended(self, name: str, job: Job, orderly: bool) -> None:
        if self._jobs.get(job.room) != name:
            return
        del self._jobs[job.room]
        self._slots.ended(job.room)
        if not orderly:
            log.warning("room %s: its job has ended without a word", job.room)
            self._lost[job.room] = time.monotonic()
        self._tell()

    def _tell(self) -> None:
        if self._control is not None:
            self._control.tell()

    def _beat(self) -> Beat:
        now = time.monotonic()
        self._lost = {room: at for room, at in self._lost.items() if now - at < LOST_KEPT_S}
        rooms = {room: self._identities.get(room, "") for room in self._slots.rooms}
        free = 0 if self._draining else self._slots.free
        return Beat(self._settings.worker, free, rooms, tuple(self._lost))


def _next(stop: list[asyncio.Event]) -> None:
    """The first signal asks, the second insists."""
    next((event for event in stop if not event.is_set()), stop[-1]).set()
