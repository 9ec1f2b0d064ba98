"""What makes Qwen3-Omni a family of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ..omni.family import Parts
from ..omni.perception import Stretches
from .ear import Qwen3Ear
from .eye import Qwen3Eye


def handing(
    x: torch.Tensor, hidden: torch.Tensor, accepted: torch.Tensor | None, media: torch.Tensor | None
) -> torch.Tensor:
    """The Talker is given words as they are, and media as the Thinker has understood them half-way."""
    return x if accepted is None or media is None else torch.where(media[:, None], accepted, x)


def stretches(config: Mapping[str, Any]) -> Stretches:
    """The marks; what is seen and heard is merged by time. One frame a second, two to a moment."""
    hears, sees = config["audio_start_token_id"], config["vision_start_token_id"]
    heard, seen = config.get("audio_end_token_id", hears + 1), config.get("vision_end_token_id", sees + 1)
    return Stretches(
        opens=(hears,),
        closes=(heard,),
        opens_both=(sees, hears),
        closes_both=(heard, seen),
        audio=config["audio_token_id"],
        video=config["video_token_id"],
        together=False,
        merged=True,
        moment=200,
    )


PARTS = Parts(Qwen3Ear, Qwen3Eye, handing, stretches)
