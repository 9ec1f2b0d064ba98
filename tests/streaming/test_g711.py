from itertools import pairwise

import numpy as np
import pytest

from streaming import g711
from streaming.g711 import Law

EVERY = np.arange(-32768, 32768).astype(np.int16)
CODES = bytes(range(256))

# Tables 1a and 2a of G.711: where each segment ends (in steps of the 13- and 14-bit input) and how many equal
# intervals it has.
ULAW_ENDS = [0, 1, 31, 95, 223, 479, 991, 2015, 4063, 8159]
ALAW_ENDS = [0, 64, 128, 256, 512, 1024, 2048, 4096]


def ulaw_decisions() -> np.ndarray:
    inner = [np.linspace(a, b, 16, endpoint=False) for a, b in pairwise(ULAW_ENDS[2:])]
    return np.concatenate([[0], np.arange(1, 31, 2), *inner])


def alaw_decisions() -> np.ndarray:
    inner = [np.linspace(a, b, 16, endpoint=False) for a, b in pairwise(ALAW_ENDS[1:])]
    return np.concatenate([np.arange(0, 64, 2), *inner])


@pytest.mark.parametrize(
    ("law", "decisions", "scale", "positive", "negative"),
    [("ulaw", ulaw_decisions(), 4, 0xFF, 0x7F), ("alaw", alaw_decisions(), 8, 0xD5, 0x55)],
)
def test_every_sample_falls_into_the_interval_that_the_recommendation_gives_it(
    law: Law, decisions: np.ndarray, scale: int, positive: int, negative: int
) -> None:
    assert len(decisions) == 128
    codes = np.frombuffer(g711.encode(EVERY, law), np.uint8)
    for sign, half in ((positive, EVERY >= 0), (negative, EVERY < 0)):
        magnitude = np.abs(EVERY[half].astype(int)) / scale
        # A negative sample that lies on a decision value belongs below it.
        index = np.searchsorted(decisions, magnitude, side="right" if sign == positive else "left") - 1
        index = np.maximum(index, 0)
        expected = sign - index if law == "ulaw" else ((sign ^ 0x55) + index) ^ 0x55
        assert (codes[half] == expected).all()


@pytest.mark.parametrize(
    ("law", "known"),
    [
        ("ulaw", {0x00: -32124, 0x7F: 0, 0x80: 32124, 0xFF: 0, 0xFE: 8, 0xEF: 132, 0xF0: 120, 0x8F: 16764}),
        ("alaw", {0x55: -8, 0xD5: 8, 0xD4: 24, 0xAA: 32256, 0x2A: -32256, 0xC5: 264, 0x80: 5504}),
    ],
)
def test_known_codes_decode_to_the_values_of_the_recommendation(law: Law, known: dict[int, int]) -> None:
    decoded = g711.decode(CODES, law)
    assert {code: int(decoded[code]) for code in known} == known


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_a_code_survives_decoding_and_encoding(law: Law) -> None:
    again = g711.encode(g711.decode(CODES, law), law)
    # µ-law has two zeros; the negative one cannot be told apart in int16.
    assert again == (CODES.replace(b"\x7f", b"\xff") if law == "ulaw" else CODES)
