"""If these fail, the assistant speaks its tool calls aloud or makes calls that nobody wrote."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from thinker.joints import Call
from thinker.nano.calls import CallFilter, read
from thinker.nano.template import call_text

NAMES = {"get_time", "set_timer"}


def heard(pieces: list[str]) -> tuple[str, list[Call]]:
    calls = CallFilter(NAMES)
    spoken, made = "", []
    for piece in pieces:
        text, found = calls.push(piece)
        spoken, made = spoken + text, made + found
    text, found = calls.end()
    return spoken + text, made + found


@st.composite
def replies(draw: st.DrawFn) -> tuple[list[str], str, list[Call]]:
    """A reply in pieces, and what of it is spoken and called."""
    whole, spoken, made = "", "", []
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            text = draw(st.text(alphabet="ab <>/_tol{", max_size=12))
            whole, spoken = whole + text, spoken + text
        else:
            arguments = json.dumps({"minutes": draw(st.integers())})
            whole += call_text("set_timer", arguments)
            made.append(Call("set_timer", arguments))
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    return [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)], spoken, made


@given(replies())
def test_calls_are_made_and_never_spoken_however_the_text_arrives(reply: tuple[list[str], str, list[Call]]) -> None:
    pieces, spoken, made = reply
    if "<tool_call>" not in spoken and "</tool_call>" not in spoken:
        assert heard(pieces) == (spoken, made)


def test_text_that_only_looks_like_a_call_is_spoken_after_all() -> None:
    assert heard(["a <tool", "s are useful"]) == ("a <tools are useful", [])
    assert heard(["2 <"]) == ("2 <", [])


def test_text_before_a_possible_call_is_not_held_back() -> None:
    assert CallFilter(NAMES).push("Yes. <to") == ("Yes. ", [])


def test_broken_calls_are_neither_made_nor_spoken() -> None:
    for broken in (
        '{"name": "get_time", "argu',
        "nonsense",
        '{"name": "rm", "arguments": {}}',
        "[]",
        '{"name": ["x"]}',
    ):
        assert heard(["One. <tool_call>", broken, "</tool_call> Two."]) == ("One.  Two.", [])


def test_a_call_without_its_end_counts_if_it_is_whole() -> None:
    assert heard(['<tool_call>{"name": "get_time", "arguments": {}}']) == ("", [Call("get_time", "{}")])
    assert heard(['<tool_call>{"name": "get_time"']) == ("", [])


def test_arguments_that_are_no_object_make_no_call() -> None:
    assert read('{"name": "get_time", "arguments": "now"}', NAMES) is None
    assert read('{"name": "get_time"}', NAMES) == Call("get_time", "{}")
