"""Whole cases through the real ears: repeatable, resumable, apart from each other, and reported."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.ears.apart import listen, two_at_once
from benchmarks.ears.drafts import Draft, drafts
from benchmarks.ears.main import curve
from benchmarks.ears.play import kept, play, prepare_for, sample
from benchmarks.ears.scenes import scene
from clients.bench.ears import behaviour as did
from clients.bench.ears.bars import Apart, rows
from clients.bench.ears.log import Log
from thinker.nano.weights import moonshine

pytestmark = [
    pytest.mark.skipif(not all(map(shutil.which, ("espeak-ng", "flite", "festival"))), reason="needs synthesizers"),
    pytest.mark.skipif(moonshine() is None, reason="needs moonshine-voice 0.0.49"),
    pytest.mark.timeout(300),
]


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a person's own cache is read or written, but voices are rendered once."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))


def few(*names: str) -> list[Draft]:
    """The first quick cases of these scenarios, spoken by espeak, which is quick."""
    quick = [
        draft
        for draft in drafts()
        if all(piece.voice.startswith("espeak/") or not piece.voice for piece in draft.pieces)
        and draft.user.startswith("espeak/")
        and draft.condition in ("quiet", "echo")
        and draft.language == "en"
    ]
    found = [next(draft for draft in quick if draft.scenario == name) for name in names]
    return [replace(draft, agent="espeak/m7" if draft.user != "espeak/m7" else "espeak/Annie") for draft in found]


def test_a_case_that_is_played_twice_has_the_same_log() -> None:
    draft = few("interruption")[0]
    one, other = play(draft), play(draft)
    assert replace(one.log, cpu=0.0) == replace(other.log, cpu=0.0)
    assert one.log.cpu > 0
    assert did.talks_at(one.log, one.case.mark.first - 500), "the agent talks before it is interrupted"


def test_marks_are_where_the_voice_is() -> None:
    draft = replace(few("question")[0], noise=None, room=None)
    made = scene(draft)
    first, last = (round(at * 16) for at in (made.case.mark.first, made.case.mark.last))
    assert abs(made.mic[:first]).max() == 0
    assert abs(made.mic[first : first + 160]).max() > 0
    assert abs(made.mic[last - 160 : last]).max() > 0
    assert abs(made.mic[last:]).max() == 0


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    played: list[str] = []

    def made(name: str) -> Log:
        played.append(name)
        return Log(seconds=float(len(name)))

    first = kept("test", {"a": "a", "bb": "bb"}, made, Log, 1)
    from benchmarks.ears.play import kept_in

    place = next(kept_in().glob("*-test.jsonl"))
    place.write_bytes(place.read_bytes()[:-7])  # the machine went down in the middle of the last line
    again = kept("test", {"a": "a", "bb": "bb", "ccc": "ccc"}, made, Log, 1)
    assert played == ["a", "bb", "bb", "ccc"]
    assert again["a"] == first["a"]
    assert again["ccc"].seconds == 3.0


def test_two_sessions_at_once_hear_what_each_hears_alone() -> None:
    pair = few("interruption", "question")
    prepare_for(pair)
    figure = two_at_once(pair)
    assert figure.n == 2
    assert figure.value == 1.0


def test_rows_and_curve_come_of_real_results() -> None:
    chosen = few("interruption", "backchannel", "pause", "question")
    results = [play(draft) for draft in chosen]
    found = {(row.what, row.where): row for row in rows([result.trial for result in results], Apart())}
    assert found["yields to an interruption within 1.0 s", "quiet"].figure.n == 1
    assert found["processor: ears, share of one core", "all"].figure.value > 0
    points = curve(results)
    assert {point.kind for point in points} == {"ears", "limit"}
    assert all(point.cut_off.n == 1 for point in points)


def test_the_quick_cases_can_be_drawn_by_lot() -> None:
    assert len(sample(drafts(quick=True), 5)) == 5


def test_talk_without_commands_is_heard_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.ears.apart.MINUTES", 0.2)
    heard = listen(7)
    assert heard.seconds == pytest.approx(12.0)
    assert all(command in ("stop", "wait", "change_topic") for command, _ in heard.commands)
