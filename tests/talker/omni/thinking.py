"""The real Thinker of an Omni family on a tiny model, given tokens instead of text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from thinker.joints import Chunk
from thinker.omni import positions
from thinker.omni.checkpoint import find
from thinker.omni.family import Family, assemble
from thinker.omni.handover import OmniHandover
from thinker.omni.thinker import OmniThinker

_MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>")


def thinker(family: Family, made: Any, folder: Path) -> OmniThinker:
    """The Thinker with the weights of `made`, which is written to `folder` first. It knows few letters."""
    made.save_pretrained(folder)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())[:60]
    tokeniser = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(letters)}, merges=[]))
    tokeniser.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in _MARKS])
    tokeniser.save(str(folder / "tokenizer.json"))
    checkpoint = find(str(folder), family.kind, family.known)
    return assemble(family, checkpoint, 1, torch.device("cpu"), torch.float32)[1]


def handed(mind: OmniThinker, turns: Sequence[tuple[str, Sequence[int]]], words: Sequence[int]) -> list[OmniHandover]:
    """What the Thinker hands over for each of `words`, after `turns` of (role, tokens)."""
    mind.open(0)
    for role, tokens in turns:
        mind.prefill(0, Chunk(positions.text(role, tokens)))  # type: ignore[arg-type]
    found = [mind.prefill(0, Chunk(positions.text("assistant", [word]))) for word in words]
    return [piece for piece in found if piece is not None]
