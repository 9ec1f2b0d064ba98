"""The small parts: pauses, words, the ledger of a reply, history and the table itself."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.conversation.agent_track import AgentState
from agent.conversation.endpointing import pause_needed
from agent.conversation.events import Event, Tick
from agent.conversation.history import (
    AgentSaid,
    Entry,
    Noticed,
    ToolCalled,
    ToolReturned,
    Typed,
    UserBackchannel,
    UserSaid,
)
from agent.conversation.lines import TOPIC_DROPPED, lines
from agent.conversation.reply import ReplyLedger
from agent.conversation.settings import ConversationSettings
from agent.conversation.table import ANY, AUTOMATIC, BY_CLIENT
from agent.conversation.user_track import UserState
from agent.conversation.words import is_backchannel, joined, words
from agent.engine.messages import Line
from streaming.time import ms, to_ms


@pytest.mark.parametrize(
    ("probability", "pause"),
    [(1.0, 160), (0.9, 160), (0.7, 330), (0.5, 500), (0.35, 850), (0.2, 1200), (0.0, 1200), (None, 500)],
)
def test_the_pause_needed_follows_straight_lines(probability: float | None, pause: float) -> None:
    assert to_ms(pause_needed(probability, ConversationSettings())) == pytest.approx(pause, abs=0.1)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_surer_the_end_the_shorter_the_pause(one: float, other: float) -> None:
    settings = ConversationSettings()
    assert pause_needed(max(one, other), settings) <= pause_needed(min(one, other), settings)


def test_words_are_counted_in_languages_with_and_without_spaces() -> None:
    assert words("Well, don't stop!") == ["well", "don't", "stop"]
    assert words("请等一下 OK") == ["请", "等", "一", "下", "ok"]
    assert words(" ...?! ") == []
    assert joined("what is", "the time") == "what is the time"
    assert joined("今天", "天气") == "今天天气"
    assert joined("", " hm ") == "hm"


@pytest.mark.parametrize("text", ["mm-hm", "Uh-huh.", "Yeah, right.", "嗯嗯", "OK"])
def test_a_listeners_words_are_known(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize("text", ["", "no", "yes but", "okay so what about dogs", "停"])
def test_other_words_are_no_backchannel(text: str) -> None:
    assert not is_backchannel(text)


def test_a_word_is_heard_when_more_than_half_of_its_samples_are() -> None:
    reply = ReplyLedger(1)
    for token, text in enumerate([" un", "believ", "able", "!", " yes"]):
        reply.say(token, text)
    reply.sound(2, 0, 1000)  # one word of three tokens: its sound belongs to the last
    reply.sound(4, 1500, 2500)
    assert not reply.hear(500, 1)
    assert reply.text_heard == ""
    assert reply.hear(501, 2)
    assert reply.text_heard == " unbelievable"
    assert not reply.hear(2000, 3), "half is not more than half"
    assert reply.hear(2001, 4)
    assert reply.text_heard == " unbelievable! yes"


def test_a_reply_that_was_heard_to_its_end_has_its_silent_tokens_too() -> None:
    reply = ReplyLedger(1)
    reply.say(0, " yes")
    reply.say(1, ".")
    reply.sound(0, 0, 100)
    reply.hear(100, 1)
    assert reply.text_heard == " yes"
    assert reply.hear_all(2)
    assert reply.text_heard == " yes."


def test_sound_of_one_token_may_come_in_pieces() -> None:
    reply = ReplyLedger(1)
    reply.say(0, " long")
    reply.sound(0, 0, 100)
    reply.sound(0, 100, 300)
    reply.hear(120, 1)
    assert reply.text_heard == ""
    reply.hear(160, 2)
    assert reply.text_heard == " long"


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 200)), max_size=20), st.lists(st.integers(0, 9000)))
def test_what_was_heard_never_shrinks_by_itself_and_a_client_never_lengthens_it(
    sounds: list[tuple[int, int]], reports: list[int]
) -> None:
    reply, end = ReplyLedger(1), 0
    for token, (length, gap) in enumerate(sounds):
        reply.say(token, f" w{token}")
        reply.sound(token, end + gap, end + gap + length)
        end += gap + length
    before = 0
    for at, until in enumerate(reports):
        reply.hear(until, at)
        assert reply.tokens_heard >= before
        before = reply.tokens_heard
    for until in reports:
        reply.shorten(until)
        assert reply.tokens_heard <= before
        before = reply.tokens_heard


def test_the_word_that_sounds_has_its_end() -> None:
    reply = ReplyLedger(1)
    reply.sound(0, 0, 2400)
    reply.sound(1, 4800, 7200)
    reply.hear(1200, ms(50))
    assert reply.word_ends(ms(60)) == ms(100)
    assert reply.word_ends(ms(150)) == ms(150), "a pause"
    assert reply.word_ends(ms(250)) == ms(300)
    assert reply.played(ms(75)) == 1800
    assert reply.played(ms(9999)) == 7200


def test_the_mind_is_given_what_was_heard_and_nothing_between_the_lines() -> None:
    history: list[Entry] = [
        Typed("Be brief.", role="system"),
        UserSaid(1, "hello"),
        AgentSaid(1, " Hi, I will", cut=True, dropped=True),
        UserBackchannel("mm-hm"),
        Noticed("tool_runs"),
        UserSaid(2, None),
        ToolCalled(2, "c", "look", "{}"),
        ToolReturned("c", "42"),
    ]
    assert lines(history) == [
        Line("system", "Be brief."),
        Line("user", "hello"),
        Line("assistant", "Hi, I will"),
        Line("system", TOPIC_DROPPED),
        Line("assistant", "", call="c", name="look", arguments="{}"),
        Line("tool", "42", call="c"),
    ]


def test_every_event_has_a_row_and_every_row_names_what_there_is() -> None:
    users, agents = set(get_args(UserState)), set(get_args(AgentState))
    events = {kind.__name__ for kind in get_args(Event)} - {Tick.__name__}
    for table in (AUTOMATIC, BY_CLIENT):
        named = {name.split(":")[0] for row in table for name in row.events.split()}
        assert named <= events
        assert named >= events - ({"Overlap", "TurnEnd"} if table is BY_CLIENT else set())
        for row in table:
            assert row.user == ANY or set(row.user.split()) <= users
            assert row.agent == ANY or set(row.agent.split()) <= agents
