"""Words of a turn while it is spoken: told, taken in, taken back, and all there at the end."""

from __future__ import annotations

import random
import wave
from pathlib import Path

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from listening import WORDS, Letters, Listening, Pcm, Scripted, Tones, plainly, room, spoken

from clients.bench.measure import word_errors
from streaming.time import ms, ticks
from thinker.nano.perception import NanoPerception
from thinker.nano.speech.recogniser import Moonshine
from thinker.nano.speech.sound import FRAME, RATE, Sound, quietest
from thinker.nano.tokeniser import Tokeniser
from thinker.nano.weights import missing, moonshine

SILENCE = room(0.5)
TEXT = "one two three four five six seven eight"


def listening(recogniser: Tones | Scripted, piece: int = 320) -> Listening:
    """A turn has begun, in a room that was quiet until then."""
    session = Listening(NanoPerception(recogniser, Letters()), Letters(), piece)
    session.hear(room(1.0))
    session.begin()
    return session


def babble(blocks: int) -> Pcm:
    """Sound like speech, in blocks of 0.3 s, for a recogniser that hears what it is told to."""
    loud = np.random.default_rng(2).integers(-9000, 9000, 27 * FRAME).astype(np.int16)
    return np.tile(np.concatenate([loud, room(0.03)]), blocks)


def test_words_are_told_and_taken_in_while_they_are_spoken_and_all_are_there_at_the_end() -> None:
    session = listening(Tones())
    session.hear(spoken(TEXT))
    assert len(session.stable) >= 4, "most words are final before the turn is over"
    assert plainly(session.taken)[:5] == TEXT.split()[:5], "the Thinker has them before"
    session.hear(SILENCE)
    assert session.flush() == TEXT
    assert plainly(session.taken) == TEXT.split()


def test_half_a_word_is_no_stable_word_and_is_not_taken_in() -> None:
    session = listening(Tones())
    session.hear(spoken("three seven five nine"))
    assert any(tentative.endswith(half) for _, tentative in session.told for half in ("th", "se", "fi", "ni"))
    assert not any(half in stable.split() for stable, _ in session.told for half in ("th", "se", "fi", "ni"))


HEARD = st.tuples(
    st.lists(st.sampled_from(["a", "an", "b", "B,", "c.", "-", "d?"]), max_size=5).map(" ".join), st.floats(-0.6, 0)
)
DEEDS = st.one_of(
    st.tuples(st.just("hear"), st.lists(HEARD, min_size=1, max_size=3)),
    st.sampled_from([("long", None), ("pause", None), ("flush", None), ("mark", None), ("crop", None)]),
)


@given(st.lists(DEEDS, max_size=14))
def test_whatever_is_heard_and_revised_the_thinker_holds_the_words_that_are_told(
    deeds: list[tuple[str, list[tuple[str, float]] | None]],
) -> None:
    recogniser = Scripted()
    session = listening(recogniser, piece=1600)
    marks = [session.mark()]
    for deed, hypotheses in [*deeds, ("flush", None)]:
        if hypotheses is not None:
            recogniser.hypotheses = [*recogniser.hypotheses[-1:], *hypotheses]
            session.hear(babble(len(hypotheses)))
        elif deed == "long":
            session.hear(babble(14))
        elif deed == "pause":
            session.hear(room(0.2))
        elif deed == "mark":
            marks.append(session.mark())
        elif deed == "crop":
            session.crop(marks[-1])
        else:
            words = session.flush()
            assert plainly(session.taken) == plainly(words)
            assert session.flush() == words, "a second flush changes nothing"


def test_a_full_stop_that_becomes_a_question_mark_is_taken_back_alone() -> None:
    recogniser = Scripted([("Is it far.", -0.1)])
    session = listening(recogniser)
    session.hear(babble(3))
    session.hear(SILENCE)
    session.flush()
    assert session.pieces[-2:] == ["Is it far", "."] or session.pieces[-1] == "."
    before = session.pieces[:-1]
    recogniser.hypotheses = [("Is it far?", -0.1)]
    session.hear(babble(1))
    session.hear(SILENCE)
    session.flush()
    assert session.pieces == [*before, "?"]


@pytest.mark.parametrize(
    "sound",
    [room(3.0), np.random.default_rng(3).normal(0, 1000, 3 * RATE).astype(np.int16)],
    ids=["silence", "steady noise"],
)
def test_what_is_no_speech_gives_no_words(sound: Pcm) -> None:
    recogniser = Scripted([("thank you", -0.1)])
    session = Listening(NanoPerception(recogniser, Letters()), Letters())
    session.hear(sound[:RATE])
    session.begin()
    session.hear(sound[RATE:])
    assert session.flush() == ""
    assert session.taken == ""


def test_a_click_gives_no_words() -> None:
    session = listening(Scripted([("thank you", -0.1)]))
    session.hear(np.concatenate([room(0.3), babble(1)[: 5 * FRAME], SILENCE]))
    assert session.flush() == ""


def test_what_the_recogniser_is_unsure_of_is_no_word() -> None:
    session = listening(Scripted([("thank you", -1.2)]))
    session.hear(np.concatenate([babble(3), SILENCE]))
    assert session.flush() == ""


def test_a_crop_takes_words_back_but_loses_no_sound() -> None:
    session = listening(Tones())
    session.hear(spoken("one two three"))
    mark = session.mark()
    session.hear(SILENCE)
    assert session.flush() == "one two three"
    session.hear(spoken("four five six"))
    session.crop(mark)
    session.hear(spoken("seven"))
    session.hear(SILENCE)
    assert session.flush() == "one two three four five six seven"
    assert plainly(session.taken) == ["one", "two", "three", "four", "five", "six", "seven"]


def test_a_mark_of_a_turn_that_is_over_changes_nothing() -> None:
    session = listening(Tones())
    mark = session.mark()
    session.perception.end(0)
    session.hear(SILENCE)
    session.begin()
    session.hear(np.concatenate([spoken("nine"), SILENCE]))
    session.flush()
    session.perception.crop(0, mark[0])
    assert session.flush() == "nine"
    assert plainly(session.taken) == ["nine"]


def test_a_turn_may_begin_before_anybody_noticed() -> None:
    session = Listening(NanoPerception(Tones(), Letters()), Letters())
    session.hear(room(1.0))
    since = session.now
    session.hear(spoken("six seven"))
    session.perception.begin(0, since)
    session.hear(np.concatenate([spoken("eight"), SILENCE]))
    assert session.flush() == "six seven eight"


def test_sound_that_comes_twice_is_heard_once_and_sound_that_is_missing_is_silence() -> None:
    session = listening(Tones())
    sound = spoken("one two")
    session.hear(sound)
    session.perception.audio(0, sound[-3000:], session.now - ticks(3000, RATE))
    session.perception.audio(0, SILENCE, session.now + ms(400))
    assert session.flush() == "one two"


def test_a_long_turn_is_heard_in_parts_and_loses_no_word() -> None:
    recogniser = Tones()
    session = listening(recogniser)
    words = random.Random(4).choices(WORDS, k=70)
    session.hear(np.concatenate([spoken(" ".join(words)), SILENCE]))
    assert session.flush().split() == words
    assert plainly(session.taken) == words
    assert recogniser.longest < 11 * RATE


def test_two_sessions_do_not_hear_each_other() -> None:
    perception = NanoPerception(Tones(), Letters())
    session = Listening(perception, Letters())
    perception.open(1)
    perception.begin(1, 0)
    perception.audio(1, room(1.0), 0)
    session.hear(room(1.0))
    session.begin()
    session.hear(np.concatenate([spoken("one two"), SILENCE]))
    assert perception.flush(1).stable == ""
    assert session.flush() == "one two"


DICKENS = """It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of
foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of light, it was the
season of darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had
nothing before us, we were all going direct to heaven, we were all going direct the other way"""
BECKETT = "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better."


@pytest.fixture(scope="module")
def assets() -> Path:
    found = moonshine()
    if found is None:
        pytest.skip(missing()[-1])
    return found


@pytest.mark.parametrize(("name", "text"), [("beckett.wav", BECKETT), ("two_cities.wav", DICKENS)])
def test_what_people_read_aloud_is_understood_as_it_comes(
    assets: Path, tokeniser: Tokeniser, name: str, text: str
) -> None:
    perception = NanoPerception(Moonshine(assets, threads=1), tokeniser, clock=lambda: 0.0)
    session = Listening(perception, tokeniser)
    session.hear(room(1.0))
    session.begin()
    session.hear(np.concatenate([recorded(assets.parent / name), SILENCE]))
    heard = session.flush()
    assert plainly(session.taken) == plainly(heard)
    assert len(heard.split()) >= min(len(text.split()), 40)
    # Where the sound was cut, the text is, too: at the place that fits best.
    words = text.split()
    prefixes = [" ".join(words[:count]) for count in range(1, len(words) + 1)]
    assert min(wrong / meant for wrong, meant in (word_errors(heard, prefix) for prefix in prefixes)) <= 0.08, heard


def recorded(path: Path) -> Pcm:
    """The first 20 s or so, up to a pause, at 16 kHz."""
    with wave.open(str(path)) as file:
        pcm = soxr.resample(np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate(), RATE)
    sound = Sound()
    sound.push(pcm.astype(np.int16)[: 21 * RATE])
    cut = 18 * RATE
    return sound.pcm[: cut + quietest(sound.loudness(cut, 21 * RATE)) * FRAME if pcm.size > 21 * RATE else None]
