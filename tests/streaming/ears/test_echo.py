"""What is left of the agent's own voice, and of its user's, on noise shaped like speech."""

import numpy as np
import numpy.typing as npt

from streaming.ears.echo import BLOCK, EchoCanceller

RATE = 16_000
Floats = npt.NDArray[np.float32]


def voice(seconds: float, seed: int) -> Floats:
    """Noise that comes in syllables, darker than white: as hard to follow as speech."""
    random = np.random.default_rng(seed)
    length = round(seconds * RATE)
    sound = np.convolve(random.standard_normal(length), np.exp(-np.arange(24) / 6), "same")
    syllables = np.repeat(random.random(length // 2400 + 1) ** 2, 2400)[:length]
    return np.asarray(0.03 * sound * syllables, np.float32)


def echo_of(played: Floats, late: float, seed: int = 5) -> Floats:
    """Through a small room, -10 dB, `late` seconds after it was played."""
    random = np.random.default_rng(seed)
    room = random.standard_normal(1600) * np.exp(-np.arange(1600) / 300) * 0.1
    room[0] = 1.0
    heard = np.convolve(np.concatenate((np.zeros(round(late * RATE)), played)), room)[: len(played)]
    return np.asarray(0.316 * heard, np.float32)


def without_echo(mic: Floats, played: Floats) -> Floats:
    canceller = EchoCanceller()
    pieces = [canceller.push(mic[at : at + BLOCK], played[at : at + BLOCK]) for at in range(0, len(mic), BLOCK)]
    return np.concatenate(pieces)


def level(sound: Floats) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-12))


def test_an_echo_of_40_to_120_ms_falls_by_15_db_within_four_seconds() -> None:
    played = voice(6.0, 1)
    for late in (0.04, 0.08, 0.12):
        mic = echo_of(played, late)
        left = without_echo(mic, played)
        assert level(left[4 * RATE :]) < level(mic[4 * RATE :]) - 15


def test_the_users_voice_comes_through_an_echo_unharmed() -> None:
    played, user = voice(6.0, 1), voice(6.0, 2)
    user[: 4 * RATE] = 0
    left = without_echo(echo_of(played, 0.08) + user, played)
    assert level(left[4 * RATE :] - user[4 * RATE :]) < level(user[4 * RATE :]) - 10


def test_sound_that_has_nothing_to_do_with_what_is_played_is_not_made_louder() -> None:
    played, user = voice(4.0, 1), voice(4.0, 2)
    left = without_echo(user, played)
    blocks = zip(left.reshape(-1, BLOCK), user.reshape(-1, BLOCK), strict=True)
    assert all(np.dot(after, after) <= np.dot(before, before) * 1.0001 for after, before in blocks)


def test_while_nothing_is_played_sound_passes_as_it_is() -> None:
    user = voice(1.0, 3)
    assert np.array_equal(without_echo(user, np.zeros_like(user)), user)
