"""Conversations for fine-tuning, made by code: what is said in the role of the assistant is what is learnt.

Every kind of conversation has phrasings of its own; which entries of the tables (facts.py) are for testing is decided
by their own hash, so that a test never asks for what was learnt.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent.settings import INSTRUCTIONS
from thinker.joints import Role

from . import facts

TEST_SHARE = 10
"""One entry of so many is for testing."""


@dataclass(frozen=True, slots=True)
class Said:
    """One turn. `learnt`: its words are what is to be said; only the assistant's are. `call`: a tool call instead."""

    role: Role
    text: str
    learnt: bool = False
    call: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation of one kind."""

    kind: str
    turns: Sequence[Said]
    tools: Sequence[dict[str, Any]] = ()
    instructions: str = INSTRUCTIONS


def for_testing(entry: str) -> bool:
    """Whether this entry of a table is kept for testing."""
    return hashlib.sha256(entry.encode()).digest()[0] % TEST_SHARE == 0


def _asked(question: str, answer: str, *before: Said) -> list[Said]:
    return [*before, Said("user", question), Said("assistant", answer, learnt=True)]


def _questions(chance: random.Random, testing: bool) -> tuple[str, str]:
    """A simple question and its short answer."""
    pool: list[tuple[str, str, str]] = []
    for country, city in facts.CAPITALS.items():
        ask = chance.choice(
            (f"Do you know the capital of {country}?", f"Which city is the capital of {country}?",
             f"{country}'s capital, what is it called?")
        )  # fmt: skip
        pool.append(
            (country, ask, chance.choice((f"{city}.", f"The capital of {country} is {city}.", f"It is {city}.")))
        )
    for word, other in facts.OPPOSITES.items():
        ask = chance.choice((f"Give me the opposite of {word}.", f"What is the contrary of {word}?"))
        pool.append((word, ask, chance.choice((f"The opposite of {word} is {other}.", f"{other.capitalize()}."))))
    for animal, (sound, legs, young) in facts.ANIMALS.items():
        ask, answer = chance.choice(
            ((f"What sound does a {animal} make?", f"A {animal} {sound}."),
             (f"How many legs has a {animal} got?", f"A {animal} has {legs}."),
             (f"What do you call a young {animal}?", f"A young {animal} is called {young}."))
        )  # fmt: skip
        pool.append((animal, ask, answer))
    for thing, use in facts.THINGS.items():
        pool.append((thing, chance.choice((f"What is {thing} for?", f"What does {thing} do?")), use))
    for ask, answer in (*facts.REASONS.items(), *facts.ADVICE.items()):
        pool.append((ask, chance.choice((ask, f"Tell me, {ask[0].lower()}{ask[1:]}")), answer))
    fitting = [(ask, answer) for entry, ask, answer in pool if for_testing(entry) == testing]
    return chance.choice(fitting)


def question(chance: random.Random, testing: bool) -> Dialogue:
    """One or two short questions."""
    turns: list[Said] = []
    for _ in range(chance.choice((1, 1, 2))):
        turns += _asked(*_questions(chance, testing))
    return Dialogue("question", turns)


def small_talk(chance: random.Random, testing: bool) -> Dialogue:
    """Something is told, not asked."""
    fitting = [pair for pair in facts.TELLS if for_testing(pair[0]) == testing] or list(facts.TELLS[:1])
    return Dialogue("small talk", _asked(*chance.choice(fitting)))


def not_known(chance: random.Random, testing: bool) -> Dialogue:
    """What nobody here can know."""
    fitting = [text for text in facts.NOT_KNOWN if for_testing(text) == testing] or list(facts.NOT_KNOWN[:1])
    answer = chance.choice(("I do not know that.", "I can not know that from here.", "That I do not know."))
    return Dialogue("not known", _asked(chance.choice(fitting), answer))


def cut_off(chance: random.Random, testing: bool) -> Dialogue:
    """The assistant was interrupted: it goes on where it was heard last, or leaves that topic."""
    fitting = [text for text in facts.STORIES if for_testing(text) == testing] or list(facts.STORIES[:1])
    story = chance.choice(fitting).split()
    heard = chance.randrange(4, len(story) - 8)
    start = [Said("user", "Tell me something long."), Said("assistant", " ".join(story[:heard]))]
    match chance.randrange(4):
        case 0:
            ask = chance.choice(("Go on.", "Please continue.", "Sorry, go ahead.", "And then?"))
            rest = " ".join(story[heard:]).split(". ")[0].rstrip(".")
            return Dialogue("cut off", _asked(ask, f"{rest}.", *start))
        case 1:
            ask = chance.choice(("Enough of that.", "That is enough.", "Not so long, please."))
            return Dialogue("cut off", _asked(ask, chance.choice(("All right.", "Sure. Anything else?")), *start))
        case 2:
            ask = chance.choice(("What did you say last?", "Where were we?"))
            return Dialogue("cut off", _asked(ask, f"I said: {' '.join(story[max(0, heard - 6) : heard])}.", *start))
    return Dialogue("cut off", _asked(*_questions(chance, testing), *start))


def _tool(name: str, description: str, **properties: str) -> dict[str, Any]:
    schema = {key: {"type": "string", "description": text} for key, text in properties.items()}
    parameters = {"type": "object", "properties": schema, "required": list(properties)}
    return {"type": "function", "name": name, "description": description, "parameters": parameters}


_ROOMS = ("kitchen", "bedroom", "hall", "office", "garage", "bathroom", "cellar", "living room")
_CITIES = ("Lyon", "Graz", "Porto", "Bergen", "Seville", "Krakow", "Bruges", "Galway", "Turin", "Leeds")
_NAMES = ("Anna", "Ben", "Clara", "David", "Ella", "Felix", "Greta", "Hugo")
_USES: tuple[Callable[[random.Random], tuple[dict[str, Any], str, dict[str, str], str]], ...] = (
    lambda chance: (
        _tool("switch_light", "Switches a light.", room="which room", state="on or off"),
        "Make it {state} in the {room}: the light, I mean.",
        {"room": chance.choice(_ROOMS), "state": chance.choice(("on", "off"))},
        "The {room} light is {state}.",
    ),
    lambda chance: (
        _tool("get_weather", "Tells the weather in a city.", city="the city"),
        "Do I need a coat in {city}?",
        {"city": chance.choice(_CITIES)},
        "It is 12 degrees and cloudy in {city}.",
    ),
    lambda chance: (
        _tool("send_message", "Sends a message to a person.", to="who", text="what to say"),
        "Let {to} know that {text}.",
        {"to": chance.choice(_NAMES), "text": chance.choice(("I am late", "dinner is ready", "the train is full"))},
        "The message to {to} is sent.",
    ),
    lambda chance: (
        _tool("open_blinds", "Opens the blinds of a room.", room="which room"),
        "Some daylight in the {room}, please.",
        {"room": chance.choice(_ROOMS)},
        "The blinds in the {room} are open.",
    ),
)


def tool_call(chance: random.Random, testing: bool) -> Dialogue:
    """Tools are there; one is called and its result told, or none is meant."""
    tool, ask, arguments, result = chance.choice(_USES)(chance)
    tools = [tool]
    if chance.random() < 0.4:
        other = chance.choice(_USES)(chance)[0]
        tools += [other] if other["name"] != tool["name"] else []
    if chance.random() < 0.35:
        return Dialogue("no call", _asked(*_questions(chance, testing)), tools)
    told = result.format(**arguments)
    turns = [
        Said("user", ask.format(**arguments)),
        Said("assistant", "", learnt=True, call=(tool["name"], json.dumps(arguments))),
        Said("tool", told),
        Said("assistant", told, learnt=True),
    ]
    return Dialogue("call", turns, tools)


def picture(chance: random.Random, testing: bool) -> Dialogue:
    """A note of the camera stands before the words: it is used where it is asked for, and only there."""
    sign = chance.choice(("Closed on Mondays", "Gate 12", "Fresh eggs", "Mind the step", "Third floor", "Ring twice"))
    note = f"(camera, now; it reads: {sign}) "
    if chance.random() < 0.5:
        ask, answer = _questions(chance, testing)
        return Dialogue("picture", _asked(note + ask, answer))
    ask = chance.choice(("Can you make out the writing?", "Any idea what stands on it?", "What have I got here?"))
    return Dialogue("picture", _asked(note + ask, f"It says: {sign}."))


KINDS: tuple[tuple[Callable[[random.Random, bool], Dialogue], float], ...] = (
    (question, 0.4), (small_talk, 0.12), (not_known, 0.1), (cut_off, 0.14), (tool_call, 0.16), (picture, 0.08),
)  # fmt: skip


def dialogues(seed: int, testing: bool = False) -> Iterator[Dialogue]:
    """Conversations without end, always the same for a seed."""
    chance = random.Random(f"{seed}-{testing}")
    makers, weights = zip(*KINDS, strict=True)
    while True:
        yield chance.choices(makers, weights)[0](chance, testing)
