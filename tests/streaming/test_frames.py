import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.frames import SILENCE_DBFS, Framer, from_bytes, level_dbfs, to_bytes, to_float, to_int16
from streaming.time import ms


def test_samples_survive_bytes_and_floats() -> None:
    pcm = np.arange(-32768, 32768).astype(np.int16)
    assert (from_bytes(to_bytes(pcm)) == pcm).all()
    assert (to_int16(to_float(pcm)) == pcm).all()


def test_loud_floats_are_clipped_and_do_not_wrap() -> None:
    assert to_int16(np.array([-2.0, 1.0, 2.0])).tolist() == [-32768, 32767, 32767]


def test_half_a_sample_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="keep the odd byte"):
        from_bytes(b"abc")


def test_level_is_relative_to_full_scale() -> None:
    assert level_dbfs(np.zeros(160, np.int16)) == SILENCE_DBFS
    assert level_dbfs(np.zeros(0, np.int16)) == SILENCE_DBFS
    assert level_dbfs(np.full(160, -32768, np.int16)) == pytest.approx(0)
    assert level_dbfs(np.full(160, 3277, np.int16)) == pytest.approx(-20, abs=0.01)


@given(st.lists(st.integers(0, 700), max_size=40))
def test_frames_are_whole_gapless_and_know_their_time(sizes: list[int]) -> None:
    framer = Framer(16_000, 160, start=ms(5))
    sound = (np.arange(sum(sizes)) % 30_000).astype(np.int16)
    frames, at = [], 0
    for size in sizes:
        frames += framer.push(sound[at : at + size])
        at += size
    assert [t for t, _ in frames] == [ms(5 + 10 * index) for index in range(len(sound) // 160)]
    assert framer.next == ms(5 + 10 * len(frames))
    for index, (_, frame) in enumerate(frames):
        assert (frame == sound[index * 160 : (index + 1) * 160]).all()


def test_a_frame_in_the_making_does_not_change_when_the_caller_reuses_its_buffer() -> None:
    framer, buffer = Framer(16_000, 160), np.ones(100, np.int16)
    framer.push(buffer)
    buffer[:] = 9
    assert (framer.push(np.ones(60, np.int16))[0][1] == 1).all()
