"""A family for tests: it understands sound that is made of numbers, and what it says depends on all it was given.

Whatever reaches a context that should not be there, or is missing, changes every token from there on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from streaming.time import Time, samples, ticks
from thinker.joints import Call, Chunk, Perceived, Role, Sampling, SlotFull, Step

WORD = 320
"""Samples of one spoken word: 20 ms of its number."""


def check(model: str) -> list[str]:
    """`model`: a folder of weights, which may be missing, or the number of positions."""
    there = not model or model.isdigit() or Path(model).exists()
    return [] if there else ["There are no weights: install them."]


def load(model: str, slots: int, threads: int) -> tuple[ToyPerception, ToyThinker]:
    return ToyPerception(), ToyThinker(slots, int(model) if model.isdigit() else 4000)


# --- what is thought, as plain functions ------------------------------------------------------


def number(context: Sequence[str]) -> int:
    return crc32("|".join(context).encode())


def reply_to(context: Sequence[str]) -> list[str]:
    """The tokens of the reply to `context` (which ends in <assistant>), all at once."""
    said: list[str] = []
    for _ in range(length_of_reply(context)):
        said.append(token_after([*context, *said]))
    return said


def length_of_reply(context: Sequence[str]) -> int:
    return 3 + number(context) % 9


def token_after(context: Sequence[str]) -> str:
    return f" w{number(context) % 10_000}"


def spelt(text: str) -> list[str]:
    return re.findall(r"\s*\S+", text)


# --- the family -------------------------------------------------------------------------------


@dataclass
class _Reply:
    length: int
    made: int = 0
    called: bool = False


class ToyThinker:
    def __init__(self, slots: int, capacity: int = 4000) -> None:
        self.slots = slots
        self.capacity = capacity
        self.exchanges: int | None = None
        self.kv: dict[int, list[str]] = {}
        self.replies: dict[int, _Reply] = {}
        self.stepped: list[tuple[int, ...]] = []
        """The batches so far."""
        self.log: list[tuple[str, int]] = []
        """("step" or "prefill", slot), in order."""

    def open(self, slot: int) -> None:
        assert slot not in self.kv
        self.kv[slot] = []

    def close(self, slot: int) -> None:
        del self.kv[slot]
        self.replies.pop(slot, None)

    def system(self, instructions: str, tools: Sequence[dict[str, object]]) -> list[Chunk]:
        return chunks(["<system>", *spelt(instructions), *(str(tool["name"]) for tool in tools), "</system>"])

    def begin_turn(self, role: Role) -> list[Chunk]:
        return chunks([f"<{role}>"])

    def text(self, role: Role, text: str) -> list[Chunk]:
        return chunks(spelt(text))

    def end_turn(self, role: Role) -> list[Chunk]:
        return chunks([f"</{role}>"])

    def called(self, name: str, arguments: str) -> list[Chunk]:
        return chunks([f"<call {name} {arguments}>"])

    def prefill(self, slot: int, chunk: Chunk) -> int:
        symbols = chunk.payload
        assert isinstance(symbols, tuple)
        if "unprefillable" in (symbol.strip() for symbol in symbols):
            raise RuntimeError("cannot prefill this")
        kv = self.kv[slot]
        if len(kv) + len(symbols) > self.capacity:
            raise SlotFull
        kv += symbols
        self.log.append(("prefill", slot))
        return number(kv)

    def begin_reply(self, slot: int, sampling: Sampling) -> None:
        self.replies[slot] = _Reply(length_of_reply(self.kv[slot]))

    def step(self, slots: Sequence[int]) -> list[Step]:
        if any("unthinkable" in self.kv[slot] for slot in slots):
            raise RuntimeError("cannot think this")
        self.stepped.append(tuple(slots))
        return [self._step(slot) for slot in slots]

    def _step(self, slot: int) -> Step:
        self.log.append(("step", slot))
        kv, reply = self.kv[slot], self.replies[slot]
        if reply.made == reply.length:
            return Step(end=True)
        if len(kv) >= self.capacity:
            raise SlotFull
        if "tool!" in kv and "<tool>" not in kv and reply.made == 2 and not reply.called:
            reply.called = True
            kv.append('<call look {"at": 1}>')
            return Step(call=Call("look", '{"at": 1}'))
        token = token_after(kv)
        kv.append(token)
        reply.made += 1
        return Step(token, number(kv))

    def length(self, slot: int) -> int:
        return len(self.kv[slot])

    def mark(self, slot: int) -> int:
        return len(self.kv[slot])

    def crop(self, slot: int, mark: object) -> None:
        assert isinstance(mark, int)
        assert mark <= len(self.kv[slot])
        del self.kv[slot][mark:]
        self.replies.pop(slot, None)


def chunks(symbols: Sequence[str]) -> list[Chunk]:
    return [Chunk(tuple(symbols[at : at + 4])) for at in range(0, len(symbols), 4)]


# --- the ear ----------------------------------------------------------------------------------


def sound(words: Sequence[int]) -> NDArray[np.int16]:
    """`words` spoken, 0 being silence."""
    return np.repeat(np.asarray(words, np.int16), WORD)


@dataclass
class _Turn:
    since: int
    emitted: list[int] = field(default_factory=list)
    tentative: bool = False
    """The last emitted word is not sure."""


@dataclass
class _Ear:
    sound: list[int] = field(default_factory=list)
    """All words (and silences) ever heard."""
    turn: _Turn | None = None
    rest: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))


class ToyPerception:
    block_s = 0.02
    makes_words = True
    sees = False

    def __init__(self) -> None:
        self.ears: dict[int, _Ear] = {}

    def open(self, slot: int) -> None:
        assert slot not in self.ears
        self.ears[slot] = _Ear()

    def close(self, slot: int) -> None:
        del self.ears[slot]

    def begin(self, slot: int, since: Time) -> None:
        self.ears[slot].turn = _Turn(samples(since, 16_000) // WORD)

    def end(self, slot: int) -> None:
        assert self.ears[slot].turn is not None
        self.ears[slot].turn = None

    def audio(self, slot: int, pcm: NDArray[np.int16], t: Time) -> Perceived | None:
        ear = self.ears[slot]
        assert samples(t, 16_000) == len(ear.sound) * WORD + len(ear.rest), "sound is missing, or came twice"
        heard = np.concatenate((ear.rest, pcm))
        whole = len(heard) // WORD
        ear.rest = heard[whole * WORD :]
        for word in heard[: whole * WORD : WORD]:
            if word == 999:
                raise RuntimeError("too loud")
            ear.sound.append(int(word))
        return self._perceive(ear, final=False)

    def frame(self, slot: int, jpeg: bytes, t: Time) -> Perceived | None:
        return None

    def flush(self, slot: int) -> Perceived:
        return self._perceive(self.ears[slot], final=True) or Perceived()

    def mark(self, slot: int) -> tuple[list[int], bool]:
        turn = self.ears[slot].turn
        assert turn is not None
        return list(turn.emitted), turn.tentative

    def crop(self, slot: int, mark: object) -> None:
        turn = self.ears[slot].turn
        assert turn is not None
        assert isinstance(mark, tuple)
        turn.emitted, turn.tentative = list(mark[0]), mark[1]

    def _perceive(self, ear: _Ear, final: bool) -> Perceived | None:
        turn = ear.turn
        if turn is None:
            return None
        spoken = [word for word in ear.sound[turn.since :] if word]
        fresh = spoken[len(turn.emitted) :]
        made: list[Chunk] = []
        if turn.tentative and (fresh or final):
            made.append(Chunk((f"u{turn.emitted[-1]}",), takes_back=1))
            turn.tentative = False
        for at, word in enumerate(fresh):
            turn.tentative = at == len(fresh) - 1 and not final
            made.append(Chunk((f"u{word}?" if turn.tentative else f"u{word}",)))
            turn.emitted.append(word)
        words = [f"u{word}" for word in turn.emitted]
        stable, tentative = (words[:-1], words[-1]) if turn.tentative else (words, "")
        return Perceived(made, " ".join(stable), tentative, ticks(len(ear.sound) * WORD, 16_000))
