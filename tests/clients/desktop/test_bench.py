from __future__ import annotations

import numpy as np
import pytest

from clients.bench.plan import LEAD_S, Plan, clips
from clients.bench.recording import RATE, Recording
from clients.desktop.bench.room import ECHO_DB, impulse_response
from clients.desktop.bench.selfheard import echoes


@pytest.mark.parametrize("delay_s", [0.04, 0.08])
def test_the_rooms_echo_is_as_loud_and_as_late_as_it_is_said_to_be(delay_s: float) -> None:
    taps = impulse_response(delay_s, 1)
    assert min(delay for delay, _ in taps) == round(delay_s * 48_000)
    assert 10 * np.log10(sum(factor**2 for _, factor in taps)) == pytest.approx(ECHO_DB)


def test_what_the_agent_does_while_nobody_speaks_is_counted_and_what_the_user_causes_is_not() -> None:
    plan = Plan()
    stop = next(clip for clip in clips() if clip.text == "Stop.")
    plan.say(stop, "stops", 10.0)
    at = plan.utterances[0].start
    assert at == LEAD_S
    ear = np.full(round(plan.length * RATE), 0.0, np.float32)
    ear[: round((at + 0.4) * RATE)] = 0.2
    heard = {"type": "duplex.heard", "item_id": "a", "audio_end_ms": 900.0, "done": False}
    started = {"type": "input_audio_buffer.speech_started"}
    events = [
        (at + 0.3, {"type": "duplex.duck"}),
        (at + 0.4, {"type": "duplex.command", "command": "stop"}),
        (at + 0.4, started),
        (at + 0.4, {**heard, "cut": True}),
        (at + 5.0, {"type": "duplex.duck"}),
        (at + 5.2, started),
        (at + 5.2, {**heard, "item_id": "b", "cut": True}),
        (at + 7.0, {**heard, "item_id": "c", "cut": False}),
    ]
    found = echoes(plan, Recording(np.zeros_like(ear), ear, events))
    assert (found.replies, found.cuts, found.ducks, found.turns) == (3, 1, 1, 1)
    assert (found.commanded, found.obeyed) == (1, 1)
