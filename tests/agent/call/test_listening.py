"""What the ears are told is being played, at which time."""

import numpy as np

from agent.call.listening import Playing
from streaming.time import ms


def tone(milliseconds: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.full(24 * milliseconds, 1000, np.int16)


def loud(sound: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> list[bool]:
    """Whether each 10 ms is sound, but for their edges."""
    return [bool(abs(int(piece[80])) > 500) for piece in sound.reshape(-1, 160)]


def test_what_has_left_is_played_from_then_on_and_then_silence() -> None:
    playing = Playing()
    playing.sent(tone(30), ms(100))
    assert loud(playing.during(ms(100), 800)) == [True, True, True, False, False]


def test_what_was_sent_ahead_is_played_in_its_time() -> None:
    playing = Playing()
    playing.sent(tone(20), ms(0))
    playing.sent(tone(20), ms(0))
    heard = [loud(playing.during(ms(at), 160)) for at in range(0, 60, 10)]
    assert heard == [[True], [True], [True], [True], [False], [False]]


def test_sound_that_leaves_in_the_middle_of_a_frame_begins_there() -> None:
    playing = Playing()
    playing.sent(tone(20), ms(10))
    assert loud(playing.during(ms(0), 480)) == [False, True, True]


def test_what_was_silenced_is_not_played() -> None:
    playing = Playing()
    playing.sent(tone(500), ms(0))
    playing.during(ms(0), 160)
    playing.silenced()
    assert loud(playing.during(ms(10), 320)) == [False, False]
    playing.sent(tone(10), ms(50))
    assert loud(playing.during(ms(50), 160)) == [True]
