"""If these fail, a call that had to be made comes out broken, or with arguments that its schema forbids."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thinker.joints import Call, Sampling
from thinker.nano.constrained import CallWriter, Force, Schema
from thinker.nano.template import call_text
from thinker.nano.thinker import NanoThinker
from thinker.nano.tokeniser import Tokeniser

relaxed = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)

scalars = st.one_of(
    st.fixed_dictionaries({"type": st.just("string")}, optional={"minLength": st.integers(0, 5)}),
    st.fixed_dictionaries({"type": st.just("string"), "maxLength": st.integers(0, 9)}),
    st.fixed_dictionaries({"type": st.just("boolean")}),
    st.fixed_dictionaries({"type": st.sampled_from(["null", ["null", "integer"], ["string", "null"]])}),
    st.fixed_dictionaries({"enum": st.lists(st.one_of(st.text(), st.integers(), st.booleans()), min_size=1)}),
    st.fixed_dictionaries({"const": st.one_of(st.text(max_size=5), st.integers())}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"minimum": st.integers(-50, 0), "maximum": st.integers(1, 300)},
    ),
    st.fixed_dictionaries({"type": st.just("integer"), "exclusiveMinimum": st.just(3), "exclusiveMaximum": st.just(5)}),
    st.just({}),
)


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.text(alphabet='ab_é"', min_size=1, max_size=4)
    return st.builds(
        lambda properties, keep, extra: {
            "type": "object",
            "properties": properties,
            "required": [name for i, name in enumerate(properties) if keep >> i & 1] + ["extra"] * extra,
        },
        st.dictionaries(names, values, max_size=4),
        st.integers(0, 15),
        st.booleans(),
    )


schemas = objects(
    st.recursive(
        scalars,
        lambda values: st.one_of(
            objects(values),
            st.fixed_dictionaries(
                {"type": st.just("array"), "items": values},
                optional={"minItems": st.integers(0, 2), "maxItems": st.integers(2, 4)},
            ),
            st.fixed_dictionaries({"anyOf": st.lists(values, min_size=1, max_size=2)}),
        ),
        max_leaves=4,
    )
)


def valid(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether JSON `value` obeys `schema`, as far as these tests write schemas."""
    if "const" in schema:
        return bool(value == schema["const"])
    if "enum" in schema:
        return any(value == option and type(value) is type(option) for option in schema["enum"])
    if "anyOf" in schema:
        return any(valid(value, option) for option in schema["anyOf"])
    kinds = schema.get("type", "string")
    return any(_is(value, kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _is(value: Any, kind: str, schema: Mapping[str, Any]) -> bool:
    match kind:
        case "object":
            properties = schema["properties"]
            return (
                isinstance(value, dict)
                and value.keys() >= set(schema["required"])
                and all(valid(item, properties.get(name, {})) for name, item in value.items())
            )
        case "array":
            bounds = schema.get("minItems", 0), schema.get("maxItems", 99)
            return (
                isinstance(value, list)
                and bounds[0] <= len(value) <= bounds[1]
                and all(valid(item, schema["items"]) for item in value)
            )
        case "string":
            bounds = schema.get("minLength", 0), schema.get("maxLength", 1 << 20)
            return isinstance(value, str) and bounds[0] <= len(value) <= bounds[1]
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "integer" | "number":
            return (
                isinstance(value, int if kind == "integer" else int | float)
                and schema.get("minimum", -np.inf) <= value <= schema.get("maximum", np.inf)
                and schema.get("exclusiveMinimum", -np.inf) < value < schema.get("exclusiveMaximum", np.inf)
            )
    raise AssertionError(kind)


def write(tokeniser: Tokeniser, tools: Mapping[str, Schema], seed: int) -> tuple[Call, str]:
    """The call of a model that chooses at random, and what it wrote token by token."""
    chance = random.Random(seed)
    asks, written, answer = CallWriter(tokeniser).call(tools), [], None
    while True:
        try:
            ask = asks.send(answer)
        except StopIteration as done:
            return done.value, "".join(written)
        answer = None
        if isinstance(ask, Force):
            del written[len(written) - ask.instead_of :]
            if ask.text:
                written.append(ask.text)
        else:
            allowed = np.flatnonzero(ask.allowed)
            assert allowed.size, "nothing may be chosen"
            answer = int(chance.choice(allowed))
            written.append(tokeniser.pieces[answer].decode())


@relaxed
@given(schema=schemas, seed=st.integers(0, 1 << 30))
def test_arguments_obey_their_schema_whatever_is_chosen(
    tokeniser: Tokeniser, schema: dict[str, Any], seed: int
) -> None:
    call, written = write(tokeniser, {"other": {}, "do_it": schema}, seed)
    arguments = json.loads(call.arguments)
    assert valid(arguments, schema if call.name == "do_it" else {"type": "object", "properties": {}, "required": []})
    described = json.loads(written.removeprefix("<tool_call>").removesuffix("</tool_call>"))
    assert described == {"name": call.name, "arguments": arguments}, "the model remembers another call than was made"


def test_the_model_fills_a_required_call_from_what_was_said(thinker: NanoThinker) -> None:
    tool = {
        "type": "function",
        "name": "set_timer",
        "description": "Sets a timer",
        "parameters": {
            "type": "object",
            "properties": {"minutes": {"type": "integer", "minimum": 1}},
            "required": ["minutes"],
        },
    }
    thinker.open(0)
    asked = [
        *thinker.begin_turn("user"),
        *thinker.text("user", "Set a timer for ten minutes."),
        *thinker.end_turn("user"),
    ]
    for chunk in [*thinker.system("", [tool]), *asked, *thinker.begin_turn("assistant")]:
        thinker.prefill(0, chunk)
    before = thinker.length(0)
    thinker.begin_reply(0, Sampling(temperature=0, tools=[tool], tool_choice="required"))
    steps = [thinker.step([0])[0]]
    while not steps[-1].end:
        steps.append(thinker.step([0])[0])
    assert [step.call for step in steps if step.call] == [Call("set_timer", '{"minutes": 10}')]
    assert not any(step.text or step.handover for step in steps), "a call was spoken"
    written = thinker.tokeniser.encode(call_text("set_timer", '{"minutes": 10}'))
    assert abs(thinker.length(0) - before - len(written)) <= 8
    thinker.close(0)
