"""Tools of the user's own. If these fail, a configured tool does not run, or a broken one takes the call with it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from agent.tools.own import OwnTool, OwnToolError, load
from agent.tools.said import heard
from agent.tools.tool import ToolError

GOOD = """
[[tool]]
name = "light"
description = "Switches a light."
python = "{python}"
timeout = {timeout}
phrases = ["turn {{state}} the {{room}} light", "make it {{state}} in the {{room}}"]
[tool.parameters]
type = "object"
required = ["room", "state"]
properties.room = {{ type = "string" }}
properties.state = {{ type = "string", enum = ["on", "off"] }}
"""


def written(tmp_path: Path, python: str = "own_home:switch", timeout: float = 5) -> Path:
    (tmp_path / "own_home.py").write_text(
        "import time\n"
        "def switch(room, state):\n    return f'The {room} light is {state}.'\n"
        "async def later(room, state):\n    return 'Later.'\n"
        "def slow(room, state):\n    time.sleep(1)\n    return 'Too late.'\n"
        "def broken(room, state):\n    raise RuntimeError('no bulb')\n"
    )
    file = tmp_path / "tools.toml"
    file.write_text(GOOD.format(python=python, timeout=timeout))
    return file


@pytest.fixture(autouse=True)
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("own_home", None)


def tool(tmp_path: Path, **options: object) -> OwnTool:
    return load(written(tmp_path, **options))[0]  # type: ignore[arg-type]


async def test_a_python_function_is_called_by_its_phrase(tmp_path: Path) -> None:
    light = tool(tmp_path)
    arguments = light.hear(heard("Please turn on the kitchen light."))
    assert arguments == {"room": "kitchen", "state": "on"}
    assert await light.run(arguments) == "The kitchen light is on."


async def test_a_coroutine_is_awaited(tmp_path: Path) -> None:
    assert await tool(tmp_path, python="own_home:later").run({"room": "hall", "state": "on"}) == "Later."


def test_words_that_do_not_fit_the_schema_call_nothing(tmp_path: Path) -> None:
    light = tool(tmp_path)
    assert light.hear(heard("turn around the kitchen light")) is None
    assert light.hear(heard("turn on the radio")) is None


async def test_a_tool_that_takes_too_long_or_fails_says_so(tmp_path: Path) -> None:
    arguments = {"room": "hall", "state": "on"}
    with pytest.raises(ToolError, match="took too long"):
        await tool(tmp_path, python="own_home:slow", timeout=0.05).run(arguments)
    with pytest.raises(ToolError, match="did not work"):
        await tool(tmp_path, python="own_home:broken").run(arguments)


async def test_a_program_gets_json_and_gives_a_sentence() -> None:
    code = "import json, sys; print('Got', json.load(sys.stdin)['what'])"
    program = OwnTool("echo", "", {}, 20.0, command=(sys.executable, "-c", code))
    assert await program.run({"what": "tea"}) == "Got tea"
    failing = OwnTool("fail", "", {}, 20.0, command=(sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(ToolError):
        await failing.run({})


async def test_a_program_that_hangs_is_ended() -> None:
    hanging = OwnTool("hang", "", {}, 0.2, command=(sys.executable, "-c", "import time; time.sleep(600)"))
    with pytest.raises(ToolError, match="took too long"):
        await hanging.run({})
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not toml [", "is not TOML"),
        ('[[tool]]\nname = "a b"\ndescription = ""\ncommand = ["true"]', "a name has"),
        ('[[tool]]\nname = "a"\ndescription = ""', "give either python"),
        ('[[tool]]\nname = "a"\ndescription = ""\npython = "no_such:thing"', "cannot be imported"),
        ('[[tool]]\nname = "a"\ndescription = ""\ncommand = ["true"]\ntimeout = 0', "timeout"),
        ('[[tool]]\nname = "a"\ndescription = ""\ncommand = ["true"]\nphrases = ["go {where}"]', "must name"),
        ('[[tool]]\nname = "a"\ncommand = ["true"]', "description"),
        ('[[tool]]\nname = "a"\ndescription = ""\ncommand = ["true"]\nmisspelt = 1', "misspelt"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "tools.toml"
    file.write_text(text)
    with pytest.raises(OwnToolError, match=says):
        load(file)
