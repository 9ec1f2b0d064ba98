"""What is played: enough of it, of everybody, the same for the same seed, and nothing of it known from training."""

from __future__ import annotations

from collections import Counter

from benchmarks.ears.drafts import ENROLLED, SILENT, drafts
from benchmarks.ears.play import sample
from clients.bench.ears.log import SCENARIOS
from training.ears.voices import voices


def test_there_are_more_than_a_thousand_cases_of_every_scenario_and_no_two_of_one_name() -> None:
    made = drafts()
    assert len(made) > 1000
    assert {draft.scenario for draft in made} == set(SCENARIOS)
    assert len({draft.name for draft in made}) == len(made)


def test_the_same_seed_gives_the_same_cases_and_another_seed_others() -> None:
    assert drafts(3) == drafts(3)
    assert drafts(3) != drafts(4)


def test_voices_are_of_the_test_split_or_real_and_twenty_people_at_least_interrupt() -> None:
    allowed = {voice.name for voice in voices("test")}
    trained = {voice.base for voice in voices("train")}
    for draft in drafts():
        names = {draft.user, draft.agent, *(piece.voice for piece in draft.pieces if piece.voice)}
        assert all(name in allowed or name.startswith("real/") for name in names)
    assert not {voice.base for voice in voices("test")} & trained
    interrupts = Counter(draft.user for draft in drafts() if draft.scenario == "interruption")
    assert len(interrupts) >= 20


def test_a_stranger_is_never_the_user_nor_the_agents_voice_the_users() -> None:
    for draft in drafts():
        for piece in draft.pieces:
            if piece.who == "other":
                assert piece.voice != draft.user
        assert draft.agent != draft.user


def test_whoever_must_be_known_is_and_the_agent_is_silent_where_it_must_be() -> None:
    for draft in drafts():
        assert draft.enrolled or draft.scenario not in ENROLLED
        assert draft.talking is (draft.scenario not in SILENT)


def test_the_quick_cases_are_some_of_every_scenario() -> None:
    quick = drafts(quick=True)
    assert {draft.scenario for draft in quick} == set(SCENARIOS)
    assert set(quick) <= set(drafts())
    assert len(quick) < 150


def test_a_greater_sample_holds_the_smaller_one() -> None:
    everything = drafts()
    small, great = sample(everything, 100), sample(everything, 400)
    assert len(small) == 100
    assert set(small) < set(great) < set(everything)
