"""Moonshine tiny by onnxruntime: a stretch of sound in, its words out.

The encoder looks both ways, so a turn is encoded anew whenever there is more of it. The decoder is spared that:
the previous hypothesis is put to it as a guess, in one pass, and only what follows its first mistake is decoded
token by token. The result is exactly the greedy one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

RATE = 16_000
SHORTEST = 1600
"""Samples below which there is nothing to encode."""
TOKENS_PER_SECOND = 7.0
"""Nobody speaks faster; a decoder that is caught in a loop does."""
_START, _END = 1, 2
_LAYERS, _HEADS, _HEAD = 6, 8, 36
_STRIDE = 384
"""Samples a frame of the encoder."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a stretch of sound seems to say."""

    tokens: tuple[int, ...] = ()
    text: str = ""
    confidence: float = 0.0
    """Mean log probability of its tokens."""


class Transcribes(Protocol):
    """A recogniser of whole stretches."""

    def transcribe(self, sound: Floats, guess: Sequence[int] = ()) -> Hypothesis:
        """The words of `sound` (float32 mono 16 kHz in [-1, 1]); `guess`: tokens of an earlier, shorter hearing."""
        ...


def session(path: Path, threads: int) -> ort.InferenceSession:
    """An inference session that leaves the processor alone between calls."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _vocabulary(path: Path) -> list[bytes]:
    """Length-prefixed byte strings; a length of 128 or more takes two bytes, the lower seven bits first."""
    data, at, entries = path.read_bytes(), 0, []
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            length += 128 * data[at] - 128
            at += 1
        entries.append(data[at : at + length])
        at += length
    return entries


@dataclass
class _Cache:
    """Keys and values of one decoding: of the tokens so far, and (fixed) of the encoded sound."""

    tokens: list[Floats]
    sound: list[Floats]

    def crop(self, length: int) -> None:
        self.tokens = [past[:, :, :length] for past in self.tokens]


class Moonshine:
    """The recogniser. Holds weights only; safe to call from several threads."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._encoder = session(folder / "encoder_model.ort", threads)
        self._decoder = session(folder / "decoder_model_merged.ort", threads)
        self._vocabulary = _vocabulary(folder / "tokenizer.bin")
        self._pasts = [
            [f"past_key_values.{layer}.{side}.{part}" for layer in range(_LAYERS) for part in ("key", "value")]
            for side in ("decoder", "encoder")
        ]
        presents = [
            [f"present.{layer}.{side}.{part}" for layer in range(_LAYERS) for part in ("key", "value")]
            for side in ("decoder", "encoder")
        ]
        self._first, self._later = ["logits", *presents[0], *presents[1]], ["logits", *presents[0]]

    def transcribe(self, sound: Floats, guess: Sequence[int] = ()) -> Hypothesis:
        if sound.size < SHORTEST:
            return Hypothesis()
        encoded = self._encode(sound)
        limit = max(3, int(sound.size / RATE * TOKENS_PER_SECOND))
        cache, logits = self._begin(encoded, [_START, *guess[:limit]])
        best = logits.argmax(axis=-1)
        tokens: list[int] = []
        scores: list[float] = []
        for place, token in enumerate(best):
            if place and tokens[-1] != guess[place - 1]:
                break
            tokens.append(int(token))
            scores.append(_log_probability(logits[place], int(token)))
        cache.crop(len(tokens))
        while tokens[-1] != _END and len(tokens) < limit and not _loops(tokens):
            row = self._next(encoded, cache, tokens[-1])
            tokens.append(int(row.argmax()))
            scores.append(_log_probability(row, tokens[-1]))
        if _loops(tokens):
            return Hypothesis(confidence=-np.inf)
        words = tuple(token for token in tokens if token != _END)
        return Hypothesis(words, self._text(words), float(np.mean(scores)))

    def _encode(self, sound: Floats) -> Floats:
        mask = np.ones((1, sound.size), np.int64)
        encoded: Floats = self._encoder.run(None, {"input_values": sound[None], "attention_mask": mask})[0]
        return encoded

    def _feed(self, encoded: Floats, tokens: list[int], cache: _Cache, begun: bool) -> dict[str, object]:
        return {
            # The decoder thins this out by itself: it wants one entry a sample.
            "encoder_attention_mask": np.ones((1, _STRIDE * encoded.shape[1]), np.int64),
            "input_ids": np.array([tokens], np.int64),
            "encoder_hidden_states": encoded,
            "use_cache_branch": np.array([begun]),
            **dict(zip(self._pasts[0], cache.tokens, strict=True)),
            **dict(zip(self._pasts[1], cache.sound, strict=True)),
        }

    def _begin(self, encoded: Floats, tokens: list[int]) -> tuple[_Cache, Floats]:
        nothing = [np.zeros((1, _HEADS, 0, _HEAD), np.float32)] * (2 * _LAYERS)
        logits, *presents = self._decoder.run(self._first, self._feed(encoded, tokens, _Cache(nothing, nothing), False))
        return _Cache(presents[: 2 * _LAYERS], presents[2 * _LAYERS :]), logits[0]

    def _next(self, encoded: Floats, cache: _Cache, token: int) -> Floats:
        logits, *cache.tokens = self._decoder.run(self._later, self._feed(encoded, [token], cache, True))
        row: Floats = logits[0, -1]
        return row

    def _text(self, tokens: Sequence[int]) -> str:
        joined = b"".join(self._vocabulary[token] for token in tokens if token > _END)
        return joined.decode("utf-8", errors="ignore").replace("\N{LOWER ONE EIGHTH BLOCK}", " ").strip()


def _log_probability(logits: Floats, token: int) -> float:
    top = logits.max()
    return float(logits[token] - top - np.log(np.exp(logits - top).sum()))


def _loops(tokens: Sequence[int]) -> bool:
    """Whether the end of `tokens` says the same thing over and over."""
    for n in range(1, len(tokens) // 3 + 1):
        times = 3 if n > 1 else 5
        if len(tokens) >= times * n and list(tokens[-n:]) * times == list(tokens[-times * n :]):
            return True
    return False
