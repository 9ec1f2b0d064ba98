"""All cases as drafts: small, of names and numbers, the same for the same seed. Nothing is rendered here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from clients.bench.ears.log import Scenario
from training.ears.noises import STEADY, generator
from training.ears.texts import commands, lines, pauses
from training.ears.voices import Language, Voice

from .material import AGENTS, BURSTS, REAL, person, stretches, users

Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that sounds: speech of `voice`, or (without one) the burst `text`."""

    who: str
    text: str
    voice: str = ""
    gap: float = 0.0
    """ms after the piece before it."""
    gain_db: float = 0.0
    command: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A case, and how its sound is to be made."""

    name: str
    scenario: Scenario
    condition: str
    language: Language
    talking: bool
    user: str
    """Who is the user (the name of a voice), whose voice the ears are given if `enrolled`."""
    enrolled: bool
    pieces: tuple[Piece, ...]
    at: float
    """ms before the first piece."""
    tail: float
    """ms after the last piece."""
    agent: str
    agent_text: int
    noise: tuple[str, int, float] | None
    """Kind, number, and dB below speech."""
    room: int | None
    """The room that the speakers are in; None: close to the microphone."""
    echo: tuple[float, int] | None = None
    """Delay in ms, and the room."""
    tags: tuple[str, ...] = ()


COUNTS: dict[tuple[Scenario, str, Language], int] = {
    ("interruption", "quiet", "en"): 120, ("interruption", "babble10", "en"): 90, ("interruption", "quiet", "zh"): 40,
    ("backchannel", "quiet", "en"): 100, ("backchannel", "babble10", "en"): 60, ("backchannel", "quiet", "zh"): 30,
    ("burst", "quiet", "en"): 90, ("burst", "babble10", "en"): 60,
    ("aside", "quiet", "en"): 60, ("background", "quiet", "en"): 60,
    ("stranger", "quiet", "en"): 90, ("stranger", "babble10", "en"): 60, ("stranger_turn", "quiet", "en"): 90,
    ("speaker", "quiet", "en"): 240,
    ("command", "quiet", "en"): 100, ("command", "noise10", "en"): 90, ("command", "babble10", "en"): 90,
    ("command", "quiet", "zh"): 60,
    ("lookalike", "quiet", "en"): 60, ("lookalike", "quiet", "zh"): 20,
    ("echo", "echo", "en"): 200, ("echo_interruption", "echo", "en"): 60,
    ("pause", "quiet", "en"): 150, ("question", "quiet", "en"): 60, ("question", "quiet", "zh"): 20,
}  # fmt: skip
"""How many cases of what."""
SILENT: frozenset[Scenario] = frozenset(("stranger_turn", "speaker", "lookalike", "pause", "question"))
"""Scenarios in which the agent does not talk."""
ENROLLED: frozenset[Scenario] = frozenset(("aside", "background", "stranger", "stranger_turn", "speaker"))
"""Scenarios in which the user's voice must be known; of the others half."""
TAILS: dict[Scenario, float] = {"command": 3800.0, "echo_interruption": 1600.0, "speaker": 300.0}
TAIL = 2200.0
"""ms that a case goes on after its last sound: by its kind, and of the others."""
REAL_KNOWN = 2
"""Stretches of a real voice that its owner is known by."""
QUICK = 12
"""Every so many cases are in the quick subset."""


def drafts(seed: int = 0, quick: bool = False) -> list[Draft]:
    """Every case, in a fixed order. `quick`: a few of each kind."""
    found: list[Draft] = []
    for (scenario, condition, language), count in COUNTS.items():
        chosen = range(0, count, max(QUICK, count // 3) if quick else 1)
        found += [_draft(seed, scenario, condition, language, number) for number in chosen]
    return found + list(_real(seed))[:: QUICK if quick else 1]


def _draft(seed: int, scenario: Scenario, condition: str, language: Language, number: int) -> Draft:
    name = f"{scenario}-{condition}-{language}-{number:03}"
    random = generator("test", "ears benchmark", seed, name)
    everyone = users(language)
    # Every voice comes as often as any other, in another order for every kind of case.
    order = generator("test", "ears benchmark", seed, scenario, condition, language).permutation(len(everyone))
    user = everyone[order[number % len(everyone)]]
    agent = _agent(random, user)
    silent = scenario in SILENT
    draft = Draft(
        name=name,
        scenario=scenario,
        condition=condition,
        language=language,
        talking=not silent,
        user=user.name,
        enrolled=scenario in ENROLLED or number % 2 == 0,
        pieces=(),
        at=float(random.uniform(700, 1000) if silent else random.uniform(1200, 1900)),
        tail=TAILS.get(scenario, TAIL),
        agent=agent,
        agent_text=int(random.integers(4)),
        noise=_noise(condition, random),
        room=int(random.integers(1000)) if random.random() < 0.5 else None,
        echo=(float(random.uniform(40, 120)), int(random.integers(1000))) if condition == "echo" else None,
        tags=(user.engine, user.sex),
    )
    return PIECES[scenario](draft, random, user, number)


def _agent(random: Random, user: Voice) -> str:
    others = [name for name in AGENTS if name.split("@")[0] != user.name.split("@")[0]]
    return str(random.choice([name for name in others if name != person(user)]))


def _noise(condition: str, random: Random) -> tuple[str, int, float]:
    number = int(random.integers(10_000))
    if condition == "babble10":
        return "babble", number, 10.0
    if condition == "noise10":
        return str(random.choice([kind for kind in STEADY["test"] if kind != "babble"])), number, 10.0
    return str(random.choice(["pink", "fan"])), number, float(random.uniform(34, 44))


# --- what sounds, by scenario -----------------------------------------------------------------


def _user_says(kind: str) -> Callable[[Draft, Random, Voice, int], Draft]:
    def make(draft: Draft, random: Random, user: Voice, number: int) -> Draft:
        texts = lines(kind, "test", draft.language)  # type: ignore[arg-type]
        return replace(draft, pieces=(_said("user", user, str(random.choice(texts)), random),))

    return make


def _said(who: str, voice: Voice, text: str, random: Random, *, softer: float = 0.0, gap: float = 0.0) -> Piece:
    return Piece(who, text, voice.name, gap, round(float(random.uniform(-5, 3)) - softer, 2))


def _command(draft: Draft, random: Random, user: Voice, number: int) -> Draft:
    said = commands(draft.language)
    text = list(said)[number % len(said)]
    piece = replace(_said("user", user, text, random), command=said[text])
    return replace(draft, pieces=(piece,))


def _burst(draft: Draft, random: Random, user: Voice, number: int) -> Draft:
    kinds = BURSTS["test"]
    kind = kinds[number % len(kinds)]
    piece = Piece("thing", kind, gain_db=round(float(random.uniform(-3, 0)), 2), number=int(random.integers(100_000)))
    return replace(draft, pieces=(piece,), tags=(*draft.tags, kind))


def _aside(draft: Draft, random: Random, user: Voice, number: int) -> Draft:
    text = str(random.choice(lines("aside", "test")))
    return replace(draft, pieces=(_said("user", user, text, random, softer=3.0),))


def _stranger(user: Voice, random: Random, number: int) -> tuple[Voice, tuple[str, ...]]:
    """Somebody else: every second one of the user's engine and sex, if there is one."""
    own = user.name.split("@")[0]
    others = [voice for voice in users(user.language) if voice.name.split("@")[0] != own]
    near = [voice for voice in others if (voice.engine, voice.sex) == (user.engine, user.sex)]
    chosen = near if near and number % 2 == 0 else others
    other = chosen[int(random.integers(len(chosen)))]
    return other, (("near",) if (other.engine, other.sex) == (user.engine, user.sex) else ())


def _others_say(softer: tuple[float, float]) -> Callable[[Draft, Random, Voice, int], Draft]:
    def make(draft: Draft, random: Random, user: Voice, number: int) -> Draft:
        other, tags = _stranger(user, random, number // 2)
        kind = ("interruption", "question", "command", "long")[number % 4]
        if draft.scenario == "speaker" and kind == "command":
            kind = "long"
        text = str(random.choice(lines(kind, "test")))  # type: ignore[arg-type]
        piece = _said("other", other, text, random, softer=float(random.uniform(*softer)))
        return replace(draft, pieces=(piece,), tags=(*draft.tags, *tags))

    return make


def _speaker(draft: Draft, random: Random, user: Voice, number: int) -> Draft:
    if number % 2:
        return _others_say((0.0, 0.0))(draft, random, user, number)
    return replace(draft, pieces=(_said("user", user, str(random.choice(lines("long", "test"))), random),))


def _pause(draft: Draft, random: Random, user: Voice, number: int) -> Draft:
    turns = pauses("test", draft.language)
    first, second = turns[int(random.integers(len(turns)))]
    one = _said("user", user, first, random)
    two = Piece("user", second, user.name, float(random.uniform(600, 1600)), one.gain_db)
    return replace(draft, pieces=(one, two))


def _echo(draft: Draft, random: Random, user: Voice, number: int) -> Draft:
    return replace(draft, pieces=(), at=500.0, tail=8000.0)


PIECES: dict[Scenario, Callable[[Draft, Random, Voice, int], Draft]] = {
    "interruption": _user_says("interruption"),
    "backchannel": _user_says("backchannel"),
    "burst": _burst,
    "aside": _aside,
    "background": _others_say((10.0, 18.0)),
    "stranger": _others_say((0.0, 3.0)),
    "stranger_turn": _others_say((0.0, 3.0)),
    "speaker": _speaker,
    "command": _command,
    "lookalike": _user_says("lookalike"),
    "echo": _echo,
    "echo_interruption": _user_says("interruption"),
    "pause": _pause,
    "question": _user_says("question"),
}


# --- real voices ------------------------------------------------------------------------------


def _real(seed: int) -> Iterator[Draft]:
    """Each of the two as a user who interrupts and asks, and as a stranger to the other and to a synthetic user."""
    for user in REAL:  # by the first stretches their voices are known
        other = REAL[1 - REAL.index(user)]
        for number in range(REAL_KNOWN, len(stretches(user))):
            for scenario, enrolled in (("interruption", True), ("question", True)):
                yield _real_draft(seed, scenario, user, user, number, enrolled)  # type: ignore[arg-type]
        for number in range(len(stretches(other))):
            for scenario in ("stranger", "stranger_turn", "speaker"):
                yield _real_draft(seed, scenario, user, other, number, True)  # type: ignore[arg-type]


def _real_draft(seed: int, scenario: Scenario, user: str, speaks: str, number: int, enrolled: bool) -> Draft:
    name = f"{scenario}-real-{user}-{speaks}-{number:02}"
    random = generator("test", "ears benchmark", seed, name)
    piece = Piece("user" if speaks == user else "other", str(number), f"real/{speaks}")
    silent = scenario in SILENT
    at = float(random.uniform(700, 1000) if silent else random.uniform(1200, 1900))
    return Draft(
        name, scenario, "quiet", "en", not silent, f"real/{user}", enrolled, (piece,), at, TAILS.get(scenario, TAIL),
        str(random.choice(AGENTS)), int(random.integers(4)), _noise("quiet", random), None, tags=("real",),
    )  # fmt: skip
