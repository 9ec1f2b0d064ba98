"""Bars and the report: a bar that is missed is said to be missed, and by how much."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clients.bench.ears.bars import Apart, Row, right, rows
from clients.bench.ears.figures import NOTHING, Figure, rate
from clients.bench.ears.log import Log, Named, Trial
from clients.bench.ears.picture import draw
from clients.bench.ears.report import Point, Run, as_json, field, markdown
from tests.clients.bench.ears.timelines import case, talks, trial


def _some() -> list[Trial]:
    return [
        *(trial(talks(duck=(1080.0, 1200.0), cut=1200.0)) for _ in range(9)),
        trial(talks()),
        trial(talks(), "backchannel", last=1200.0),
        trial(talks(cut=1300.0), "stranger", who="other"),
        trial(talks(cut=1300.0), "command", command="stop"),
        Trial(case("interruption", tags=("real",)), talks()),
    ]


def test_a_bar_is_met_on_its_own_side_only() -> None:
    most = Row("w", "q", Figure(0.95, 0.9, 1.0, 100), 0.97)
    assert most.met is False
    assert most.verdict == "missed by 0.020"
    assert Row("w", "q", Figure(0.03, 0.0, 0.1, 100), 0.05, at_least=False).met is True
    assert Row("w", "q", NOTHING, 0.9).verdict == "not measured"
    assert Row("w", "q", Figure(float("inf"), 100, float("inf"), 9, "ms"), 170, False).verdict.startswith("missed")


def test_every_bar_of_the_benchmark_has_a_row_even_if_nothing_was_measured() -> None:
    nothing = rows([], Apart())
    judged = [row for row in nothing if row.bar is not None]
    assert len(judged) >= 35
    assert all(row.verdict == "not measured" for row in judged)


def test_rows_are_of_the_cases_that_they_name() -> None:
    found = {(row.what, row.where): row for row in rows(_some(), Apart(two_at_once=rate([True])))}
    assert found["yields to an interruption within 1.0 s", "quiet"].figure.value == 0.9
    assert found["yields to an interruption within 1.0 s", "quiet"].figure.n == 10
    assert found["stopped by a stranger, enrolled", "quiet"].verdict == "missed by 0.950"
    assert found["first reaction to interruptions and commands, T90", "quiet"].figure.n == 11
    assert found["real voices: every trial right", "two people"].figure.value == 0.0


def test_a_verdict_of_a_real_voice_is_right_if_it_names_who_spoke() -> None:
    told = Log(named=[Named("unsure", 1000, 1200, 0.3), Named("other", 1000, 1500, 0.1)])
    assert right(trial(told, "speaker", who="other"))
    assert not right(trial(told, "speaker", who="user"))
    assert not right(trial(Log(), "speaker", who="user"))


def test_the_report_names_every_bar_its_verdict_and_that_it_is_synthetic(tmp_path: Path) -> None:
    trials = _some()
    point = Point("ears", 1.0, rate([False, True]), Figure(300, 250, 350, 2, "ms"))
    run = Run("Ears", "How.", trials, rows(trials, Apart()), [point, Point("limit", 400, rate([True]), point.delay)])
    text = markdown(run, [("p.png", "picture")])
    assert "synthetic" in text
    for row in run.rows:
        assert row.what in text
    assert "missed by 0.070" in text
    again = json.loads(json.dumps(as_json(run)))
    assert len(again["bars"]) == len(run.rows)
    assert again["synthetic"] is True
    assert {figure for _, _, figure in field(trials) if figure.n == 0} == set()


@pytest.mark.timeout(90)
def test_pictures_are_drawn_of_whatever_there_is(tmp_path: Path) -> None:
    trials = _some()
    run = Run("Ears", "How.", trials, rows(trials, Apart()))
    drawn = draw(run, tmp_path, "ears")
    assert {name for name, _ in drawn} == {path.name for path in tmp_path.glob("*.png")}
    assert len(drawn) == 4
