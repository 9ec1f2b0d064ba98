from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import numpy as np
import pytest
from fake_card import FakeCard
from scripted_server import until

from clients.desktop import voice as voice_module
from clients.desktop.bench.room import impulse_response
from clients.desktop.loudspeaker import Loudspeaker
from clients.desktop.voice import Choice, Packet, Voice, level


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_module, "WATCH_S", 0.02)
    monkeypatch.setattr(voice_module, "AGAIN_S", 0.05)
    monkeypatch.setattr(voice_module, "STALLED_S", 60.0)


class Desk:
    """A voice on a fake card, and what came of it."""

    def __init__(self, card: FakeCard, choice: Choice) -> None:
        self.card, self.loudspeaker = card, Loudspeaker()
        self.packets: list[Packet] = []
        self.notices: list[str] = []
        self.voice = Voice(card, self.loudspeaker, choice, self.packets.append, self.notices.append)

    async def plays(self, seconds: float, said: np.ndarray | None = None) -> np.ndarray:
        """What the server gets of the microphone, at 24 kHz, while the card runs for `seconds`."""
        before, whole = len(self.packets), before_count(seconds)
        for first in range(0, whole, 10):
            part = None if said is None else said[first * 480 : (first + 10) * 480]
            self.card.play(min(10, whole - first) / 100, part)
            await until(lambda first=first: len(self.packets) >= before + min(first + 10, whole))
        return np.concatenate([np.frombuffer(packet.pcm, "<i2") for packet in self.packets[before:]])


def before_count(seconds: float) -> int:
    return round(seconds * 100)


@contextlib.asynccontextmanager
async def desk(card: FakeCard | None = None, choice: Choice | None = None) -> AsyncIterator[Desk]:
    made = Desk(card or FakeCard(), choice or Choice())
    running = asyncio.create_task(made.voice.run())
    try:
        await until(lambda: made.card.streams or made.voice.problem)
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert all(stream.closed for stream in made.card.streams)


def speech(seconds: float, seed: int, rate: int) -> np.ndarray:
    """Noise in syllables: it comes and goes like speech, and nothing can predict it."""
    count = round(seconds * rate)
    noise = np.convolve(np.random.default_rng(seed).normal(0, 1, count), np.ones(rate // 3000), "same")
    syllables = np.maximum(0, np.sin(2 * np.pi * 2.5 * np.arange(count) / rate + seed))
    sound: np.ndarray = (noise / noise.std() * syllables * 5000).clip(-32768, 32767).astype(np.int16)
    return sound


def db(pcm: np.ndarray) -> float:
    return level(pcm)


@pytest.mark.parametrize("delay_ms", [40, 80])
async def test_over_open_speakers_the_agents_voice_is_taken_out_and_the_users_stays(delay_ms: int) -> None:
    card = FakeCard(taps=impulse_response(delay_ms / 1000, 1))
    async with desk(card) as at:
        agent, user = speech(9.0, 1, 24_000), speech(2.0, 2, 48_000)
        at.loudspeaker.play("item", 0, agent)
        said = np.zeros(9 * 48_000, np.int16)
        said[6 * 48_000 : 8 * 48_000] = user
        sent = await at.plays(9.0, said)
        alone, both = sent[4 * 24_000 : 6 * 24_000], sent[6 * 24_000 : 8 * 24_000]
        assert db(alone) < db(np.concatenate(card.heard[800:1200])) - 10 - 20, "its echo is not 20 dB softer"
        assert db(both) > db(user) - 9, "the user was taken out, too"


async def test_without_an_echo_the_users_voice_passes_as_it_is() -> None:
    async with desk() as at:
        said = speech(2.0, 3, 48_000)
        sent = await at.plays(2.0, said)
        assert abs(db(sent[24_000:]) - db(said[48_000:])) < 2


async def test_a_shut_microphone_sends_silence_and_keeps_the_pace() -> None:
    async with desk() as at:
        at.voice.open_mic = False
        sent = await at.plays(0.5, speech(0.5, 4, 48_000))
        assert len(sent) == 12_000
        assert not sent.any()


async def test_a_headset_that_is_pulled_out_is_replaced_by_the_default_and_people_are_told() -> None:
    async with desk(choice=Choice("Headset", "Headset")) as at:
        assert (at.card.stream.microphone, at.card.stream.loudspeaker) == ("Headset", "Headset")
        await at.plays(0.1)
        at.card.microphones.remove("Headset")
        at.card.loudspeakers.remove("Headset")
        await until(lambda: len(at.card.streams) == 2)
        stream = at.card.stream
        assert (stream.microphone, stream.loudspeaker) == ("Built-in microphone", "Built-in loudspeaker")
        await until(lambda: len(at.notices) == 2)
        assert at.notices[0] == "Headset is not there; the system's default is used."
        assert len(await at.plays(0.1)) == 2400, "the sound did not go on"


async def test_without_any_device_it_tries_until_there_is_one() -> None:
    async with desk(FakeCard([], [])) as at:
        assert at.voice.problem == "nothing is plugged in"
        await asyncio.sleep(0.2)
        assert len(at.notices) == 1, "it said the same again and again"
        at.card.microphones.append("USB")
        at.card.loudspeakers.append("USB")
        await until(lambda: at.card.streams)
        await until(lambda: at.notices[-1] == "The sound is back.")
        assert at.voice.problem == ""


async def test_a_card_that_stops_asking_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as at:
        monkeypatch.setattr(voice_module, "STALLED_S", 0.1)
        await until(lambda: len(at.card.streams) >= 2)
        assert at.card.streams[0].closed


async def test_a_busy_machine_gets_a_larger_buffer() -> None:
    async with desk() as at:
        first = at.card.stream.buffer_s
        at.card.stream.gaps = 50
        await until(lambda: len(at.card.streams) == 2)
        assert at.card.stream.buffer_s == 2 * first


async def test_a_device_is_chosen_by_a_part_of_its_name() -> None:
    async with desk() as at:
        await at.voice.use(Choice("head", ""))
        assert (at.card.stream.microphone, at.card.stream.loudspeaker) == ("Headset", "Built-in loudspeaker")
        assert at.notices == []
