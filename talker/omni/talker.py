"""The interleaved loop that both Talkers run: text comes in as it is thought, codec frames go out.

A frame needs one row of text. While the Thinker is at work and its next token is not there yet, the Talker waits;
only when it was told that no more will come does it take the row that says so, and after that padding, until it draws
its own end. The dialogue before the reply is the hand-over's chain: what the cache holds of it from the reply before
stays, the rest is cropped, what is missing is prefilled.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from ..joints import Codes, Mark
from .cache import SlotCache
from .frame import Drawn, Frame
from .graphs import Graphed, bucket, sizes
from .handover import Handover
from .sampling import Sampling
from .state import Marked, Place, Row, Slot

_WARM = (256, 512, 1024, 2048)
"""Places in use for which graphs are made beforehand."""


class OmniTalker(ABC):
    """A Talker of either family, batched over slots. What the families differ in is in the methods left open."""

    voices: Sequence[str]

    def __init__(
        self,
        slots: int,
        cache: SlotCache,
        sampling: Sampling,
        end: frozenset[int],
        vocabulary: int,
        noise: tuple[int, int],
        device: torch.device,
        longest: int = 4096,
    ) -> None:
        """`end`: tokens that end a reply. `noise`: draws of a frame, and candidates of a draw. `longest`: frames of a
        reply, at most."""
        self._cache = cache
        self._sampling = sampling
        self._end = end
        self._noise = noise
        self._device = device
        self._longest = longest
        self._slots = [Slot() for _ in range(slots)]
        self._seen = torch.zeros(slots + 1, vocabulary, dtype=torch.bool, device=device)
        """[slots + 1, vocabulary] what the penalty counts as said before."""
        self._head = Graphed(self._draw_frame, device, slots)
        self._pass = Graphed(self._next_frame, device, slots)

    # --- the joint ------------------------------------------------------------------------------

    def open(self, slot: int) -> None:
        """A session begins: nothing is held."""
        self._slots[slot] = Slot()

    def close(self, slot: int) -> None:
        """Nothing of the session stays but numbers that nobody looks at."""
        self._slots[slot] = Slot()

    def start(self, slot: int, voice: str, speed: float) -> None:
        """A reply begins; the dialogue before it stays in the cache. These voices have one speed.

        Raises `ValueError` for an unknown voice.
        """
        voice = voice or self.voices[0]
        if voice not in self.voices:
            raise ValueError(f"There is no voice {voice!r}: choose one of {', '.join(self.voices)}.")
        before = self._slots[slot]
        state = Slot(voice, before.places, replies=before.replies + 1)
        if not self._sampling.greedy:
            state.generator = torch.Generator(self._device)
            state.generator.manual_seed(1_000_003 * slot + state.replies)
        self._slots[slot] = state

    def feed(self, slot: int, token: int, text: str, handover: object) -> None:
        """The next token of the reply. A token without a hand-over is not spoken."""
        if handover is None:
            return
        state, piece = self._slots[slot], cast(Handover, handover)
        if state.first is None:
            state.first = piece
        rows = self._text(piece)
        state.rows += [Row(row, token, text if at == len(rows) - 1 else "") for at, row in enumerate(rows)]

    def finish(self, slot: int) -> None:
        """No more tokens will come."""
        self._slots[slot].finished = True

    def ready(self, slot: int) -> bool:
        """Whether a step gives a frame. False while the next token is not there yet, and when all is said."""
        self._settle(slot)
        state = self._slots[slot]
        if state.ended or state.first is None:
            return False
        return state.finished or state.taken < len(state.rows)

    def done(self, slot: int) -> bool:
        """All is said. A reply without a spoken token is done when it is finished."""
        self._settle(slot)
        state = self._slots[slot]
        return state.ended or (state.finished and state.first is None)

    @torch.inference_mode()
    def step(self, slots: Sequence[int]) -> list[Codes]:
        """One frame for each of `slots`, all of which are ready."""
        beginning = [slot for slot in slots if not self._slots[slot].taken]
        going_on = [slot for slot in slots if self._slots[slot].taken]
        frames: dict[int, Codes] = {}
        for slot in beginning:
            self._begin(slot)
        if beginning:
            frames |= self._head_batch(beginning)
        if going_on:
            frames |= self._pass_batch(going_on)
        return [frames[slot] for slot in slots]

    def mark(self, slot: int) -> Mark:
        """A place in the reply that is being spoken, for `crop`."""
        self._settle(slot)
        state = self._slots[slot]
        generator = None if state.generator is None else state.generator.get_state()
        kept = replace(state, rows=list(state.rows), places=list(state.places))
        return Marked(kept, generator, tuple(tensor[slot].clone() for tensor in self._tensors()))

    @torch.inference_mode()
    def crop(self, slot: int, mark: Mark) -> None:
        """Back to `mark`, as if nothing had come after it. Raises `ValueError` if that was another reply's."""
        assert isinstance(mark, Marked)
        if mark.slot.replies != self._slots[slot].replies:
            raise ValueError("The mark is of another reply: a reply that was left is begun anew.")
        self._slots[slot] = replace(mark.slot, rows=list(mark.slot.rows), places=list(mark.slot.places))
        if mark.generator is not None and self._slots[slot].generator is not None:
            self._slots[slot].generator.set_state(mark.generator)  # type: ignore[union-attr]
        for tensor, kept in zip(self._tensors(), mark.tensors, strict=True):
            tensor[slot] = kept

    @torch.inference_mode()
    def warm(self) -> None:
        """Captures the graphs with which calls begin, so that no caller waits for them. Without CUDA there are none."""
        if self._device.type != "cuda":
            return
        for size in sizes(len(self._slots)):
            index, noise = self._index([], size), self._uniform([], size)
            self._head(size, index, noise)
            for longest in _WARM:
                nowhere = torch.zeros(size, dtype=torch.int64, device=self._device)
                rows = self._end_rows()[1].repeat(size, 1)
                self._pass((size, self._cache.reach(longest)), index, nowhere, nowhere, rows, noise)

    # --- what the families differ in ------------------------------------------------------------

    @abstractmethod
    def _text(self, handover: Handover) -> Tensor:
        """[n, width] the rows that a reply's tokens are taken in as."""

    @abstractmethod
    def _context(self, node: Handover, place: Place) -> tuple[Tensor | None, Tensor, Place]:
        """Rows [n, width] and rotary positions [3, n] of a piece of dialogue that comes after `place` (None: the
        Talker does not get it), and the place after it."""

    @abstractmethod
    def _opening(self, voice: str, first: Handover, row: Tensor) -> Tensor:
        """[n, width] the rows between the dialogue and the first frame, the first row of text among them."""

    @abstractmethod
    def _prefill(self, slot: int, rows: Tensor, places: Tensor, positions: Tensor) -> None:
        """Takes rows [n, width] into the cache at `places` [n]; what the first frame is drawn from stays."""

    @abstractmethod
    def _end_rows(self) -> tuple[Tensor, Tensor]:
        """[width] each: the row that says that the text is over, and padding after it."""

    @abstractmethod
    def _reset(self, slot: int) -> None:
        """Nothing was said yet in this reply."""

    @abstractmethod
    def _tensors(self) -> tuple[Tensor, ...]:
        """Tensors whose rows [slot] are state of the reply, beside the cache."""

    @abstractmethod
    def _draw_frame(self, key: int, slots: Tensor, noise: Tensor) -> tuple[Tensor]:
        """[batch, codebooks]: the frame that follows from the pass before. `key` is the batch size."""

    @abstractmethod
    def _next_frame(
        self, key: tuple[int, int], slots: Tensor, places: Tensor, positions: Tensor, rows: Tensor, noise: Tensor
    ) -> tuple[Tensor]:
        """The pass that takes in the frame before with `rows` [batch, width], and the frame that follows.

        `key`: (batch size, places to look at); `places`, `positions`: [batch].
        """

    # --- inside ---------------------------------------------------------------------------------

    def _settle(self, slot: int) -> None:
        """Looks at the token that was drawn last."""
        state = self._slots[slot]
        if state.pending is not None:
            drawn, row = state.pending
            state.pending = None
            state.ended = drawn[row] in self._end or state.frames >= self._longest

    def _begin(self, slot: int) -> None:
        """Brings the cache up to the reply, and takes in its first row of text."""
        state = self._slots[slot]
        assert state.first is not None
        self._follow(state, slot, state.first.before)
        place = state.places[-1]
        rows = self._opening(state.voice, state.first, state.rows[0].row)
        self._take(slot, rows, place.length, self._straight(place.position, len(rows)))
        state.length, state.position = place.length + len(rows), place.position + len(rows)
        self._reset(slot)

    def _follow(self, state: Slot, slot: int, last: Handover | None) -> None:
        """The cache is to hold the dialogue up to `last`: crops what it holds beyond, prefills what is missing."""
        known = {id(place.node): at for at, place in enumerate(state.places) if place.node is not None}
        missing: list[Handover] = []
        while last is not None and id(last) not in known:
            missing.append(last)
            last = last.before
        del state.places[1 + (known[id(last)] if last is not None else 0) :]
        rows: list[Tensor] = []
        positions: list[Tensor] = []
        begin = state.places[-1].length
        for node in reversed(missing):
            new, at, place = self._context(node, state.places[-1])
            state.places.append(place)
            if new is not None:
                rows.append(new)
                positions.append(at)
        if rows:
            try:
                self._take(slot, torch.cat(rows), begin, torch.cat(positions, -1))
            except Exception:
                del state.places[len(state.places) - len(missing) :]
                raise

    def _take(self, slot: int, rows: Tensor, begin: int, positions: Tensor) -> None:
        end = begin + len(rows)
        if end >= self._cache.capacity:
            raise RuntimeError(f"The dialogue fills the {self._cache.capacity} places of the Talker: forget some of it")
        self._prefill(slot, rows, torch.arange(begin, end, device=self._device), positions)

    def _straight(self, begin: int, count: int) -> Tensor:
        """[3, count] rotary positions of text."""
        return torch.arange(begin, begin + count, device=self._device).expand(3, -1)

    def _head_batch(self, slots: Sequence[int]) -> dict[int, Codes]:
        size = bucket(len(slots))
        (codes,) = self._head(size, self._index(slots, size), self._uniform(slots, size))
        return self._frames(slots, codes)

    def _pass_batch(self, slots: Sequence[int]) -> dict[int, Codes]:
        states = [self._slots[slot] for slot in slots]
        size = bucket(len(slots))
        places, positions = torch.zeros(2, size, dtype=torch.int64)
        for at, state in enumerate(states):
            places[at], positions[at] = state.length, state.position
            state.length += 1
            state.position += 1
        end, padding = self._end_rows()
        rows = [
            state.rows[state.taken].row
            if state.taken < len(state.rows)
            else end
            if state.taken == len(state.rows)
            else padding
            for state in states
        ]
        rows += [padding] * (size - len(rows))
        visible = self._cache.reach(max(state.length for state in states))
        (codes,) = self._pass(
            (size, visible),
            self._index(slots, size),
            places.to(self._device, non_blocking=True),
            positions.to(self._device, non_blocking=True),
            torch.stack(rows),
            self._uniform(slots, size),
        )
        return self._frames(slots, codes)

    def _index(self, slots: Sequence[int], size: int) -> Tensor:
        """[size] the rows of the batch, filled up with the spare one."""
        filled = [*slots, *([self._cache.spare] * (size - len(slots)))]
        return torch.tensor(filled).to(self._device, non_blocking=True)

    def _uniform(self, slots: Sequence[int], size: int) -> Tensor:
        """[size, draws of a frame, candidates] noise, from each slot's own generator."""
        noise = torch.zeros(size, *self._noise, device=self._device)
        for row, slot in zip(noise, slots, strict=False):
            generator = self._slots[slot].generator
            if generator is not None:
                row.uniform_(generator=generator)
        return noise

    def _frames(self, slots: Sequence[int], codes: Tensor) -> dict[int, Codes]:
        codes = codes[: len(slots)].clone()
        drawn = Drawn(codes[:, 0])
        frames: dict[int, Codes] = {}
        for row, slot in enumerate(slots):
            state = self._slots[slot]
            new = state.rows[state.taken : state.taken + 1]
            state.taken += 1
            state.frames += 1
            if state.length + 1 >= self._cache.capacity:
                state.frames = self._longest
            state.pending = drawn, row
            said = tuple((at.token, at.text) for at in new)
            frames[slot] = Frame(
                codes[row], drawn, row, self._end, state.voice, said, state.finished and state.taken >= len(state.rows)
            )
        return frames
