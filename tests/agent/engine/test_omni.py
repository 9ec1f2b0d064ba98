"""A whole Omni family in the engine: heard, seen, thought and spoken in its own process, from a folder of weights."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the Omni families need torch: pip install 'colloquy[models]'")
pytest.importorskip("transformers", reason="transformers writes the weights: pip install 'colloquy[models]'")

sys.path.insert(0, str(Path(__file__).parents[2] / "thinker" / "omni"))
sys.path.insert(0, str(Path(__file__).parents[2] / "talker" / "qwen2_5_omni"))
sys.path.insert(0, str(Path(__file__).parents[2] / "talker" / "qwen3_omni"))

import tiny_omni
import tiny_qwen3
import tiny_qwen25
import torch
from transformers import (
    Qwen2_5OmniConfig,
    Qwen2_5OmniForConditionalGeneration,
    Qwen3OmniMoeConfig,
    Qwen3OmniMoeForConditionalGeneration,
)

from agent import families
from agent.engine import messages as m
from agent.engine.client import EngineClient
from streaming.time import ms, ticks

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module", params=["qwen2.5-omni", "qwen3-omni"])
def family(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def model(family: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that hears, sees and speaks, as it would be published."""
    folder = tmp_path_factory.mktemp(family) / "model"
    torch.manual_seed(1)
    made: Any
    if family == "qwen3-omni":
        hears, speaks = tiny_omni.configuration("qwen3_omni"), tiny_qwen3.configuration()
        marks = {key: value for key, value in speaks.to_dict().items() if key.endswith("_token_id")}
        made = Qwen3OmniMoeForConditionalGeneration(
            Qwen3OmniMoeConfig(
                thinker_config=hears.thinker_config.to_dict(),
                talker_config=speaks.talker_config.to_dict(),
                code2wav_config=speaks.code2wav_config.to_dict(),
                **marks,
            )
        )
    else:
        hears, speaks = tiny_omni.configuration("qwen2_5_omni"), tiny_qwen25.configuration()
        made = Qwen2_5OmniForConditionalGeneration(
            Qwen2_5OmniConfig(
                thinker_config=hears.thinker_config.to_dict(),
                talker_config=speaks.talker_config.to_dict(),
                token2wav_config=speaks.token2wav_config.to_dict(),
            )
        )
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if parameter.dim() > 1:
                parameter.normal_(0.0, 0.7 * parameter[0].numel() ** -0.5 if "token2wav" in name else 0.2)
        # Or else a Talker that knows nothing talks for a minute.
        end = tiny_qwen3.CODEC_EOS if family == "qwen3-omni" else tiny_qwen25.CODEC_EOS
        made.talker.codec_head.weight[end] *= 2
    made.save_pretrained(folder)
    torch.save(tiny_qwen25.speakers(), folder / "spk_dict.pt")
    tiny_omni.tokeniser().save(str(folder / "tokenizer.json"))
    return folder


class Caller:
    """One session of a running engine."""

    def __init__(self, client: EngineClient, name: str) -> None:
        self.client, self.name, self.at = client, name, 0
        self.messages: asyncio.Queue[m.EngineMessage] = asyncio.Queue()
        self.got: list[m.EngineMessage] = []
        client.open(name, m.Setup(instructions="Be brief.", max_tokens=10), [], self.messages.put_nowait)

    def speaks(self, seconds: float, camera: bool) -> None:
        pcm = tiny_omni.sound(seconds, seed=self.at)
        for first in range(0, len(pcm), 1600):
            if camera and first % 8000 == 0:
                self.client.send(m.Picture(self.name, self._now(first), tiny_omni.jpeg(first)))
            piece = pcm[first : first + 1600].astype("<i2").tobytes()
            self.client.send(m.Audio(self.name, self._now(first), piece))
        self.at += len(pcm)

    def _now(self, samples: int = 0) -> int:
        return ticks(self.at + samples, 16_000)

    def asks(self, turn: int, reply: int, seconds: float, camera: bool) -> None:
        self.client.send(m.Listen(self.name, turn, self._now()))
        self.speaks(seconds, camera)
        self.client.send(m.Think(self.name, reply, turn, ended=self._now() - ms(300)))

    async def until(self, kind: type[m.EngineMessage], reply: int) -> list[m.EngineMessage]:  # type: ignore[valid-type]
        """What comes of `reply`, up to the first of `kind`."""
        while True:
            self.got.append(await self.messages.get())
            if isinstance(self.got[-1], kind) and getattr(self.got[-1], "reply", None) == reply:
                return [message for message in self.got if getattr(message, "reply", None) == reply]


async def test_a_call_is_heard_seen_answered_cut_and_goes_on(family: str, model: Path) -> None:
    assert families.resolve(str(model)) == (family, str(model))
    assert families.lacking(str(model)) == []
    client = EngineClient(*families.resolve(str(model)), slots=2, threads=1)
    await client.start()
    try:
        await client.ready()
        assert client.load is not None
        assert client.load.sees
        assert not client.load.words
        assert set(client.load.voices) == {"Ethan", "Chelsie"}
        ann, bob = Caller(client, "ann"), Caller(client, "bob")
        ann.asks(1, 1, 4.5, camera=True)
        bob.asks(1, 1, 2.6, camera=False)
        for caller in (ann, bob):
            came = await caller.until(m.Done, 1)
            stages = [message.name for message in came if isinstance(message, m.Stage)]
            assert stages == ["flushed", "prefilled", "first_token", "first_sound"]
            done = came[-1]
            assert isinstance(done, m.Done)
            said = [message for message in came if isinstance(message, m.Said)]
            sound = [message for message in came if isinstance(message, m.Sound)]
            assert [message.token for message in said] == list(range(len(said)))
            assert 0 < len(said) <= 10
            samples = sum(len(message.pcm) // 2 for message in sound)
            assert samples > 1920
            spans = [span for message in sound for span in message.spans]
            assert all(0 <= token < len(said) and 0 <= first < last <= samples for token, first, last in spans)
            client.send(m.Accept(caller.name, 1))
        # Ann cuts the second reply short; what she has not heard is forgotten, and the call goes on.
        ann.asks(2, 2, 1.5, camera=False)
        await ann.until(m.Sound, 2)
        client.send(m.Accept("ann", 2))
        client.send(m.Stop("ann", 2))
        done = (await ann.until(m.Done, 2))[-1]
        assert isinstance(done, m.Done)
        client.send(m.Crop("ann", 2, 1))
        client.send(m.Think("ann", 3, say="All right."))
        came = await ann.until(m.Done, 3)
        assert "".join(message.text for message in came if isinstance(message, m.Said)) == "All right."
        assert any(isinstance(message, m.Sound) for message in came)
        # Bob goes on after all: his reply is rolled back, and thought anew of all that he said.
        bob.asks(2, 2, 1.1, camera=False)
        await bob.until(m.Said, 2)
        client.send(m.Rollback("bob", 2))
        bob.speaks(1.4, camera=True)
        client.send(m.Think("bob", 3, 2))
        done = (await bob.until(m.Done, 3))[-1]
        assert isinstance(done, m.Done)
        assert done.input_tokens > 60
        assert not [message for caller in (ann, bob) for message in caller.got if isinstance(message, m.Failed)]
    finally:
        await client.close()


def test_what_is_not_there_is_said_before_anything_is_loaded(tmp_path: Path) -> None:
    assert "none of qwen" in families.lacking(_described(tmp_path, "llama"))[0]
    assert "weights" in families.lacking(_described(tmp_path, "qwen3_omni_moe"))[0]
    assert "hf download" in families.lacking("Nobody/Qwen3-Omni-9000B")[0]
    assert "nano" in families.lacking("nobody")[0]


def _described(folder: Path, kind: str) -> str:
    (folder / "config.json").write_text(f'{{"model_type": "{kind}"}}')
    return str(folder)
