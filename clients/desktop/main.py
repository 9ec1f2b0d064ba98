"""`colloquy talk`: an assistant at the desk, through this machine's own microphone and loudspeaker."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import local_server, preferences, remote_control
from .assistant import Assistant
from .plain import Plain
from .preferences import Preferences
from .sound_card import NoSound, PortAudio, SoundCard

URL = "http://127.0.0.1:8000"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="colloquy talk",
        description="Talk with the agent through this machine's microphone and loudspeaker; no headset is needed. "
        "Without --url a server on this machine is used, and started if none answers.",
    )
    made.add_argument("--url", default=os.environ.get("COLLOQUY_URL", URL), help=f"the server [COLLOQUY_URL or {URL}]")
    made.add_argument("--key", default=os.environ.get("COLLOQUY_API_KEY", ""), help="its api key [COLLOQUY_API_KEY]")
    made.add_argument("--microphone", metavar="NAME", help="a part of its name, or its number in --devices")
    made.add_argument("--loudspeaker", metavar="NAME", help="the same of the loudspeaker; '' is the system's default")
    made.add_argument(
        "--headphones",
        action=argparse.BooleanOptionalAction,
        help="do not cancel the loudspeaker's echo; --no-headphones goes back to it",
    )
    made.add_argument("--push-to-talk", action="store_true", help="begin with push-to-talk instead of hands-free")
    made.add_argument("--plain", action="store_true", help="plain lines instead of a screen")
    made.add_argument("--log", type=Path, metavar="FILE", help="write down every event of the call (no sound)")
    made.add_argument("--devices", action="store_true", help="list microphones and loudspeakers, and stop")
    made.add_argument(
        "--toggle-mute",
        action="store_true",
        help="mute or open the assistant that runs already, and stop: bind this to a key of your desktop",
    )
    return made


def list_devices(card: SoundCard) -> int:
    """Prints what is plugged in."""
    devices = card.rescan()
    for title, found in (("microphones", devices.microphones), ("loudspeakers", devices.loudspeakers)):
        print(f"{title}:")
        for device in found:
            print(f"  {device.number:3}  {device.name}")
    return 0


@contextlib.contextmanager
def _logged(assistant: Assistant, path: Path | None) -> Iterator[None]:
    """Writes every event of the server, with its monotonic time, for as long as this context lasts."""
    if path is None:
        yield
        return
    with path.open("w", encoding="utf-8") as written:

        def note(raw: str | bytes) -> None:
            now = time.monotonic()
            event = json.loads(raw)
            if event.get("type") == "response.output_audio.delta":
                event.pop("delta", None)
            written.write(json.dumps([now, event]) + "\n")
            written.flush()

        assistant.call.wiretap = note
        yield


@contextlib.contextmanager
def _quiet_libraries() -> Iterator[None]:
    """ALSA and PortAudio write their complaints to standard error, into the middle of the screen.

    So that is closed to them; the screen itself draws through a copy of it.
    """
    terminal = os.dup(2)
    before = sys.__stderr__
    with open(terminal, "w", encoding="utf-8") as copy, open(os.devnull, "w") as nowhere:
        sys.__stderr__ = copy  # type: ignore[misc]
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            sys.__stderr__ = before  # type: ignore[misc]


async def talk(arguments: argparse.Namespace, card: SoundCard, chosen: Preferences) -> int:
    """One talk, on a screen or in lines, until the user ends it."""
    plain = arguments.plain or not sys.stdout.isatty()
    # The screen begins when there is somebody to talk to.
    async with local_server.server(arguments.url.rstrip("/"), lambda sentence: print(sentence, file=sys.stderr)):
        show = Plain() if plain else None
        news = asyncio.Event()
        assistant = Assistant(card, arguments.url, arguments.key, chosen, news.set)
        with _logged(assistant, arguments.log):
            async with remote_control.listening(remote_control.file(), assistant.toggle_mute):
                if show is None:
                    from .screen import Screen

                    with _quiet_libraries():
                        return await Screen(assistant, chosen).run_async() or 0
                running = asyncio.create_task(assistant.run())
                try:
                    while not running.done():
                        waiting = asyncio.create_task(news.wait())
                        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
                        waiting.cancel()
                        news.clear()
                        show.show(assistant)
                    running.result()
                finally:
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
        return 1 if assistant.call.status.link == "ended" else 0


def main(arguments: Sequence[str]) -> int:
    """Runs the command; exit status 1 when it could not talk."""
    given = parser().parse_args(arguments)
    try:
        if given.toggle_mute:
            print(remote_control.ask(remote_control.file()))
            return 0
        card = PortAudio()
        if given.devices:
            return list_devices(card)
        kept = preferences.file()
        chosen = preferences.load(kept)
        if given.microphone is not None:
            chosen.microphone = given.microphone
        if given.loudspeaker is not None:
            chosen.loudspeaker = given.loudspeaker
        if given.headphones is not None:
            chosen.headphones = given.headphones
        if given.push_to_talk:
            chosen.mode = "push-to-talk"
        try:
            return asyncio.run(talk(given, card, chosen))
        finally:
            preferences.save(chosen, kept)
    except (NoSound, local_server.NoServer, ConnectionError) as problem:
        print(f"colloquy talk: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
