"""The parts of a worker that need no room: mixing, playing, remembering, seeing, and the fleet's rules."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.livekit.ear import FRAME, Mixer
from clients.livekit.eyes import Sight, jpeg
from clients.livekit.fleet import ASKED_S, BEAT_S, DEAD_S, PATIENCE_S, Agent, Beat, Dispatch, Fence, Fleet, Room
from clients.livekit.past import MOST_BYTES, Past, from_json, spoken, to_json
from clients.livekit.settings import Order, order
from clients.livekit.slots import Slots
from clients.livekit.switchboard import Desk, Extension, Job, Switchboard
from clients.livekit.voice import Queue, Word
from streaming.realtime.items import Item
from tests.clients.livekit.stage import until


def frame(value: int) -> np.ndarray:
    return np.full(FRAME, value, np.int16)


# --- ear ------------------------------------------------------------------------------------


def test_one_microphone_passes_unchanged_and_at_once() -> None:
    mixer = Mixer()
    for value in range(5):
        mixed = mixer.push("alice", frame(value))
        assert mixed is not None
        assert (mixed == value).all()


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=300))
def test_however_microphones_come_in_nothing_waits_for_long_and_the_stream_keeps_its_pace(order_: list[str]) -> None:
    mixer, out = Mixer(), 0
    pushed = dict.fromkeys("abc", 0)
    for who in order_:
        pushed[who] += 1
        out += mixer.push(who, frame(1)) is not None
        assert all(len(queue) <= 3 for queue in mixer.waiting.values())
    assert max(pushed.values()) - 9 <= out <= sum(pushed.values())


def test_two_who_speak_are_added_and_the_louder_one_is_known() -> None:
    mixer = Mixer()
    mixer.push("alice", frame(100))
    for _ in range(50):
        mixer.push("bob", frame(3000))
        mixed = mixer.push("alice", frame(100))
    assert mixed is not None
    assert mixed[0] == 3100
    assert mixer.loudest == "bob"
    mixer.remove("bob")
    assert mixer.loudest == "alice"


# --- voice ----------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 700), max_size=20), st.integers(1, 400))
def test_what_is_queued_leaves_once_and_in_order_whatever_its_pieces(lengths: list[int], count: int) -> None:
    queue, first = Queue(), 0
    for length in lengths:
        queue.add("item", first, np.arange(first, first + length).astype(np.int16))
        first += length
    out: list[int] = []
    while queue.pieces:
        out += queue.take(count).tolist()
    assert out[:first] == np.arange(first).astype(np.int16).tolist()
    assert not any(out[first:])
    assert queue.played == first


def test_a_cleared_queue_is_silent_and_knows_the_words_that_were_heard() -> None:
    queue = Queue()
    queue.time("item", [Word("One ", 500), Word("two ", 1500), Word("three", 2500)])
    queue.add("item", 0, frame(5).repeat(20))
    while queue.played < 1600:
        queue.take(FRAME)
    queue.clear()
    assert not queue.take(FRAME).any()
    assert queue.heard("item") == "One two "
    assert queue.heard("other") == ""


# --- past -----------------------------------------------------------------------------------


def test_a_reply_is_remembered_as_it_was_heard_and_one_that_was_not_is_forgotten() -> None:
    items = {
        "a": spoken("user", "What is that?", "a"),
        "b": spoken("assistant", "A very long story.", "b"),
        "c": spoken("user", "Stop.", "c"),
        "d": spoken("assistant", "Nobody heard this.", "d"),
        "e": Item(id="e", type="function_call", call_id="c1", name="clock", arguments="{}"),
    }
    past = Past(items)
    past.heard("b", "A very", over=False)
    assert [item.words for item in past.items() if item.type == "message"] == ["What is that?", "A very", "Stop."]
    over, now = past.attributes()
    assert json.loads(over) == [["user", "What is that?"], ["user", "Stop."]]
    assert json.loads(now) == [["assistant", "A very"]]
    past.heard("b", "A very long", over=True)
    assert json.loads(past.attributes()[0])[1] == ["assistant", "A very long"]
    assert past.items()[-1].name == "clock"


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(min_size=1, max_size=3000)), max_size=40))
def test_the_latest_turns_fit_into_the_room_and_come_back_as_they_were(turns: list[tuple[str, str]]) -> None:
    text = to_json(spoken(role, words, f"i{number}") for number, (role, words) in enumerate(turns))
    assert len(text.encode()) <= MOST_BYTES + 2
    back = [(item.role, item.words) for item in from_json(text)]
    kept = json.loads(text)
    assert [tuple(pair) for pair in kept] == turns[len(turns) - len(kept) :]
    assert back == [(role, words) for role, words in turns[len(turns) - len(kept) :] if words.strip()]


@pytest.mark.parametrize("metadata", ["", "free text", "[1]", '{"colloquy": 3}', '{"colloquy": {"past": [[1]]}}'])
def test_metadata_that_is_not_ours_is_passed_over(metadata: str) -> None:
    assert Order.read(metadata) == Order()


def test_the_next_agent_of_a_room_gets_what_was_asked_of_the_first_and_what_was_said() -> None:
    first = '{"session": {"instructions": "Be brief."}, "theirs": 1}'
    told = order(first, 2, '[["user", "Hello"]]', '[["assistant", "Hi th"]]')
    read = Order.read(told)
    assert read.generation == 2
    assert [(item.role, item.words) for item in read.past] == [("user", "Hello"), ("assistant", "Hi th")]
    assert read.session is not None
    assert read.session.instructions == "Be brief."
    assert json.loads(told)["theirs"] == 1
    assert [item.words for item in Order.read(order(told, 3, "", "")).past] == []


# --- eyes -----------------------------------------------------------------------------------


def test_a_picture_is_sent_when_something_changes_and_rarely_when_nothing_does() -> None:
    dice = np.random.default_rng(1)
    scene = dice.integers(0, 200, (360, 640)).astype(np.uint8)

    def noisy() -> np.ndarray:
        return (scene + dice.integers(0, 3, scene.shape)).astype(np.uint8)

    sight = Sight()
    sent = [at for at in range(0, 30) if sight.worth(noisy(), at)]
    assert sent == [0, 10, 20]
    moved = np.roll(scene, 100, axis=1)
    assert sight.worth(moved, 30.5)


def test_a_new_line_on_a_screen_is_a_change() -> None:
    screen = np.full((720, 1280), 240, np.uint8)
    sight = Sight()
    assert sight.worth(screen, 0)
    typed = screen.copy()
    typed[300:320, 100:700] = 20
    assert sight.worth(typed, 1)
    assert not sight.worth(typed, 2)


def test_pictures_are_jpegs_of_bearable_size() -> None:
    made = jpeg(np.full(1280 * 720 * 3 // 2, 128, np.uint8), 1280, 720)
    assert made.startswith(b"\xff\xd8\xff")
    assert len(made) < 100_000


# --- fleet ----------------------------------------------------------------------------------

LONG = DEAD_S + 2 * BEAT_S


def beat(worker: str, free: int = 1, *rooms: str, lost: tuple[str, ...] = ()) -> Beat:
    return Beat(worker, free, dict.fromkeys(rooms, f"agent-of-{worker}"), lost)


def agent(worker: str, generation: int = 1) -> Agent:
    return Agent(f"agent-{generation}", worker, generation, '[["user", "Hi"]]', "[]")


def test_only_the_living_worker_with_the_lowest_name_leads_and_not_before_it_has_listened() -> None:
    fleet = Fleet("b", 0.0)
    assert not fleet.leads(0.5)
    assert fleet.leads(LONG)
    fleet.take(beat("a"), LONG)
    assert not fleet.leads(LONG)
    assert fleet.leads(LONG + DEAD_S + 0.01)
    fleet.take(beat("c"), LONG + DEAD_S)
    assert fleet.leads(LONG + DEAD_S + 0.01)
    fleet.take(beat("a"), 2 * LONG)
    fleet.left("a")
    assert fleet.leads(2 * LONG)


def test_the_agent_of_a_dead_worker_is_put_out_before_the_next_is_sent_once() -> None:
    fleet = Fleet("b", 0.0)
    fleet.take(beat("a", 1, "room"), 9.0)
    assert fleet.unserved(["room"], beat("b"), 9.5) == []
    now = 9.0 + DEAD_S + 0.01
    assert fleet.unserved(["room"], beat("b"), now) == ["room"]
    rooms = [Room("room", 1, (agent("a"),))]
    moves = fleet.plan(rooms, beat("b"), now)
    assert moves == [Fence("room", "agent-1"), Dispatch("room", 2, "", '[["user", "Hi"]]', "[]")]
    assert fleet.plan(rooms, beat("b"), now + 1) == []
    assert fleet.plan([Room("room", 1)], beat("b"), now + ASKED_S + 0.1) == [
        Dispatch("room", 2, "", '[["user", "Hi"]]', "[]")
    ]


def test_an_agent_that_is_just_coming_or_going_is_left_alone_and_one_whose_job_was_lost_is_not() -> None:
    fleet = Fleet("b", 0.0)
    fleet.take(beat("a"), 9.9)
    rooms = [Room("room", 1, (agent("a"),))]
    assert fleet.plan(rooms, beat("b"), 10.0) == []
    fleet.take(beat("a", 1, lost=("room",)), 10.1)
    assert fleet.plan(rooms, beat("b"), 10.2) == [
        Fence("room", "agent-1"), Dispatch("room", 2, "", '[["user", "Hi"]]', "[]")
    ]  # fmt: skip


def test_rooms_without_agent_wait_for_a_slot_and_rooms_without_people_need_none() -> None:
    fleet = Fleet("a", 0.0)
    rooms = [Room("one", 1), Room("two", 2), Room("empty", 0), Room("not-asked", 1, wanted=False)]
    assert fleet.plan(rooms, beat("a", 1), 10.0) == []
    assert fleet.plan(rooms, beat("a", 0), 10.0 + PATIENCE_S) == []
    assert fleet.plan(rooms, beat("a", 1), 10.1 + PATIENCE_S) == [Dispatch("one", 1)]
    assert fleet.plan(rooms, beat("a", 1), 10.2 + PATIENCE_S) == [Dispatch("two", 1)]
    assert fleet.plan(rooms, beat("a", 1), 10.3 + PATIENCE_S) == []


def test_what_was_said_is_kept_while_a_room_waits_for_its_next_agent() -> None:
    fleet = Fleet("b", 0.0)
    assert fleet.plan([Room("room", 1, (agent("a", 3),))], beat("b", 0), 10.0) == []
    # LiveKit takes the dead agent out after 20 s; the slot is free after 30.
    assert fleet.plan([Room("room", 1)], beat("b", 0), 31.0) == []
    assert fleet.plan([Room("room", 1)], beat("b", 1), 40.0) == [
        Dispatch("room", 4, "", '[["user", "Hi"]]', "[]")
    ]  # fmt: skip


# --- slots and jobs -------------------------------------------------------------------------


async def test_a_room_on_its_way_takes_a_slot_before_its_call_is_counted() -> None:
    slots = Slots("http://127.0.0.1:9", 2)
    assert slots.load == 1.0
    slots._free, slots.total = 4, 4
    assert slots.load < 0.7
    slots.accept("one")
    slots.began("one")
    slots.accept("two")
    assert (slots.free, slots.load) == (0, 1.0)
    slots.ended("two")
    assert slots.free == 1
    slots._free = 0
    assert slots.load == 1.0


async def test_a_job_that_ends_without_a_word_is_told_from_a_call_that_is_over() -> None:
    ends: list[tuple[str, bool]] = []
    board = Switchboard(lambda name, job: None, lambda name, job, orderly: ends.append((job.room, orderly)))
    board.away_sound = b"\x01\x02"
    desk = await board.open()
    good = await Extension.connect(desk, "j1", Job("good", "agent-1", 1, 2))
    assert good.away_sound == b"\x01\x02"
    await good.over()
    good._writer.close()
    bad = await Extension.connect(desk, "j2", Job("bad", "agent-1", 1, 3))
    bad._writer.transport.abort()
    await until(lambda: len(ends) == 2, str(ends))
    assert sorted(ends) == [("bad", False), ("good", True)]
    with pytest.raises(ConnectionError):
        await Extension.connect(Desk(desk.port, "wrong"), "j3", Job("r", "i", 1, 4))
    board.close()
