"""The real Thinker's hand-overs say what the stock modules say."""

from __future__ import annotations

from pathlib import Path

import tiny_qwen25 as tiny
import torch
from speaking import speak
from thinking import handed, thinker

from talker.omni.sampling import Sampling
from talker.qwen2_5_omni.talker import Qwen25OmniTalker
from thinker.qwen2_5_omni import FAMILY


def test_thinker_and_talker_together_draw_the_codes_of_the_stock_modules(tmp_path: Path) -> None:
    model = tiny.model()
    turns = [
        ("system", tiny.turn(tiny.SYSTEM, 30, 31)),
        ("user", tiny.turn(tiny.USER, 40, 41, 42)),
        ("assistant", list(tiny.OPENING)),
    ]
    words = [50, 60, 61, 50, 72]
    expected = tiny.reference(model, [token for _, tokens in turns for token in tokens], words, 30)
    pieces = handed(thinker(FAMILY, model, tmp_path), turns, words)
    special, begins = tiny.special(model)
    greedy = Sampling(top_k=1, penalty=1.05, greedy=True)
    made = Qwen25OmniTalker(model.config, model.talker, special, begins, 1, 512, greedy, 30)
    made.open(0)
    assert torch.equal(speak(made, 0, pieces), expected)
