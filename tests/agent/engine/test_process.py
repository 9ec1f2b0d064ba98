"""The engine as a process: started, crashed, started again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from toy_thinker import sound

from agent.engine import messages as m
from agent.engine.client import EngineClient, EngineRefused
from agent.engine.transport import frame

TOY = {"toy": ("toy_thinker", "toy_talker")}


@pytest.fixture(autouse=True)
def toy_family(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "toy"))


@asynccontextmanager
async def running(model: str = "", slots: int = 2) -> AsyncIterator[EngineClient]:
    client = EngineClient("toy", model, slots, 1, TOY)
    await client.start()
    try:
        async with asyncio.timeout(60):
            yield client
    finally:
        await client.close()


class Agent:
    """One session's listener."""

    def __init__(self, client: EngineClient, name: str) -> None:
        self.client, self.name = client, name
        self.messages: asyncio.Queue[m.EngineMessage] = asyncio.Queue()

    def open(self, *history: m.Line) -> None:
        self.client.open(self.name, m.Setup(instructions="be good"), history, self.messages.put_nowait)

    async def until(self, kind: type) -> list[m.EngineMessage]:
        """Everything up to the next message of `kind`."""
        got = [await self.messages.get()]
        while not isinstance(got[-1], kind):
            got.append(await self.messages.get())
        return got

    async def say(self, reply: int, text: str) -> str:
        self.client.send(m.Think(self.name, reply, say=text))
        return "".join(it.text for it in await self.until(m.Done) if isinstance(it, m.Said))


async def test_a_session_speaks_through_the_process() -> None:
    async with running() as client:
        await client.ready()
        assert client.load
        assert (client.load.slots, client.load.free, client.load.voices) == (2, 2, ["low", "high"])
        ann = Agent(client, "ann")
        ann.open()
        client.send(m.Listen("ann", 1, 0))
        client.send(m.Audio("ann", 0, sound([1, 2]).astype("<i2").tobytes()))
        client.send(m.Think("ann", 1, 1))
        got = await ann.until(m.Done)
        pcm = b"".join(it.pcm for it in got if isinstance(it, m.Sound))
        spans = [span for it in got if isinstance(it, m.Sound) for span in it.spans]
        assert spans[-1][2] == len(np.frombuffer(pcm, "<i2"))
        assert any(isinstance(it, m.WordsHeard) and it.stable == "u1 u2" and it.final for it in got)
        assert client.load.free == 1


async def test_who_does_not_fit_is_told_and_the_others_go_on() -> None:
    async with running(slots=1) as client:
        await client.ready()
        ann, bob = Agent(client, "ann"), Agent(client, "bob")
        ann.open()
        bob.open()
        assert isinstance((await bob.until(m.Full))[-1], m.Full)
        assert await ann.say(1, "still here") == "still here"
        client.send(m.Close("ann"))
        bob.open()
        await bob.until(m.Opened)


async def test_a_killed_engine_is_started_again_and_remembers_what_it_is_given() -> None:
    async with running() as client:
        await client.ready()
        ann = Agent(client, "ann")
        lost: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        client.on_lost(lambda session, reason: lost.put_nowait((session, reason)))
        ann.open(m.Line("user", "hello"))
        await ann.until(m.Opened)
        client.send(m.Think("ann", 1))
        first = [it.text for it in await ann.until(m.Done) if isinstance(it, m.Said)]
        assert client._process is not None
        before = client._process.pid
        os.kill(before, signal.SIGKILL)
        assert (await lost.get())[0] == "ann"
        client.send(m.Think("ann", 2))  # to nobody: dropped, and no error
        await client.ready()
        assert client._process.pid != before
        ann.open(m.Line("user", "hello"))
        client.send(m.Think("ann", 1))
        again = [it.text for it in await ann.until(m.Done) if isinstance(it, m.Said)]
        assert again == first
        assert lost.empty()


async def test_rubbish_on_the_socket_is_answered_and_the_session_goes_on() -> None:
    async with running() as client:
        await client.ready()
        ann = Agent(client, "ann")
        ann.open()
        assert client._writer is not None
        client._writer.write(frame(b"\xc1rubbish"))
        client._writer.write(frame(b"\x82\xa4type\xa5Think\xa7session\xa3ann"))
        assert isinstance((await ann.until(m.Failed))[-1], m.Failed)
        assert await ann.say(1, "all well") == "all well"


async def test_a_family_whose_weights_are_missing_is_refused_with_its_own_words() -> None:
    async with running("/nowhere") as client:
        with pytest.raises(EngineRefused, match="There are no weights: install them"):
            await client.ready()


async def test_an_engine_that_ran_and_then_lacks_weights_is_tried_again_and_says_so(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    async with running(str(weights)) as client:
        await client.ready()
        weights.rmdir()
        os.kill(client._process.pid, signal.SIGKILL)
        while not client.trouble:
            await asyncio.sleep(0.01)
        assert "install them" in client.trouble
        weights.mkdir()
        await client.ready()
        assert not client.trouble


async def test_an_unknown_family_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(ValueError, match="toy"):
        EngineClient("gpt", families=TOY)


async def test_the_engine_ends_with_its_agent() -> None:
    async with running() as client:
        await client.ready()
        process = client._process
        assert process is not None
    assert process.returncode is not None


async def test_a_stranger_on_the_socket_is_sent_away() -> None:
    async with running() as client:
        await client.ready()
        reader, writer = await asyncio.open_unix_connection(client._address.removeprefix("unix:"))
        writer.write(frame(b"let me in"))
        assert await reader.read() == b""
        ann = Agent(client, "ann")
        ann.open()
        assert await ann.say(1, "all well") == "all well"
