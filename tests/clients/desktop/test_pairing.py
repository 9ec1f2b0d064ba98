from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.desktop.pairing import FRAME, MOST_AHEAD, PATIENCE, Pairing


@settings(deadline=None)
@given(st.lists(st.integers(1, 700), max_size=40))
def test_two_streams_of_one_clock_stay_together_whatever_their_blocks(blocks: list[int]) -> None:
    pairing, at, pairs = Pairing(), 0, []
    for block in blocks:
        samples = np.arange(at, at + block).astype(np.int16)
        pairing.rendered(samples)
        pairing.recorded(samples)
        pairs += pairing.frames()
        at += block
    assert len(pairs) == at // FRAME
    for recorded, rendered in pairs:
        assert np.array_equal(recorded, rendered)


def test_the_microphone_goes_on_when_the_loudspeaker_gives_nothing() -> None:
    pairing = Pairing()
    pairing.recorded(np.ones(FRAME + PATIENCE, np.int16))
    recorded, rendered = pairing.frames()[0]
    assert recorded.all()
    assert not rendered.any()


def test_a_clock_that_runs_ahead_does_not_pile_up() -> None:
    pairing, behind = Pairing(), 0
    for number in range(1000):
        pairing.rendered(np.full(FRAME + 5, number, np.int16))
        pairing.recorded(np.full(FRAME, number, np.int16))
        for recorded, rendered in pairing.frames():
            behind = max(behind, int(recorded[0]) - int(rendered[0]))
    assert behind <= MOST_AHEAD / FRAME + 1
