"""What nano's perception makes of pictures. If these fail, the Thinker is told of pictures at the wrong place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from listening import Letters, Listening, Tones, room, spoken

from streaming.time import ms
from thinker.eyes.eyes import Eyes
from thinker.joints import Seen
from thinker.nano.perception import NanoPerception, noted

OPEN = Seen(at=ms(200), until=ms(900), text="Open daily")


@dataclass
class ToldEyes:
    """Eyes that see what they are told to."""

    sight: Seen | None = None
    shown: list[bytes] = field(default_factory=list)

    def open(self, slot: int) -> None: ...

    def close(self, slot: int) -> None: ...

    def look(self, slot: int, jpeg: bytes, at: int) -> None:
        self.shown.append(jpeg)

    def news(self, slot: int) -> Seen | None:
        sight, self.sight = self.sight, None
        return sight


def seeing(eyes: ToldEyes) -> Listening:
    session = Listening(NanoPerception(Tones(), Letters(), eyes=cast(Eyes, eyes)), Letters())
    session.hear(room(1.0))
    return session


def test_a_family_sees_only_if_it_has_eyes() -> None:
    assert NanoPerception(Tones(), Letters(), eyes=cast(Eyes, ToldEyes())).sees
    assert not NanoPerception(Tones(), Letters()).sees


def test_what_is_seen_comes_with_the_next_sound_in_turns_and_between() -> None:
    eyes = ToldEyes(OPEN)
    perception = NanoPerception(Tones(), Letters(), eyes=cast(Eyes, eyes))
    perception.open(0)
    perceived = perception.audio(0, room(0.02), 0)
    assert perceived is not None
    assert (perceived.seen, perceived.until, list(perceived.chunks)) == (OPEN, 0, [])
    assert perception.audio(0, room(0.02), ms(20)) is None
    assert perception.frame(0, b"jpeg", ms(40)) is None
    assert eyes.shown == [b"jpeg"]


def test_the_thinker_is_told_before_the_first_words_of_the_turn_and_once() -> None:
    eyes = ToldEyes(OPEN)
    session = seeing(eyes)
    session.begin()
    session.hear(spoken("one two three four five"))
    session.hear(room(0.5))
    session.flush()
    assert session.taken.startswith("(camera, now; it reads: Open daily) ")
    assert session.taken.count("camera") == 1
    session.begin()
    session.hear(spoken("six seven eight"))
    session.hear(room(0.5))
    session.flush()
    assert session.taken.count("camera") <= 1, "what has not changed is not told again"


def test_what_was_rolled_back_is_told_again() -> None:
    session = seeing(ToldEyes(OPEN))
    session.begin()
    mark = session.mark()
    session.hear(spoken("one two three"))
    session.hear(room(0.5))
    session.flush()
    session.crop(mark)
    session.hear(spoken("four five six"))
    session.hear(room(0.5))
    session.flush()
    assert session.taken.count("camera") == 1


def test_notes_say_when_and_only_what_can_be_read() -> None:
    assert noted(Seen(0, 0, colours=("red",)), 16_000) == ""
    assert noted(OPEN, 16_000) == "(camera, now; it reads: Open daily) "
    assert noted(OPEN, 16_000 * 9) == "(camera, 8 seconds ago; it reads: Open daily) "
    assert "a code says: tea" in noted(Seen(0, 0, codes=("tea",)), 0)
