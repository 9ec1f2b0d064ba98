"""What Prometheus is told follows from the conversation's commands and the ledger's entries."""

from __future__ import annotations

import pytest

from agent.conversation import commands as does
from agent.metrics import Metrics
from streaming.ledger import Entry


def value(metrics: Metrics, line: str) -> float:
    found = [text for text in metrics.text().decode().splitlines() if text.startswith(line + " ")]
    assert found, f"{line} is not told"
    return float(found[0].rsplit(" ", 1)[1])


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (does.Announce(does.TurnClosed(1, 0, 1, "hi", 1)), 'colloquy_turns_total{answered="yes"}'),
        (does.Announce(does.TurnClosed(1, 0, 1, "hi")), 'colloquy_turns_total{answered="no"}'),
        (does.Announce(does.ReplyCut(1, 0, "", 0, "turn_detected")), "colloquy_barge_ins_total"),
        (does.Announce(does.ReplyFinished(1, "")), 'colloquy_replies_total{end="finished"}'),
        (does.TakeUp(2, 1, 0, "rest"), "colloquy_false_interruptions_total"),
        (does.Announce(does.MindLost("x")), "colloquy_engine_lost_total"),
    ],
)
def test_commands_count(command, line):
    metrics = Metrics()
    metrics.command(command)
    assert value(metrics, line) == 1


def test_a_client_that_cancels_is_no_barge_in():
    metrics = Metrics()
    metrics.command(does.Announce(does.ReplyCut(1, 0, "", 0, "client_cancelled")))
    assert value(metrics, "colloquy_barge_ins_total") == 0


def test_latency_goes_to_the_whole_and_to_each_stage():
    metrics, entry = Metrics(), Entry("reply")
    for moment, clock in (("speech_end", 1.0), ("speech_end_known", 1.1), ("first_heard", 1.28)):
        entry.mark(moment, clock)
    metrics.latency(entry)
    assert value(metrics, 'colloquy_latency_seconds_bucket{kind="reply",le="0.3"}') == 1
    assert value(metrics, 'colloquy_latency_seconds_bucket{kind="reply",le="0.25"}') == 0
    assert value(metrics, 'colloquy_stage_seconds_sum{kind="reply",stage="ears"}') == pytest.approx(0.1)


def test_two_servers_do_not_meet():
    first, second = Metrics(), Metrics()
    first.sessions(3)
    first.underruns(2)
    first.opened("webrtc")
    assert value(first, "colloquy_sessions") == 3
    assert value(second, "colloquy_sessions") == 0
