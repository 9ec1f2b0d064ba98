"""What the engine remembers, says and leaves alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from by_hand import Caller, Engine
from toy_thinker import WORD, reply_to, sound

from agent.engine import messages as m
from streaming.time import ms, ticks


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def caller(engine: Engine) -> Caller:
    caller = Caller(engine, "ann")
    caller.open()
    return caller


def ask(caller: Caller, words: list[int]) -> int:
    caller.listen()
    caller.speak(words)
    return caller.think(spoken=True)


# --- turns and replies ------------------------------------------------------------------------


def test_a_spoken_turn_is_answered_from_exactly_its_words(engine: Engine, caller: Caller) -> None:
    caller.speak([7, 0])
    ask(caller, [1, 2, 3, 0])
    engine.settle()
    caller.accept()
    engine.settle()
    caller.check()


def test_words_are_in_the_cache_while_the_user_still_speaks(engine: Engine, caller: Caller) -> None:
    caller.listen()
    caller.speak([1, 2, 3])
    engine.settle()
    assert engine.thinker.kv[caller.slot][-4:] == ["<user>", "u1", "u2", "u3?"]


def test_sound_before_the_onset_was_known_belongs_to_the_turn(engine: Engine, caller: Caller) -> None:
    caller.speak([0, 0, 1, 2])
    engine.tell(m.Listen("ann", 1, ticks(2 * WORD, 16_000)))
    caller.speak([0])
    engine.settle()
    assert engine.thinker.kv[caller.slot][-3:] == ["<user>", "u1", "u2?"]


def test_stages_come_in_order_and_before_the_sound(engine: Engine, caller: Caller) -> None:
    reply = ask(caller, [1, 2])
    engine.settle()
    stages = [it.name for it in engine.of("ann") if isinstance(it, m.Stage)]
    assert stages == ["flushed", "prefilled", "first_token", "first_sound"]
    assert engine.done("ann", reply)


def test_the_last_words_are_final_before_the_reply_begins(engine: Engine, caller: Caller) -> None:
    ask(caller, [1, 2])
    engine.settle()
    kinds = [type(it) for it in engine.of("ann") if isinstance(it, m.WordsHeard | m.Said)]
    final = next(it for it in engine.of("ann") if isinstance(it, m.WordsHeard) and it.final)
    assert (final.stable, final.tentative) == ("u1 u2", "")
    assert kinds.index(m.Said) > max(at for at, kind in enumerate(kinds) if kind is m.WordsHeard)


def test_a_rollback_leaves_no_trace_and_the_words_go_on(engine: Engine, caller: Caller) -> None:
    ask(caller, [1, 2, 0])
    for _ in range(5):
        engine.scheduler.hear()
        engine.scheduler.work()
    caller.speak([3])
    engine.settle()
    caller.rollback()
    caller.speak([4, 0])
    engine.settle()
    caller.check()
    caller.think(spoken=True)
    engine.settle()
    caller.accept()
    engine.settle()
    caller.check()


def test_a_rollback_after_the_reply_was_accepted_takes_the_turn_up_again(engine: Engine, caller: Caller) -> None:
    ask(caller, [1, 2])
    engine.settle()
    words = caller.open_turn
    caller.accept()
    caller.speak([3])
    engine.settle()
    caller.parts.remove(next(part for part in caller.parts if isinstance(part, list)))
    caller.open_turn = [*(words or []), "u3"]
    caller.rollback()
    engine.settle()
    caller.check()


def test_a_rollback_that_overtakes_the_flush_is_obeyed(engine: Engine, caller: Caller) -> None:
    ask(caller, [1, 2])
    caller.rollback()
    caller.speak([3])
    engine.settle()
    caller.check()
    assert not engine.said("ann", 1)


def test_a_turn_that_was_none_leaves_no_trace(engine: Engine, caller: Caller) -> None:
    caller.listen()
    caller.speak([1, 2])
    engine.settle()
    caller.forget()
    caller.speak([3])
    engine.settle()
    caller.check()


def test_a_turn_that_is_not_answered_is_remembered(engine: Engine, caller: Caller) -> None:
    caller.listen()
    caller.speak([1, 2])
    engine.settle()
    caller.keep()
    engine.settle()
    caller.check()


def test_a_turn_that_is_not_answered_is_remembered_by_its_sound_where_there_are_no_words(engine: Engine) -> None:
    engine.perception.makes_words = False
    caller = Caller(engine, "ann")
    caller.open()
    caller.listen()
    caller.speak([1, 2])
    engine.tell(m.Keep("ann", 1, "what somebody else made of it"), m.Think("ann", 1))
    engine.settle()
    context = [*caller.settled(), "<user>", "u1", "u2", "</user>", "<assistant>"]
    assert engine.said("ann", 1) == reply_to(context), "the reply waits for the last word"


def test_a_reply_waits_for_the_last_words_of_a_turn_whose_own_reply_was_stopped(engine: Engine, caller: Caller) -> None:
    ask(caller, [1, 2])
    engine.scheduler.work()
    caller.accept()
    caller.cut(0.0)
    caller.think()
    engine.scheduler.work()
    engine.settle()
    caller.check()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_of_a_cut_reply_the_mind_remembers_what_was_heard(engine: Engine, caller: Caller, share: float) -> None:
    ask(caller, [1, 2])
    engine.settle()
    caller.accept()
    caller.listen()
    caller.speak([5])
    caller.cut(share)
    caller.speak([6])
    engine.settle()
    caller.check()


def test_a_cut_while_the_reply_is_thought_takes_effect_at_the_next_step(engine: Engine, caller: Caller) -> None:
    ask(caller, [1, 2])
    while len(engine.said("ann", 1)) < 2:
        engine.scheduler.hear()
        engine.scheduler.work()
    caller.accept()
    caller.cut(1.0)
    steps = len(engine.thinker.stepped)
    engine.settle()
    assert len(engine.thinker.stepped) == steps
    done = engine.done("ann", 1)
    assert done
    assert done.reason == "stopped"
    caller.check()


def test_a_dropped_topic_is_marked_in_the_context(engine: Engine, caller: Caller) -> None:
    ask(caller, [1])
    engine.settle()
    caller.accept()
    caller.cut(0.5, dropped=True)
    engine.settle()
    caller.check()


def test_a_given_text_is_spoken_word_by_word_and_remembered(engine: Engine, caller: Caller) -> None:
    reply = caller.think(say="Your timer has rung. ")
    engine.settle()
    assert engine.said("ann", reply) == ["Your", " timer", " has", " rung. "]
    caller.parts[-1].say = "Your timer has rung."  # type: ignore[union-attr]
    kv = engine.thinker.kv[caller.slot]
    assert [symbol.strip() for symbol in kv] == [symbol.strip() for symbol in caller.settled()]


def test_instructions_for_one_reply_are_gone_after_it(engine: Engine, caller: Caller) -> None:
    caller.add(m.Line("user", "hello"))
    caller.think(instructions="in rhymes")
    engine.settle()
    caller.check()


def test_a_typed_line_comes_before_the_turn_that_is_being_spoken(engine: Engine, caller: Caller) -> None:
    caller.listen()
    caller.speak([1])
    engine.settle()
    caller.add(m.Line("user", "typed"))
    caller.speak([2])
    engine.settle()
    caller.check()


def test_new_instructions_hold_from_the_next_reply_on(engine: Engine, caller: Caller) -> None:
    caller.add(m.Line("user", "hello"))
    caller.think()
    before = ["<system>", "be", " good", "</system>", "<user>", "hello", "</user>", "<assistant>"]
    engine.scheduler.work()
    caller.change("be brief")
    engine.settle()
    assert engine.said("ann", 1) == reply_to(before)
    assert engine.thinker.kv[caller.slot][:4] == ["<system>", "be", " brief", "</system>"]


def test_settings_for_one_reply_hold_for_it_though_they_are_put_back_at_once(engine: Engine, caller: Caller) -> None:
    engine.tell(m.Change(caller.name, m.Setup(max_tokens=1)))
    engine.tell(m.Think(caller.name, 50))
    engine.tell(m.Change(caller.name, m.Setup()))
    engine.settle()
    done = engine.done(caller.name, 50)
    assert done is not None
    assert (done.reason, done.output_tokens) == ("length", 1)


def test_a_rebuilt_past_is_the_whole_past(engine: Engine, caller: Caller) -> None:
    ask(caller, [1])
    engine.settle()
    caller.accept()
    engine.settle()
    caller.rebuild([m.Line("user", "other"), m.Line("assistant", "past")])
    engine.settle()
    caller.check()


# --- tools ------------------------------------------------------------------------------------


def called(engine: Engine) -> m.Called:
    return next(it for it in engine.of("ann") if isinstance(it, m.Called))


def test_a_call_stays_in_the_context_and_its_result_stands_behind_it(engine: Engine, caller: Caller) -> None:
    engine.tell(m.Add("ann", [m.Line("user", "tool!")]), m.Think("ann", 1))
    engine.settle()
    call = called(engine)
    engine.tell(m.Listen("ann", 1, 0), m.Keep("ann", 1, "meanwhile"))
    engine.tell(m.Add("ann", [m.Line("tool", "seen", call=call.call)]))
    engine.settle()
    kv = engine.thinker.kv[caller.slot]
    at = kv.index("</assistant>")
    assert '<call look {"at": 1}>' in kv[:at]
    assert kv[at + 1 :] == ["<tool>", "seen", "</tool>", "<user>", "meanwhile", "</user>"]


def test_the_result_of_a_call_that_was_cut_away_brings_its_call_back(engine: Engine, caller: Caller) -> None:
    engine.tell(m.Add("ann", [m.Line("user", "tool!")]), m.Think("ann", 1))
    engine.settle()
    call = called(engine)
    engine.tell(m.Stop("ann", 1), m.Crop("ann", 1, 1), m.Add("ann", [m.Line("tool", "seen", call=call.call)]))
    engine.settle()
    assert engine.thinker.kv[caller.slot][-7:] == [
        "</assistant>", "<assistant>", '<call look {"at": 1}>', "</assistant>", "<tool>", "seen", "</tool>",
    ]  # fmt: skip


def test_a_call_that_the_context_has_is_not_written_twice(engine: Engine, caller: Caller) -> None:
    engine.tell(m.Add("ann", [m.Line("user", "tool!")]), m.Think("ann", 1))
    engine.settle()
    call = called(engine)
    echo = m.Line("assistant", "", call.call, call.name, call.arguments)
    engine.tell(m.Add("ann", [echo, m.Line("tool", "seen", call=call.call)]))
    engine.settle()
    assert engine.thinker.kv[caller.slot].count('<call look {"at": 1}>') == 1


# --- several at once --------------------------------------------------------------------------


def test_two_sessions_at_once_are_each_as_alone(engine: Engine) -> None:
    callers = [Caller(engine, name, f"you serve {name}") for name in ("ann", "bob")]
    for caller in callers:
        caller.open()
        caller.listen()
    for word in range(1, 6):
        for caller in callers:
            caller.speak([word + 10 * (caller.name == "bob")])
            engine.scheduler.hear()
            engine.scheduler.work()
    for caller in callers:
        caller.think(spoken=True)
    engine.settle()
    for caller in callers:
        caller.accept()
    engine.settle()
    for caller in callers:
        caller.check()
    assert any(len(batch) == 2 for batch in engine.thinker.stepped)


def test_when_all_slots_are_taken_the_next_is_told_so_and_may_come_when_one_is_free() -> None:
    engine = Engine(slots=2)
    for name in ("ann", "bob", "cid"):
        engine.tell(m.Open(name, m.Setup()))
    engine.settle()
    (full,) = engine.of("cid")
    assert isinstance(full, m.Full)
    assert "2 slots" in full.reason
    engine.tell(m.Audio("cid", 0, sound([1]).tobytes()), m.Close("ann"), m.Open("cid", m.Setup()))
    engine.settle()
    assert isinstance(engine.of("cid")[-1], m.Opened)


def test_a_reused_slot_holds_nothing_of_who_was_there_before() -> None:
    engine = Engine(slots=1)
    for name in ("ann", "bob"):
        caller = Caller(engine, name, f"you serve {name}")
        caller.open()
        ask(caller, [1, 2, 3])
        if name == "ann":
            engine.scheduler.hear()
            engine.scheduler.work()
            engine.tell(m.Close("ann"))
    engine.settle()
    caller.accept()
    engine.settle()
    caller.check()
    assert not engine.said("ann", 1)


def test_a_speaker_is_not_held_up_by_a_flood_of_listeners(engine: Engine) -> None:
    names = ["ann", "bob", "cid", "dan"]
    engine.tell(*(m.Open(name, m.Setup()) for name in names), m.Think("ann", 1, say="word " * 30))
    engine.tell(*(m.Add(name, [m.Line("user", "word " * 400)]) for name in names[1:]))
    while not engine.done("ann", 1):
        engine.scheduler.work()
        engine.now += 0.1  # as long as a token sounds: nothing may be in its way
    slots = {session.name: session.slot for session in engine.scheduler._sessions}
    log = [slot for _, slot in engine.thinker.log]
    words = [at for at, slot in enumerate(log) if slot == slots["ann"]]
    assert max(after - before for before, after in pairwise(words)) <= 2, "one chunk of others between two words"
    assert {log.count(slots[name]) for name in names[1:]} <= set(range(9, 13)), "and of each of them the same"


def test_a_reply_far_ahead_of_real_time_lets_others_go_first(engine: Engine) -> None:
    engine.tell(m.Open("ann", m.Setup()), m.Open("bob", m.Setup()))
    engine.tell(m.Think("ann", 1, say="word " * 1000))
    for _ in range(300):
        engine.scheduler.work()
    made = len(engine.said("ann", 1))
    assert made > 200, "alone, nobody is in its way"
    engine.tell(m.Add("bob", [m.Line("user", "word " * 400)]))
    while not any(it == "</user>" for it in engine.thinker.kv[1]):
        engine.scheduler.work()
    assert len(engine.said("ann", 1)) <= made + 1
    engine.settle()
    assert len(engine.said("ann", 1)) == 1000


def test_who_is_asked_is_answered_before_those_who_have_sound_to_spare(engine: Engine) -> None:
    engine.tell(m.Open("ann", m.Setup()), m.Open("bob", m.Setup()), m.Think("ann", 1, say="word " * 200))
    while len(engine.said("ann", 1)) < 50:
        engine.scheduler.work()
    engine.tell(m.Think("bob", 1, say="Here I am."))
    while not any(isinstance(it, m.Sound) for it in engine.of("bob")):
        engine.scheduler.work()
    assert len(engine.said("ann", 1)) <= 51


# --- when something goes wrong ----------------------------------------------------------------


def test_a_reply_that_fails_is_nobody_elses_misfortune(engine: Engine) -> None:
    for name, text in (("ann", "unthinkable"), ("bob", "hello")):
        engine.tell(m.Open(name, m.Setup()), m.Add(name, [m.Line("user", text)]), m.Think(name, 1))
    engine.settle()
    assert engine.failures("ann")[0].reply == 1
    assert engine.done("ann", 1).reason == "stopped"  # type: ignore[union-attr]
    assert engine.done("bob", 1).reason == "complete"  # type: ignore[union-attr]
    engine.tell(m.Rebuild("ann", [m.Line("user", "better")]), m.Think("ann", 2))
    engine.settle()
    assert engine.done("ann", 2).reason == "complete"  # type: ignore[union-attr]


def test_a_line_that_cannot_be_taken_in_is_left_out(engine: Engine, caller: Caller) -> None:
    caller.add(m.Line("user", "before"))
    engine.tell(m.Add("ann", [m.Line("user", "unprefillable")]))
    engine.settle()
    assert engine.failures("ann")
    assert engine.thinker.kv[caller.slot] == caller.settled()


def test_instructions_that_cannot_be_taken_in_are_left_out(engine: Engine) -> None:
    engine.tell(m.Open("ann", m.Setup(instructions="unprefillable")), m.Think("ann", 1))
    engine.settle()
    assert len(engine.failures("ann")) == 1
    engine.tell(m.Think("ann", 2))
    engine.settle()
    assert engine.done("ann", 2).reason == "complete"  # type: ignore[union-attr]


def test_an_ear_that_fails_hears_the_next_turn(engine: Engine, caller: Caller) -> None:
    ask(caller, [1, 999])
    engine.settle()
    assert engine.failures("ann")
    engine.tell(m.Stop("ann", 1), m.Listen("ann", 2, 0), m.Audio("ann", 0, sound([4]).tobytes()), m.Think("ann", 3, 2))
    engine.settle()
    assert engine.done("ann", 3).reason == "complete"  # type: ignore[union-attr]


def test_a_message_for_no_turn_or_no_session_is_answered_and_harmless(engine: Engine, caller: Caller) -> None:
    engine.tell(m.Think("ann", 1, turn=77), m.Think("eve", 1), m.Rollback("ann", 9), m.Crop("ann", 9, 3))
    engine.tell(m.Accept("ann", 9), m.Stop("ann", 9), m.Forget("ann", 9), m.Audio("ann", 0, b"\0"))
    engine.settle()
    assert "Listen" in engine.failures("ann")[-1].reason or "Listen" in engine.failures("ann")[0].reason
    assert engine.failures("eve")
    caller.add(m.Line("user", "hello"))
    engine.settle()
    assert engine.thinker.kv[caller.slot] == caller.settled()


def test_an_unknown_voice_is_named_and_the_default_speaks(engine: Engine) -> None:
    engine.tell(m.Open("ann", m.Setup(voice="nobody")), m.Think("ann", 1, say="Hello."))
    engine.settle()
    assert "low, high" in engine.failures("ann")[0].reason
    assert engine.done("ann", 1).reason == "complete"  # type: ignore[union-attr]


# --- long conversations -----------------------------------------------------------------------


def test_a_long_conversation_forgets_its_oldest_lines_and_keeps_its_instructions() -> None:
    engine = Engine(capacity=120)
    caller = Caller(engine, "ann")
    caller.open([m.Line("system", "be kind")])
    for turn in range(1, 30):
        ask(caller, [turn, turn + 100])
        engine.settle()
        caller.accept()
        engine.settle()
        done = engine.done("ann", turn)
        assert done
        assert done.reason == "complete"
    kv = engine.thinker.kv[caller.slot]
    assert kv[:8] == ["<system>", "be", " good", "</system>", "<system>", "be", " kind", "</system>"]
    whole: list[str] = []
    for turn in range(1, 30):
        whole += ["<user>", f"u{turn}", f"u{turn + 100}", "</user>"]
        whole += ["<assistant>", *engine.said("ann", turn), "</assistant>"]
    assert kv[8] == "<user>"
    assert kv[8:] == whole[len(whole) - len(kv) + 8 :], "what is left is the latest part of the conversation"
    assert not engine.failures("ann")


def test_a_model_that_makes_sense_of_few_exchanges_is_left_with_the_latest_and_its_instructions() -> None:
    engine = Engine()
    engine.thinker.exchanges = 4
    caller = Caller(engine, "ann")
    caller.open([m.Line("system", "be kind")])
    most = 0
    for turn in range(1, 12):
        ask(caller, [turn, turn + 100])
        engine.settle()
        assert engine.done("ann", turn)
        most = max(most, engine.thinker.kv[caller.slot].count("<user>"))
        caller.accept()
        engine.settle()
    kv = engine.thinker.kv[caller.slot]
    assert kv[:8] == ["<system>", "be", " good", "</system>", "<system>", "be", " kind", "</system>"]
    assert most == 4
    users = [word for word in kv[8:] if word.startswith("u")]
    assert users[-2:] == ["u11", "u111"]
    assert kv.count("<assistant>") == kv.count("<user>") in (2, 3, 4)


def test_a_text_that_does_not_fit_at_all_is_refused_and_the_session_goes_on() -> None:
    engine = Engine(capacity=60)
    engine.tell(m.Open("ann", m.Setup()), m.Add("ann", [m.Line("user", "word " * 100)]), m.Think("ann", 1))
    engine.settle()
    assert "too long" in engine.failures("ann")[0].reason
    engine.tell(m.Think("ann", 2))
    engine.settle()
    assert engine.done("ann", 2).reason == "complete"  # type: ignore[union-attr]


# --- figures ----------------------------------------------------------------------------------


def test_the_share_that_was_prefilled_counts_what_was_there_when_speech_stopped(engine: Engine, caller: Caller) -> None:
    caller.listen()
    for word in (1, 2, 3, 4):
        caller.speak([word])
        engine.settle()
        engine.now += 0.02
    engine.now += 0.1
    ended = ticks(4 * WORD, 16_000)
    engine.tell(m.Think("ann", 1, 1, ended=ended))
    engine.settle()
    done = engine.done("ann", 1)
    assert done
    assert done.prefilled == 0.75, "the fourth word was revised by the flush"
    assert ms(80) == ended


# --- consulting -------------------------------------------------------------------------------


def consult(engine: Engine, caller: Caller, words: list[int]) -> None:
    caller.listen()
    caller.speak(words)
    engine.tell(m.Think("ann", 1, 1, consult=True))
    engine.settle()


def test_a_reply_that_consults_is_not_begun_before_it_is_told_to(engine: Engine, caller: Caller) -> None:
    consult(engine, caller, [1, 2, 0])
    asked = [message for message in engine.of("ann") if isinstance(message, m.Consult)]
    assert [(message.reply, message.text) for message in asked] == [(1, "u1 u2")]
    assert not engine.said("ann", 1)
    engine.tell(m.Proceed("ann", 1, "just this"))
    engine.settle()
    assert "".join(engine.said("ann", 1)) == "just this"
    done = engine.done("ann", 1)
    assert done is not None
    assert done.reason == "complete"


def test_a_consulted_reply_without_a_say_is_thought(engine: Engine, caller: Caller) -> None:
    consult(engine, caller, [1, 2, 0])
    engine.tell(m.Proceed("ann", 1))
    engine.settle()
    assert engine.said("ann", 1)
    assert engine.done("ann", 1) is not None


def test_a_consulted_reply_that_is_to_say_nothing_ends_at_once(engine: Engine, caller: Caller) -> None:
    consult(engine, caller, [1, 2, 0])
    engine.tell(m.Proceed("ann", 1, ""))
    engine.settle()
    assert not engine.said("ann", 1)
    assert engine.done("ann", 1) is not None


@pytest.mark.parametrize("end", [m.Rollback("ann", 1), m.Stop("ann", 1)])
def test_a_consultation_nobody_answers_holds_up_no_later_reply(
    engine: Engine, caller: Caller, end: m.AgentMessage
) -> None:
    consult(engine, caller, [1, 2, 0])
    engine.tell(end)
    engine.tell(m.Proceed("ann", 1, "too late"))
    engine.tell(m.Add("ann", [m.Line("user", "hello")]), m.Think("ann", 2))
    engine.settle()
    assert not engine.said("ann", 1)
    assert engine.said("ann", 2)
