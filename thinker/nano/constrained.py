"""A tool call that comes out right whatever the model thinks: structure is forced, values are the model's.

Written as generators that ask for one thing at a time: text to force, or a token to choose among those that keep
the value valid. What they return is the JSON text, for the caller to hand on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..joints import Call
from .template import CALL_CLOSES, CALL_OPENS
from .tokeniser import Tokeniser

Schema = Mapping[str, object]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Force:
    """The call goes on with this text."""

    text: str
    instead_of: int = 0
    """It replaces the last so many tokens that were chosen."""


@dataclass(frozen=True, slots=True)
class Choose:
    """The call goes on with one of these tokens; the answer is the token."""

    allowed: Mask
    """[vocabulary]"""


Writing = Generator[Force | Choose, int | None, str]
"""Is sent the chosen token after `Choose`, nothing after `Force`; returns what was written."""

_STRING_TOKENS, _DIGITS, _ITEMS, _DEPTH = 48, 12, 8, 6
"""Where a model that finds no end is stopped: tokens of a string, digits of a number, items of a list, nesting."""


class CallWriter:
    """Writes tool calls. Holds the vocabulary's masks and no state of a session."""

    def __init__(self, tokeniser: Tokeniser) -> None:
        self._tokeniser = tokeniser

    def call(self, tools: Mapping[str, Schema]) -> Generator[Force | Choose, int | None, Call]:
        """A call of one of `tools` (name -> JSON schema of its arguments)."""
        yield Force(CALL_OPENS + '{"name": ')
        name = json.loads((yield from self._one_of([json.dumps(name) for name in tools])))
        yield Force(', "arguments": ')
        arguments = yield from self._object(tools[name], _DEPTH)
        yield Force("}" + CALL_CLOSES)
        return Call(name, arguments)

    def _value(self, schema: Schema, depth: int) -> Writing:
        if "const" in schema:
            return (yield from self._one_of([json.dumps(schema["const"])]))
        if options := schema.get("enum"):
            return (yield from self._one_of([json.dumps(option) for option in cast(Sequence[object], options)]))
        for either in ("anyOf", "oneOf"):
            if options := schema.get(either):
                first = next((o for o in cast(Sequence[Schema], options) if o.get("type") != "null"), {"type": "null"})
                return (yield from self._value(first, depth))
        match _kind(schema):
            case "object":
                return (yield from self._object(schema, depth))
            case "array":
                return (yield from self._array(schema, depth))
            case "integer" | "number" as kind:
                return (yield from self._number(schema, whole=kind == "integer"))
            case "boolean":
                return (yield from self._one_of(["true", "false"]))
            case "null":
                return (yield from self._one_of(["null"]))
            case _:
                return (yield from self._string(schema))

    def _object(self, schema: Schema, depth: int) -> Writing:
        """All required properties, then those of the others that the model wants, in the schema's order."""
        properties = cast(Mapping[str, Schema], schema.get("properties") or {})
        required = [str(name) for name in cast(Sequence[str], schema.get("required") or ())]
        optional = [name for name in properties if name not in required] if depth > 0 else []
        text = "{"
        yield Force(text)
        for name in required:
            key = (", " if text != "{" else "") + json.dumps(name) + ": "
            yield Force(key)
            text += key + (yield from self._value(properties.get(name, {}), depth - 1))
        while optional:
            comma = ", " if text != "{" else ""
            keys = {comma + json.dumps(name) + ": ": name for name in optional}
            key = yield from self._one_of([*keys, "}"])
            if key == "}":
                return text + key
            optional = optional[optional.index(keys[key]) + 1 :]
            text += key + (yield from self._value(properties[keys[key]], depth - 1))
        yield Force("}")
        return text + "}"

    def _array(self, schema: Schema, depth: int) -> Writing:
        least = _number_of(schema, "minItems", 0)
        most = max(least, min(_number_of(schema, "maxItems", _ITEMS), _ITEMS))
        items = schema.get("items")
        of = cast(Schema, items) if isinstance(items, Mapping) else {}
        text, count = "[", 0
        yield Force(text)
        while count < most and (depth > 0 or count < least):
            if count >= least:
                # Whether there is an item at all is asked by offering the way its text begins.
                goes_on = (", ",) if count else tuple(self._openings(of))
                chosen = yield from self._peek([*goes_on, "]"])
                if chosen == "]":
                    break
            if count:
                yield Force(", ")
                text += ", "
            text += yield from self._value(of, depth - 1)
            count += 1
        yield Force("]")
        return text + "]"

    def _openings(self, schema: Schema) -> Sequence[str]:
        if options := schema.get("enum"):
            return [json.dumps(option) for option in cast(Sequence[object], options)]
        kinds = {"object": ["{"], "array": ["["], "boolean": ["true", "false"], "null": ["null"]}
        return kinds.get(_kind(schema), list("0123456789") if _kind(schema) in ("integer", "number") else ['"'])

    def _peek(self, options: Sequence[str]) -> Generator[Force | Choose, int | None, str]:
        """Which of `options` the model would go on with; nothing of it is written."""
        token = yield from _choose(self._beginning(options))
        yield Force("", instead_of=1)
        piece = self._tokeniser.pieces[token].decode()
        return next(option for option in options if option.startswith(piece))

    def _one_of(self, options: Sequence[str]) -> Writing:
        """One of `options`, token by token where the model has a choice."""
        written, left = "", list(dict.fromkeys(options))
        while len(left) > 1:
            exact = written in left
            longer = [option[len(written) :] for option in left if option != written]
            allowed = self._beginning(longer)
            if exact:
                allowed = allowed | self._closing
            token = yield from _choose(allowed)
            piece = self._tokeniser.pieces[token].decode()
            if exact and not any(option.startswith(piece) for option in longer):
                yield Force("", instead_of=1)
                return written
            written += piece
            left = [option for option in left if option.startswith(written)]
        yield Force(left[0][len(written) :])
        return left[0]

    def _string(self, schema: Schema) -> Writing:
        least, most = _number_of(schema, "minLength", 0), _number_of(schema, "maxLength", 1 << 20)
        yield Force('"')
        value = ""
        for _ in range(_STRING_TOKENS):
            room = self._lengths <= most - len(value)
            allowed = self._plain & room if value else self._plain & room & ~self._spaced
            if len(value) >= least:
                allowed = allowed | self._quote
            if not allowed.any():
                break
            token = yield from _choose(allowed)
            if self._quote[token]:
                yield Force("", instead_of=1)
                break
            value += self._tokeniser.pieces[token].decode()
        filler = "." * (least - len(value))
        yield Force(filler + '"')
        return json.dumps(value + filler, ensure_ascii=False)

    def _number(self, schema: Schema, whole: bool) -> Writing:
        text, tokens = "", 0
        while len(text) < _DIGITS:
            allowed = (
                self._closing.copy() if text not in ("", "-") and text[-1] != "." else np.zeros_like(self._closing)
            )
            leading_zero = text.lstrip("-") == "0"
            if not leading_zero:
                allowed |= self._digits
            if not text:
                allowed |= self._minus
            if not whole and text not in ("", "-") and "." not in text:
                allowed |= self._point
            token = yield from _choose(allowed)
            tokens += 1
            if self._closing[token]:
                yield Force("", instead_of=1)
                tokens -= 1
                break
            text += self._tokeniser.pieces[token].decode()
        bounded = _bounded(text.rstrip("."), schema, whole)
        if bounded != text:
            yield Force(bounded, instead_of=tokens)
        return bounded

    def _beginning(self, options: Sequence[str]) -> Mask:
        """Tokens with which one of `options` may begin."""
        mask = np.zeros(len(self._tokeniser.pieces), bool)
        for option in options:
            for end in range(1, len(option) + 1):
                token = self._by_text.get(option[:end].encode())
                if token is not None:
                    mask[token] = True
        return mask

    @cached_property
    def _by_text(self) -> dict[bytes, int]:
        return {piece: token for token, piece in enumerate(self._tokeniser.pieces) if piece}

    @cached_property
    def _texts(self) -> list[str]:
        """Tokens as text; "" for those that are no whole characters."""

        def text(piece: bytes) -> str:
            try:
                return piece.decode()
            except UnicodeDecodeError:
                return ""

        return [text(piece) for piece in self._tokeniser.pieces]

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        return np.array([len(text) for text in self._texts])

    @cached_property
    def _plain(self) -> Mask:
        """Tokens that a string can hold as they are."""
        return np.array([bool(t) and t.isprintable() and '"' not in t and "\\" not in t for t in self._texts])

    @cached_property
    def _spaced(self) -> Mask:
        """Tokens that begin with a space, as a value should not."""
        return np.array([text.startswith(" ") for text in self._texts])

    @cached_property
    def _quote(self) -> Mask:
        return np.array([text.startswith('"') for text in self._texts])

    @cached_property
    def _closing(self) -> Mask:
        """Tokens that end a number or a bare word."""
        return np.array([text.lstrip()[:1] in (",", "}", "]") if text.strip() else False for text in self._texts])

    @cached_property
    def _digits(self) -> Mask:
        return self._beginning(list("0123456789"))

    @cached_property
    def _minus(self) -> Mask:
        return self._beginning(["-"])

    @cached_property
    def _point(self) -> Mask:
        return self._beginning(["."])


def _choose(allowed: Mask) -> Generator[Force | Choose, int | None, int]:
    token = yield Choose(allowed)
    if token is None:
        raise RuntimeError("a choice was not answered with a token")
    return token


def _kind(schema: Schema) -> str:
    """The JSON type that a value of `schema` will have."""
    kind = schema.get("type")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = next((k for k in kind if k != "null"), "null")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else "array" if "items" in schema else "string"


def _number_of(schema: Schema, name: str, default: int) -> int:
    value = schema.get(name)
    return int(value) if isinstance(value, int | float) else default


def _bounded(text: str, schema: Schema, whole: bool) -> str:
    """`text`, or the nearest number that `minimum` and `maximum` allow."""
    value = int(text) if whole else float(text)
    step = 1 if whole else 1e-6
    highest, lowest = math.inf, -math.inf
    if isinstance(most := schema.get("maximum"), int | float):
        highest = math.floor(most) if whole else most
    if isinstance(below := schema.get("exclusiveMaximum"), int | float):
        highest = min(highest, (math.ceil(below) if whole else below) - step)
    if isinstance(least := schema.get("minimum"), int | float):
        lowest = math.ceil(least) if whole else least
    if isinstance(above := schema.get("exclusiveMinimum"), int | float):
        lowest = max(lowest, (math.floor(above) if whole else above) + step)
    bounded = max(lowest, min(highest, value))
    return text if bounded == value else json.dumps(bounded)
