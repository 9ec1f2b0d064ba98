"""`python -m clients.desktop.bench.media_time`: does the agent hear itself? In media time, so that no load disturbs it.

Replies are played into the simulated room, what the microphone records goes through the assistant's own pairing, echo
canceller and resampler, and the server's ears (`streaming.ears`) listen to what is left. Then a person speaks over the
replies: how soon do the ears notice?
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from clients.bench.measure import Spread
from clients.bench.plan import Clip, clips
from streaming.ears.opinions import SpeechStarted
from streaming.ears.silero import Silero
from streaming.ears.sound import Listener
from streaming.ears.speech import SpeechEdges
from streaming.frames import Pcm
from streaming.resample import Resampler
from streaming.time import TICKS_PER_SECOND, ticks

from ..echo import FRAME, RATE, EchoCanceller
from ..pairing import Pairing
from .room import ECHO_DB, impulse_response

EARS_RATE = 16_000
EARS_FRAME = EARS_RATE // 100
PAUSE_S = 0.8
"""Between two replies."""
INTO_S = 0.7
"""How far into a reply the person speaks."""
NOTICED_S = 1.0
"""An onset that is noticed later was missed."""


def onsets(recorded: Pcm, rendered: Pcm, cancel: bool) -> list[tuple[float, float]]:
    """Where the server's ears hear somebody begin to speak: (about, known), s."""
    pairing, canceller = Pairing(), EchoCanceller(0.03)
    down, ears = Resampler(RATE, 24_000), Resampler(24_000, EARS_RATE)
    listener, edges = Listener(Silero()), SpeechEdges()
    found, waiting, at = [], np.zeros(0, np.int16), 0
    for first in range(0, len(recorded) - FRAME, FRAME):
        pairing.rendered(rendered[first : first + FRAME])
        pairing.recorded(recorded[first : first + FRAME])
        for heard, played in pairing.frames():
            clean = canceller.process(heard, played)
            waiting = np.concatenate((waiting, ears.push(down.push(clean if cancel else heard))))
        while len(waiting) >= EARS_FRAME:
            frame, waiting = waiting[:EARS_FRAME], waiting[EARS_FRAME:]
            found += [
                (opinion.about / TICKS_PER_SECOND, opinion.at / TICKS_PER_SECOND)
                for heard_frame in listener.push(frame, None, at)
                for opinion in edges.push(heard_frame)
                if isinstance(opinion, SpeechStarted)
            ]
            at += ticks(EARS_FRAME, EARS_RATE)
    return found


def evening(replies: int, delay_s: float, over: bool, cancel: bool) -> tuple[int, list[float], int]:
    """(false onsets, how late each true one was noticed in ms, how many were missed).

    `over`: in every second reply a person speaks over it.
    """
    agent = [clip for clip in clips() if clip.kind in ("question", "request") and clip.voice == "flite"]
    person = [clip for clip in clips() if clip.kind in ("command", "interruption") and clip.voice != "flite"]
    played: list[np.ndarray] = []
    said: list[tuple[float, Clip]] = []
    length = 0.0
    for number in range(replies):
        reply = np.concatenate([agent[(2 * number + part) % len(agent)].sound() for part in range(2)])
        if over and number % 2:
            said.append((length + INTO_S, person[(number // 2) % len(person)]))
        played.append(np.concatenate((reply, np.zeros(round(PAUSE_S * RATE), np.float32))))
        length += len(played[-1]) / RATE
    far = np.concatenate(played)
    near = np.zeros_like(far)
    for delay, factor in impulse_response(delay_s, 1):
        near[delay:] += far[: len(far) - delay] * np.float32(factor)
    for at, clip in said:
        sound = clip.sound()
        first = round(at * RATE)
        near[first : first + len(sound)] += sound[: len(near) - first]
    recorded, rendered = ((np.clip(sound, -1, 1) * 32767).astype(np.int16) for sound in (near, far))
    heard = onsets(recorded, rendered, cancel)
    late, missed = [], 0
    for at, _ in said:
        known = [known - at for _, known in heard if 0 <= known - at <= NOTICED_S]
        if known:
            late.append(min(known) * 1000)
        else:
            missed += 1
    spoken = [(at - 0.05, at + clip.sound().size / RATE + 0.3) for at, clip in said]
    false = sum(not any(start <= about <= end for start, end in spoken) for about, _ in heard)
    return false, late, missed


def main() -> int:
    made = argparse.ArgumentParser(prog="python -m clients.desktop.bench.media_time", description=__doc__)
    made.add_argument("--replies", type=int, default=50)
    chosen = made.parse_args()
    print(f"echo at {ECHO_DB:.0f} dB, {chosen.replies} replies (flite's voice); people are espeak and festival\n")
    print("| echo late by | canceller | the agent heard itself | user over its voice: noticed after | missed |")
    print("|---|---|---|---|---|")
    for delay_ms, cancel in ((40, True), (60, True), (80, True), (60, False)):
        alone = evening(chosen.replies, delay_ms / 1000, over=False, cancel=cancel)[0]
        _, late, missed = evening(chosen.replies, delay_ms / 1000, over=True, cancel=cancel)
        print(
            f"| {delay_ms} ms | {'on' if cancel else 'off'} | {alone} times in {chosen.replies} replies "
            f"| {Spread.of(late)} | {missed} of {missed + len(late)} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
