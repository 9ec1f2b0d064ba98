"""How a conversation is written down for SmolLM2: ChatML, with tools as Hermes and Qwen write them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..joints import Role
from .tokeniser import Tokeniser

DEFAULT_INSTRUCTIONS = (
    "You are a friendly voice assistant. Answer in one or two short spoken sentences, without lists or markup."
)
"""Used when a session has none of its own: the model needs to be told something."""
CALL_OPENS, CALL_CLOSES = "<tool_call>", "</tool_call>"
_TOOLS = (
    "\n\nYou can call these functions:\n{}\n"
    'To call one, write {}{{"name": <its name>, "arguments": <its arguments>}}{} and nothing else.'
)
# The model was never shown a turn of tools: as in Qwen's template, their results come in a turn of the user.
_WRITTEN_AS: dict[Role, str] = {"system": "system", "user": "user", "assistant": "assistant", "tool": "user"}
_RESULT_OPENS, _RESULT_CLOSES = "<tool_response>\n", "\n</tool_response>"


def call_text(name: str, arguments: str) -> str:
    """A tool call as it stands in an assistant's turn; `arguments` is JSON."""
    return f'{CALL_OPENS}{{"name": {json.dumps(name)}, "arguments": {arguments}}}{CALL_CLOSES}'


def function(tool: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """Name and JSON schema of the arguments of a tool as the Realtime API describes it."""
    parameters = tool.get("parameters")
    return str(tool.get("name", "")), dict(parameters) if isinstance(parameters, Mapping) else {}


class Template:
    """Turns as tokens."""

    def __init__(self, tokeniser: Tokeniser) -> None:
        self._tokeniser = tokeniser

    def system(self, instructions: str, tools: Sequence[Mapping[str, object]]) -> list[int]:
        text = instructions.strip() or DEFAULT_INSTRUCTIONS
        if tools:
            listed = [
                {key: tool[key] for key in ("name", "description", "parameters") if key in tool} for tool in tools
            ]
            text += _TOOLS.format("\n".join(map(json.dumps, listed)), CALL_OPENS, CALL_CLOSES)
        return [*self.begin("system"), *self._tokeniser.encode(text), *self.end("system")]

    def begin(self, role: Role) -> list[int]:
        opening = _WRITTEN_AS[role] + "\n" + (_RESULT_OPENS if role == "tool" else "")
        return [self._tokeniser.turn_starts, *self._tokeniser.encode(opening)]

    def end(self, role: Role) -> list[int]:
        closing = self._tokeniser.encode(_RESULT_CLOSES) if role == "tool" else []
        return [*closing, self._tokeniser.turn_ends, *self._tokeniser.encode("\n")]

    def said(self, tokens: Sequence[int]) -> frozenset[int]:
        """The tokens that stand in turns of the assistant."""
        opening, said = self.begin("assistant"), set[int]()
        starts = [at for at, token in enumerate(tokens) if token == self._tokeniser.turn_starts]
        for at, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
            if list(tokens[at : at + len(opening)]) == opening:
                said.update(tokens[at + len(opening) : end])
        return frozenset(said) - frozenset(self.end("assistant"))
