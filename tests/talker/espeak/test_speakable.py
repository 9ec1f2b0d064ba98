"""What of a written text is spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talker.espeak.speakable import speakable


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("**Yes**, *really*", "Yes, really"),
        ("# Title", "Title"),
        ("- milk\n- eggs", "milk\neggs"),
        ("a [link](http://x.y/z) here", "a link here"),
        ("`code` and snake_case", "code and snake case"),
        ("good 👍🏽 work", "good    work"),
        ("20 °C", "20 °C"),
        ("3 * 4", "3 * 4"),
        ("你好！", "你好！"),
    ],
)
def test_markdown_and_emoji_are_not_read_out(written: str, spoken: str) -> None:
    assert speakable(written)[0] == spoken


@given(st.text(max_size=60))
def test_every_spoken_character_knows_where_it_comes_from(written: str) -> None:
    spoken, origins = speakable(written)
    assert len(spoken) == len(origins)
    assert origins == sorted(set(origins))
    assert all(character in (written[at], " ") for character, at in zip(spoken, origins, strict=True))
