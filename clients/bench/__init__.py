"""Real calls, measured at the ear: how long until it answers, how long until it is silent."""

from .main import main

__all__ = ["main"]
