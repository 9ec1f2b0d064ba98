"""Colloquy in LiveKit rooms: a livekit-agents worker that is a client of the wire, one call a room."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """`colloquy room ...`: runs until stopped, and returns the exit status."""
    import sys

    try:
        from .command import main as run
    except ModuleNotFoundError as missing:
        if missing.name is None or not missing.name.startswith("livekit"):
            raise
        print("colloquy: rooms need the LiveKit SDK: pip install 'colloquy[livekit]'", file=sys.stderr)
        return 2
    return run(arguments)
