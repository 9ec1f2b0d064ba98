from __future__ import annotations

from clients.desktop.transcript import Transcript
from streaming.realtime import duplex
from streaming.realtime.happenings import ReplyText, Told, UserSaid
from streaming.realtime.server_events import ConversationItemDeleted


def heard(item: str, text: str, done: bool = False, cut: bool = False) -> Told:
    return Told(duplex.Heard(f"r{item}", item, text, 10.0, done, cut))


def test_the_agents_words_appear_as_they_are_heard_and_those_after_a_cut_are_kept_apart() -> None:
    transcript = Transcript()
    transcript.apply(ReplyText("r1", "1", "It is sunny and very warm.", 0.0), 0)
    assert transcript.entries == [], "words were shown that nobody had heard"
    transcript.apply(heard("1", "It is"), 1)
    transcript.apply(heard("1", "It is sunny", cut=True), 2)
    entry = transcript.entries[0]
    assert (entry.text, entry.rest, entry.state) == ("It is sunny", " and very warm.", "cut")
    assert [item.words for item in transcript.history()] == ["It is sunny"]


def test_a_reply_that_was_cut_before_its_first_word_leaves_nothing() -> None:
    transcript = Transcript()
    transcript.apply(ReplyText("r1", "1", "It is", 0.0), 0)
    transcript.apply(heard("1", "", cut=True), 1)
    assert transcript.entries == []
    assert transcript.history() == []


def test_the_users_words_grow_and_are_replaced_by_what_was_understood_in_the_end() -> None:
    transcript = Transcript()
    transcript.apply(Told(duplex.UserWords("1", "what is", "the whether")), 0)
    assert transcript.entries[0].text + transcript.entries[0].rest == "what is the whether"
    transcript.apply(UserSaid("1", "What is the weather?"), 1)
    transcript.apply(Told(duplex.UserWords("1", "what is the", "")), 2)
    assert transcript.entries[0].text == "What is the weather?"
    transcript.apply(Told(ConversationItemDeleted("1")), 3)
    assert transcript.entries == []


def test_a_lost_connection_ends_what_was_being_said_and_the_next_is_told_what_was_heard() -> None:
    transcript = Transcript()
    transcript.apply(UserSaid("1", "Hello"), 0)
    transcript.apply(ReplyText("r2", "2", "Good day to you.", 0.0), 1)
    transcript.apply(heard("2", "Good day"), 2)
    transcript.apply(Told(duplex.UserWords("3", "but", " what")), 3)
    transcript.broken(4)
    assert [(entry.text, entry.state) for entry in transcript.entries] == [
        ("Hello", "whole"),
        ("Good day", "lost"),
        ("but what", "whole"),
    ]
    history = transcript.history()
    assert [(item.id, item.role, item.words) for item in history] == [
        ("1", "user", "Hello"),
        ("2", "assistant", "Good day"),
        ("3", "user", "but what"),
    ]


def test_a_turn_that_never_became_one_disappears_when_nobody_speaks() -> None:
    transcript = Transcript()
    transcript.apply(Told(duplex.State("speaking", "listening")), 0)
    transcript.apply(Told(duplex.UserWords("1", "", "uh")), 0)
    transcript.prune(10)
    assert transcript.entries
    transcript.apply(Told(duplex.State("silent", "listening")), 10)
    transcript.prune(10)
    assert transcript.entries == []
