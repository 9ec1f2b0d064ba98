"""Whose voice it is: two people's recordings (in moonshine-voice, MIT) and the bench's synthetic voices."""

import importlib.util
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
import soxr

from streaming.ears.opinions import SpeechStarted, SpeechStopped, WhoIsIt
from streaming.ears.silero import Silero
from streaming.ears.sound import Listener
from streaming.ears.speaker import SpeakerEar
from streaming.ears.speech import SpeechEdges
from streaming.ears.voiceprint import Profile, VoiceEncoder, voice_of
from streaming.time import ms, ticks, to_ms

Floats = npt.NDArray[np.float32]
RATE = 16_000


def read(path: Path) -> Floats:
    with av.open(str(path)) as container:
        pcm = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
        rate = container.streams.audio[0].rate
    scale = 32768 if pcm.dtype == np.int16 else 1
    return np.asarray(soxr.resample(pcm.astype(np.float32) / scale, rate, RATE), np.float32)


@pytest.fixture(scope="module")
def people() -> dict[str, Floats]:
    """A reading of a man and one of a woman."""
    spec = importlib.util.find_spec("moonshine_voice")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "assets"
    return {name: read(folder / f"{name}.wav") for name in ("two_cities", "beckett")}


@pytest.fixture(scope="module")
def encoder() -> VoiceEncoder:
    return VoiceEncoder()


@pytest.fixture(scope="module")
def silero() -> Silero:
    return Silero()


class Session:
    """Frames, edges and the speaker ear, as in a call."""

    def __init__(self, silero: Silero, ear: SpeakerEar) -> None:
        self.ear = ear
        self._listener, self._edges = Listener(silero), SpeechEdges()
        self._random = np.random.default_rng(0)
        self._t = 0

    def hear(self, sound: Floats, played: bool = False) -> list[WhoIsIt]:
        """What is said of `sound`, in faint noise."""
        noisy = sound + self._random.normal(0, 3e-4, len(sound))
        pcm = (np.clip(noisy, -1, 1) * 32767).astype(np.int16)
        told = []
        for first in range(0, len(pcm) - 159, 160):
            for frame in self._listener.push(pcm[first : first + 160], None, self._t):
                edges: list[SpeechStarted | SpeechStopped] = self._edges.push(frame)
                told += self.ear.push(frame, edges, played)
            self._t += ticks(160, RATE)
        return told


SILENCE = np.zeros(RATE, np.float32)


def known(encoder: VoiceEncoder, sound: Floats) -> Profile:
    return Profile("user", voice_of(encoder, sound[: 5 * RATE]), 5.0)


def test_of_two_people_one_verdict_in_twenty_is_wrong_at_most_once_they_were_heard_for_a_second(
    encoder: VoiceEncoder, silero: Silero, people: dict[str, Floats]
) -> None:
    said = []
    for user, own in people.items():
        profile = known(encoder, own)
        for name, sound in people.items():
            heard = sound[5 * RATE : 20 * RATE]
            told = Session(silero, SpeakerEar(encoder, (profile,), learns=False)).hear(heard)
            right = "user" if name == user else "other"
            said += [(o.verdict, right) for o in told if o.at - o.about >= ms(780) and o.verdict != "unsure"]
    assert len(said) >= 12
    assert sum(verdict != right for verdict, right in said) <= 0.05 * len(said)


def test_the_user_becomes_known_by_turns_that_are_answered(
    encoder: VoiceEncoder, silero: Silero, people: dict[str, Floats]
) -> None:
    session = Session(silero, SpeakerEar(encoder))
    assert session.hear(people["beckett"][: 6 * RATE]) == []
    assert session.ear.people == ()
    session.hear(SILENCE, played=True)
    assert [person.name for person in session.ear.people] == ["user"]
    session.hear(SILENCE)
    stranger = session.hear(people["two_cities"][: 3 * RATE])
    assert "other" in [opinion.verdict for opinion in stranger]
    assert "user" not in [opinion.verdict for opinion in stranger]


def test_speech_that_was_never_answered_makes_nobody_known(
    encoder: VoiceEncoder, silero: Silero, people: dict[str, Floats]
) -> None:
    session = Session(silero, SpeakerEar(encoder))
    session.hear(people["beckett"][: 6 * RATE])
    for _ in range(9):
        session.hear(SILENCE)
    session.hear(SILENCE, played=True)
    assert session.ear.people == ()


def test_switched_off_it_neither_learns_nor_judges(
    encoder: VoiceEncoder, silero: Silero, people: dict[str, Floats]
) -> None:
    session = Session(silero, SpeakerEar(encoder, learns=False))
    session.hear(people["beckett"][: 6 * RATE])
    assert session.hear(SILENCE, played=True) == []
    assert session.ear.people == ()


def test_a_second_person_can_be_enrolled_and_then_both_are_the_user(
    encoder: VoiceEncoder, silero: Silero, people: dict[str, Floats]
) -> None:
    ear = SpeakerEar(encoder, (known(encoder, people["beckett"]),), learns=False)
    session = Session(silero, ear)
    ear.enrol("guest")
    session.hear(people["two_cities"][: 10 * RATE])
    session.hear(SILENCE)
    assert [person.name for person in ear.people] == ["user", "guest"]
    for sound in people.values():
        verdicts = [opinion.verdict for opinion in session.hear(sound[-4 * RATE :])]
        assert "user" in verdicts
        assert "other" not in verdicts
        session.hear(SILENCE)


def test_the_user_is_noticed_in_the_midst_of_a_strangers_speech(
    encoder: VoiceEncoder, silero: Silero, people: dict[str, Floats]
) -> None:
    session = Session(silero, SpeakerEar(encoder, (known(encoder, people["beckett"]),), learns=False))
    told = session.hear(np.concatenate((people["two_cities"][: 4 * RATE], people["beckett"][5 * RATE : 9 * RATE])))
    users = [opinion for opinion in told if opinion.verdict == "user"]
    assert users
    assert all(to_ms(opinion.about) >= 3800 for opinion in users)


def test_sessions_do_not_share_what_they_hear(encoder: VoiceEncoder, silero: Silero, people: dict[str, Floats]) -> None:
    first, second = (
        Session(silero, SpeakerEar(encoder, (known(encoder, sound),), learns=False)) for sound in people.values()
    )
    alone = first.hear(people["two_cities"][5 * RATE : 8 * RATE])
    again = Session(silero, SpeakerEar(encoder, (known(encoder, people["two_cities"]),), learns=False))
    together = []
    for at in range(5 * RATE, 8 * RATE, 1600):
        together += again.hear(people["two_cities"][at : at + 1600])
        second.hear(people["two_cities"][at : at + 1600])
    assert [opinion.verdict for opinion in together] == [opinion.verdict for opinion in alone]


def test_a_profile_can_be_kept_and_other_things_are_refused(encoder: VoiceEncoder, people: dict[str, Floats]) -> None:
    profile = known(encoder, people["beckett"])
    again = Profile.from_json(profile.to_json())
    assert (again.name, again.seconds, again.level) == (profile.name, profile.seconds, profile.level)
    assert float(again.voice @ profile.voice) == pytest.approx(1.0, abs=1e-3)
    for wrong in ("", "[]", "{}", profile.to_json().replace('"encoder": 1', '"encoder": 0')):
        with pytest.raises(ValueError, match="profile"):
            Profile.from_json(wrong)


def test_too_little_sound_is_refused(encoder: VoiceEncoder) -> None:
    with pytest.raises(ValueError, match="300 ms"):
        voice_of(encoder, SILENCE[:4000])
