"""One whole call from outside: a real browser and a WebSocket against a real agent with the bundled model."""

from __future__ import annotations

import pytest

from clients.bench.analyse import Findings, Trial, analyse
from clients.bench.browser import Browser, chromium
from clients.bench.plan import plan
from clients.bench.recording import Caller, CallFailed
from clients.bench.websocket import WebSocketCaller

SECONDS = 1000


async def called(caller: Caller, url: str) -> Findings:
    """One question that is answered, three answers that are interrupted."""
    made = plan(questions=1, interruptions=3, shorts=0)
    recording = await caller.call(url, "", made.track())
    kinds = {event["type"] for _, event in recording.events}
    assert "error" not in kinds, [event for _, event in recording.events if event["type"] == "error"]
    # Where the machine starved the recording for a moment, the bounds here are wide enough all the same.
    recording.slips.clear()
    return analyse(made, recording)


def measured(findings: Findings, kind: str) -> list[Trial]:
    """The trials of `kind` that tell something: an interruption that falls between two words does not."""
    trials = [trial for trial in findings.trials if trial.kind == kind]
    told = [trial for trial in trials if not trial.skipped]
    assert told, [(trial.text, trial.skipped) for trial in trials]
    return told


def check(findings: Findings) -> None:
    wrong, meant = findings.user_words
    assert meant
    assert wrong / meant <= 0.25, "the question was not understood"
    for answer in measured(findings, "reply"):
        assert answer.ms is not None
        assert answer.ms < 2 * SECONDS, "the answer came too late"
    for stop in measured(findings, "stop"):
        assert stop.ms is not None
        assert stop.ms < 1 * SECONDS, "the agent talked on when it was interrupted"
    assert findings.histories, "no reply was cut"
    assert all(abs(difference) <= 1 for difference in findings.histories), "history is not what was heard"


@pytest.mark.timeout(240)
async def test_a_question_in_the_browser_is_heard_answered_and_the_answer_can_be_interrupted(agent_url: str) -> None:
    try:
        chromium()
    except CallFailed as problem:
        pytest.skip(str(problem))
    check(await called(Browser(), agent_url))


@pytest.mark.timeout(240)
async def test_a_question_over_a_websocket_is_heard_answered_and_the_answer_can_be_interrupted(agent_url: str) -> None:
    check(await called(WebSocketCaller(), agent_url))
