"""The real Thinker's hand-overs say what stock `generate` says."""

from __future__ import annotations

from pathlib import Path

import tiny_qwen3 as tiny
import torch
from speaking import speak
from thinking import handed, thinker

from talker.omni.sampling import Sampling
from talker.qwen3_omni.talker import Qwen3OmniTalker
from thinker.qwen3_omni import FAMILY


def test_thinker_and_talker_together_draw_the_codes_of_stock_generate(tmp_path: Path) -> None:
    model = tiny.model()
    turns = [
        ("system", tiny.turn(tiny.SYSTEM, 30, 31)),
        ("user", tiny.turn(tiny.USER, 40, 41, 42)),
        ("assistant", tiny.turn(tiny.ASSISTANT, 50, 51)),
        ("user", tiny.turn(tiny.USER, 60, 61)),
        ("assistant", list(tiny.OPENING)),
    ]
    stock = tiny.stock(model, [token for _, tokens in turns for token in tokens], 8, 30)
    pieces = handed(thinker(FAMILY, model, tmp_path), turns, stock.reply)
    greedy = Sampling(top_k=1, penalty=1.05, greedy=True)
    made = Qwen3OmniTalker(model.config, model.talker, tiny.special(model), 1, 512, greedy, 30)
    made.open(0)
    assert torch.equal(speak(made, 0, pieces), stock.codes)
