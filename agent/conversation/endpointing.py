"""How long a pause ends a turn."""

from __future__ import annotations

from streaming.time import Time

from .settings import ConversationSettings

SURE, OPEN, UNLIKELY = 0.9, 0.5, 0.2


def pause_needed(probability: float | None, settings: ConversationSettings) -> Time:
    """The pause that ends a turn which is over with `probability` (None: no opinion), in ticks.

    Straight lines between three corners, level outside of them.
    """
    if probability is None:
        return settings.pause_if_open
    if probability >= OPEN:
        low, high, at_low, at_high = OPEN, SURE, settings.pause_if_open, settings.pause_if_sure
    else:
        low, high, at_low, at_high = UNLIKELY, OPEN, settings.pause_if_unlikely, settings.pause_if_open
    share = min(1.0, max(0.0, (probability - low) / (high - low)))
    return round(at_low + share * (at_high - at_low))
