"""Whose voices the ears know, on the wire: profiles to and fro, and what of it is news to the client."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import UNSET

from streaming.ears.speaker import Lesson
from streaming.ears.voiceprint import ENCODER, SIZE, Profile
from streaming.realtime import duplex
from streaming.realtime.base import ServerEvent

from .errors import Refused

MAX_NAME = 80
MAX_PEOPLE = 16
STEP_S = 0.1
"""Less progress than this is no news."""


@dataclass(frozen=True, slots=True, eq=False)
class Voices:
    """What the ears know of voices at one moment, or are to know."""

    people: tuple[Profile, ...] = ()
    learns: bool = True
    """Whether the user becomes known by talking, and better known by and by."""
    lesson: Lesson | None = None
    """The enrolment that goes on, if one does."""

    def same_as(self, other: Voices) -> bool:
        """Whether nothing has changed. Ears that learn something make a new tuple."""
        return self.people is other.people and (self.learns, self.lesson) == (other.learns, other.lesson)


def news(before: Voices, now: Voices) -> list[ServerEvent]:
    """What a client that knows of `before` is to be told."""
    new, old = now.lesson, before.lesson
    ended = new is None and old is not None
    if now.people is not before.people or now.learns != before.learns or ended:
        return [duplex.Enrolled(people=[person(profile) for profile in now.people], learns=now.learns)]
    if new is None or (old is not None and old.name == new.name and abs(old.seconds - new.seconds) < STEP_S):
        return []
    return [duplex.Learning(name=new.name, seconds=round(new.seconds, 2), needed=new.needed)]


def person(profile: Profile) -> duplex.Person:
    """A profile as it is sent."""
    return duplex.Person(
        name=profile.name,
        voice=base64.b64encode(profile.voice.astype("<f4").tobytes()).decode(),
        seconds=round(profile.seconds, 2),
        encoder=ENCODER,
        level=UNSET if profile.level is None else round(profile.level, 1),
    )


def profiles(people: Sequence[duplex.Person]) -> tuple[Profile, ...]:
    """What a client has kept. Raises `Refused`, naming the field, for what no ears of ours have made."""
    if len(people) > MAX_PEOPLE:
        raise Refused(f"{MAX_PEOPLE} people can be known; these are {len(people)}.", param="people")
    return tuple(_profile(each, f"people[{number}]") for number, each in enumerate(people))


def named(name: str, param: str) -> str:
    """`name` as it is kept. Raises `Refused`."""
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise Refused(f"A name has 1 to {MAX_NAME} characters.", param=param)
    return name


def _profile(kept: duplex.Person, at: str) -> Profile:
    name = named(kept.name, f"{at}.name")
    if kept.encoder != ENCODER:
        raise Refused("This voice was made by another encoder: learn it anew.", param=f"{at}.encoder")
    try:
        raw = base64.b64decode(kept.voice, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Refused(f"This voice is no base64: {problem}.", param=f"{at}.voice") from None
    if len(raw) != 4 * SIZE:
        raise Refused(f"A voice has {4 * SIZE} bytes; this has {len(raw)}.", param=f"{at}.voice")
    voice = np.frombuffer(raw, "<f4").astype(np.float32)
    length = float(np.linalg.norm(voice.astype(np.float64)))
    if not abs(length - 1) < 0.01:
        raise Refused("This is no voice: its numbers are not of length 1.", param=f"{at}.voice")
    if not (math.isfinite(kept.seconds) and kept.seconds >= 0):
        raise Refused("Seconds of speech are 0 or more.", param=f"{at}.seconds")
    level = kept.level
    if level is UNSET or level is None:
        return Profile(name, voice / np.float32(length), kept.seconds)
    if not -200 <= level <= 20:
        raise Refused("A level is given in dBFS.", param=f"{at}.level")
    return Profile(name, voice / np.float32(length), kept.seconds, level)
