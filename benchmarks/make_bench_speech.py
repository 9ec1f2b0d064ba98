"""Makes the speech that the bench calls with: `python -m benchmarks.make_bench_speech`.

Needs espeak-ng, flite and festival with the voice cmu_us_slt_arctic_hts on the PATH (the made files ship with the
project, so nobody else needs them). Every clip is trimmed to its sound, levelled, and written as Ogg Opus with a
manifest that says what is spoken, by which voice, and where in the clip speech begins and ends.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import wave
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

RATE = 48_000
FOLDER = Path(__file__).parent.parent / "clients/bench/speech"

QUESTIONS = [
    "What is the capital of France?",
    "How many days are there in a week?",
    "What color is the sky on a clear day?",
    "Can you tell me what a rainbow is?",
    "Which planet is closest to the sun?",
    "How do I make a cup of tea?",
    "What do bees make?",
    "Why is the sea salty?",
    "Who wrote Romeo and Juliet?",
    "What is the largest animal in the world?",
    "How can I sleep better at night?",
    "What should I cook for dinner tonight?",
]
REQUESTS = [
    "Tell me a long story about a dragon who lived in the mountains.",
    "Please explain to me in detail how an airplane can fly.",
    "Tell me everything you know about the history of bread.",
    "Describe a walk through a forest in the autumn, with many details.",
]
INTERRUPTIONS = [
    "No, that is not what I wanted to know.",
    "Sorry, can I ask you something else?",
    "Actually, let us talk about the weather.",
    "Excuse me, how long does that take?",
    "Okay but what about the other one?",
    "I think you are wrong about that.",
]
COMMANDS = ["Stop.", "Wait a moment.", "Hold on."]


def espeak(text: str, out: Path) -> None:
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "160", "-w", str(out), text], check=True)


def flite(text: str, out: Path) -> None:
    subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(out)], check=True)


def festival(text: str, out: Path) -> None:
    script = f'(voice_cmu_us_slt_arctic_hts)(utt.save.wave (utt.synth (Utterance Text "{text}")) "{out}" (quote riff))'
    subprocess.run(["festival", "--pipe"], input=script, text=True, check=True, capture_output=True)


VOICES = {"espeak": espeak, "flite": flite, "festival": festival}


def read(path: Path) -> NDArray[np.float64]:
    """A mono WAV file at 48 kHz, in [-1, 1]."""
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
        return np.asarray(soxr.resample(pcm, file.getframerate(), RATE), np.float64)


def trim(pcm: NDArray[np.float64], below_db: float = -40.0) -> NDArray[np.float64]:
    """Cuts what is quieter than `below_db` under the loudest 10 ms off both ends."""
    hop = RATE // 100
    levels = np.array([np.sqrt(np.mean(pcm[i : i + hop] ** 2)) for i in range(0, len(pcm) - hop, hop)])
    loud = np.flatnonzero(levels > levels.max() * 10 ** (below_db / 20))
    return pcm[loud[0] * hop : (loud[-1] + 1) * hop]


def level(pcm: NDArray[np.float64], dbfs: float = -23.0) -> NDArray[np.float64]:
    """Scales to an RMS of `dbfs`, without clipping."""
    pcm = pcm * 10 ** (dbfs / 20) / max(float(np.sqrt(np.mean(pcm**2))), 1e-9)
    return pcm / max(1.0, float(np.abs(pcm).max()) / 0.95)


def cough(seed: int) -> NDArray[np.float64]:
    """A burst of shaped noise of 90 to 145 ms, as a cough or a cleared throat is: sharp attack, falling noise."""
    random = np.random.default_rng(seed)
    length = int(RATE * random.uniform(0.09, 0.145))
    t = np.arange(length) / RATE
    noise = np.convolve(
        random.standard_normal(length), np.hanning(int(RATE * random.uniform(0.0002, 0.0008)) + 3), "same"
    )
    return (
        noise
        * np.minimum(t / 0.008, 1)
        * np.exp(-t / random.uniform(0.03, 0.06))
        * np.clip((length / RATE - t) / 0.015, 0, 1)
    )


def hum(seed: int) -> NDArray[np.float64]:
    """A nasal "mm" of 100 to 145 ms: a few harmonics under 1 kHz with a soft rise and fall."""
    random = np.random.default_rng(seed)
    length = int(RATE * random.uniform(0.10, 0.145))
    t = np.arange(length) / RATE
    pitch = random.uniform(95, 210) * (1 - random.uniform(-0.1, 0.2) * t / t[-1])
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(k * phase) / k**1.6 for k in range(1, 6))
    return np.asarray(voice * np.sin(np.pi * np.arange(length) / length) ** 0.7)


def write(pcm: NDArray[np.float64], path: Path) -> None:
    """Ogg Opus, 48 kbit/s mono."""
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono", options={"b": "48000"})
        frame = av.AudioFrame.from_ndarray((pcm * 32767).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def main() -> None:
    clips = []
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch) / "x.wav"
        groups = (
            ("question", QUESTIONS),
            ("request", REQUESTS),
            ("interruption", INTERRUPTIONS),
            ("command", COMMANDS),
        )
        for kind, texts in groups:
            for number, text in enumerate(texts):
                for voice, speak in VOICES.items():
                    speak(text, wav)
                    clips.append((f"{kind}-{number:02}-{voice}", kind, text, voice, level(trim(read(wav)))))
    clips += [(f"short-{seed:02}-cough", "short", "", "cough", level(cough(seed))) for seed in range(10)]
    clips += [(f"short-{seed:02}-hum", "short", "", "hum", level(hum(seed))) for seed in range(10, 20)]
    manifest = []
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, kind, text, voice, pcm in clips:
        write(pcm, FOLDER / f"{name}.opus")
        manifest.append(
            {"file": f"{name}.opus", "kind": kind, "text": text, "voice": voice, "ms": round(len(pcm) / 48)}
        )
    (FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
