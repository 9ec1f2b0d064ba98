"""What an Omni family hears and sees of a turn, encoded in exact blocks while the turn goes on.

A block is encoded when all of its sound is there, and nothing that comes later changes it. What is left when the
turn ends is a shorter block, followed by the marks that close the stretch. Where the camera is on, a stretch holds
both, in the order of time; if it comes on in the middle of a turn, a new stretch begins.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image

from streaming.time import Time, samples, ticks

from ..joints import Chunk, Mark, Perceived
from . import mel
from .pictures import fitted, patches, picture
from .positions import Picture, block, marks
from .tape import KEPT_S, Tape
from .towers import Ear, Eye

log = logging.getLogger(__name__)

_RECENT = 2 * mel.RATE
"""Samples: a picture from before the turn that is not older than this is its first."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """How a family writes down what is heard, and what is heard and seen."""

    opens: tuple[int, ...]
    closes: tuple[int, ...]
    opens_both: tuple[int, ...]
    closes_both: tuple[int, ...]
    audio: int
    video: int
    """Placeholders."""
    together: bool
    """Marks that stand side by side share one rotary position."""
    merged: bool
    """See `positions.block`."""
    moment: int
    """Mel frames (10 ms) from one moment of the camera to the next; a block is a multiple of it."""


@dataclass(frozen=True, slots=True)
class _State:
    """How far a turn was given to the Thinker."""

    frames: int = 0
    """Mel frames that were encoded."""
    loudest: float = mel.QUIETEST
    """log10 power, in the whole session."""
    stretch: str = ""
    """`sound`, `both`, or "" before the first."""
    heard: int = 0
    """Positions of sound in it."""


@dataclass
class _Turn:
    first: int
    """Its first sample."""
    state: _State
    ending: int | None = None
    """Chunks that the last flush gave on top of `state`; None if there was none. They are taken back by the next."""


@dataclass
class _Slot:
    tape: Tape = field(default_factory=Tape)
    loudest: float = mel.QUIETEST
    turn: _Turn | None = None


class OmniPerception:
    """The Perception. State is kept per slot; calls come from one thread."""

    makes_words = False
    sees = True

    def __init__(self, ear: Ear, eye: Eye, stretches: Stretches, device: torch.device) -> None:
        self._ear, self._eye, self._how, self._device = ear, eye, stretches, device
        self.block_s = ear.block * mel.HOP / mel.RATE
        self._slots: dict[int, _Slot] = {}
        # A stream of its own: what is encoded does not hold up the steps of those who speak.
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    def open(self, slot: int) -> None:
        self._slots[slot] = _Slot()

    def close(self, slot: int) -> None:
        self._slots.pop(slot, None)

    def begin(self, slot: int, since: Time) -> None:
        state = self._slots[slot]
        first = max(samples(since, mel.RATE), state.tape.first)
        state.turn = _Turn(first, _State(loudest=state.loudest))

    def end(self, slot: int) -> None:
        state = self._slots[slot]
        if state.turn is not None:
            state.loudest = state.turn.state.loudest
        state.turn = None

    def audio(self, slot: int, pcm: NDArray[np.int16], t: Time) -> Perceived | None:
        state = self._slots[slot]
        tape, turn = state.tape, state.turn
        tape.push(pcm, samples(t, mel.RATE))
        kept = tape.end - KEPT_S * mel.RATE
        tape.forget(kept if turn is None else min(kept, turn.first - _RECENT))
        if turn is None or turn.ending is not None:
            return None  # after a flush nothing counts before a crop, or the next flush
        chunks: list[Chunk] = []
        size = self._ear.block
        while tape.end - turn.first >= (turn.state.frames + size) * mel.HOP + mel.LOOKAHEAD:
            made, turn.state = self._encode(tape, turn.first, turn.state, size, over=False)
            chunks += made
        return Perceived(chunks, until=ticks(tape.end, mel.RATE)) if chunks else None

    def frame(self, slot: int, jpeg: bytes, t: Time) -> Perceived | None:
        """Takes a picture. One that cannot be read is as good as none: nobody's turn is lost over it."""
        try:
            seen = fitted(picture(jpeg), self._eye.patching)
        except ValueError as error:
            log.warning("a picture was dropped: %s", error)
        else:
            self._slots[slot].tape.pictures.append((samples(t, mel.RATE), seen))
        return None

    def flush(self, slot: int) -> Perceived:
        """What is left of the turn, and its closing marks. Less than 10 ms of sound at its end do not count."""
        tape, turn = self._slots[slot].tape, self._slots[slot].turn
        if turn is None:
            return Perceived()
        chunks: list[Chunk] = []
        state = turn.state
        while left := (tape.end - turn.first) // mel.HOP - state.frames:
            made, state = self._encode(tape, turn.first, state, min(left, self._ear.block), over=True)
            chunks += made
        chunks += self._close(state.stretch)
        if turn.ending and chunks:
            chunks[0] = replace(chunks[0], takes_back=turn.ending)
        turn.ending = len(chunks)
        return Perceived(chunks, until=ticks(tape.end, mel.RATE))

    def mark(self, slot: int) -> Mark:
        turn = self._slots[slot].turn
        return None if turn is None else replace(turn)

    def crop(self, slot: int, mark: Mark) -> None:
        state = self._slots[slot]
        if isinstance(mark, _Turn) and state.turn is not None and state.turn.first == mark.first:
            state.turn = replace(mark)  # that turn is not over

    # --- encoding -----------------------------------------------------------------------------

    def _encode(self, tape: Tape, first: int, state: _State, frames: int, over: bool) -> tuple[list[Chunk], _State]:
        """The next `frames` of a turn that began at `first`, and the state after them."""
        begin = first + state.frames * mel.HOP
        start = mel.needed_from(state.frames)
        end = tape.end if over else begin + frames * mel.HOP + mel.LOOKAHEAD
        pcm = tape.sound(first + start, end)
        power = mel.power(pcm, start, state.frames, frames, self._ear.bands, over, self._ear.mirrored)
        loudest = max(state.loudest, float(power.max()))
        after = replace(state, frames=state.frames + frames, loudest=loudest)
        positions = self._ear.tokens(frames)
        if not positions:
            return [], after
        moments = self._moments(tape, begin, state, frames)
        wanted = "both" if moments else state.stretch or "sound"
        chunks: list[Chunk] = []
        if wanted != state.stretch:
            chunks = [*self._close(state.stretch), self._open(wanted)]
            after = replace(after, stretch=wanted, heard=0)
        with torch.cuda.stream(self._stream):
            heard = self._ear.encode(mel.normalised(power, loudest).to(self._device), first=state.frames == 0)
            seen = [self._look(images, after.heard + at) for at, images in moments]
            piece = block(heard, after.heard, seen, self._how.audio, self._how.video, self._how.merged)
            if self._stream is not None:
                self._stream.synchronize()
        return [*chunks, Chunk(piece)], replace(after, heard=after.heard + positions)

    def _moments(self, tape: Tape, begin: int, state: _State, frames: int) -> list[tuple[int, list[Image]]]:
        """What the camera saw in the next `frames`: (position of sound that it stands before, pictures)."""
        found = []
        for offset in range(0, frames, self._how.moment):
            at = self._ear.tokens(offset)
            images = tape.seen(begin + offset * mel.HOP, begin + (offset + self._how.moment) * mel.HOP)
            if not images and state.frames + offset == 0:
                images = tape.seen(begin - _RECENT, begin)[-1:]
            if images and at < self._ear.tokens(frames):
                found.append((at, images))
        return found

    def _look(self, images: list[Image], at: int) -> Picture:
        flat, rows, columns = patches(images, self._eye.patching)
        positions, levels = self._eye.look(flat.to(self._device), rows, columns)
        merge = self._eye.patching.merge
        return Picture(at, rows // merge, columns // merge, positions, levels)

    def _open(self, stretch: str) -> Chunk:
        tokens = self._how.opens_both if stretch == "both" else self._how.opens
        return Chunk(marks(tokens, self._how.together, opens=True))

    def _close(self, stretch: str) -> list[Chunk]:
        if not stretch:
            return []
        tokens = self._how.closes_both if stretch == "both" else self._how.closes
        return [Chunk(marks(tokens, self._how.together, opens=False))]
