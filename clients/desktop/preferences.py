"""What was chosen last time: devices, how turns are taken, light or dark."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from platformdirs import user_config_path


class Preferences(msgspec.Struct):
    """Kept as JSON in the user's configuration folder."""

    microphone: str = ""
    """A device's name; "" is the system's default."""
    loudspeaker: str = ""
    headphones: bool = False
    """The microphone cannot hear the loudspeaker: no echo is to be cancelled."""
    mode: Literal["hands-free", "push-to-talk"] = "hands-free"
    theme: Literal["dark", "light"] = "dark"
    volume: float = 1.0


def file() -> Path:
    """Where they are kept."""
    return user_config_path("colloquy") / "talk.json"


def load(path: Path) -> Preferences:
    """What was chosen last time; what cannot be read was not chosen."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Preferences)
    except (OSError, msgspec.MsgspecError):
        return Preferences()


def save(chosen: Preferences, path: Path) -> None:
    """Keeps `chosen`. Where nothing can be written, nothing is kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(chosen)))
    except OSError:
        return
