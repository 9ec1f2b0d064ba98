"""The assistant at a desk: microphone, loudspeaker and a terminal."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence

NEEDED = ("livekit", "platformdirs", "sounddevice", "textual")


def main(arguments: Sequence[str]) -> int:
    """`colloquy talk`; exit status 1, and a sentence, where the extra is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"colloquy talk needs {', '.join(missing)}: pip install 'colloquy[desktop]'", file=sys.stderr)
        return 1
    from .main import main as talk

    return talk(arguments)
