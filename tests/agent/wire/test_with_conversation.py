"""The wire and the conversation together: what one asks for, the other does."""

from __future__ import annotations

import numpy as np

from agent.conversation import commands as does
from agent.conversation import events as told
from agent.conversation.conversation import Conversation
from streaming.ears.opinions import Overlap, SpeechStarted, SpeechStopped, TurnEnd
from streaming.time import ms

OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "nine"}


class Both:
    """Gives the client's events to the conversation, and its commands to the wire."""

    def __init__(self, wire):
        self.wire = wire
        self.conversation = Conversation(wire.dialect.settings)
        self.commands = []

    def tell(self, *events):
        for event in events:
            self.wire.now = max(self.wire.now, event.at)
            for command in self.conversation.receive(event):
                self.commands.append(command)
                self.wire.happens(command)

    def client(self, kind, **fields):
        self.tell(*self.wire.says(kind, **fields).events)

    def reply_speaks(self, reply, *words, at):
        for token, word in enumerate(words):
            span = (token, token * 2400, token * 2400 + 2400)
            self.wire.take(self.wire.dialect.said(reply, token, word))
            self.wire.take(self.wire.dialect.spans(reply, [span]))
            self.wire.take(self.wire.dialect.sound(reply, np.zeros(2400, np.int16)))
            self.tell(told.ReplyWords(reply, token, word, at=at), told.ReplySound(reply, *span, at=at))

    def count(self, kind):
        return sum(isinstance(command, kind) for command in self.commands)


def test_a_spoken_turn_is_answered_and_interrupted_in_the_order_of_the_api(wire):
    both = Both(wire)
    both.tell(
        SpeechStarted(ms(0), ms(64)),
        told.Words(1, "what time", "is it", at=ms(600)),
        SpeechStopped(ms(1000), ms(1096)),
        TurnEnd(0.95, ms(1000), ms(1096)),
        told.Tick(at=ms(1200)),
    )
    both.reply_speaks(1, "It", " is", " nine", at=ms(1250))
    both.tell(told.Heard(1, 3000, at=ms(1400)), SpeechStarted(ms(1400), ms(1464)))
    assert wire.types()[-2:] == ["duplex.heard", "duplex.duck"]
    begin = len(wire.sent)
    both.tell(Overlap("interruption", ms(1400), ms(1560)))
    assert wire.types(begin) == [
        "duplex.clear",
        "input_audio_buffer.speech_started",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
        "conversation.item.truncated",
        "duplex.heard",
    ]
    assert wire.last("input_audio_buffer.speech_started")["audio_start_ms"] == 1400
    assert wire.last("conversation.item.truncated")["transcript"] == "It"


def test_a_functions_result_is_answered_even_before_the_preface_is_audible(wire):
    both = Both(wire)
    both.client("response.create")
    both.reply_speaks(1, "One moment.", at=0)
    both.tell(told.ToolCall(1, "call_1", "clock", "{}", at=0))
    assert wire.last("response.output_item.done")["item"]["call_id"] == "call_1"
    both.client("conversation.item.create", item=OUTPUT)
    both.client("response.create", response={"metadata": {"client_event_id": "second"}})
    both.tell(told.ReplyDone(1, at=ms(10)), told.Heard(1, 2400, at=ms(200)), told.Drained(1, at=ms(200)))
    wire.take(wire.dialect.drained(1))
    both.tell(told.Tick(at=ms(300)))
    assert both.count(does.Reply) == 2
    assert wire.last("response.created")["response"]["metadata"] == {"client_event_id": "second"}


def test_a_typed_turn_cuts_what_is_spoken_and_is_answered(wire):
    both = Both(wire)
    both.client("response.create")
    both.reply_speaks(1, "One", " two", at=0)
    both.tell(told.Heard(1, 2400, at=ms(100)))
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Stop that."}]}
    both.client("conversation.item.create", item=item)
    both.client("response.create")
    assert both.count(does.Silence) == 1
    assert both.count(does.Reply) == 2
    assert wire.types()[-1] == "response.created"
    assert [entry.text for entry in both.conversation.history] == ["One", "Stop that."]


def test_a_cancelled_response_ends_and_the_second_cancel_is_told_so(wire):
    both = Both(wire)
    both.client("response.create")
    both.reply_speaks(1, "One", " two", at=0)
    both.tell(told.Heard(1, 2400, at=ms(100)))
    both.client("response.cancel")
    assert wire.last("response.done")["response"]["status_details"]["reason"] == "client_cancelled"
    both.client("response.cancel")
    assert wire.last("error")["error"]["code"] == "response_cancel_not_active"


def test_a_client_that_commits_is_answered_when_it_asks(wire):
    both = Both(wire)
    both.client("session.update", session={"audio": {"input": {"turn_detection": None}}})
    begin = len(wire.sent)
    both.tell(SpeechStarted(ms(100), ms(164)), SpeechStopped(ms(900), ms(996)), told.Tick(at=ms(3000)))
    assert wire.types(begin) == []
    both.client("input_audio_buffer.commit")
    both.client("response.create")
    types = wire.types(begin)
    assert types[0] == "input_audio_buffer.committed"
    assert types[-1] == "response.created"
    assert both.count(does.Reply) == 1


def test_a_deleted_item_leaves_history(wire):
    both = Both(wire)
    item = {"type": "message", "role": "system", "id": "a", "content": [{"type": "input_text", "text": "Rhyme."}]}
    both.client("conversation.item.create", item=item)
    assert len(both.conversation.history) == 1
    both.client("conversation.item.delete", item_id="a")
    assert both.conversation.history == []
