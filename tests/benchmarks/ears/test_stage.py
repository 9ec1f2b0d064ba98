"""The stage: what the conversation decides is what the log says was heard, to the frame and the sample."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.conversation.events import Event, Joined, Words
from agent.conversation.settings import ConversationSettings
from benchmarks.ears.endpoints import LIMITS, patience
from benchmarks.ears.hearing import Hearing
from benchmarks.ears.mind import Script
from benchmarks.ears.stage import Echo, Stage
from clients.bench.ears.log import Case, Log, Mark, Stretch
from streaming.ears.opinions import CommandHeard, Opinion, Overlap, SpeechStarted, SpeechStopped, TurnEnd
from streaming.ears.panel import EarsModels
from streaming.time import Time, ms, to_ms

RATE = 16_000
SCRIPT = Script(" ".join(f"word{number}" for number in range(20)), np.full(10 * RATE, 4000, np.int16))


class Told(Hearing):
    """Ears that say what they are told to, and remember what they heard."""

    def __init__(self, *opinions: Opinion) -> None:
        super().__init__(EarsModels())
        self.opinions = list(opinions)
        self.heard: list[NDArray[np.int16]] = []
        self.played: list[bool] = []

    def push(self, mic: NDArray[np.int16], played: NDArray[np.int16] | None, t: Time) -> list[Opinion]:
        self.heard.append(mic)
        self.played.append(played is not None)
        now = t + ms(10)
        known = [opinion for opinion in self.opinions if opinion.at <= now]
        self.opinions = [opinion for opinion in self.opinions if opinion.at > now]
        return known

    def words(self, text: str, at: Time, until: Time | None) -> list[Opinion]:
        return []


def played(seconds: float, *opinions: Opinion, talking: bool = True, echo: Echo | None = None) -> tuple[Log, Told]:
    """A case of silence in which the ears say this."""
    ears = Told(*opinions)
    log = Stage(ears, np.zeros(round(seconds * RATE), np.float32), SCRIPT, echo).play(talking)
    return log, ears


def test_an_agent_that_nobody_disturbs_is_heard_without_a_gap() -> None:
    log, ears = played(3.0)
    assert log.audible == [Stretch(10.0, 3000.0)]
    assert log.replies == [10.0]
    assert all(ears.played[1:])


def test_a_duck_and_a_cut_are_logged_where_they_were_decided() -> None:
    log, _ = played(
        3.0,
        SpeechStarted(ms(1000), ms(1060)),
        Overlap("interruption", ms(1000), ms(1200)),
        SpeechStopped(ms(1400), ms(1490)),
    )
    assert log.audible[:2] == [Stretch(10.0, 1060.0), Stretch(1060.0, 1200.0, -12.0)]
    assert log.cuts == [1200.0]
    assert log.turns[0].since == 1000.0


def test_a_backchannel_is_a_duck_and_no_more() -> None:
    log, _ = played(
        3.0,
        SpeechStarted(ms(1000), ms(1060)),
        Overlap("backchannel", ms(1000), ms(1210)),
        SpeechStopped(ms(1200), ms(1290)),
    )
    assert log.cuts == []
    assert [part.gain_db for part in log.audible] == [0.0, -12.0, 0.0]
    assert all(one.last == other.first for one, other in pairwise(log.audible))


def test_a_cut_without_words_is_taken_up_where_it_was_cut() -> None:
    log, _ = played(
        5.0,
        SpeechStarted(ms(1000), ms(1060)),
        Overlap("interruption", ms(1000), ms(1200)),
        SpeechStopped(ms(1300), ms(1390)),
    )
    assert len(log.taken_up) == 1
    assert 2400.0 <= log.taken_up[0] <= 2600.0
    assert log.audible[-1].last == 5000.0
    assert log.replies == [10.0], "what is taken up is no new reply"


def test_an_obeyed_command_is_in_the_log_with_its_place() -> None:
    log, _ = played(3.0, SpeechStarted(ms(1000), ms(1060)), CommandHeard("stop", ms(1000), ms(1300), ms(1310)))
    assert [(said.command, said.first, said.last, said.at) for said in log.commands] == [
        ("stop", 1000.0, 1300.0, 1310.0)
    ]
    assert log.cuts == [1310.0]


def test_the_loudspeaker_comes_back_into_the_microphone_later_and_softer() -> None:
    delay = round(0.05 * RATE)
    room = np.zeros(400, np.float32)
    room[0] = 1.0
    _, ears = played(1.0, echo=Echo(delay, 0.5, room))
    mic = np.concatenate(ears.heard)
    first = int(np.flatnonzero(mic)[0])
    assert first == 160 + delay, "the agent begins to talk in the second frame"
    assert set(mic[first:].tolist()) <= {1999, 2000}


def test_what_was_cut_makes_no_echo() -> None:
    room = np.ones(1, np.float32)
    _, ears = played(
        2.0, SpeechStarted(ms(1000), ms(1060)), Overlap("interruption", ms(1000), ms(1200)),
        echo=Echo(160, 1.0, room),
    )  # fmt: skip
    mic = np.concatenate(ears.heard)
    assert mic[round(1.0 * RATE)] > 3900
    assert 900 < mic[round(1.15 * RATE)] < 1100, "ducked by 12 dB"
    assert not mic[round(1.25 * RATE) : round(1.5 * RATE)].any()


# --- patience ---------------------------------------------------------------------------------


def _turn(pause_to: float, probability: float) -> list[Event]:
    """A turn of two parts: 500 to 1500 ms, and from `pause_to` for a second."""
    return [
        Joined(0), SpeechStarted(ms(500), ms(560)), Words(1, "", "what I want is", ms(1400)),
        SpeechStopped(ms(1500), ms(1590)), TurnEnd(probability, ms(1500), ms(1600)),
        SpeechStarted(ms(pause_to), ms(pause_to + 60)), Words(1, "", "what I want is bread", ms(pause_to + 900)),
        SpeechStopped(ms(pause_to + 1000), ms(pause_to + 1090)),
        TurnEnd(0.95, ms(pause_to + 1000), ms(pause_to + 1100)),
    ]  # fmt: skip


def test_a_fixed_limit_cuts_off_every_longer_pause_and_no_shorter_one() -> None:
    marks = (Mark("user", 500.0, 1500.0), Mark("user", 2400.0, 3400.0))
    case = Case("p", "pause", "quiet", False, True, 6000.0, marks)
    found = {
        one.value: one for one in patience(case, _turn(2400.0, 0.5), ConversationSettings()) if one.kind == "limit"
    }
    assert [found[limit].cut_off for limit in LIMITS] == [limit < 900 for limit in LIMITS]
    assert found[1000].delay == pytest.approx(1000.0)
    assert found[400].delay is None


def test_ears_that_know_that_a_turn_is_not_over_wait_and_answer_soon_when_it_is() -> None:
    marks = (Mark("user", 500.0, 1500.0), Mark("user", 2400.0, 3400.0))
    case = Case("p", "pause", "quiet", False, True, 6000.0, marks)
    own = next(
        one
        for one in patience(case, _turn(2400.0, 0.1), ConversationSettings())
        if (one.kind, one.value) == ("ears", 1.0)
    )
    assert not own.cut_off
    assert own.delay == pytest.approx(to_ms(ConversationSettings().pause_if_sure))
