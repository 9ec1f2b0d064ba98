"""Trains the speaker encoder's projection: `python -m training.ears.train_speaker --out FOLDER`.

Resemblyzer's LSTM stays as it is: it knows people. Its three hidden states after 0.2 to 1.6 s of a synthetic voice, in
noise and rooms, are projected so that short stretches of one speaker lie together (additive angular margin softmax).
More speakers are made of the training voices by shifting their spectrum. Resumes from what lies in FOLDER.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

import numpy as np
import onnx
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from streaming.ears.mel import HOP, powers

from .noises import STEADY, generator, room, steady, through
from .pool import Clip, load
from .speaker_net import BANDS, HIDDEN, LAYERS, export
from .voices import RATE, Split

Floats = NDArray[np.float32]
LENGTHS = (20, 30, 40, 50, 80, 120, 160)
"""Frames of speech after which a voice is looked at."""
SHIFTS = {"train": (0.93, 1.0, 1.075), "validation": (1.0,), "test": (1.0,)}
A_VOICE = {"train": 36, "validation": 40, "test": 40}
"""Utterances of each speaker."""
LOUDNESS = 1e-3
"""Mean power that speech is brought to, as the encoder was trained on (-30 dBFS)."""
SIZE = 128
SHARE = 0.35
"""Of the projection in the similarity of two voices; the rest is Resemblyzer's own: it knows people."""


def pretrained() -> Path:
    """Resemblyzer's weights, inside the installed distribution, which is not imported.

    Raises `FileNotFoundError`, naming what to install.
    """
    spec = importlib.util.find_spec("resemblyzer")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "pretrained.pt"
        if path.is_file():
            return path
    raise FileNotFoundError("the speaker encoder is not installed: pip install --no-deps resemblyzer==0.1.4")


def encoder() -> tuple[nn.LSTM, nn.Linear]:
    """The LSTM and Resemblyzer's own last layer."""
    state = torch.load(pretrained(), map_location="cpu", weights_only=False)["model_state"]
    lstm, linear = nn.LSTM(BANDS, HIDDEN, LAYERS, batch_first=True), nn.Linear(HIDDEN, HIDDEN)
    lstm.load_state_dict({name[5:]: value for name, value in state.items() if name.startswith("lstm.")})
    linear.load_state_dict({name[7:]: value for name, value in state.items() if name.startswith("linear.")})
    return lstm.eval(), linear.eval()


def loudness(sound: Floats) -> Floats:
    """How loud speech was on average up to each frame, as the ear reckons it: float32[n // HOP] of powers."""
    frames = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    level = frames.var(axis=1) + 1e-12
    loud = level > 1e-3 * np.maximum.accumulate(level)
    return np.asarray(np.cumsum(level * loud) / np.maximum(np.cumsum(loud), 1), np.float32)


def heard(sound: Floats, random: np.random.Generator, split: Split, *, clean: bool) -> Floats:
    """Mel frames float32[160, BANDS] of the beginning of an utterance, as it may arrive at the ear."""
    if not clean:
        if random.random() < 0.5:
            sound = through(sound, room(split, int(random.integers(400))))
        kinds = STEADY[split]
        kind = kinds[int(random.integers(len(kinds)))]
        noise = steady(kind, split, int(random.integers(60)), 2.0)[: len(sound)]
        noise = np.resize(noise, len(sound))
        snr = random.uniform(8, 35)
        sound = sound + noise * np.sqrt(np.mean(sound**2)) * 10 ** (-snr / 20)
    sound = np.asarray(sound * 10 ** (random.uniform(-12, 6) / 20), np.float32)
    mel = powers(sound) * (LOUDNESS / np.maximum(loudness(sound), 1e-9))[:, None]
    return np.asarray(mel[: LENGTHS[-1]], np.float32)


def features(split: Split, lstm: nn.LSTM, *, clean_share: float = 0.3) -> tuple[Floats, NDArray[np.int64], list[str]]:
    """(float32[utterances, LENGTHS, 3 * 256], speaker of each, names of speakers); NaN where it was too short."""
    pool = load(split)
    by_voice: dict[str, list[Clip]] = {}
    for clip in pool.clips:
        if clip.samples >= 0.6 * RATE and clip.kind != "agent":
            by_voice.setdefault(clip.voice.removesuffix("/zh"), []).append(clip)
    random = generator(split, "speaker features")
    sounds, who, names = [], [], []
    for voice in sorted(by_voice):
        for shift in SHIFTS[split]:
            names.append(f"{voice}*{shift:g}")
            for number in random.choice(
                len(by_voice[voice]), A_VOICE[split], replace=len(by_voice[voice]) < A_VOICE[split]
            ):
                sound = np.asarray(pool.pcm(by_voice[voice][int(number)])[: 2 * RATE] / 32768, np.float32)
                if shift != 1.0:
                    sound = np.asarray(soxr.resample(sound, RATE * shift, RATE), np.float32)
                sounds.append(heard(sound, random, split, clean=random.random() < clean_share))
                who.append(len(names) - 1)
    found = np.full((len(sounds), len(LENGTHS), LAYERS * HIDDEN), np.nan, np.float32)
    order = np.argsort([len(sound) for sound in sounds])
    with torch.no_grad():
        for first in range(0, len(order), 64):
            some = order[first : first + 64]
            longest = max(len(sounds[number]) for number in some)
            mel = torch.zeros(len(some), longest, BANDS)
            for row, number in enumerate(some):
                mel[row, : len(sounds[number])] = torch.from_numpy(sounds[number])
            state = None
            at = 0
            for column, length in enumerate(LENGTHS):
                if length > longest:
                    break
                _, state = lstm(mel[:, at:length], state)
                at = length
                hidden = state[0].transpose(0, 1).reshape(len(some), -1).numpy()
                for row, number in enumerate(some):
                    if len(sounds[number]) >= length:
                        found[number, column] = hidden[row]
    return found, np.array(who), names


# --- training ---------------------------------------------------------------------------------


class Projection(nn.Module):
    """The hidden states of the LSTM -> a voice of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(LAYERS * HIDDEN, 256), nn.ReLU(), nn.Dropout(0.1), nn.Linear(256, SIZE))

    def forward(self, hidden: Tensor) -> Tensor:
        """float[n, 768] -> float[n, SIZE]."""
        return nn.functional.normalize(self.layers(hidden), dim=-1)


def train(
    found: Floats, who: NDArray[np.int64], speakers: int, steps: int, seed: int = 1
) -> tuple[Projection, list[float]]:
    """Additive angular margin softmax over single stretches of all lengths."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    net, centres = Projection(), nn.Parameter(torch.randn(speakers, SIZE))
    optimiser = torch.optim.AdamW([*net.parameters(), centres], lr=1e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    rows, columns = np.nonzero(~np.isnan(found[:, :, 0]))
    losses = []
    for _ in range(steps):
        some = random.integers(len(rows), size=512)
        hidden = torch.from_numpy(found[rows[some], columns[some]])
        cosine = net(hidden + 0.02 * torch.randn_like(hidden)) @ nn.functional.normalize(centres, dim=-1).T
        target = torch.from_numpy(who[rows[some]])
        angle = torch.acos(cosine.clamp(-0.999, 0.999))
        margin = torch.zeros_like(angle).scatter_(1, target[:, None], 0.2)
        loss = nn.functional.cross_entropy(20 * torch.cos(angle + margin), target)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return net.eval(), losses


def main() -> None:
    """Features (kept), training, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000)
    told = parser.parse_args()
    told.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    lstm, linear = encoder()
    kept = told.out / "speaker_train.npz"
    if not kept.is_file():
        found, who, names = features("train", lstm)
        np.savez(kept, found=found.astype(np.float16), who=who, names=np.array(names))
    with np.load(kept) as data:
        found, who, names = data["found"].astype(np.float32), data["who"], list(data["names"])
    if (told.out / "speaker.pt").is_file():
        net, losses = Projection(), json.loads((told.out / "speaker_loss.json").read_text("utf-8"))
        net.load_state_dict(torch.load(told.out / "speaker.pt"))
        net.eval()
    else:
        net, losses = train(found, who, len(names), told.steps)
    (told.out / "speaker_loss.json").write_text(json.dumps(losses), "utf-8")
    torch.save(net.state_dict(), told.out / "speaker.pt")
    state = {name: value.numpy() for name, value in net.layers.state_dict().items()}
    layers = [(state[f"{number}.weight"], state[f"{number}.bias"]) for number in (0, 3)]
    own = (linear.weight.detach().numpy(), linear.bias.detach().numpy())
    model = export({name: value.numpy() for name, value in lstm.state_dict().items()}, layers, own, SHARE)
    onnx.checker.check_model(model)
    onnx.save(model, told.out / "speaker.onnx")
    print(f"speaker.onnx: loss {np.mean(losses[:50]):.2f} -> {np.mean(losses[-50:]):.2f}")


if __name__ == "__main__":
    main()
