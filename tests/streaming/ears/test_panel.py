"""All ears together, on synthesised speech of the bench."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streaming.ears import silero
from streaming.ears.opinions import CommandHeard, Opinion, Overlap, SpeechStarted, SpeechStopped, TurnEnd
from streaming.ears.panel import Ears, EarsModels
from streaming.ears.sound import Frame, Listener
from streaming.time import ms, ticks, to_ms

ROOT = Path(__file__).parents[3]
SPEECH = ROOT / "clients/bench/speech"
BEFORE = 1000
Pcm = npt.NDArray[np.int16]


def clip(name: str) -> tuple[Pcm, float, float]:
    """A clip in faint noise, and where in it speech begins and ends (40 dB below its loudest 5 ms), in ms."""
    with av.open(str(SPEECH / f"{name}.opus")) as container:
        sound = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
        sound = soxr.resample(sound.astype(np.float32), container.streams.audio[0].rate, 16_000)
    power = np.mean(sound[: len(sound) // 80 * 80].reshape(-1, 80) ** 2, axis=1)
    loud = np.flatnonzero(power > power.max() / 10_000)
    around = np.random.default_rng(0).normal(0, 3e-4, len(sound) + 32 * BEFORE)
    around[16 * BEFORE : 16 * BEFORE + len(sound)] += sound
    pcm = (np.clip(around, -1, 1) * 32767).astype(np.int16)
    return pcm, BEFORE + 5.0 * loud[0], BEFORE + 5.0 * (loud[-1] + 1)


@pytest.fixture(scope="module")
def models() -> EarsModels:
    return EarsModels()


def hear(ears: Ears, pcm: Pcm, played: bool = False) -> list[Opinion]:
    told: list[Opinion] = []
    for first in range(0, len(pcm), 160):
        t = ticks(first, 16_000)
        mic = pcm[first : first + 160]
        told += ears.push(mic, np.zeros_like(mic) if played else None, t)
        assert all(opinion.at <= t + ms(10) for opinion in told)
    return told


QUESTIONS = ["question-00-espeak", "question-06-flite", "question-09-festival"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_edges_of_speech_are_known_soon_and_put_where_they_are(models: EarsModels, name: str) -> None:
    pcm, first, last = clip(name)
    told = hear(Ears(models), pcm)
    started = next(opinion for opinion in told if isinstance(opinion, SpeechStarted))
    stopped = next(opinion for opinion in reversed(told) if isinstance(opinion, SpeechStopped))
    assert abs(to_ms(started.about) - first) <= 20
    assert to_ms(started.at) - first <= 100
    assert abs(to_ms(stopped.about) - last) <= 20
    assert to_ms(stopped.at) - last <= 120


@pytest.mark.parametrize("name", ["interruption-00-espeak", "interruption-01-flite", "command-01-festival"])
def test_an_interruption_is_called_one_within_200_ms(models: EarsModels, name: str) -> None:
    pcm, first, _ = clip(name)
    told = [opinion for opinion in hear(Ears(models), pcm, played=True) if isinstance(opinion, Overlap)]
    assert told[0].kind == "interruption"
    assert to_ms(told[0].at) - first <= 200


@pytest.mark.parametrize("number", range(20))
def test_coughs_and_hums_shorter_than_150_ms_are_no_interruption(models: EarsModels, number: int) -> None:
    pcm, _, _ = clip(f"short-{number:02}-{'cough' if number < 10 else 'hum'}")
    told = hear(Ears(models), pcm, played=True)
    overlaps = [opinion for opinion in told if isinstance(opinion, Overlap)]
    assert all(opinion.kind in ("noise", "backchannel") for opinion in overlaps)
    started = [opinion for opinion in told if isinstance(opinion, SpeechStarted)]
    stopped = [opinion for opinion in told if isinstance(opinion, SpeechStopped)]
    assert len(overlaps) == len(started)
    for overlap, stop in zip(overlaps, stopped, strict=True):
        assert told.index(overlap) < told.index(stop), "what it was must be told before that it is over"


def test_silence_and_steady_noise_are_not_speech(models: EarsModels) -> None:
    random = np.random.default_rng(0)
    assert hear(Ears(models), np.zeros(16_000, np.int16)) == []
    assert hear(Ears(models), random.normal(0, 800, 48_000).astype(np.int16)) == []


def test_words_within_a_pause_end_the_turn_or_are_a_command(models: EarsModels) -> None:
    pcm, _, last = clip("command-00-espeak")
    ears = Ears(models)
    hear(ears, pcm)
    told = ears.hear_words("Stop.", at=ms(last + 200))
    assert [type(opinion) for opinion in told] == [CommandHeard, TurnEnd]
    assert ears.hear_words("Stop.", at=ms(last + 300)) == []


def test_words_known_before_the_stop_are_judged_with_it(models: EarsModels) -> None:
    pcm, _, last = clip("question-00-espeak")
    ears = Ears(models)
    cut = round(last + 40) * 16
    hear(ears, pcm[:cut])
    assert ears.hear_words("What is the capital of France?", at=ticks(cut, 16_000), until=ms(last)) == []
    told = ears.push(pcm[cut:], None, ticks(cut, 16_000))
    assert [type(opinion) for opinion in told[:2]] == [SpeechStopped, TurnEnd]
    assert told[0].at == told[1].at


def test_sessions_that_share_weights_do_not_share_state(models: EarsModels) -> None:
    sounds = [clip(name)[0][:32_000] for name in QUESTIONS[:2]]
    alone = [hear(Ears(models), sound) for sound in sounds]
    both = [Ears(models), Ears(models)]
    together: list[list[Opinion]] = [[], []]
    for first in range(0, 32_000, 160):
        for ears, sound, told in zip(both, sounds, together, strict=True):
            told += ears.push(sound[first : first + 160], None, ticks(first, 16_000))
    assert together == alone


def test_after_a_reset_everything_is_forgotten(models: EarsModels) -> None:
    pcm, _, _ = clip(QUESTIONS[0])
    ears = Ears(models)
    told = hear(ears, pcm)
    ears.reset()
    assert hear(ears, pcm) == told


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 700), min_size=5, max_size=30))
def test_frames_do_not_depend_on_how_the_sound_is_cut(models: EarsModels, cuts: list[int]) -> None:
    sound = np.random.default_rng(1).normal(0, 3000, sum(cuts)).astype(np.int16)
    whole = list(Listener(models.silero).push(sound, None, 48))
    listener, pieces, first = Listener(models.silero), list[Frame](), 0
    for length in cuts:
        pieces += listener.push(sound[first : first + length], None, 48 + ticks(first, 16_000))
        first += length
    assert pieces == whole
    assert [frame.end for frame in whole] == [48 + ms(10 * (n + 1)) for n in range(len(sound) // 160)]


def test_the_network_runs_without_its_package_and_torch() -> None:
    code = (
        "import sys; from streaming.ears.panel import EarsModels; EarsModels(); "
        "sys.exit(bool({'silero_vad', 'torch'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install --no-deps silero-vad"):
        silero.weights_path()
