"""The engine's speed script, with tiny models on the processor: every kind of case once."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

if not (find_spec("torch") and find_spec("transformers")):
    pytest.skip("torch and transformers are not installed", allow_module_level=True)

from benchmarks.engine import MORE_TO_DO, cases, main


@pytest.mark.parametrize(
    "case", ["qwen3-omni-30b-a3b engine 2 callers", "qwen2.5-omni-3b engine stopped", "qwen3-omni-30b-a3b stock"]
)
def test_a_case_is_measured_written_down_and_not_run_again(case: str, tmp_path: Path) -> None:
    (case,) = [name for name in cases(tiny=True) if case in name]
    out = tmp_path / "result.json"
    assert main(["--out", str(out), "--tiny", "--only", case]) == 0
    first = json.loads(out.read_text())
    assert "failed" not in first[case]
    assert first[case]["turns"] >= 1
    assert first[case]["first_sound_ms_p50"] > 0
    assert first["weights"] == "random, tiny"
    assert main(["--out", str(out), "--tiny", "--only", case]) == 0
    assert json.loads(out.read_text()) == first


def test_no_case_is_begun_that_would_not_end_within_the_slice(tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    assert main(["--out", str(out), "--tiny", "--slice", "1"]) == MORE_TO_DO
    assert not out.exists()
