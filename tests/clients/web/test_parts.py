"""The page's pure parts, driven in the browser: no call, no clock."""

from __future__ import annotations

from typing import Any

import pytest
from scenes import heard, latency, reply_begins, user_says

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRANSCRIPT = """async (steps) => {
    const { Transcript } = await import('./js/transcript.js');
    const transcript = new Transcript();
    for (const [now, event] of steps) {
        if (event === 'prune') transcript.prune(now);
        else if (event === 'broken') transcript.broken(now);
        else transcript.apply(event, now);
    }
    const entries = transcript.entries.map(({ who, text, rest, state }) => [who, text, rest, state]);
    return { entries, history: transcript.history() };
}"""


async def run(visit: Any, *steps: Any) -> tuple[list[Any], list[Any]]:
    """Entries (who, text, rest, state) and history after (now, event) steps; a bare event happens at 0 ms."""
    await visit.open()
    timed = [step if isinstance(step, tuple) else (0, step) for step in steps]
    result = await visit.page.evaluate(TRANSCRIPT, [list(step) for step in timed])
    return result["entries"], [turn["text"] for turn in result["history"]]


async def test_a_turn_that_was_none_disappears_and_an_open_one_stays(visit: Any) -> None:
    words = {"type": "duplex.user.words", "item_id": "item_1", "stable": "hm", "tentative": ""}
    silent = {"type": "duplex.state", "user": "silent", "agent": "listening"}
    speaking = {**silent, "user": "speaking"}
    entries, _ = await run(visit, speaking, words, (9000, "prune"))
    assert len(entries) == 1
    entries, _ = await run(visit, speaking, words, silent, (9000, "prune"))
    assert entries == []


async def test_a_reply_takes_its_place_when_it_is_heard_not_when_it_is_planned(visit: Any) -> None:
    steps = [*reply_begins(1, "Otters."), *user_says("item_2", "And?"), heard(1, "Otters.", done=True)]
    entries, history = await run(visit, *steps)
    assert [entry[0] for entry in entries] == ["user", "agent"]
    assert history == ["And?", "Otters."]


async def test_a_reply_cut_before_its_first_word_leaves_no_trace(visit: Any) -> None:
    entries, history = await run(visit, *reply_begins(1, "Otters."), heard(1, "", cut=True))
    assert (entries, history) == ([], [])


async def test_a_deleted_item_is_forgotten(visit: Any) -> None:
    entries, _ = await run(
        visit, *user_says("item_1", "Hm"), {"type": "conversation.item.deleted", "item_id": "item_1"}
    )
    assert entries == []


async def test_a_lost_connection_keeps_what_was_heard_and_the_words_so_far(visit: Any) -> None:
    words = {"type": "duplex.user.words", "item_id": "item_2", "stable": "Wait", "tentative": "what"}
    entries, history = await run(visit, *reply_begins(1, "Otters swim."), heard(1, "Otters"), words, "broken")
    assert entries == [["agent", "Otters", " swim.", "lost"], ["user", "Wait what", "", "whole"]]
    assert history == ["Otters", "Wait what"]


async def test_the_median_and_the_lanes_of_overlapping_stages(visit: Any) -> None:
    await visit.open()
    records = [latency(n, ("ears", 0, total)) for n, total in enumerate((300, 100, 200, 400))]
    script = """async (records) => {
        const { Latency, lanes } = await import('./js/latency.js');
        const latency = new Latency();
        records.forEach((record) => latency.add(record));
        const stage = (start_ms, end_ms) => ({ name: 's', start_ms, end_ms });
        const overlapping = [stage(0, 10), stage(5, 8), stage(10, 20)];
        return [latency.median('reply'), latency.last('reply')[0].total, lanes(overlapping)];
    }"""
    assert await visit.page.evaluate(script, records) == [{"p50": 250, "count": 4}, 400, [0, 1, 0]]
