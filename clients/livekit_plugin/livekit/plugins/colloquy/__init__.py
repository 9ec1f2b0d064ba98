"""Colloquy, a full-duplex voice agent that you run yourself, as a realtime model for livekit-agents."""

from __future__ import annotations

from livekit.agents import Plugin

from .log import logger
from .model import RealtimeModel
from .session import RealtimeSession

__version__ = "0.1.0"
__all__ = ["RealtimeModel", "RealtimeSession", "__version__"]


class ColloquyPlugin(Plugin):
    """Tells livekit-agents that it is here."""

    def __init__(self) -> None:
        super().__init__("livekit.plugins.colloquy", __version__, "livekit.plugins.colloquy", logger)


Plugin.register_plugin(ColloquyPlugin())
