"""The engine process: loads a family, and serves it over a local socket until the other end hangs up.

`python -m agent.engine.process ADDRESS FAMILY THINKING SPEAKING MODEL SLOTS THREADS QUANTIZATION`, started by
`agent.engine.client`, which sends a secret over standard input: whoever connects shows it first.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from . import messages as m
from .scheduler import Scheduler
from .transport import BadFrame, Frames, encode, frame, from_agent

REFUSED = 78
"""Exit status where starting again would not help: something is missing."""

log = logging.getLogger(__name__)

_IDLE_S = 0.5


def main(arguments: list[str]) -> int:
    """Runs the process. Returns its exit status."""
    address, family, thinking, speaking, model, slots, threads, quantization = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the agent says when it is over
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    connection = connect(address)
    connection.sendall(frame(sys.stdin.readline().strip().encode()))
    outgoing: SimpleQueue[m.EngineMessage | None] = SimpleQueue()
    writer = Thread(target=_write, args=(connection, outgoing), name="writer")
    writer.start()
    outgoing.put(m.Load("", False, int(slots), 0, family, model, False, False, []))
    try:
        scheduler = _load(family, thinking, speaking, model, int(slots), int(threads), quantization, outgoing.put)
    except _Refused as refused:
        outgoing.put(m.Failed("", str(refused)))
        outgoing.put(None)
        writer.join()
        return REFUSED
    for name, work, wait in (
        ("perceiving", scheduler.hear, scheduler.wait_to_hear),
        ("stepping", scheduler.work, scheduler.wait_to_work),
    ):
        Thread(target=_repeat, args=(work, wait), name=name, daemon=True).start()
    outgoing.put(scheduler.load())
    _read(connection, scheduler, outgoing.put)
    return 0


class _Refused(Exception):
    """The family cannot be started; the message says what to do."""


def _load(
    family: str,
    thinking: str,
    speaking: str,
    model: str,
    slots: int,
    threads: int,
    quantization: str,
    send: Callable[[m.EngineMessage], None],
) -> Scheduler:
    try:
        mind, mouth = importlib.import_module(thinking), importlib.import_module(speaking)
        how = () if quantization == "none" else (quantization,)
        missing = mind.check(model, *how) or mouth.check(model)
        if missing:
            raise _Refused(" ".join(missing))
        perception, thinker = mind.load(model, slots, threads, *how)
        talker, vocoder = mouth.load(model, thinker.slots)
    except _Refused:
        raise
    except Exception as error:
        log.exception("the family was not loaded")
        raise _Refused(f"The model family {family!r} does not start: {error}") from error
    return Scheduler(family, model, perception, thinker, talker, vocoder, send)


def connect(address: str) -> socket.socket:
    """A connection to `unix:PATH` or `tcp:HOST:PORT`."""
    kind, _, place = address.partition(":")
    if kind == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(place)
        return connection
    host, _, port = place.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _repeat(work: Callable[[], bool], wait: Callable[[float], None]) -> None:
    while True:
        if not work():
            wait(_IDLE_S)


def _write(connection: socket.socket, outgoing: SimpleQueue[m.EngineMessage | None]) -> None:
    """Sends what is put into `outgoing`, in a thread of its own: nobody who computes waits for a socket."""
    try:
        while (message := outgoing.get()) is not None:
            connection.sendall(encode(message))
    except OSError:
        return  # the reading thread sees the end, too


def _read(connection: socket.socket, scheduler: Scheduler, send: Callable[[m.EngineMessage], None]) -> None:
    """Passes on what the agent says, to the end of the connection."""
    frames = Frames()
    try:
        while received := connection.recv(1 << 16):
            for payload in frames.feed(received):
                try:
                    if isinstance(payload, BadFrame):
                        raise payload
                    scheduler.receive(from_agent(payload))
                except BadFrame as bad:
                    send(m.Failed(bad.session, str(bad)))
    except ConnectionError:
        return


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(status)  # the threads may be in the middle of a step: nobody waits for them
