"""Drawing codec tokens, against the processors of stock `generate`."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from transformers.generation.logits_process import (  # noqa: E402
    RepetitionPenaltyLogitsProcessor,
    SuppressTokensLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from talker.omni.sampling import Sampling, draw, penalised  # noqa: E402

VOCABULARY = 60


def test_penalty_and_suppression_are_those_of_generate() -> None:
    logits = torch.randn(3, VOCABULARY, generator=torch.Generator().manual_seed(1)) * 3
    said = torch.tensor([[1, 5, 5], [7, 8, 9], [2, 2, 2]])
    seen = torch.zeros(3, VOCABULARY, dtype=torch.bool).scatter(1, said, True)
    suppressed = torch.zeros(VOCABULARY, dtype=torch.bool)
    suppressed[[4, 40]] = True
    expected = SuppressTokensLogitsProcessor([4, 40])(said, RepetitionPenaltyLogitsProcessor(1.3)(said, logits.clone()))
    assert torch.equal(penalised(logits, seen, suppressed, 1.3), expected)


@pytest.mark.parametrize(("top_k", "top_p"), [(40, 0.8), (50, 1.0), (5, 0.5), (60, 0.05)])
def test_tokens_are_drawn_as_often_as_generate_would_draw_them(top_k: int, top_p: float) -> None:
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(1, VOCABULARY, generator=generator) * 2
    wanted = TopKLogitsWarper(top_k)(None, TemperatureLogitsWarper(0.9)(None, logits.clone()))
    if top_p < 1:
        wanted = TopPLogitsWarper(top_p)(None, wanted)
    count = 60_000
    noise = torch.rand(count, VOCABULARY, generator=generator)
    drawn = draw(logits.expand(count, -1), Sampling(temperature=0.9, top_k=top_k, top_p=top_p), noise)
    often = torch.bincount(drawn, minlength=VOCABULARY) / count
    assert not often[wanted[0].isinf()].any()
    assert float((often - wanted[0].softmax(-1)).abs().sum()) < 0.03
