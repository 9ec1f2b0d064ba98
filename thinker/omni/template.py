"""How a conversation is written down for the Qwen-Omni models: ChatML, with tools as Qwen2.5 and Qwen3 write them."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..joints import Role
from ..nano.tokeniser import Tokeniser

DEFAULT_INSTRUCTIONS = "You are a friendly voice assistant. Answer in one or two short spoken sentences."
CALL_OPENS, CALL_CLOSES = "<tool_call>", "</tool_call>"
_CALL_MARKS = re.compile(f"({CALL_OPENS}|{CALL_CLOSES})")
_TOOLS = """

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""
_WRITTEN_AS: dict[Role, str] = {"system": "system", "user": "user", "assistant": "assistant", "tool": "user"}
_RESULT_OPENS, _RESULT_CLOSES = "<tool_response>\n", "\n</tool_response>"


class OmniTokeniser(Tokeniser):
    """The vocabulary of these models, in which a call's marks are tokens of their own."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        # The published ones count the marks of calls as text, which users could write then.
        self._tokeniser.add_special_tokens([self._tokeniser.id_to_token(token) for token in self.control])
        self.call_opens, self.call_closes = self._id(CALL_OPENS), self._id(CALL_CLOSES)

    def encode_call(self, text: str) -> list[int]:
        """The tokens of `text` in which the marks of a call are what they are."""
        tokens: list[int] = []
        for part in _CALL_MARKS.split(text):
            mark = {CALL_OPENS: self.call_opens, CALL_CLOSES: self.call_closes}.get(part)
            tokens += self.encode(part) if mark is None else [mark]
        return tokens

    @staticmethod
    def of(folder: Path) -> OmniTokeniser:
        """The tokeniser of a published checkpoint, in whichever of the two forms it lies there."""
        if (folder / "tokenizer.json").is_file():
            return OmniTokeniser(folder / "tokenizer.json")
        from transformers import AutoTokenizer

        with tempfile.TemporaryDirectory() as place:
            whole = Path(place) / "tokenizer.json"
            AutoTokenizer.from_pretrained(folder).backend_tokenizer.save(str(whole))
            return OmniTokeniser(whole)


class Template:
    """Turns as tokens."""

    def __init__(self, tokeniser: OmniTokeniser, preamble: str) -> None:
        """`preamble`: a sentence that the model wants to be told before anything else."""
        self.tokeniser = tokeniser
        self._preamble = preamble

    def system(self, instructions: str, tools: Sequence[Mapping[str, object]]) -> list[int]:
        text = instructions.strip() or DEFAULT_INSTRUCTIONS
        if self._preamble and self._preamble not in text:
            text = f"{self._preamble} {text}"
        if tools:
            listed = [
                {
                    "type": "function",
                    "function": {key: tool[key] for key in ("name", "description", "parameters") if key in tool},
                }
                for tool in tools
            ]
            text += _TOOLS.format("\n".join(json.dumps(tool, ensure_ascii=False) for tool in listed))
        return [*self.begin("system"), *self.tokeniser.encode(text), *self.end("system")]

    def begin(self, role: Role) -> list[int]:
        opening = _WRITTEN_AS[role] + "\n" + (_RESULT_OPENS if role == "tool" else "")
        return [self.tokeniser.turn_starts, *self.tokeniser.encode(opening)]

    def end(self, role: Role) -> list[int]:
        closing = self.tokeniser.encode(_RESULT_CLOSES) if role == "tool" else []
        return [*closing, self.tokeniser.turn_ends, *self.tokeniser.encode("\n")]

    def called(self, name: str, arguments: str) -> list[int]:
        """An assistant's tool call; `arguments` is JSON."""
        inside = f'\n{{"name": {json.dumps(name)}, "arguments": {arguments}}}\n'
        return [self.tokeniser.call_opens, *self.tokeniser.encode(inside), self.tokeniser.call_closes]
