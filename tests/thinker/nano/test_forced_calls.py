"""With a tool choice that asks for one, the model makes a call: one, of what it may call, and speaks nothing of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from thinker.joints import Sampling
from thinker.nano.thinker import NanoThinker

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 20},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["city", "unit"],
}
LIGHTS = {
    "type": "object",
    "properties": {
        "on": {"type": "boolean"},
        "level": {"type": "number", "minimum": 0, "maximum": 1},
        "rooms": {"type": "array", "items": {"type": "string", "maxLength": 8}, "minItems": 1, "maxItems": 3},
    },
    "required": ["on", "level", "rooms"],
}
TOOLS: list[dict[str, object]] = [
    {"type": "function", "name": "get_weather", "description": "The weather of a city", "parameters": WEATHER},
    {"type": "function", "name": "set_lights", "description": "Lights of the house", "parameters": LIGHTS},
    {"type": "function", "name": "hang_up", "description": "Ends the call"},
]


def fits(name: str, given: dict[str, Any]) -> bool:
    """Whether `given` are arguments that the function `name` takes."""
    match name:
        case "get_weather":
            right = isinstance(given.pop("city"), str) and given.pop("unit") in ("celsius", "fahrenheit")
            days = given.pop("days", 1)
            return right and type(days) is int and 1 <= days <= 7 and not given
        case "set_lights":
            right = isinstance(given.pop("on"), bool) and 0 <= given.pop("level") <= 1
            rooms = given.pop("rooms")
            return right and 1 <= len(rooms) <= 3 and all(len(room) <= 8 for room in rooms) and not given
        case _:
            return name == "hang_up" and not given


@pytest.fixture(scope="module")
def thinks(folder: Path) -> NanoThinker:
    return NanoThinker(folder, slots=1, threads=2)


@pytest.mark.parametrize("temperature", [0.0, 1.5])
@pytest.mark.parametrize("choice", ["required", "get_weather", "set_lights", "hang_up"])
def test_a_call_that_must_come_is_made_once_and_nothing_of_it_is_spoken(
    thinks: NanoThinker, choice: str, temperature: float
) -> None:
    thinks.open(0)
    user = [*thinks.begin_turn("user"), *thinks.text("user", "How warm is it in Paris?"), *thinks.end_turn("user")]
    for chunk in [*thinks.system("", TOOLS), *user, *thinks.begin_turn("assistant")]:
        thinks.prefill(0, chunk)
    thinks.begin_reply(0, Sampling(temperature=temperature, seed=3, tools=TOOLS, tool_choice=choice))
    steps = thinks.step([0])
    while not steps[-1].end and len(steps) < 400:
        steps += thinks.step([0])
    (call,) = [step.call for step in steps if step.call]
    assert choice in ("required", call.name)
    assert fits(call.name, json.loads(call.arguments)), call
    assert not any(step.text or step.handover for step in steps)
    assert steps[-1].end
