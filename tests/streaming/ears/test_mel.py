"""Band powers, in a stream and of a whole."""

import numpy as np

from streaming.ears.mel import BANDS, HOP, RATE, WINDOW, power, powers


def test_a_tone_is_loudest_in_a_band_that_rises_with_its_pitch() -> None:
    t = np.arange(RATE // 2) / RATE
    bands = [
        int(powers(np.sin(2 * np.pi * hertz * t).astype(np.float32))[20].argmax()) for hertz in (150, 500, 1500, 5000)
    ]
    assert bands == sorted(set(bands))
    assert bands[-1] < BANDS


def test_a_whole_sound_gives_what_its_windows_give() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 10 * HOP).astype(np.float32)
    past = np.concatenate((np.zeros(WINDOW, np.float32), sound))
    one_by_one = [power(past[end - WINDOW : end]) for end in range(WINDOW + HOP, len(past) + 1, HOP)]
    assert np.allclose(powers(sound), one_by_one, rtol=1e-4)


def test_twice_the_sound_has_four_times_the_power() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 5 * HOP).astype(np.float32)
    assert np.allclose(powers(2 * sound), 4 * powers(sound), rtol=1e-4)
