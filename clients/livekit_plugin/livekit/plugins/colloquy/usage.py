"""What a response cost, as livekit-agents counts it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from livekit.agents.metrics import RealtimeModelMetrics

from .generation import Generation

if TYPE_CHECKING:
    from .model import RealtimeModel


def metrics(generation: Generation, model: RealtimeModel, cancelled: bool) -> RealtimeModelMetrics:
    """Times of a response that is over. Tokens are not counted: the machine is the user's own."""
    first = generation.first_sound
    return RealtimeModelMetrics(
        label=model.label,
        request_id=generation.response_id,
        timestamp=generation.began,
        duration=time.time() - generation.began,
        ttft=-1 if first is None else first - generation.began,
        cancelled=cancelled,
        input_token_details=RealtimeModelMetrics.InputTokenDetails(),
        output_token_details=RealtimeModelMetrics.OutputTokenDetails(),
    )
