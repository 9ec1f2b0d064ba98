"""Has a Talker speak, as the engine would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from talker.omni.frame import Frame
from talker.omni.talker import OmniTalker


def reply(pieces: Sequence[Any], prompt: Sequence[int]) -> list[Any]:
    """The pieces that come after `prompt`."""
    at = length = 0
    while length < len(prompt):
        length += len(pieces[at].tokens)
        at += 1
    return list(pieces[at:])


def step(made: OmniTalker, slots: Sequence[int], into: dict[int, list[Tensor]]) -> None:
    """One step of `slots`; frames that are frames go `into`."""
    for slot, codes in zip(slots, made.step(slots), strict=True):
        assert isinstance(codes, Frame)
        if not codes.ended():
            into.setdefault(slot, []).append(codes.codes)


def speak(made: OmniTalker, slot: int, pieces: Sequence[Any], ahead: int = 1, voice: str = "") -> Tensor:
    """[frames, codebooks]: a whole reply, each token fed when `ahead` fewer are left than were fed."""
    made.start(slot, voice, 1.0)
    frames: dict[int, list[Tensor]] = {}
    for at, piece in enumerate(pieces):
        made.feed(slot, at, f" {at}", piece)
        while at >= ahead and made.ready(slot) and len(frames.get(slot, [])) <= at - ahead:
            step(made, [slot], frames)
    made.finish(slot)
    while made.ready(slot):
        step(made, [slot], frames)
    assert made.done(slot)
    return torch.stack(frames[slot]) if frames else torch.zeros(0, 1, dtype=torch.int64)
