"""One call in media time: real conversation, wire and playout around a mind with known words.

If these fail, the parts of a call are tied together wrongly.
"""

from __future__ import annotations

import asyncio

import pytest

from agent.call.mouth import REMEMBERED
from agent.engine import messages as engine
from agent.wire.state import Transport
from streaming.ears.opinions import SpeechStarted, SpeechStopped, TurnEnd
from streaming.realtime.session import Session
from streaming.time import ms, ticks
from tests.agent.call.engine import REPLY, WORD
from tests.agent.call.scene import Scene


@pytest.fixture
async def scene() -> Scene:
    return Scene()


async def test_a_spoken_question_is_thought_ahead_and_its_answer_leaves_at_the_turns_end(scene: Scene) -> None:
    scene.ask(0)
    scene.until(1130)
    assert scene.client.got(engine.Think), "nothing was thought in the pause"
    assert not scene.ear.heard.any(), "a thought was heard before the turn was over"
    scene.until(1200)
    assert scene.ear.heard.any()
    assert scene.client.got(engine.Accept)
    kinds = scene.ear.kinds()
    order = ["input_audio_buffer.speech_started", "response.created", "output_audio_buffer.started"]
    assert [kind for kind in kinds if kind in order] == order


async def test_an_interruption_silences_and_the_mind_keeps_only_what_was_heard(scene: Scene) -> None:
    scene.ask(0)
    scene.until(2200)
    onset = 2200
    scene.interrupt(onset)
    assert "duplex.duck" in scene.ear.kinds()
    scene.until(onset + 400)
    since = round((onset + 180) * 24)
    assert not scene.ear.heard[since:].any(), "it talked on"
    crop = scene.client.got(engine.Crop)[-1]
    heard = (onset + 160 - 40 - 1160) * 24
    assert abs(crop.token - heard / WORD) <= 1  # type: ignore[attr-defined]
    truncated = scene.ear.last("conversation.item.truncated")
    assert truncated["audio_end_ms"] == pytest.approx(heard / 24, abs=30)
    kinds = scene.ear.kinds()
    cut = [
        "output_audio_buffer.cleared",
        "input_audio_buffer.speech_started",
        "conversation.item.truncated",
    ]  # the response itself was done before: all of it was made, and only playing
    first = len(kinds) - 1 - kinds[::-1].index("output_audio_buffer.cleared")
    assert [kind for kind in kinds[first:] if kind in cut] == cut


async def test_a_typed_turn_is_answered_aloud(scene: Scene) -> None:
    scene.until(500)
    scene.type("Hello there")
    scene.wire(type="response.create")
    scene.until(700)
    assert [line.text for add in scene.client.got(engine.Add) for line in add.lines] == ["Hello there"]  # type: ignore[attr-defined]
    assert scene.ear.heard.any()


async def test_a_reply_that_was_heard_to_its_end_is_done_and_kept_whole(scene: Scene) -> None:
    scene.ask(0)
    scene.until(4200)
    done = scene.ear.last("response.done")
    assert done["response"]["status"] == "completed"
    heard = scene.ear.last("duplex.heard")
    assert heard["done"]
    assert heard["transcript"].endswith("goes on.")


async def test_a_lost_mind_is_mentioned_and_given_back_the_history_as_heard(scene: Scene) -> None:
    scene.ask(0)
    scene.until(2000)
    scene.call.engine_lost("the engine process ended")
    scene.until(3200)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    lines = scene.client.histories[-1]
    assert [line.role for line in lines] == ["user", "assistant"]
    assert lines[0].text == "What is that?"
    assert "It is a long" in lines[1].text
    assert "goes on" not in lines[1].text
    assert (scene.ear.heard == 900).any(), "nobody was told"


async def test_someone_who_leaves_in_mid_word_ends_the_call_and_gives_the_slot_back(scene: Scene) -> None:
    scene.opinion(SpeechStarted(0, ms(64)))
    scene.until(400)
    await scene.ear.close("gone")
    assert scene.ended == [scene.call]
    assert scene.client.got(engine.Close)
    assert not scene.client.got(engine.Think)


async def test_frames_reach_the_mind_without_gaps(scene: Scene) -> None:
    pieces: list[engine.Audio] = []
    send = scene.client.send
    scene.client.send = lambda m: pieces.append(m) if isinstance(m, engine.Audio) else send(m)  # type: ignore[method-assign]
    scene.until(500)
    at = 0
    for piece in pieces:
        assert piece.at == at
        at += ticks(len(piece.pcm) // 2, 16_000)
    assert at >= ms(480)


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
async def test_a_cut_ends_the_ducking_so_that_the_next_reply_is_at_full_level(transport: Transport) -> None:
    scene = Scene(transport)
    scene.ask(0)
    scene.until(2200)
    scene.interrupt(2200)
    turn = scene.client.got(engine.Listen)[-1].turn  # type: ignore[attr-defined]
    scene.until(2900)
    scene.client.hears(turn, "And what is this?", ms(2900))
    before = len(scene.ear.heard)
    scene.opinion(SpeechStopped(ms(3000), ms(3096)))
    scene.opinion(TurnEnd(0.95, ms(3000), ms(3096)))
    scene.until(3600)
    assert scene.ear.heard[before:].max() >= 3000


async def test_only_a_cut_by_speech_is_reckoned_as_a_stop(scene: Scene) -> None:
    def stops() -> list[float]:
        records = [event for event in scene.ear.events if event["type"] == "duplex.latency"]
        return [record["turn_ms"] for record in records if record["kind"] == "stop"]

    scene.ask(0)
    scene.until(2000)
    scene.wire(type="output_audio_buffer.clear")
    assert "output_audio_buffer.cleared" in scene.ear.kinds()
    assert not stops(), "a cancel was reckoned from the onset of the question"
    scene.ask(3000)
    scene.until(5000)
    scene.interrupt(5000)
    assert len(stops()) == 1


async def test_a_rearranged_past_reaches_the_mind_when_the_reply_is_over_and_holds_what_was_heard(scene: Scene) -> None:
    scene.ask(0)
    scene.until(2200)
    scene.type("I am Ann.", previous_item_id="root")
    scene.until(2300)
    assert not scene.client.got(engine.Rebuild), "the mind lost the reply that is being heard"
    scene.interrupt(2300)
    crop, rebuild = [message for message in scene.client.sent if isinstance(message, engine.Crop | engine.Rebuild)]
    assert isinstance(crop, engine.Crop)
    assert isinstance(rebuild, engine.Rebuild)
    assert [line.role for line in rebuild.lines] == ["user", "user", "assistant"]
    assert rebuild.lines[0].text == "I am Ann."
    assert "goes on" not in rebuild.lines[2].text


async def test_a_past_that_is_rearranged_in_a_pause_does_not_cost_the_turn_its_answer(scene: Scene) -> None:
    scene.type("I am Ann.")
    scene.ask(500)
    scene.until(1620)
    assert scene.client.got(engine.Think), "nothing was thought in the pause"
    scene.type("I am Bob.", previous_item_id="root")
    assert not scene.client.got(engine.Rebuild), "the mind lost the turn that is being thought of"
    scene.until(5000)
    assert [line.text for line in scene.client.got(engine.Rebuild)[0].lines][:2] == ["I am Bob.", "I am Ann."]  # type: ignore[attr-defined]


async def test_what_is_asked_while_the_mind_is_away_is_answered_when_it_is_back(scene: Scene) -> None:
    scene.client.there.clear()
    scene.call.engine_lost("the engine process ended")
    scene.until(500)
    scene.type("Hello there")
    scene.wire(type="response.create")
    await asyncio.sleep(0)
    assert not scene.client.got(engine.Think)
    scene.client.there.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert [line.text for line in scene.client.histories[-1]] == ["Hello there"]
    scene.until(1000)
    assert (scene.ear.heard >= 3000).any(), "it was never answered"


async def test_what_was_cancelled_while_the_mind_was_away_is_not_answered(scene: Scene) -> None:
    scene.client.there.clear()
    scene.call.engine_lost("the engine process ended")
    scene.type("Hello there")
    scene.wire(type="response.create")
    scene.wire(type="response.cancel")
    await asyncio.sleep(0)
    scene.client.there.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert not scene.client.got(engine.Think)


async def test_a_reply_that_is_being_heard_is_finished_aloud_when_the_session_turns_to_text() -> None:
    scene = Scene("websocket")
    scene.ask(0)
    scene.until(2000)
    scene.wire(type="session.update", session={"type": "realtime", "output_modalities": ["text"]})
    scene.until(5000)
    assert scene.ear.heard[-1] == 3000 + len(REPLY) - 1
    assert scene.ear.last("response.done")["response"]["status"] == "completed"
    scene.type("Hello there")
    scene.wire(type="response.create")
    assert scene.ear.last("response.output_text.done")["text"] == "".join(REPLY)


async def test_a_session_in_text_is_told_in_text_that_the_mind_was_lost() -> None:
    scene = Scene(session=Session(output_modalities=["text"]))
    scene.call.engine_lost("the engine process ended")
    scene.until(500)
    assert scene.ear.last("response.output_text.done")["text"] == "Sorry."
    assert not scene.ear.heard.any()


async def test_a_session_in_text_keeps_no_moments_of_replies_that_nobody_hears() -> None:
    scene = Scene(session=Session(output_modalities=["text"]))
    for number in range(100):
        scene.type(f"Question {number}")
        scene.wire(type="response.create")
        scene.until(20 * (number + 1))
    assert scene.ear.kinds().count("response.done") == 100
    assert len(scene.call._reckoning.ledger._open) <= REMEMBERED


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
async def test_a_call_that_is_ended_from_here_says_how_its_reply_ended(transport: Transport) -> None:
    scene = Scene(transport)
    scene.ask(0)
    scene.until(2000)
    await scene.call.hang_up("the call reached its longest time")
    await scene.call.hang_up("again")
    assert scene.ear.kinds()[-3:].count("conversation.item.truncated") == 1
    assert "response.done" in scene.ear.kinds()
    assert scene.ended == [scene.call]
    assert len(scene.client.got(engine.Close)) == 1


async def test_a_mind_that_is_lost_before_anybody_is_there_comes_back_without_a_word() -> None:
    scene = Scene(join=False)
    scene.call.engine_lost("the engine process ended")
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(scene.client.histories) == 2
    scene.call.joined(scene.ear)
    scene.until(500)
    assert not scene.ear.heard.any()
    scene.ask(500)
    scene.until(2000)
    assert scene.ear.heard.any()


async def test_an_error_in_one_event_leaves_the_call_able_to_hear_the_next(scene: Scene) -> None:
    send = scene.client.send

    def stumble(message: engine.ToEngine) -> None:
        send(message)
        if isinstance(message, engine.Think):
            raise RuntimeError("stumbled")

    scene.type("Hello there")
    scene.client.send = stumble  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        scene.wire(type="response.create")
    scene.opinion(SpeechStarted(0, ms(64)))
    scene.until(500)
    assert scene.client.got(engine.Listen)


async def test_a_call_that_gets_no_slot_says_so_and_ends(scene: Scene) -> None:
    scene.call.from_engine(engine.Full("sess_test", "All 4 slots are taken."))
    for _ in range(3):
        await asyncio.sleep(0)
    assert scene.ear.last("duplex.notice")["text"] == "All 4 slots are taken."
    assert scene.ended == [scene.call]
    assert len(scene.client.histories) == 1, "it asked again and again"


async def test_who_joins_a_call_that_is_over_is_sent_away() -> None:
    scene = Scene(join=False)
    scene.call.close()
    scene.call.joined(scene.ear)
    await asyncio.sleep(0)
    assert scene.ear.closed == "the call is over"


async def test_what_was_typed_without_asking_is_known_when_a_spoken_turn_is_answered(scene: Scene) -> None:
    scene.type("My name is Ann.")
    scene.ask(0)
    scene.until(1200)
    kinds = [type(message) for message in scene.client.sent]
    assert scene.added() == [("user", "My name is Ann.")]
    assert kinds.index(engine.Add) < kinds.index(engine.Think)


async def test_a_call_that_a_client_made_up_reaches_the_mind_with_its_result(scene: Scene) -> None:
    made_up = {"call_id": "call_9", "type": "function_call", "name": "clock", "arguments": "{}"}
    scene.wire(type="conversation.item.create", item=made_up)
    scene.wire(
        type="conversation.item.create", item={"call_id": "call_9", "type": "function_call_output", "output": "noon"}
    )
    assert scene.added() == [("assistant", ""), ("tool", "noon")]


async def test_the_result_of_a_call_of_the_mind_reaches_it_once(scene: Scene) -> None:
    def call_the_clock(message: engine.Think) -> None:
        scene.client.tell(engine.Called("sess_test", message.reply, "call_1", "clock", "{}"))
        scene.client.tell(engine.Done("sess_test", message.reply, "complete", 10, 5))

    answer, scene.client.think = scene.client.think, call_the_clock  # type: ignore[method-assign]
    scene.ask(0)
    scene.until(1300)
    scene.client.think = answer  # type: ignore[method-assign]
    result = {"call_id": "call_1", "type": "function_call_output", "output": "noon"}
    scene.wire(type="conversation.item.create", item=result)
    scene.wire(type="response.create")
    scene.until(1500)
    assert scene.added() == [("tool", "noon")]
    assert scene.ear.heard.any()


async def test_a_sentence_that_the_client_wants_said_is_heard_word_for_word_and_remembered(scene: Scene) -> None:
    scene.wire(type="duplex.say", text="I am back.")
    scene.until(1000)
    assert scene.ear.heard.any()
    assert [think.say for think in scene.client.got(engine.Think)] == ["I am back."]  # type: ignore[attr-defined]
    scene.until(3000)
    assert scene.ear.last("duplex.heard")["transcript"].strip() == "I am back."
