from __future__ import annotations

import pytest

from clients.desktop.talk_key import TalkKey


def states(presses: list[float], until: float) -> list[tuple[float, bool]]:
    """When the key went down and up, looked at every 10 ms."""
    key, found = TalkKey(), [(0.0, False)]
    for tick in range(round(until * 100)):
        now = tick / 100
        for press in presses:
            if now <= press < now + 0.01:
                key.press(press)
        key.expire(now)
        if key.down != found[-1][1]:
            found.append((now, key.down))
    return found[1:]


def test_a_tap_begins_and_another_ends() -> None:
    assert states([1.0, 4.0], 6.0) == [(1.0, True), (pytest.approx(4.15, abs=0.02), False)]


@pytest.mark.parametrize("first_repeat", [0.25, 0.66])
@pytest.mark.parametrize("rate", [10, 30])
def test_a_held_key_is_one_turn_that_ends_soon_after_it_is_let_go(first_repeat: float, rate: int) -> None:
    repeats = [1.0 + first_repeat + number / rate for number in range(2 * rate)]
    let_go = repeats[-1]
    assert states([1.0, *repeats], 6.0) == [(1.0, True), (pytest.approx(let_go + 0.15, abs=0.03), False)]
