"""The Thinker of an Omni family: prefill, step, mark and crop over one static KV cache, batched over slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..joints import Chunk, Mark, Role, Sampling, SlotFull, Step
from ..nano.constrained import CallWriter, Choose, Force
from . import positions
from .decoder import Decoder, Deep
from .graphs import Graphs, bucket
from .handover import OmniHandover
from .positions import Piece
from .reply import Reply, Writing
from .sampling import Published
from .template import Template

_PIECE = 128
"""Tokens of one chunk of text: long texts are prefilled in pieces, so that other sessions can step in between."""
_SPAN = 256
"""The shortest stretch of a slot that a step looks at; then twice as much, and so on."""
_WARM = (256, 512, 1024, 2048)

Handing = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None, torch.Tensor | None], torch.Tensor]
"""What the Talker is given: (input embeddings, last hidden states, those after `accept` layers, where sound and
pictures stand; the last two None for a step) -> `OmniHandover.state`."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A mark: what a slot holds. Everything behind `length` in the cache is as good as forgotten."""

    length: int = 0
    position: int = 0
    """The rotary position of what follows."""
    stretch: int = 0
    """The rotary position where the stretch that is heard or seen began."""
    hidden: torch.Tensor | None = None
    """[width] after the last position."""
    last: OmniHandover | None = None


@dataclass
class _Slot:
    place: Place
    reply: Reply | None = None


class OmniThinker:
    """The Thinker. State is kept per slot; calls come from one thread."""

    exchanges: int | None = None

    def __init__(
        self, decoder: Decoder, template: Template, handing: Handing, published: Published, slots: int, capacity: int
    ) -> None:
        self.slots, self.capacity = slots, capacity
        self.exchanges: int | None = None
        self.template = template
        self._decoder = decoder
        self._handing = handing
        self._published = published
        self._memory = decoder.memory(slots, capacity)
        self._graphs = Graphs(self._pass, decoder.device, self._memory.spare)
        self._slots: dict[int, _Slot] = {}
        tokeniser = template.tokeniser
        self._writer = CallWriter(tokeniser)
        self._ends = frozenset({tokeniser.turn_ends, tokeniser.text_ends})
        self._calls = frozenset({tokeniser.call_opens, tokeniser.call_closes})
        forbidden = torch.full((decoder.shape.vocabulary,), float("-inf"))
        speakable = [token for token, piece in enumerate(tokeniser.pieces) if piece and token < len(forbidden)]
        forbidden[[*speakable, *self._ends]] = 0.0
        self._speech = forbidden.to(decoder.device, copy=True)
        """[vocabulary] minus infinity where a token is no text: such are not thought."""
        forbidden[list(self._calls)] = 0.0
        self._speech_or_call = forbidden.to(decoder.device)

    @torch.inference_mode()
    def warm(self) -> None:
        """Captures the graphs of the usual spans, so that no caller waits for them."""
        spans = [span for span in _WARM if span < self.capacity]
        sizes = sorted({bucket(count, self.slots) for count in range(1, self.slots + 1)})
        self._graphs.warm([(span, size) for span in spans for size in sizes])

    def open(self, slot: int) -> None:
        self._slots[slot] = _Slot(Place())

    def close(self, slot: int) -> None:
        self._slots.pop(slot, None)

    # --- the chat template --------------------------------------------------------------------

    def system(self, instructions: str, tools: Sequence[dict[str, object]]) -> list[Chunk]:
        return _chunks("system", self.template.system(instructions, tools))

    def begin_turn(self, role: Role) -> list[Chunk]:
        return _chunks(role, self.template.begin(role))

    def text(self, role: Role, text: str) -> list[Chunk]:
        return _chunks(role, self.template.tokeniser.encode(text))

    def end_turn(self, role: Role) -> list[Chunk]:
        return _chunks(role, self.template.end(role))

    def called(self, name: str, arguments: str) -> list[Chunk]:
        return _chunks("assistant", self.template.called(name, arguments))

    # --- the cache ----------------------------------------------------------------------------

    @torch.inference_mode()
    def prefill(self, slot: int, chunk: Chunk) -> OmniHandover | None:
        piece = chunk.payload
        if not isinstance(piece, Piece):
            raise TypeError("this chunk was made by another family's perception or template")
        state = self._slots[slot]
        if not piece.tokens:
            return state.place.last
        place, device = state.place, self._decoder.device
        length = place.length + len(piece.tokens)
        if length > self.capacity:
            raise SlotFull(f"{len(piece.tokens)} positions do not fit: {place.length} of {self.capacity} are in use")
        base = place.stretch if piece.in_stretch else place.position
        at = piece.offsets + base
        x, media = self._decoder.embed(piece.tokens), torch.from_numpy(piece.media).to(device)
        if piece.embeddings is not None:
            x[media] = self._here(piece.embeddings)
        deep = None
        if piece.visual is not None:
            rows = torch.from_numpy(np.flatnonzero(piece.visual)).to(device)
            deep = Deep(rows, [self._here(level) for level in piece.levels])
        hidden, accepted = self._decoder.prefill(
            self._memory, slot, place.length, x, torch.from_numpy(at).to(device), deep
        )
        given = self._handing(x, hidden, accepted, media)
        after = base + piece.after
        last = OmniHandover(place.last, length, piece.role, piece.tokens, piece.media, at, after, given)
        state.place = Place(length, after, after if piece.opens else place.stretch, hidden[-1].clone(), last)
        return last

    def _here(self, encoded: torch.Tensor) -> torch.Tensor:
        """What perception made on a stream of its own: its memory is not given away while this one may read it."""
        if encoded.is_cuda:
            encoded.record_stream(torch.cuda.current_stream())
        return encoded.to(self._decoder.dtype)

    def length(self, slot: int) -> int:
        return self._slots[slot].place.length

    def mark(self, slot: int) -> Place:
        return self._slots[slot].place

    def crop(self, slot: int, mark: Mark) -> None:
        """Back to `mark`, which must not lie ahead; a reply that was being thought is given up."""
        if not isinstance(mark, Place):
            raise TypeError("this mark was made by another family")
        state = self._slots[slot]
        if mark.length > state.place.length:
            raise ValueError(f"cannot crop to position {mark.length}: only {state.place.length} are there")
        state.place, state.reply = mark, None

    # --- thinking -----------------------------------------------------------------------------

    def begin_reply(self, slot: int, sampling: Sampling) -> None:
        self._slots[slot].reply = Reply.of(sampling, self._published, self.template.tokeniser, self._writer)

    @torch.inference_mode()
    def step(self, slots: Sequence[int]) -> list[Step]:
        steps: dict[int, Step] = {}
        choosing: list[int] = []
        for slot in slots:
            if (step := self._without_model(slot)) is not None:
                steps[slot] = step
            else:
                choosing.append(slot)
        chosen = dict(zip(choosing, self._choose(choosing), strict=True))
        for slot in [slot for slot, token in chosen.items() if token in self._ends]:
            steps[slot] = self._reply(slot).end()
            del chosen[slot]
        for slot, handover in self._take(chosen).items():
            steps[slot] = self._reply(slot).took(chosen[slot], handover)
        return [steps[slot] for slot in slots]

    def _reply(self, slot: int) -> Reply:
        state = self._slots[slot]
        if state.reply is None or state.place.hidden is None:
            raise RuntimeError("no reply was begun in this slot: prefill a turn and call begin_reply first")
        return state.reply

    def _without_model(self, slot: int) -> Step | None:
        """The step of a slot that does not choose freely; None if it does."""
        reply = self._reply(slot)
        if reply.over:
            return Step(end=True)
        if self.length(slot) >= self.capacity:
            return reply.end()
        if reply.writing is None:
            return None
        try:
            return self._write(slot, reply, reply.writing)
        except SlotFull:
            reply.over = True
            return Step(end=True)

    def _choose(self, slots: Sequence[int]) -> list[int]:
        """The next token of each, of which the best candidates alone come to the host."""
        if not slots:
            return []
        replies = [self._reply(slot) for slot in slots]
        allowed = [self._speech_or_call if reply.names or reply.inside else self._speech for reply in replies]
        logits = self._logits(slots) + torch.stack(allowed)
        best = logits.topk(min(max(reply.sampler.candidates for reply in replies), logits.shape[1]))
        values, tokens = best.values.double().cpu().numpy(), best.indices.cpu().numpy()
        return [r.sampler.choose(row, of) for r, row, of in zip(replies, tokens, values, strict=True)]

    def _logits(self, slots: Sequence[int]) -> torch.Tensor:
        hidden = [place.hidden for place in (self._slots[slot].place for slot in slots) if place.hidden is not None]
        logits: torch.Tensor = self._decoder.lm_head(torch.stack(hidden))
        return logits.to(torch.promote_types(logits.dtype, torch.float))

    def _take(self, chosen: dict[int, int]) -> dict[int, OmniHandover]:
        """Takes one token in for each slot; nothing of it is waited for."""
        if not chosen:
            return {}
        places = [self._slots[slot].place for slot in chosen]
        size, span = bucket(len(chosen), self.slots), self._span(max(place.length for place in places) + 1)
        table = np.zeros((4, size), np.int64)
        table[0] = self._memory.spare
        for at, (slot, place) in enumerate(zip(chosen, places, strict=True)):
            table[:, at] = slot, place.length, place.position, chosen[slot]
        hidden, given = self._graphs(span, torch.from_numpy(table))
        handovers = {}
        for at, (slot, place) in enumerate(zip(chosen, places, strict=True)):
            where = np.full((3, 1), place.position)
            row = given[at : at + 1].clone()
            last = OmniHandover(
                place.last, place.length + 1, "assistant", (chosen[slot],), _NOT_MEDIA, where, place.position + 1, row
            )
            state = self._slots[slot]
            state.place = Place(place.length + 1, place.position + 1, place.stretch, hidden[at].clone(), last)
            handovers[slot] = last
        return handovers

    def _pass(self, span: int, table: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One position for each column of `table` [4, b]: slot, its length, rotary position, token."""
        slots, lengths, at, tokens = table.unbind(0)
        x, hidden = self._decoder.step(self._memory, slots, lengths, at, tokens, span)
        return hidden, self._handing(x, hidden, None, None)

    def _span(self, needed: int) -> int:
        span = _SPAN
        while span < needed:
            span *= 2
        return min(span, self.capacity)

    def _write(self, slot: int, reply: Reply, writing: Writing) -> Step:
        """Goes on with the call that must come, up to the next token that the model chooses."""
        tokeniser = self.template.tokeniser
        try:
            while isinstance(ask := writing.asks.send(writing.answer), Force):
                writing.answer = None
                if ask.instead_of:
                    writing.ahead.clear()
                    self._slots[slot].place = self._mark_of(writing.marks[-ask.instead_of])
                    del writing.marks[-ask.instead_of :]
                writing.ahead += tokeniser.encode_call(ask.text)
        except StopIteration as written:
            reply.over = True
            self._prefill_text(slot, writing.ahead)
            return Step(call=written.value)
        self._prefill_text(slot, writing.ahead)
        writing.marks.append(self.mark(slot))
        writing.answer = self._choose_among(slot, reply, ask)
        writing.ahead = [writing.answer]
        return Step()

    def _choose_among(self, slot: int, reply: Reply, ask: Choose) -> int:
        allowed = np.flatnonzero(ask.allowed)
        logits = self._logits([slot])[0][torch.from_numpy(allowed).to(self._decoder.device)]
        return reply.sampler.choose(allowed, logits.double().cpu().numpy())

    def _prefill_text(self, slot: int, tokens: Sequence[int]) -> None:
        if tokens:
            self.prefill(slot, Chunk(positions.text("assistant", tokens)))

    def _mark_of(self, mark: object) -> Place:
        assert isinstance(mark, Place)
        return mark


_NOT_MEDIA = np.zeros(1, bool)


def _chunks(role: Role, tokens: Sequence[int]) -> list[Chunk]:
    return [Chunk(positions.text(role, tokens[at : at + _PIECE])) for at in range(0, len(tokens), _PIECE)]
