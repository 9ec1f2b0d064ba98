import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streaming.playout import FADE_OUT, GAIN_RAMP, Playout, Span


def ramp(first: int, count: int) -> np.ndarray:
    return np.arange(first, first + count, dtype=np.int16)


def tone(count: int, level: int = 10_000) -> np.ndarray:
    return np.full(count, level, np.int16)


def speaking(pcm: np.ndarray, reply: int = 1) -> Playout:
    playout = Playout()
    playout.start(reply)
    playout.push(reply, pcm)
    playout.release(reply)
    return playout


def test_a_reply_that_is_not_released_stays_inaudible() -> None:
    playout = Playout()
    playout.start(1)
    playout.push(1, tone(100))
    pulled = playout.pull(50)
    assert pulled.silent
    assert not pulled.pcm.any()
    assert playout.played(1).generated == 100
    assert playout.played(1).sent == 0


def test_sound_leaves_in_order_whatever_the_pieces() -> None:
    playout = speaking(ramp(0, 7))
    playout.push(1, ramp(7, 300))
    sent = np.concatenate([playout.pull(10).pcm for _ in range(30)])
    assert (sent == ramp(0, 300)).all()
    assert playout.played(1).sent == 300


def test_the_next_reply_follows_within_the_same_block() -> None:
    playout = speaking(ramp(0, 30))
    playout.start(2)
    playout.push(2, ramp(500, 100))
    playout.release(2)
    playout.finish(1)
    pulled = playout.pull(48)
    assert pulled.spans == [Span(1, 0, 30, 0), Span(2, 0, 18, 30)]
    assert (pulled.pcm[30:] == ramp(500, 18)).all()


def test_a_reply_waits_until_the_one_before_it_is_whole() -> None:
    playout = speaking(ramp(0, 10))
    playout.start(2)
    playout.push(2, tone(100))
    playout.release(2)
    assert [span.reply for span in playout.pull(20).spans] == [1]
    assert playout.pull(20).silent
    playout.finish(1)
    assert [span.reply for span in playout.pull(20).spans] == [2]


def test_a_held_thought_does_not_keep_a_notice_waiting() -> None:
    playout = Playout()
    playout.start(1)
    playout.push(1, tone(100))
    playout.start(-1)
    playout.push(-1, tone(40))
    playout.finish(-1)
    playout.release(-1)
    assert playout.pull(40).spans == [Span(-1, 0, 40, 0)]
    assert playout.pull(40).silent


def test_silence_drops_all_but_a_fade_of_five_milliseconds() -> None:
    playout = speaking(tone(24_000))
    playout.pull(240)
    playout.silence(1)
    assert playout.unsent(1) == FADE_OUT
    pulled = playout.pull(240)
    assert pulled.spans == [Span(1, 240, 240 + FADE_OUT, 0)]
    steps = np.diff(np.concatenate(([10_000], pulled.pcm)).astype(int))
    assert (steps <= 0).all()
    assert steps.min() >= -10_000 // FADE_OUT - 1
    assert playout.pull(240).silent
    assert playout.played(1).finished


def test_a_reply_silenced_before_it_was_audible_leaves_nothing() -> None:
    playout = speaking(tone(24_000))
    playout.silence(1)
    assert playout.unsent(1) == 0
    assert playout.pull(240).silent


def test_sound_that_arrives_after_the_cut_is_not_played() -> None:
    playout = speaking(tone(240))
    playout.pull(120)
    playout.silence(1)
    generated = playout.played(1).generated
    playout.push(1, tone(1000))
    assert playout.played(1).generated == generated
    assert playout.unsent(1) <= FADE_OUT


def test_nothing_of_a_silenced_reply_follows_to_a_client_that_is_sent_sound_ahead() -> None:
    playout = speaking(tone(24_000))
    playout.take(240)
    playout.silence(1)
    assert playout.take(240).silent


def test_silencing_one_reply_leaves_the_next_untouched() -> None:
    playout = speaking(tone(1000))
    playout.start(2)
    playout.push(2, tone(300, 5000))
    playout.release(2)
    playout.pull(100)
    playout.silence(1)
    pulled = playout.pull(FADE_OUT + 100)
    assert pulled.spans[1] == Span(2, 0, 100, FADE_OUT)
    assert (pulled.pcm[FADE_OUT:] == 5000).all()


def test_hold_stops_a_reply_and_release_lets_it_go_on_where_it_was() -> None:
    playout = speaking(ramp(0, 300))
    playout.pull(100)
    playout.hold(1)
    assert playout.pull(100).silent
    playout.release(1)
    assert (playout.pull(100).pcm == ramp(100, 100)).all()


def test_ducking_moves_without_a_click_and_comes_back() -> None:
    playout = speaking(tone(24_000))
    playout.pull(240)
    playout.duck(-12)
    down = playout.pull(480).pcm.astype(int)
    assert abs(down[-1] - 10_000 * 10 ** (-12 / 20)) <= 1
    assert np.abs(np.diff(np.concatenate(([10_000], down)))).max() <= 10_000 / GAIN_RAMP + 1
    playout.unduck()
    up = playout.pull(480).pcm.astype(int)
    assert up[-1] == 10_000
    assert np.abs(np.diff(np.concatenate((down[-1:], up)))).max() <= 10_000 / GAIN_RAMP + 1


def test_a_cut_while_ducked_fades_from_the_ducked_level_and_the_next_reply_is_at_full_level() -> None:
    playout = speaking(tone(24_000))
    playout.pull(240)
    playout.duck(-12)
    playout.pull(480)
    playout.silence(1)
    fade = playout.pull(FADE_OUT).pcm
    assert fade.max() < 10_000 * 10 ** (-12 / 20)
    playout.start(2)
    playout.push(2, tone(100))
    playout.release(2)
    assert (playout.pull(100).pcm == 10_000).all()


def test_rolling_back_a_thought_does_not_end_the_ducking_of_the_reply_that_plays() -> None:
    playout = speaking(tone(24_000))
    playout.pull(240)
    playout.duck(-12)
    playout.pull(240)
    playout.start(2)
    playout.silence(2)
    assert abs(int(playout.pull(240).pcm[0]) - 2512) <= 1


def test_an_underrun_is_counted_once_however_long_it_lasts() -> None:
    playout = speaking(tone(100))
    for _ in range(4):
        playout.pull(60)
    assert playout.underruns == 1
    playout.push(1, tone(300))
    playout.pull(60)
    assert playout.underruns == 1
    playout.push(1, tone(1))
    for _ in range(6):
        playout.pull(60)
    assert playout.underruns == 2


def test_neither_the_wait_for_the_first_sound_nor_the_end_is_an_underrun() -> None:
    playout = speaking(tone(0))
    playout.pull(60)
    playout.push(1, tone(30))
    playout.finish(1)
    playout.pull(60)
    playout.pull(60)
    assert playout.underruns == 0


def test_take_gives_no_silence() -> None:
    playout = speaking(ramp(0, 50))
    assert len(playout.take(30).pcm) == 30
    assert len(playout.take(30).pcm) == 20
    assert playout.take(30).silent


def test_heard_never_exceeds_sent_and_never_decreases() -> None:
    playout = speaking(tone(1000))
    playout.pull(300)
    playout.heard(1, 5000)
    assert playout.played(1).heard == 300
    playout.heard(1, 100)
    assert playout.played(1).heard == 300


def test_an_unknown_reply_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(KeyError, match="start"):
        Playout().push(3, tone(1))
    playout = speaking(tone(1))
    with pytest.raises(ValueError, match="number of its own"):
        playout.start(1)


class AnyOrder(RuleBasedStateMachine):
    """Whatever is called in whatever order, the books balance and nothing is played twice or out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.playout = Playout()
        self.started = 0
        self.sent: dict[int, int] = {}
        self.heard: dict[int, int] = {}
        self.cut: dict[int, int] = {}

    def pick(self, which: int) -> int | None:
        return which % self.started + 1 if self.started else None

    @rule()
    def start(self) -> None:
        self.started += 1
        self.playout.start(self.started)
        self.sent[self.started] = self.heard[self.started] = 0

    @rule(which=st.integers(0, 99), count=st.integers(0, 700))
    def push(self, which: int, count: int) -> None:
        if reply := self.pick(which):
            self.playout.push(reply, tone(count))

    @rule(which=st.integers(0, 99), what=st.sampled_from(["finish", "release", "hold"]))
    def command(self, which: int, what: str) -> None:
        if reply := self.pick(which):
            getattr(self.playout, what)(reply)

    @rule(which=st.integers(0, 99))
    def silence(self, which: int) -> None:
        if reply := self.pick(which):
            self.playout.silence(reply)
            self.cut.setdefault(reply, self.playout.played(reply).sent)

    @rule(duck=st.booleans())
    def gain(self, duck: bool) -> None:
        if duck:
            self.playout.duck(-12)
        else:
            self.playout.unduck()

    @rule(count=st.integers(1, 500), fill=st.booleans())
    def leave(self, count: int, fill: bool) -> None:
        pulled = self.playout.pull(count) if fill else self.playout.take(count)
        assert pulled.pcm.dtype == np.int16
        assert len(pulled.pcm) == count if fill else len(pulled.pcm) <= count
        assert (np.abs(pulled.pcm) <= 10_000).all()
        end = 0
        for span in pulled.spans:
            assert span.first == self.sent[span.reply]
            assert span.offset == end
            self.sent[span.reply] = span.last
            end = span.offset + span.last - span.first
        assert not pulled.pcm[end:].any()

    @rule(which=st.integers(0, 99), until=st.integers(0, 5000))
    def hear(self, which: int, until: int) -> None:
        if reply := self.pick(which):
            self.playout.heard(reply, until)

    @invariant()
    def books_balance(self) -> None:
        for reply, sent in self.sent.items():
            played = self.playout.played(reply)
            assert self.heard[reply] <= played.heard <= played.sent <= played.generated
            assert played.sent == sent
            if reply in self.cut:
                assert sent - self.cut[reply] <= FADE_OUT
            else:
                assert self.playout.unsent(reply) == played.generated - played.sent
            self.heard[reply] = played.heard


TestAnyOrder = AnyOrder.TestCase


@given(st.lists(st.integers(1, 900), max_size=30))
def test_a_ducked_ramp_does_not_depend_on_the_size_of_the_blocks(sizes: list[int]) -> None:
    whole, parts = speaking(tone(30_000)), speaking(tone(30_000))
    whole.duck(-12)
    parts.duck(-12)
    total = sum(sizes)
    pieces = [parts.pull(size).pcm for size in sizes]
    if pieces:
        assert np.abs(np.concatenate(pieces).astype(int) - whole.pull(total).pcm).max() <= 1
