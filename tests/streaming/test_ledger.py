import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.ledger import _STAGES, Entry, Ledger, Moment

REPLY: dict[Moment, float] = {
    "speech_end": 100.0,
    "speech_end_known": 100.096,
    "thought": 100.1,
    "flushed": 100.12,
    "prefilled": 100.13,
    "first_token": 100.15,
    "first_sound": 100.2,
    "released": 100.18,
    "first_sent": 100.21,
    "first_heard": 100.26,
}


def spoken(marks: dict[Moment, float], ledger: Ledger | None = None, number: int = 1) -> Entry:
    entry = (ledger or Ledger()).open("reply", number)
    for moment, clock in marks.items():
        entry.mark(moment, clock)
    return entry


def test_the_stages_of_a_reply_count_from_the_end_of_speech_and_show_what_overlapped() -> None:
    entry = spoken(REPLY)
    assert entry.total_ms == pytest.approx(260)
    stages = {stage.name: (round(stage.start_ms), round(stage.end_ms)) for stage in entry.stages}
    assert stages == {
        "ears": (0, 96), "words": (100, 120), "prefill": (120, 130), "first token": (130, 150),
        "pause": (96, 180), "first sound": (150, 200), "playout": (200, 210), "downlink": (210, 260),
    }  # fmt: skip


def test_playout_begins_when_the_turn_is_over_if_the_sound_was_ready_before() -> None:
    entry = spoken(REPLY | {"first_sound": 100.17})
    assert next(s for s in entry.stages if s.name == "playout").start_ms == pytest.approx(180)


def test_a_moment_nobody_marked_leaves_its_stage_out_and_joins_the_next() -> None:
    entry = spoken({moment: clock for moment, clock in REPLY.items() if moment not in ("prefilled", "first_heard")})
    stages = {stage.name: stage for stage in entry.stages}
    assert "prefill" not in stages
    assert "downlink" not in stages
    assert stages["first token"].start_ms == pytest.approx(120)
    assert entry.total_ms == pytest.approx(210)


def test_a_stop_counts_from_its_onset() -> None:
    entry = Ledger().open("stop", 4)
    for moment, clock in {
        "onset": 9.0,
        "onset_known": 9.07,
        "ducked": 9.071,
        "decided": 9.2,
        "silenced": 9.201,
    }.items():
        entry.mark(moment, clock)
    assert entry.total_ms == pytest.approx(201)
    entry.mark("silent_reported", 9.23)
    assert entry.total_ms == pytest.approx(230)
    assert [stage.name for stage in entry.stages] == ["ears", "duck", "decision", "silence", "client"]


def test_the_first_mark_of_a_moment_counts() -> None:
    entry = spoken(REPLY)
    entry.mark("first_heard", 200.0)
    assert entry.total_ms == pytest.approx(260)


def test_a_reply_to_nothing_spoken_has_no_total_and_is_not_counted() -> None:
    ledger = Ledger()
    spoken({"thought": 1.0, "first_heard": 2.0}, ledger)
    assert ledger.close("reply", 1) is None


def test_a_thought_that_was_rolled_back_is_not_counted() -> None:
    ledger = Ledger()
    spoken(REPLY, ledger)
    ledger.drop("reply", 1)
    assert ledger.close("reply", 1) is None


@given(
    st.sampled_from(["reply", "stop"]),
    st.dictionaries(st.sampled_from(["speech_end", "thought", "onset", *_STAGES]), st.floats(-10, 10)),
)  # fmt: skip
def test_no_order_of_clocks_makes_a_stage_end_before_it_begins(kind, marks) -> None:  # type: ignore[no-untyped-def]
    entry = Entry(kind)
    for moment, clock in marks.items():
        entry.mark(moment, clock)
    assert all(stage.start_ms <= stage.end_ms for stage in entry.stages)
