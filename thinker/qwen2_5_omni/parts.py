"""What makes Qwen2.5-Omni a family of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ..omni.family import Parts
from ..omni.perception import Stretches
from .ear import Qwen25Ear
from .eye import Qwen25Eye


def handing(
    x: torch.Tensor, hidden: torch.Tensor, accepted: torch.Tensor | None, media: torch.Tensor | None
) -> torch.Tensor:
    """The Talker hears of every token its embedding and what the Thinker made of it; of media the latter alone."""
    return hidden + (x if media is None else x.masked_fill(media[:, None], 0.0))


def stretches(config: Mapping[str, Any]) -> Stretches:
    """The marks; within two seconds, all that is seen comes first. Two frames a second, two to a moment."""
    hears, sees = config["audio_start_token_id"], config["vision_start_token_id"]
    heard, seen = config.get("audio_end_token_id", hears + 1), config.get("vision_end_token_id", sees + 1)
    return Stretches(
        opens=(hears,),
        closes=(heard,),
        opens_both=(sees, hears),
        closes_both=(heard, seen),
        audio=config["audio_token_index"],
        video=config["video_token_index"],
        together=True,
        merged=False,
        moment=100,
    )


PARTS = Parts(Qwen25Ear, Qwen25Eye, handing, stretches)
