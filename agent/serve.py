"""`colloquy serve`: starts the engine and the server, and stays until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys

from aiohttp import web

from agent import families, logs
from agent.call.exchange import Exchange
from agent.engine.client import EngineClient, EngineRefused
from agent.keys import Keys
from agent.metrics import Metrics
from agent.rooms.sdp import ice_servers
from agent.server import Server
from agent.settings import Settings, SettingsError
from streaming.ears.panel import EarsModels

log = logging.getLogger(__name__)


def serve(settings: Settings) -> int:
    """Serves until interrupted. Returns the exit status; what is missing is said before anything is loaded."""
    logs.set_up(settings.log_level, settings.log_format)
    try:
        ice_servers(settings.ice_servers)
    except ValueError as problem:
        raise SettingsError(f"ice_servers: {problem}") from problem
    lacking = families.lacking(settings.model, settings.quantization)
    if lacking:
        for sentence in lacking:
            print(f"colloquy: {sentence}", file=sys.stderr)
        return 2
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> int:
    # One core for the mind leaves one for its ear and everything else, on the smallest machine.
    threads = settings.threads or max(1, (os.cpu_count() or 2) // 2)
    family, model = families.resolve(settings.model)
    client = EngineClient(family, model, settings.sessions, threads, quantization=settings.quantization)
    metrics = Metrics()
    exchange = Exchange(settings, client, EarsModels(), metrics)
    app = Server(settings, exchange, Keys(settings.api_key), metrics).app()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers; Ctrl-C raises there
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as problem:
            print(
                f"colloquy: {settings.host}:{settings.port} cannot be listened on ({problem.strerror}); "
                "choose another port with --port or COLLOQUY_PORT",
                file=sys.stderr,
            )
            return 2
        print("Loading the model ...", file=sys.stderr)
        await client.start()
        loading, stopped = asyncio.create_task(exchange.prepare()), asyncio.create_task(stop.wait())
        await asyncio.wait((loading, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            loading.cancel()
            return 0
        try:
            loading.result()
        except EngineRefused as problem:
            print(f"colloquy: {problem}", file=sys.stderr)
            return 2
        # What is there now stays: collecting it again and again would hold up frames.
        gc.collect()
        gc.freeze()
        port = runner.addresses[0][1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        print(f"Colloquy is ready: http://{host}:{port}", flush=True)
        await stopped
    finally:
        await exchange.close()
        await runner.cleanup()
        await client.close()
    return 0
