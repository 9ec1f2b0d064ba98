"""The code predictor: the other codebooks of a frame, drawn one after the other in one fused run.

Qwen3-Omni's multi-token prediction module: five layers that see the Talker's last hidden state and the first code, and
then each code in turn. Its memory lasts one frame, so that all passes are one function of tensors: one CUDA graph.
"""

from __future__ import annotations

import torch
from torch import Tensor
from transformers.models.qwen3_omni_moe.modeling_qwen3_omni_moe import (
    Qwen3OmniMoeTalkerCodePredictorModelForConditionalGeneration as Predictor,
)

from ..omni.cache import ScratchWindow
from ..omni.sampling import Sampling, draw

SAMPLING = Sampling(temperature=1.0, top_k=50, top_p=0.8)
"""As `transformers` passes it, the only place where it is published."""


def residual_codes(
    predictor: Predictor, hidden: Tensor, first: Tensor, how: Sampling, noise: Tensor
) -> tuple[Tensor, Tensor]:
    """The codes [batch, codebooks - 1] that follow from the Talker's `hidden` [batch, width] and the embedding `first`
    [batch, width] of the first code; and the sum of all embeddings of the frame, [batch, width].

    `noise`: [batch, codebooks - 1, `how.top_k`].
    """
    model, window = predictor.model, ScratchWindow()
    causal = torch.ones(2, 2, dtype=torch.bool, device=hidden.device).tril()[None, None]
    taken, total, codes = torch.stack((hidden, first), 1), first, []
    at = 0
    for group, head in enumerate(predictor.lm_head):
        mask = causal if not group else None
        made = model(
            inputs_embeds=taken,
            position_ids=torch.arange(at, at + taken.shape[1], device=hidden.device)[None],
            attention_mask=dict.fromkeys(model.config.layer_types, mask),
            past_key_values=window,
            use_cache=True,
        ).last_hidden_state
        at += taken.shape[1]
        code = draw(head(made[:, -1]), how, noise[:, group])
        embedded = model.codec_embedding[group](code)
        codes.append(code)
        total, taken = total + embedded, embedded[:, None]
    return torch.stack(codes, 1), total
