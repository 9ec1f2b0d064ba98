"""The user's own tools, from a TOML file.

```toml
[[tool]]
name = "light"
description = "Switches the light in a room."
python = "my_home:switch"        # a function: called with the arguments by name, returns a sentence
# command = ["./switch.sh"]      # or a program: JSON arguments on stdin, a sentence on stdout
timeout = 5                      # seconds
phrases = ["turn {state} the {room} light"]   # words that call it for certain

[tool.parameters]
type = "object"
required = ["room", "state"]
properties.room = { type = "string" }
properties.state = { type = "string", enum = ["on", "off"] }
```
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import json
import logging
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from .said import Said, heard
from .tool import Arguments, ToolError

log = logging.getLogger(__name__)

LONGEST_ANSWER = 1000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SLOT = re.compile(r"\{(\w+)\}")


class OwnToolError(Exception):
    """The file of tools cannot be used; the message names the tool and says what would do."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    description: str
    parameters: dict[str, Any] = {}
    python: str = ""
    command: list[str] = []
    timeout: float = 10.0
    phrases: list[str] = []


class _File(msgspec.Struct, forbid_unknown_fields=True):
    tool: list[_Entry] = []


@dataclass(frozen=True, slots=True)
class OwnTool:
    """One tool of the user's."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    timeout: float
    function: Callable[..., Any] | None = None
    command: Sequence[str] = ()
    phrases: Sequence[re.Pattern[str]] = field(default_factory=tuple)

    def schema(self) -> dict[str, Any]:
        """As the Realtime API describes functions."""
        parameters = dict(self.parameters) or {"type": "object", "properties": {}}
        return {"type": "function", "name": self.name, "description": self.description, "parameters": parameters}

    def hear(self, said: Said) -> Arguments | None:
        """The arguments with which these words call the tool, if one of its phrases says just that."""
        for phrase in self.phrases:
            for words in dict.fromkeys((said.core, said.words)):
                if found := phrase.fullmatch(words):
                    with contextlib.suppress(ValueError):
                        return {name: self._typed(name, text) for name, text in found.groupdict().items()}
        return None

    def _typed(self, name: str, text: str) -> object:
        """Raises `ValueError` where the schema wants something else."""
        schema = self.parameters.get("properties", {}).get(name, {})
        if schema.get("type") == "integer":
            return int(text)
        if schema.get("type") == "number":
            return float(text)
        if "enum" in schema:
            same = [value for value in schema["enum"] if str(value).lower() == text]
            if not same:
                raise ValueError(text)
            return same[0]
        return text

    async def run(self, arguments: Arguments) -> str:
        """Its sentence. Raises `ToolError` when it fails or takes too long."""
        try:
            async with asyncio.timeout(self.timeout):
                answer = await (self._call(arguments) if self.function else self._start(arguments))
        except TimeoutError:
            raise ToolError(f"{self._title()} took too long.") from None
        except ToolError:
            raise
        except Exception as problem:
            log.exception("the tool %s failed", self.name)
            raise ToolError(f"{self._title()} did not work.") from problem
        return " ".join(answer.split())[:LONGEST_ANSWER] or "Done."

    def _title(self) -> str:
        return f"The {self.name.replace('_', ' ').replace('-', ' ')} tool"

    async def _call(self, arguments: Arguments) -> str:
        assert self.function is not None
        if inspect.iscoroutinefunction(self.function):
            return str(await self.function(**arguments))
        return str(await asyncio.to_thread(self.function, **arguments))

    async def _start(self, arguments: Arguments) -> str:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*self.command, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            out, err = await process.communicate(json.dumps(arguments).encode())
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if process.returncode:
            log.warning(
                "the tool %s ended with %s: %s", self.name, process.returncode, err[-500:].decode(errors="replace")
            )
            raise ToolError(f"{self._title()} did not work.")
        return out.decode(errors="replace")


def load(path: Path) -> list[OwnTool]:
    """The tools in `path`. Raises `OwnToolError`."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except OSError as problem:
        raise OwnToolError(f"{path} cannot be read: {problem.strerror}") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise OwnToolError(f"{path} is not TOML: {problem}") from problem
    except msgspec.ValidationError as problem:
        raise OwnToolError(f"{path}: {problem}") from problem
    names = [entry.name for entry in found.tool]
    for name in names:
        if names.count(name) > 1:
            raise OwnToolError(f"{path}: there are two tools named {name}")
    return [_tool(entry, path) for entry in found.tool]


def _tool(entry: _Entry, path: Path) -> OwnTool:
    where = f"{path}: tool {entry.name}"
    if not _NAME.fullmatch(entry.name):
        raise OwnToolError(f"{where}: a name has up to 64 letters, digits, - and _")
    if bool(entry.python) == bool(entry.command):
        raise OwnToolError(f'{where}: give either python = "module:function" or command = ["program", ...]')
    if not 0 < entry.timeout <= 300:
        raise OwnToolError(f"{where}: timeout lies between 0 and 300 seconds")
    properties = entry.parameters.get("properties", {})
    phrases = []
    for phrase in entry.phrases:
        slots = set(_SLOT.findall(phrase))
        if not slots <= set(properties) or not set(entry.parameters.get("required", [])) <= slots:
            raise OwnToolError(f"{where}: the phrase {phrase!r} must name all required parameters, and no others")
        phrases.append(_pattern(phrase))
    return OwnTool(
        entry.name,
        entry.description,
        entry.parameters,
        entry.timeout,
        _function(entry.python, where) if entry.python else None,
        tuple(entry.command),
        tuple(phrases),
    )


def _pattern(phrase: str) -> re.Pattern[str]:
    pieces = []
    for at, piece in enumerate(_SLOT.split(phrase)):
        if at % 2:
            pieces.append(rf"(?P<{piece}>\S.*?)")
        elif piece.strip():
            before, after = " " * piece.startswith(" "), " " * piece.endswith(" ")
            pieces.append(re.escape(f"{before}{heard(piece).words}{after}"))
        else:
            pieces.append(re.escape(piece))
    return re.compile("".join(pieces))


def _function(name: str, where: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as problem:
        raise OwnToolError(f"{where}: {name} cannot be imported: {problem}") from problem
    if not callable(function):
        raise OwnToolError(f"{where}: {name} is no function")
    return function  # type: ignore[no-any-return]
