"""Tool calls in the stream of text: found as they begin, never spoken, and read when they are whole."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from ..joints import Call
from .template import CALL_CLOSES, CALL_OPENS


@dataclass
class CallFilter:
    """Parts a reply's text into what is spoken and what is a call.

    Text that may turn out to begin a call is held back until it is known.
    """

    names: Collection[str]
    """Functions that may be called."""
    held: str = ""
    inside: bool = False

    def push(self, text: str) -> tuple[str, list[Call]]:
        """What of the text so far may be spoken now, and calls that became whole. Broken calls vanish."""
        self.held += text
        spoken, calls = "", []
        while True:
            mark = CALL_CLOSES if self.inside else CALL_OPENS
            before, found, after = self.held.partition(mark)
            if not found:
                break
            if not self.inside:
                spoken += before
            elif call := read(before, self.names):
                calls.append(call)
            self.inside, self.held = not self.inside, after
        if not self.inside:
            kept = _begun(self.held, CALL_OPENS)
            spoken, self.held = spoken + self.held[: len(self.held) - kept], self.held[len(self.held) - kept :]
        return spoken, calls

    def end(self) -> tuple[str, list[Call]]:
        """The reply is over: what was held back is spoken, or is a call that only lacks its end."""
        held, self.held = self.held, ""
        if not self.inside:
            return held, []
        call = read(held, self.names)
        return "", [call] if call else []


def read(text: str, names: Collection[str]) -> Call | None:
    """The call that `text` describes, or None where it is no JSON, or calls what may not be called."""
    try:
        described = json.loads(text)
    except ValueError:
        return None
    if not isinstance(described, dict):
        return None
    name, arguments = described.get("name"), described.get("arguments", {})
    known = isinstance(name, str) and name in names and isinstance(arguments, dict)
    return Call(str(name), json.dumps(arguments)) if known else None


def _begun(text: str, mark: str) -> int:
    """How many characters at the end of `text` begin `mark`."""
    return next((n for n in range(min(len(text), len(mark) - 1), 0, -1) if mark.startswith(text[-n:])), 0)
