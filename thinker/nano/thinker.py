"""SmolLM2 as the family's Thinker: prefill, step, mark and crop over one memory a slot."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..joints import Call, Chunk, Mark, Role, Sampling, SlotFull, Step
from .calls import CallFilter
from .constrained import CallWriter, Choose, Force
from .converted import CAPACITY
from .decoder import Decoder, Memory
from .sampling import DEFAULT_TEMPERATURE, Sampler, said_before
from .template import Template, call_text, function
from .tokeniser import Speller, Tokeniser

_PIECE = 32
"""Tokens of one chunk: long texts are prefilled in pieces, so that other sessions can step in between."""
_LONGEST_CALL = 256
"""Tokens after which a tool call that has no end is given up."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NanoHandover:
    """What the Talker gets of one token."""

    token: int
    text: str
    """What became whole with this token; a character's last byte brings the character."""
    hidden: Floats
    """[width] float32, the state after this token."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A mark: so many positions, and the state after the last of them."""

    length: int
    hidden: Floats | None


@dataclass
class _Writing:
    """A call that must come, as far as it is written."""

    asks: Generator[Force | Choose, int | None, Call]
    answer: int | None = None
    ahead: list[int] = field(default_factory=list)
    """Tokens that are decided and not taken in yet."""
    places: list[_Place] = field(default_factory=list)
    """Where the slot stood before each token that was chosen."""


@dataclass
class _Reply:
    """A reply that is being thought."""

    sampler: Sampler
    speller: Speller
    calls: CallFilter
    silent: bool
    """Calls may be found but not made (tool choice `none`)."""
    writing: _Writing | None = None
    """Of a reply that must be a call."""
    unspoken: int = 0
    """Tokens since a call began."""
    waiting: list[Call] = field(default_factory=list)
    """Calls that came with the same token as another."""
    last: NanoHandover | None = None
    over: bool = False


@dataclass
class _Slot:
    memory: Memory
    tokens: list[int] = field(default_factory=list)
    """All that is in `memory`."""
    hidden: Floats | None = None
    """[width] after the last position."""
    reply: _Reply | None = None


class NanoThinker:
    """The Thinker. Slots are stepped one after the other: each gives the same as it would alone."""

    capacity = CAPACITY
    exchanges: int | None = 4
    """A model this small takes its own past for the pattern of what comes: after a dozen cut replies it said the same
    half sentence to every question. With so few of them before it, it answers."""

    def __init__(self, folder: Path, slots: int, threads: int) -> None:
        self.slots = slots
        self.tokeniser = Tokeniser(folder / "tokeniser.json")
        self._decoder = Decoder(folder, threads)
        self._template = Template(self.tokeniser)
        self._writer = CallWriter(self.tokeniser)
        self._slots: dict[int, _Slot] = {}

    def open(self, slot: int) -> None:
        self._slots[slot] = _Slot(self._decoder.memory())

    def close(self, slot: int) -> None:
        self._slots.pop(slot, None)

    def system(self, instructions: str, tools: Sequence[dict[str, object]]) -> list[Chunk]:
        return _chunks(self._template.system(instructions, tools))

    def begin_turn(self, role: Role) -> list[Chunk]:
        return _chunks(self._template.begin(role))

    def text(self, role: Role, text: str) -> list[Chunk]:
        return _chunks(self.tokeniser.encode(text))

    def end_turn(self, role: Role) -> list[Chunk]:
        return _chunks(self._template.end(role))

    def called(self, name: str, arguments: str) -> list[Chunk]:
        return _chunks(self.tokeniser.encode(call_text(name, arguments)))

    def prefill(self, slot: int, chunk: Chunk) -> NanoHandover | None:
        tokens = chunk.payload
        if not isinstance(tokens, tuple):
            raise TypeError("this chunk was made by another family's perception or template")
        return self._take(self._slots[slot], list(tokens)) if tokens else None

    def begin_reply(self, slot: int, sampling: Sampling) -> None:
        tools = dict(function(tool) for tool in sampling.tools)
        choice = sampling.tool_choice
        wanted = tools if choice == "required" else {choice: tools[choice]} if choice in tools else {}
        temperature = DEFAULT_TEMPERATURE if sampling.temperature is None else sampling.temperature
        state = self._slots[slot]
        state.reply = _Reply(
            sampler=Sampler(temperature, np.random.default_rng(sampling.seed), self._template.said(state.tokens)),
            speller=Speller(self.tokeniser),
            calls=CallFilter(frozenset(tools)),
            silent=choice == "none",
            writing=_Writing(self._writer.call(wanted)) if wanted else None,
        )

    def step(self, slots: Sequence[int]) -> list[Step]:
        return [self._step(self._slots[slot]) for slot in slots]

    def length(self, slot: int) -> int:
        return self._slots[slot].memory.length

    def mark(self, slot: int) -> _Place:
        state = self._slots[slot]
        return _Place(state.memory.length, state.hidden)

    def crop(self, slot: int, mark: Mark) -> None:
        """Back to `mark`, which must not lie ahead; a reply that was being thought is given up."""
        if not isinstance(mark, _Place):
            raise TypeError("this mark was made by another family")
        state = self._slots[slot]
        if mark.length > state.memory.length:
            raise ValueError(f"cannot crop to position {mark.length}: only {state.memory.length} are there")
        self._back(state, mark)
        state.reply = None

    def _back(self, state: _Slot, place: _Place) -> None:
        state.memory.length, state.hidden = place.length, place.hidden
        del state.tokens[place.length :]

    def _take(self, state: _Slot, tokens: list[int]) -> NanoHandover:
        if state.memory.length + len(tokens) > self.capacity:
            raise SlotFull(f"{len(tokens)} tokens do not fit: {state.memory.length} of {self.capacity} are in use")
        state.hidden = self._decoder.run(state.memory, self._decoder.embed(tokens))[-1].copy()
        state.tokens += tokens
        return NanoHandover(tokens[-1], "", state.hidden)

    def _step(self, state: _Slot) -> Step:
        reply = state.reply
        if reply is None or state.hidden is None:
            raise RuntimeError("no reply was begun in this slot: prefill a turn and call begin_reply first")
        if reply.waiting:
            return Step(call=reply.waiting.pop(0))
        if reply.over or state.memory.length >= self.capacity:
            return self._finish(reply)
        if reply.writing is not None:
            try:
                return self._write(state, reply, reply.writing)
            except SlotFull:
                reply.writing = None
                return self._finish(reply)
        ends = (self.tokeniser.turn_ends, self.tokeniser.text_ends)
        forbidden = self.tokeniser.control if reply.last is None else self.tokeniser.control.difference(ends)
        worn = said_before(state.tokens, len(reply.sampler.said)).difference(ends)
        token = reply.sampler.choose(self._decoder.logits(state.hidden), forbidden | worn)
        if token in ends:
            return self._finish(reply)
        reply.sampler.said.append(token)
        reply.last = self._take(state, [token])
        text, calls = reply.calls.push(reply.speller.push(token))
        reply.unspoken = reply.unspoken + 1 if reply.calls.inside else 0
        reply.over = reply.unspoken > _LONGEST_CALL
        return self._spoken(reply, text, calls)

    def _spoken(self, reply: _Reply, text: str, calls: Sequence[Call]) -> Step:
        """What one token gave: text, a call, or nothing yet."""
        if not reply.silent:
            reply.waiting += calls
        call = reply.waiting.pop(0) if reply.waiting else None
        handover = replace(reply.last, text=text) if text and reply.last else None
        return Step(text, handover, call)

    def _finish(self, reply: _Reply) -> Step:
        """The end, after what was held back."""
        reply.over = True
        text, calls = reply.calls.end()
        return self._spoken(reply, text, calls) if text or calls else Step(end=True)

    def _write(self, state: _Slot, reply: _Reply, writing: _Writing) -> Step:
        """Goes on with the call that must come, up to the next token that the model chooses."""
        try:
            while isinstance(ask := writing.asks.send(writing.answer), Force):
                writing.answer = None
                if ask.instead_of:
                    writing.ahead.clear()
                    self._back(state, writing.places[-ask.instead_of])
                    del writing.places[-ask.instead_of :]
                writing.ahead += self.tokeniser.encode(ask.text)
        except StopIteration as written:
            reply.over = True
            self._take(state, writing.ahead)
            return Step(call=written.value)
        if writing.ahead:
            self._take(state, writing.ahead)
        writing.places.append(_Place(state.memory.length, state.hidden))
        writing.answer = reply.sampler.choose(
            self._decoder.logits(cast(Floats, state.hidden)), self.tokeniser.control, ask.allowed
        )
        reply.sampler.said.append(writing.answer)
        writing.ahead = [writing.answer]
        return Step()


def _chunks(tokens: Sequence[int]) -> list[Chunk]:
    return [Chunk(tuple(tokens[at : at + _PIECE])) for at in range(0, len(tokens), _PIECE)]
