"""What can be set, where from, and what is wrong with it.

A setting comes from, in this order: a flag (`--host`), the environment (`COLLOQUY_HOST`), one TOML file
(`--config FILE`, `COLLOQUY_CONFIG`, or `colloquy.toml` in the working directory), its default.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

ENVIRONMENT_PREFIX = "COLLOQUY_"
DEFAULT_FILE = "colloquy.toml"

INSTRUCTIONS = "You are a helpful AI assistant named Colloquy. You answer questions in short, simple sentences."
"""Simple words on purpose: told more, or to speak English, the smallest bundled model drifts into French."""


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says what would do."""


Port = Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 takes a free one")]
Count = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of `colloquy serve`."""

    host: Annotated[str, Meta(description="address to listen on; anything but loopback needs an api key")] = "127.0.0.1"
    port: Port = 8000
    api_key: Annotated[str, Meta(description="key that every client must show; empty: none")] = ""
    model: Annotated[
        str, Meta(description="model family, hub name or folder; `colloquy models` lists what is ready")
    ] = "nano"
    sessions: Annotated[int, Meta(ge=1, le=1024, description="how many calls at once")] = 4
    threads: Annotated[int, Meta(ge=0, le=256, description="threads for the model; 0: chosen by measurement")] = 0
    quantization: Annotated[
        Literal["none", "int8", "int4"], Meta(description="weights of a hub's model in fewer bits, for smaller GPUs")
    ] = "none"
    instructions: Annotated[str, Meta(description="what the assistant is told to be")] = INSTRUCTIONS
    voice: Annotated[str, Meta(description="voice of the assistant; empty: the family's default")] = ""
    allowed_origins: Annotated[
        list[str], Meta(description="other web origins whose pages may call, such as https://example.org")
    ] = []
    ice_servers: Annotated[
        list[str],
        Meta(description="STUN or TURN servers, such as stun:stun.example.org:3478 or turn:user:pass@host:3478"),
    ] = []
    session_minutes: Annotated[int, Meta(ge=1, le=24 * 60, description="longest call")] = 120
    max_event_kb: Annotated[int, Meta(ge=16, le=65536, description="longest event that a client may send")] = 2048
    max_text: Annotated[int, Meta(ge=100, le=1_000_000, description="longest typed text, in characters")] = 16_000
    tools: Annotated[
        Literal["on", "off"], Meta(description="whether built-in tools answer by themselves what they know for certain")
    ] = "on"
    tools_file: Annotated[
        str, Meta(description="file with tools of your own (TOML, see docs/tools.md); empty: none")
    ] = ""
    profile: Annotated[
        str, Meta(description="name under which notes are kept for all later calls; empty: they end with the call")
    ] = "default"
    backchannels: Annotated[
        Literal["on", "off"], Meta(description='whether the assistant says "mm-hm" while somebody speaks at length')
    ] = "off"
    record: Annotated[
        str, Meta(description="folder for recorded calls (turn-taking events, no audio); empty: none are kept")
    ] = ""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="how much is logged")] = "info"
    log_format: Annotated[Literal["text", "json"], Meta(description="logs for people or for machines")] = "text"

    def check(self) -> Settings:
        """Raises `SettingsError` where settings contradict each other."""
        if self.host not in ("127.0.0.1", "::1", "localhost") and not self.api_key:
            raise SettingsError(
                f"host: {self.host} can be reached by others, so an api key is needed: "
                "set COLLOQUY_API_KEY (or --api-key), or keep host at 127.0.0.1"
            )
        return self


def fields() -> dict[str, tuple[Any, str]]:
    """Setting -> (its default, its description), in the order of `Settings`."""
    hints = get_type_hints(Settings, include_extras=True)
    found = {}
    for field in msgspec.structs.fields(Settings):
        notes = [note.description for note in getattr(hints[field.name], "__metadata__", ()) if note.description]
        default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
        found[field.name] = (default, notes[0] if notes else "")
    return found


def add_flags(parser: argparse.ArgumentParser) -> None:
    """One flag a setting."""
    parser.add_argument(
        "--config", metavar="FILE", help=f"settings file (TOML); ./{DEFAULT_FILE} is read if it is there"
    )
    for name, (default, description) in fields().items():
        shown = ", ".join(default) if isinstance(default, list) else str(default)
        shown = f" [{shown if len(shown) < 40 else shown[:37] + '...'}]" if shown else ""
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar=name.upper(),
            help=description.replace("%", "%%") + shown,
            nargs="*" if isinstance(default, list) else None,
        )


def load(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. `flags` holds None where a flag was not given.

    Raises `SettingsError` naming the setting, where it came from, and what is wrong.
    """
    values: dict[str, tuple[Any, str]] = {}
    path = flags.get("config") or environment.get(f"{ENVIRONMENT_PREFIX}CONFIG")
    file = Path(path) if path else Path(DEFAULT_FILE)
    if path or file.exists():
        try:
            found = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as problem:
            raise SettingsError(f"config: {file} cannot be read: {problem.strerror}") from problem
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise SettingsError(f"config: {file} is not TOML: {problem}") from problem
        values.update({name: (value, str(file)) for name, value in found.items()})
    known = fields()
    for name, (default, _) in known.items():
        variable = ENVIRONMENT_PREFIX + name.upper()
        if variable in environment:
            value = environment[variable]
            values[name] = (value.split(",") if isinstance(default, list) else value, variable)
        if flags.get(name) is not None:
            values[name] = (flags[name], "--" + name.replace("_", "-"))
    for name, (_, source) in values.items():
        if name not in known:
            raise SettingsError(f"{name} (in {source}) is no setting; there are: {', '.join(known)}")
    settings = {}
    for name, (value, source) in values.items():
        try:
            # One setting at a time, so that the error can name it and its source.
            settings[name] = getattr(msgspec.convert({name: value}, Settings, strict=False), name)
        except msgspec.ValidationError as problem:
            reason = str(problem).split(" - at")[0]
            raise SettingsError(f"{name} = {value!r} (from {source}): {reason[0].lower()}{reason[1:]}") from problem
    return Settings(**settings).check()
