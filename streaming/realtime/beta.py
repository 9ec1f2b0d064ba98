"""Names that the Realtime API had before it was settled, and other liberties that existing clients take."""

from __future__ import annotations

from typing import Any

_FORMATS = {"pcm16": "audio/pcm", "g711_ulaw": "audio/pcmu", "g711_alaw": "audio/pcma"}
_MEANT_NULLS = ("turn_detection", "transcription", "noise_reduction")
_FOREIGN = ("tools", "metadata", "input")
"""What is passed on as the client wrote it."""


def modernised(event: dict[str, Any]) -> dict[str, Any]:
    """`event` in today's names, without the nulls that mean nothing. What is of a wrong type stays as it is."""
    event = _without_nulls(event)
    session = event.get("session")
    if isinstance(session, dict):
        event["session"] = _settings(session)
    response = event.get("response")
    if isinstance(response, dict):
        event["response"] = _settings(response)
    item = event.get("item")
    if isinstance(item, dict):
        event["item"] = _item(item)
    return event


def _without_nulls(value: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        if inner is None and name not in _MEANT_NULLS:
            continue
        if isinstance(inner, dict) and name not in _FOREIGN and depth < 6:
            inner = _without_nulls(inner, depth + 1)
        kept[name] = inner
    return kept


def _settings(old: dict[str, Any]) -> dict[str, Any]:
    """Settings of a session or of a response: flat names move into `audio`."""
    new = dict(old)
    audio = new.get("audio", {})
    if not isinstance(audio, dict):
        return new
    sides = {side: audio[side] for side in ("input", "output") if side in audio}
    for name, side, inner in (
        ("input_audio_format", "input", "format"),
        ("input_audio_transcription", "input", "transcription"),
        ("input_audio_noise_reduction", "input", "noise_reduction"),
        ("turn_detection", "input", "turn_detection"),
        ("output_audio_format", "output", "format"),
        ("voice", "output", "voice"),
        ("speed", "output", "speed"),
    ):
        if name in new:
            value = new.pop(name)
            target = sides.setdefault(side, {})
            if isinstance(target, dict):
                sides[side] = {inner: value, **target}
    for side, part in sides.items():
        if isinstance(part, dict):
            sides[side] = _side(part)
    if sides:
        new["audio"] = {**audio, **sides}
    for beta, today in (("modalities", "output_modalities"), ("max_response_output_tokens", "max_output_tokens")):
        if beta in new:
            new.setdefault(today, new.pop(beta))
    modalities = new.get("output_modalities")
    if isinstance(modalities, list) and "audio" in modalities and "text" in modalities:
        new["output_modalities"] = ["audio"]  # spoken words always come with their text
    return new


def _side(old: dict[str, Any]) -> dict[str, Any]:
    new = dict(old)
    name = new.get("format")
    if isinstance(name, str):
        new["format"] = {"type": _FORMATS.get(name, name)}
    voice = new.get("voice")
    if isinstance(voice, dict) and "id" in voice:
        new["voice"] = voice["id"]
    turns = new.get("turn_detection")
    if turns is False or (isinstance(turns, dict) and turns.get("type") == "none"):
        new["turn_detection"] = None
    elif turns is True:
        new["turn_detection"] = {}
    return new


def _item(old: dict[str, Any]) -> dict[str, Any]:
    new = dict(old)
    if new.get("role") == "developer":
        new["role"] = "system"
    if "type" not in new and "role" in new:
        new["type"] = "message"
    content = new.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if isinstance(content, list):
        written = "output" if new.get("role") == "assistant" else "input"
        new["content"] = [_content(part, written) for part in content]
    return new


def _content(part: Any, written: str) -> Any:
    if isinstance(part, dict) and part.get("type") in ("text", "audio"):
        part = {**part, "type": f"{written}_{part['type']}"}
    return part
