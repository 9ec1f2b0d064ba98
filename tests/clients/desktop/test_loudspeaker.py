from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.desktop.loudspeaker import RATE, REPLY_RATE, Loudspeaker
from streaming.resample import Resampler

BLOCK = 240


def tone(seconds: float, level: int = 8000) -> np.ndarray:
    """At 24 kHz."""
    t = np.arange(round(seconds * REPLY_RATE)) / REPLY_RATE
    return (level * np.sin(2 * np.pi * 300 * t)).astype(np.int16)


def rendered(loudspeaker: Loudspeaker, seconds: float, at: float = 100.0) -> np.ndarray:
    blocks = [
        loudspeaker.render(BLOCK, at + (number + 1) * BLOCK / RATE) for number in range(round(seconds * RATE / BLOCK))
    ]
    return np.concatenate(blocks)


@settings(deadline=None)
@given(st.lists(st.integers(1, 2000), min_size=1, max_size=20), st.lists(st.integers(1, 999), min_size=1, max_size=9))
def test_a_reply_is_played_whole_and_in_order_however_it_comes_and_is_asked_for(
    pieces: list[int], blocks: list[int]
) -> None:
    whole = tone(sum(pieces) / REPLY_RATE + 0.01)[: sum(pieces)]
    loudspeaker, at = Loudspeaker(), 0
    for piece in pieces:
        loudspeaker.play("item", at, whole[at : at + piece])
        at += piece
    sound = np.zeros(0, np.int16)
    while len(sound) < 2 * len(whole):
        for block in blocks:
            sound = np.concatenate((sound, loudspeaker.render(block, 1.0)))
    expected = Resampler(REPLY_RATE, RATE).push(whole)
    assert np.array_equal(sound[: len(expected)], expected)
    assert not sound[len(expected) :].any()
    assert loudspeaker.played is not None
    assert (loudspeaker.played.item_id, loudspeaker.played.until) == ("item", len(whole))
    assert loudspeaker.starved == 0


def test_what_was_played_is_known_with_the_moment_at_which_it_leaves_the_loudspeaker() -> None:
    loudspeaker = Loudspeaker()
    loudspeaker.play("item", 4800, tone(0.1))
    rendered(loudspeaker, 0.05, at=7.0)
    assert loudspeaker.played is not None
    assert loudspeaker.played.until == 4800 + 1200
    assert abs(loudspeaker.played.at - 7.05) < 1e-6
    rendered(loudspeaker, 0.1, at=7.05)
    assert loudspeaker.played.until == 4800 + 2400
    assert abs(loudspeaker.played.at - 7.1) < 1e-6


def test_a_cleared_reply_is_silent_within_one_block_without_a_click_and_nothing_late_of_it_is_played() -> None:
    loudspeaker = Loudspeaker()
    loudspeaker.play("item", 0, tone(1.0))
    rendered(loudspeaker, 0.2)
    loudspeaker.clear("item")
    fade = loudspeaker.render(BLOCK, 1.0)
    assert fade[: BLOCK // 4].any()
    assert np.abs(np.diff(fade.astype(int))).max() < 1000
    assert not rendered(loudspeaker, 0.2).any()
    until = loudspeaker.played.until if loudspeaker.played else -1
    loudspeaker.play("item", REPLY_RATE, tone(0.2))
    assert not rendered(loudspeaker, 0.3).any()
    assert loudspeaker.played is not None
    assert loudspeaker.played.until == until == round(0.205 * REPLY_RATE)


def test_the_reply_after_a_cut_is_whole_even_if_its_first_sound_comes_before_the_next_block() -> None:
    loudspeaker = Loudspeaker()
    loudspeaker.play("old", 0, tone(1.0))
    rendered(loudspeaker, 0.1)
    loudspeaker.clear("old")
    loudspeaker.play("new", 0, tone(0.1))
    sound = rendered(loudspeaker, 0.2)
    assert np.abs(sound[100:1000]).max() > 7000, "the new reply was faded instead of the old one"
    assert loudspeaker.played is not None
    assert (loudspeaker.played.item_id, loudspeaker.played.until) == ("new", 2400)


def test_clearing_one_reply_leaves_the_one_behind_it() -> None:
    loudspeaker = Loudspeaker()
    loudspeaker.play("first", 0, tone(0.1))
    loudspeaker.play("second", 0, tone(0.1))
    loudspeaker.clear("second")
    rendered(loudspeaker, 0.3)
    assert loudspeaker.played is not None
    assert loudspeaker.played.item_id == "first"
    loudspeaker.play("third", 0, tone(0.1))
    loudspeaker.play("fourth", 0, tone(0.1))
    loudspeaker.clear("third")
    rendered(loudspeaker, 0.3)
    assert (loudspeaker.played.item_id, loudspeaker.played.until) == ("fourth", 2400)


def test_ducking_is_heard_in_the_next_block_and_ends_as_quickly() -> None:
    loudspeaker = Loudspeaker()
    loudspeaker.play("item", 0, tone(1.0))
    full = np.abs(rendered(loudspeaker, 0.1)).max()
    loudspeaker.gain(-12.0)
    loudspeaker.render(BLOCK, 1.0)
    soft = np.abs(rendered(loudspeaker, 0.1)).max()
    assert abs(20 * np.log10(soft / full) + 12) < 0.2
    loudspeaker.gain(0.0)
    loudspeaker.render(BLOCK, 1.0)
    assert np.abs(rendered(loudspeaker, 0.1)).max() == full


def test_a_network_that_starves_a_reply_gets_a_cushion_and_loses_it_again_when_it_behaves() -> None:
    loudspeaker, piece = Loudspeaker(), tone(0.04)
    for number in range(5):
        loudspeaker.play("slow", number * len(piece), piece)
        rendered(loudspeaker, 0.06)
    starved = loudspeaker.starved
    assert starved >= 3
    rendered(loudspeaker, 0.3)
    loudspeaker.play("next", 0, piece)
    assert not rendered(loudspeaker, 0.02).any(), "nothing was saved up against the next gap"
    loudspeaker.play("next", len(piece), piece)
    assert rendered(loudspeaker, 0.2).any()
    for number in range(12):
        loudspeaker.play(f"good{number}", 0, tone(0.3))
        rendered(loudspeaker, 0.5)
    loudspeaker.play("last", 0, piece)
    assert loudspeaker.render(BLOCK, 1.0).any()
    assert loudspeaker.starved == starved
