"""Names of the sound on the wire, and how a session is told to listen."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType


class AudioFormat(msgspec.Struct):
    """How sound is written in events: `audio/pcm` is int16 little-endian mono at 24 kHz, the others G.711 at 8 kHz."""

    type: Literal["audio/pcm", "audio/pcmu", "audio/pcma"] = "audio/pcm"
    rate: int | UnsetType = UNSET
    """24000 with `audio/pcm`; absent with the others, which know but one."""

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return 24_000 if self.type == "audio/pcm" else 8_000

    def full(self) -> AudioFormat:
        """The same, as a session shows it."""
        return AudioFormat(self.type, 24_000 if self.type == "audio/pcm" else UNSET)


class Transcription(msgspec.Struct, omit_defaults=True):
    """How the user's words are to be written down. Kept for the echo; the words come from the agent's own mind."""

    model: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    prompt: str | UnsetType = UNSET


class NoiseReduction(msgspec.Struct, omit_defaults=True):
    type: Literal["near_field", "far_field"] | UnsetType = UNSET


class TurnDetection(msgspec.Struct, omit_defaults=True):
    """Whether, and how patiently, turns are taken without the client's doing."""

    type: Literal["server_vad", "semantic_vad"] | UnsetType = UNSET
    threshold: float | UnsetType = UNSET
    prefix_padding_ms: int | UnsetType = UNSET
    silence_duration_ms: int | UnsetType = UNSET
    idle_timeout_ms: int | UnsetType = UNSET
    eagerness: Literal["low", "medium", "high", "auto"] | UnsetType = UNSET
    create_response: bool | UnsetType = UNSET
    interrupt_response: bool | UnsetType = UNSET


class AudioInput(msgspec.Struct, omit_defaults=True):
    format: AudioFormat | UnsetType = UNSET
    transcription: Transcription | UnsetType | None = UNSET
    noise_reduction: NoiseReduction | UnsetType | None = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET
    """None: the client commits the user's turns itself."""


class AudioOutput(msgspec.Struct, omit_defaults=True):
    format: AudioFormat | UnsetType = UNSET
    voice: str | UnsetType = UNSET
    speed: float | UnsetType = UNSET


class AudioConfig(msgspec.Struct, omit_defaults=True):
    input: AudioInput | UnsetType = UNSET
    output: AudioOutput | UnsetType = UNSET
