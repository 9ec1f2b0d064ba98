from hypothesis import given
from hypothesis import strategies as st

from agent.rooms.playhead import KEPT, RTP_CYCLE, Playhead
from agent.rooms.room import Playback
from streaming.playout import Span
from streaming.time import ms

PIECE = 240  # 10 ms at 24 kHz


def speak(playhead: Playhead, reply: int, pieces: int, at: int, first: int = 0) -> int:
    """Sends `pieces` of 10 ms from position `at` on; the position after them."""
    for index in range(pieces):
        start = first + index * PIECE
        playhead.sent([Span(reply, start, start + PIECE, 0)], at)
        at += ms(10)
    return at


def test_sound_is_heard_after_the_downlink_and_not_before() -> None:
    playhead = Playhead(ms(60))
    speak(playhead, 1, 10, ms(1000))
    assert playhead.heard(ms(1060)) == []
    assert playhead.heard(ms(1085)) == [(1, 25 * 24)]
    assert playhead.heard(ms(1085)) == []
    assert playhead.heard(ms(5000)) == [(1, 2400)]


def test_a_gap_in_what_was_sent_is_heard_as_a_gap() -> None:
    playhead = Playhead(0)
    at = speak(playhead, 1, 2, 0)
    speak(playhead, 1, 2, at + ms(100), first=2 * PIECE)
    assert playhead.heard(ms(100)) == [(1, 480)]
    assert playhead.heard(ms(130)) == [(1, 480 + 240)]


def test_two_replies_in_one_block_are_told_apart() -> None:
    playhead = Playhead(0)
    playhead.sent([Span(1, 0, 100, 0), Span(2, 0, 140, 100)], 0)
    assert playhead.heard(ms(10)) == [(1, 100), (2, 140)]


def test_an_rtp_timestamp_from_the_client_sets_the_delay() -> None:
    playhead = Playhead(ms(60))
    now = speak(playhead, 1, 50, 0)
    origin = 12345
    playhead.report(Playback(rtp_timestamp=origin + ms(470), latency=ms(10)), now, origin)
    assert playhead.reported
    assert playhead.downlink == ms(40)
    assert playhead.heard(now) == [(1, 460 * 24)]


@given(origin=st.integers(0, RTP_CYCLE - 1), now=st.integers(ms(200), ms(500_000)), delay=st.integers(0, ms(190)))
def test_rtp_timestamps_wrap_and_the_line_does_not(origin: int, now: int, delay: int) -> None:
    playhead = Playhead(ms(60))
    playhead.report(Playback(rtp_timestamp=(origin + now - delay) % RTP_CYCLE), now, origin)
    assert playhead.downlink == delay


def test_reports_of_the_future_or_the_far_past_change_nothing() -> None:
    playhead = Playhead(ms(60))
    for stray in (ms(20_010), ms(20_000) - KEPT - 1):
        playhead.report(Playback(rtp_timestamp=stray), ms(20_000), 0)
    playhead.report(Playback(rtp_timestamp=5), ms(20_000), None)
    playhead.report(Playback(reply=7, until=100), ms(20_000))
    assert not playhead.reported
    assert playhead.downlink == ms(60)


def test_a_sample_of_a_reply_from_the_client_sets_the_delay() -> None:
    playhead = Playhead(ms(60))
    speak(playhead, 3, 30, 0)
    playhead.report(Playback(reply=3, until=100 * 24, latency=ms(5)), ms(130))
    assert playhead.downlink == ms(35)


def test_one_late_report_hardly_moves_the_delay_and_an_early_one_does() -> None:
    playhead = Playhead(ms(60))
    for age in (30, 30, 110):
        playhead.report(Playback(rtp_timestamp=ms(1000 - age)), ms(1000), 0)
    assert ms(30) < playhead.downlink <= ms(40)
    playhead.report(Playback(rtp_timestamp=ms(980)), ms(1000), 0)
    assert playhead.downlink == ms(20)


def test_a_silenced_reply_is_never_heard_further() -> None:
    playhead = Playhead(0)
    at = speak(playhead, 1, 10, 0)
    assert playhead.heard(ms(50)) == [(1, 1200)]
    playhead.silenced(1)
    playhead.sent([Span(1, 2400, 2520, 0)], at)  # its fade
    speak(playhead, 2, 1, at + ms(10))
    assert playhead.heard(ms(1000)) == [(2, 240)]


def test_an_hour_of_talk_keeps_no_more_than_the_last_seconds() -> None:
    playhead = Playhead(ms(60))
    at = 0
    for reply in range(2000):
        at = speak(playhead, reply, 20, at) + ms(1500)
        playhead.heard(at)
    assert len(playhead._spans) < 10
    assert len(playhead._heard) < 10
