"""A session's settings: what clients ask for, merged and checked, and what it means to the mind and to turn-taking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict
from msgspec.structs import replace as changed

from agent.conversation.settings import ConversationSettings
from agent.engine.messages import Setup
from streaming.realtime.audio import (
    AudioConfig,
    AudioFormat,
    AudioInput,
    AudioOutput,
    NoiseReduction,
    Transcription,
    TurnDetection,
)
from streaming.realtime.session import MaxTokens, Modality, Reply, Session, ToolChoice
from streaming.time import ms

from .errors import Refused

FOREIGN_VOICES = frozenset(
    ("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse")
)
"""Voices that clients of other servers ask for; here they mean the default voice."""
MAX_INSTRUCTIONS = 64_000
MAX_TOOLS = 128
_TOOL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_TOOL_FIELDS = ("type", "name", "description", "parameters")
_PATIENCE = {"high": 0.7, "medium": 1.0, "auto": 1.0, "low": 2.0}
"""Eagerness of `semantic_vad` -> how much longer the pauses are that end a turn."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one session. `None` for `instructions`: the server's own."""

    model: str
    voices: Sequence[str]
    modality: Modality = "audio"
    instructions: str | None = None
    tools: Sequence[dict[str, Any]] = ()
    tool_choice: ToolChoice = "auto"
    max_output_tokens: MaxTokens = "inf"
    input_format: AudioFormat = field(default_factory=AudioFormat)
    output_format: AudioFormat = field(default_factory=AudioFormat)
    transcription: Transcription | UnsetType | None = UNSET
    noise_reduction: NoiseReduction | UnsetType | None = UNSET
    turn_detection: TurnDetection | None = field(default_factory=lambda: TurnDetection(type="server_vad"))
    voice: str = ""
    speed: float = 1.0

    def merged(self, asked: Session | Reply, at: str = "session") -> Config:
        """With what `asked` names changed. Raises `Refused`, and then nothing is changed; `at` names the place."""
        new = self
        if isinstance(asked, Session):
            if asked.type not in (UNSET, "realtime"):
                raise Refused("Only sessions of type `realtime` are served.", param=f"{at}.type")
            if asked.model:
                new = replace(new, model=asked.model[:256])
        if asked.output_modalities is not UNSET:
            if len(asked.output_modalities) != 1:
                raise Refused('Ask for ["audio"] or for ["text"].', param=f"{at}.output_modalities")
            new = replace(new, modality=asked.output_modalities[0])
        if asked.instructions is not UNSET:
            if len(asked.instructions) > MAX_INSTRUCTIONS:
                raise Refused(
                    f"Instructions may have {MAX_INSTRUCTIONS} characters; these have {len(asked.instructions)}.",
                    "string_above_max_length",
                    f"{at}.instructions",
                )
            new = replace(new, instructions=asked.instructions)
        if asked.tools is not UNSET:
            new = replace(new, tools=_tools(asked.tools, at))
        if asked.tool_choice is not UNSET:
            new = replace(new, tool_choice=asked.tool_choice)
            _check_choice(new, at)
        elif asked.tools is not UNSET and not isinstance(new.tool_choice, str):
            names = {tool["name"] for tool in new.tools}
            new = replace(new, tool_choice=new.tool_choice if _chosen(new.tool_choice) in names else "auto")
        if asked.max_output_tokens is not UNSET:
            if asked.max_output_tokens != "inf" and asked.max_output_tokens < 1:
                raise Refused('Ask for at least 1 token, or for "inf".', param=f"{at}.max_output_tokens")
            new = replace(new, max_output_tokens=asked.max_output_tokens)
        if asked.audio is not UNSET:
            new = new._heard(asked.audio.input, f"{at}.audio.input")
            new = new._spoken(asked.audio.output, f"{at}.audio.output")
        return new

    def _heard(self, asked: AudioInput | UnsetType, at: str) -> Config:
        if asked is UNSET:
            return self
        new = self
        if asked.format is not UNSET:
            new = replace(new, input_format=_format(asked.format, at))
        if asked.transcription is not UNSET:
            new = replace(new, transcription=asked.transcription)
        if asked.noise_reduction is not UNSET:
            new = replace(new, noise_reduction=asked.noise_reduction)
        if asked.turn_detection is not UNSET:
            new = replace(new, turn_detection=_turns(self.turn_detection, asked.turn_detection, at))
        return new

    def _spoken(self, asked: AudioOutput | UnsetType, at: str) -> Config:
        if asked is UNSET:
            return self
        new = self
        if asked.format is not UNSET:
            new = replace(new, output_format=_format(asked.format, at))
        if asked.voice is not UNSET:
            if asked.voice not in self.voices and asked.voice not in FOREIGN_VOICES:
                there = ", ".join(self.voices)
                raise Refused(f"There is no voice `{asked.voice[:64]}`. There are: {there}.", param=f"{at}.voice")
            new = replace(new, voice=asked.voice)
        if asked.speed is not UNSET:
            if not 0.25 <= asked.speed <= 2.0:
                raise Refused("Speed lies between 0.25 and 2.", param=f"{at}.speed")
            new = replace(new, speed=asked.speed)
        return new

    def shown(self, session_id: str, base: Setup) -> Session:
        """The session as clients are shown it: complete, and without anything that a strict one stumbles over."""
        turns = self.turn_detection
        choice = self.tool_choice if isinstance(self.tool_choice, str) else UNSET
        return Session(
            type="realtime",
            object="realtime.session",
            id=session_id,
            model=self.model,
            output_modalities=[self.modality],
            instructions=base.instructions if self.instructions is None else self.instructions,
            tools=[{name: tool[name] for name in _TOOL_FIELDS if name in tool} for tool in self.tools],
            tool_choice=choice,
            max_output_tokens=self.max_output_tokens,
            audio=AudioConfig(
                input=AudioInput(
                    format=self.input_format.full(),
                    transcription=self.transcription,
                    noise_reduction=self.noise_reduction,
                    turn_detection=None if turns is None else _filled(turns),
                ),
                output=AudioOutput(
                    format=self.output_format.full(), voice=self.voice or base.voice or UNSET, speed=self.speed
                ),
            ),
        )

    def setup(self, base: Setup) -> Setup:
        """What this means to the mind, whose own settings are `base`."""
        choice = self.tool_choice
        return changed(
            base,
            instructions=base.instructions if self.instructions is None else self.instructions,
            tools=[*(tool for tool in base.tools if tool["name"] not in self._tool_names), *self.tools],
            tool_choice=choice if isinstance(choice, str) else _chosen(choice),
            voice=self.voice if self.voice in self.voices else base.voice,
            speed=self.speed,
            max_tokens=base.max_tokens if self.max_output_tokens == "inf" else self.max_output_tokens,
        )

    @property
    def _tool_names(self) -> frozenset[str]:
        return frozenset(tool["name"] for tool in self.tools)

    def settings(self, base: ConversationSettings) -> ConversationSettings:
        """What this means to turn-taking, whose own settings are `base`."""
        turns = self.turn_detection
        if turns is None:
            return replace(base, automatic_turns=False)
        new = replace(
            base,
            automatic_turns=True,
            create_response=turns.create_response is not False,
            interrupt_response=turns.interrupt_response is not False,
        )
        if turns.type == "semantic_vad":
            patience = _PATIENCE[turns.eagerness or "auto"]
            return replace(
                new,
                pause_if_sure=round(base.pause_if_sure * patience),
                pause_if_open=round(base.pause_if_open * patience),
                pause_if_unlikely=round(base.pause_if_unlikely * patience),
            )
        if turns.silence_duration_ms is not UNSET:
            # The pause for an ordinary end; our own opinion of the end may still shorten or lengthen it.
            pause = ms(turns.silence_duration_ms)
            new = replace(
                new,
                pause_if_sure=min(base.pause_if_sure, pause),
                pause_if_open=pause,
                pause_if_unlikely=max(base.pause_if_unlikely, pause),
            )
        if turns.prefix_padding_ms is not UNSET:
            new = replace(new, kept_before_onset=ms(turns.prefix_padding_ms))
        if turns.idle_timeout_ms is not UNSET:
            new = replace(new, reminder_after=ms(turns.idle_timeout_ms))
        return new


def _format(asked: AudioFormat, at: str) -> AudioFormat:
    if asked.type == "audio/pcm" and asked.rate not in (UNSET, 24_000):
        raise Refused("audio/pcm has 24000 samples a second here: resample.", param=f"{at}.format.rate")
    return AudioFormat(asked.type)


def _turns(old: TurnDetection | None, asked: TurnDetection | None, at: str) -> TurnDetection | None:
    at = f"{at}.turn_detection"
    if asked is None:
        return None
    for name, value, most in (
        ("threshold", asked.threshold, 1),
        ("prefix_padding_ms", asked.prefix_padding_ms, 2_000),
        ("silence_duration_ms", asked.silence_duration_ms, 10_000),
        ("idle_timeout_ms", asked.idle_timeout_ms, 3_600_000),
    ):
        if value is not UNSET and not 0 <= value <= most:
            raise Refused(f"{name} lies between 0 and {most}.", param=f"{at}.{name}")
    if old is None or asked.type not in (UNSET, old.type):
        return changed(asked, type=asked.type or "server_vad")
    return changed(old, **{name: value for name, value in asdict(asked).items() if value is not UNSET})


def _filled(turns: TurnDetection) -> TurnDetection:
    """With the defaults that clients read from the echo."""
    create, interrupt = turns.create_response is not False, turns.interrupt_response is not False
    if turns.type == "semantic_vad":
        return TurnDetection(
            type="semantic_vad",
            eagerness=turns.eagerness or "auto",
            create_response=create,
            interrupt_response=interrupt,
        )
    return TurnDetection(
        type="server_vad",
        threshold=0.5 if turns.threshold is UNSET else turns.threshold,
        prefix_padding_ms=300 if turns.prefix_padding_ms is UNSET else turns.prefix_padding_ms,
        silence_duration_ms=500 if turns.silence_duration_ms is UNSET else turns.silence_duration_ms,
        idle_timeout_ms=turns.idle_timeout_ms,
        create_response=create,
        interrupt_response=interrupt,
    )


def _tools(asked: list[dict[str, Any]], at: str) -> list[dict[str, Any]]:
    if len(asked) > MAX_TOOLS:
        raise Refused(f"There may be {MAX_TOOLS} tools; these are {len(asked)}.", param=f"{at}.tools")
    for number, tool in enumerate(asked):
        where = f"{at}.tools[{number}]"
        if tool.get("type", "function") != "function":
            raise Refused("Only tools of type `function` are served.", "unsupported_value", f"{where}.type")
        name = tool.get("name")
        if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
            raise Refused("A tool's name has 1 to 128 letters, digits, _, - or dots.", param=f"{where}.name")
        if not isinstance(tool.get("description") or "", str):
            raise Refused("A tool's description is text.", param=f"{where}.description")
        if not isinstance(tool.get("parameters") or {}, dict):
            raise Refused("A tool's parameters are a JSON schema (an object).", param=f"{where}.parameters")
    return [
        {"type": "function", **{name: value for name, value in tool.items() if value is not None}} for tool in asked
    ]


def _chosen(choice: dict[str, Any]) -> str:
    """The name in {"type": "function", "name": ...}, or "" if that is not what it is."""
    inner = choice.get("function", choice)  # the chat API nests it
    name = inner.get("name") if isinstance(inner, dict) else None
    return name if choice.get("type") == "function" and isinstance(name, str) else ""


def _check_choice(config: Config, at: str) -> None:
    choice = config.tool_choice
    if isinstance(choice, str):
        if choice not in ("auto", "none", "required"):
            raise Refused(
                'tool_choice is "auto", "none", "required", or {"type": "function", "name": ...}.',
                param=f"{at}.tool_choice",
            )
    elif _chosen(choice) not in {tool["name"] for tool in config.tools}:
        raise Refused("tool_choice names no function that is in tools.", param=f"{at}.tool_choice")
