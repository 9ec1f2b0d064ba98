"""Frames between agent and engine."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engine import messages as m
from agent.engine.transport import LONGEST, BadFrame, Frames, encode, frame, from_agent, from_engine


@given(st.lists(st.binary(max_size=50)), st.lists(st.integers(1, 40), min_size=1))
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(payloads: list[bytes], cuts: list[int]) -> None:
    stream, frames, received, at = b"".join(map(frame, payloads)), Frames(), [], 0
    while at < len(stream):
        cut = cuts[at % len(cuts)]
        received += frames.feed(stream[at : at + cut])
        at += cut
    assert received == payloads


def test_a_frame_that_is_too_long_is_skipped_and_the_next_one_read() -> None:
    frames = Frames()
    received = list(frames.feed((LONGEST + 10).to_bytes(4, "big") + b"abc"))
    rest = LONGEST + 7
    received += frames.feed(bytes(rest) + frame(b"next"))
    assert isinstance(received[0], BadFrame)
    assert received[1:] == [b"next"]


def test_messages_survive_the_way() -> None:
    think = m.Think("ann", 3, 2, say="你好")
    assert from_agent(encode(think)[4:]) == think
    sound = m.Sound("ann", 3, b"\1\2", [(0, 0, 1)], 1.5)
    assert from_engine(encode(sound)[4:]) == sound


def test_a_message_that_is_not_understood_names_its_session() -> None:
    with pytest.raises(BadFrame) as bad:
        from_agent(msgspec.msgpack.encode({"type": "Think", "session": "ann", "reply": "three"}))
    assert bad.value.session == "ann"


@given(st.binary(max_size=60))
def test_rubbish_is_refused_and_nothing_else_happens(payload: bytes) -> None:
    with pytest.raises(BadFrame):
        from_agent(payload)
    with pytest.raises(BadFrame):
        from_engine(payload)
