"""The framework's tools, as the wire describes them."""

from __future__ import annotations

from typing import Any

from livekit.agents import llm

from .log import logger


def tools_to_wire(tools: list[llm.Tool]) -> list[dict[str, Any]]:
    """Function tools, described; others are left out, with a warning."""
    found = []
    for tool in tools:
        if isinstance(tool, llm.FunctionTool):
            found.append(llm.utils.build_legacy_openai_schema(tool, internally_tagged=True))
        elif isinstance(tool, llm.RawFunctionTool):
            described = {name: value for name, value in tool.info.raw_schema.items() if name != "meta"}
            found.append({**described, "type": "function"})
        else:
            logger.warning("the server knows no such tool, it was left out", extra={"tool": type(tool).__name__})
    return found


def tool_choice_to_wire(choice: llm.ToolChoice | None) -> str | dict[str, Any]:
    """`auto`, `none`, `required`, or a function by its name."""
    if isinstance(choice, dict):
        return {"type": "function", "name": choice["function"]["name"]}
    return choice or "auto"
