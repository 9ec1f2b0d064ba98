import numpy as np
import pytest

from streaming.conceal import Concealer, find_period, shorten

RATE = 16_000


def vowel(hz: float, seconds: float, rate: int = RATE) -> np.ndarray:
    phase = 2 * np.pi * hz * np.arange(int(seconds * rate)) / rate
    return (4000 * sum(np.sin(k * phase) / k for k in range(1, 8))).astype(np.int16)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("hz", [90, 140, 230, 380])
def test_a_lost_frame_of_a_vowel_is_continued_in_its_pitch(rate: int, hz: float) -> None:
    sound, concealer = vowel(hz, 0.2, rate), Concealer(rate)
    frame, at = rate // 100, rate // 10
    concealer.sound(sound[:at])
    made = concealer.conceal(frame).astype(float)
    truth = sound[at : at + frame].astype(float)
    assert np.corrcoef(made, truth)[0, 1] > 0.9


def test_neither_the_beginning_nor_the_end_of_a_concealment_clicks() -> None:
    sound, concealer = vowel(123, 0.3), Concealer(RATE)
    played = np.concatenate([concealer.sound(sound[:1600]), concealer.conceal(160), concealer.sound(sound[1760:])])
    steepest = np.abs(np.diff(sound.astype(int))).max()
    assert np.abs(np.diff(played.astype(int))).max() < 1.5 * steepest


def test_a_long_loss_dies_away_within_sixty_milliseconds() -> None:
    concealer = Concealer(RATE)
    concealer.sound(vowel(123, 0.2))
    made = concealer.conceal(RATE // 5)
    assert np.abs(made[: RATE // 50]).max() > 3000
    assert not made[RATE * 6 // 100 :].any()


def test_the_stream_is_itself_again_five_milliseconds_after_a_loss() -> None:
    sound, concealer = vowel(123, 0.3), Concealer(RATE)
    concealer.sound(sound[:1600])
    concealer.conceal(160)
    after = concealer.sound(sound[1760:])
    assert (after[80:] == sound[1840:]).all()
    assert (concealer.sound(sound[:100]) == sound[:100]).all()


def test_what_was_lost_before_anything_came_is_silence() -> None:
    assert not Concealer(RATE).conceal(320).any()


@pytest.mark.parametrize("hz", [90, 140, 230])
def test_a_period_less_does_not_click(hz: float) -> None:
    sound = vowel(hz, 0.1)
    period, likeness = find_period(sound, RATE)
    assert likeness > 0.95
    assert period * hz / RATE == pytest.approx(round(period * hz / RATE), abs=0.06)
    shorter = shorten(sound, period, RATE)
    assert len(shorter) == len(sound) - period
    assert np.abs(np.diff(shorter.astype(int))).max() < 1.2 * np.abs(np.diff(sound.astype(int))).max()
