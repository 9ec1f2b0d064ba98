"""The ears of one session: every ear hears the same frames, and their opinions come out in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from streaming.time import Time

from .commands import CommandEar, Phrases
from .completeness import Completeness
from .opinions import CommandName, Opinion, SpeechStopped
from .overlap import OverlapEar
from .silero import Silero
from .sound import Listener
from .speaker import Lesson, SpeakerEar
from .speech import SpeechEdges
from .turn_end import TurnEndEar
from .voiceprint import Profile, VoiceEncoder
from .words import SpokenWords

Pcm = npt.NDArray[np.int16]


class EarsModels:
    """The weights that all sessions share. They may be used from several threads at once."""

    def __init__(self) -> None:
        """Raises `FileNotFoundError`, naming what to install."""
        self.silero = Silero()
        self.voices = VoiceEncoder()
        self.completeness = Completeness()


class Ears:
    """Everything that one session hears with. To be called from one thread at a time."""

    def __init__(
        self,
        models: EarsModels,
        commands: Mapping[str, CommandName] | None = None,
        people: Sequence[Profile] = (),
        *,
        learns: bool = True,
    ) -> None:
        """`commands`: further phrases to obey, as they are spoken, and the command that each is.

        `people`: who is known from the beginning; all others are strangers then. `learns`: the user becomes known by
        talking. Without either everybody is the user.
        """
        self._models = models
        self._phrases = Phrases(commands)
        self._speaker = SpeakerEar(models.voices, tuple(people), learns)
        self.reset()

    def reset(self) -> None:
        """Forget all that was heard, but not whose voice is known."""
        self._listener = Listener(self._models.silero)
        self._edges = SpeechEdges()
        self._overlap = OverlapEar()
        self._words = SpokenWords()
        self._turn_end = TurnEndEar(self._models.completeness)
        self._commands = CommandEar(self._phrases)
        known = self._speaker
        self._speaker = SpeakerEar(known.encoder, known.people, known.learns, known.asked)

    @property
    def people(self) -> tuple[Profile, ...]:
        """Who is known; it changes as the ears learn."""
        return self._speaker.people

    @people.setter
    def people(self, people: Sequence[Profile]) -> None:
        self._speaker.people = tuple(people)

    @property
    def learns(self) -> bool:
        """Whether the user becomes known by talking, and better known by and by."""
        return self._speaker.learns

    @learns.setter
    def learns(self, learns: bool) -> None:
        self._speaker.learns = learns

    def enrol(self, name: str | None) -> None:
        """Whoever speaks next becomes known as `name`, beside those who are; None: nobody does, after all."""
        self._speaker.enrol(name)

    @property
    def learning(self) -> Lesson | None:
        """How far the last `enrol` has come; None: it is done, or nobody asked."""
        return self._speaker.lesson

    def push(self, mic: Pcm, played: Pcm | None, t: Time) -> list[Opinion]:
        """Take in the next sound of the microphone; returns what it makes known, in order.

        `mic`: int16[n] mono at 16 kHz of any length (frames of 10 ms are told soonest), without gaps between calls.
        `played`: what the agent sends meanwhile, int16[n] at 16 kHz, silence if that is not known; None: nothing of it
        is audible or about to be. Its echo is expected from then on, up to 0.4 s later.
        `t`: media time of the first sample of `mic`.
        """
        opinions: list[Opinion] = []
        for frame in self._listener.push(mic, played, t):
            edges = self._edges.push(frame)
            overlaps = self._overlap.push(frame, edges, played is not None)
            # What a sound was is told before that it is over: once it is, nobody asks any more.
            over = any(isinstance(edge, SpeechStopped) for edge in edges)
            opinions += [*overlaps, *edges] if over else [*edges, *overlaps]
            opinions += self._speaker.push(frame, edges, played is not None)
            for edge in edges:
                self._words.edge(edge)
                opinions += self._judge_words(frame.end)
        return opinions

    def hear_words(self, words: str, at: Time, until: Time | None = None) -> list[Opinion]:
        """Take in all words of the user's current turn so far, known at `at`; returns what they make known.

        `until`: how far the sound goes that they were made of; None: up to `at`.
        """
        self._words.hear(words, at if until is None else until)
        return self._judge_words(at)

    def _judge_words(self, at: Time) -> list[Opinion]:
        return [*self._commands.judge(self._words, at), *self._turn_end.judge(self._words, at)]
