"""The command line: `colloquy serve | room | talk | bench | models | replay`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from agent import families, settings


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="colloquy",
        description="A realtime voice agent that listens while it speaks, and runs on your own machine.",
        epilog="Start with `colloquy serve`, then open the address it prints.",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    serve = commands.add_parser(
        "serve",
        help="start the call; then open the page in a browser",
        description="Starts the agent and its page. Every setting can also be given in the environment "
        "(COLLOQUY_PORT=9000) or in one TOML file.",
    )
    settings.add_flags(serve)

    room = commands.add_parser(
        "room",
        help="talk in LiveKit rooms",
        description="A worker for LiveKit rooms; see `colloquy room --help`.",
        add_help=False,
    )
    room.add_argument("rest", nargs=argparse.REMAINDER)

    talk = commands.add_parser(
        "talk",
        help="talk through this machine's microphone and loudspeaker, in the terminal",
        description="An assistant at the desk; see `colloquy talk --help`.",
        add_help=False,
    )
    talk.add_argument("rest", nargs=argparse.REMAINDER)

    bench = commands.add_parser(
        "bench",
        help="make real calls and measure them at the ear",
        description="Calls a running agent with spoken questions and interruptions, listens to what comes back, "
        "and reports what a person at the other end would have heard, and when.",
        add_help=False,
    )
    bench.add_argument("rest", nargs=argparse.REMAINDER)

    commands.add_parser(
        "models",
        help="which model families there are, and which are ready here",
        description="Lists the model families, which of them are ready on this machine, and what the others lack.",
    )

    replay = commands.add_parser(
        "replay",
        help="play a recorded call through today's rules and show what would differ",
        description="Feeds the events of a recorded call (see the setting `record`) to the conversation and compares "
        "its commands with the recorded ones. Exits with 1 if any differs.",
    )
    replay.add_argument("file", help="a recorded call (JSON lines)")
    return top


def models() -> int:
    """Prints the families; exit status 0 if the default one is ready."""
    ready = 0
    for name in families.FAMILIES:
        lacking = families.lacking(name)
        calls = families.fits(name) if not lacking else None
        room = "" if calls is None else f", {calls} calls at once fit into the memory that is free"
        print(f"{name:16} {'ready' if not lacking else 'not ready'}{room}")
        for sentence in lacking:
            print(f"{'':16} - {sentence}")
        ready += not lacking
    return 0 if ready else 1


def replay(path: str) -> int:
    """Replays one recorded call; exit status 1 if today's rules would act otherwise, 2 if it is no recorded call."""
    from agent.conversation.record import NotARecording, replay_file

    try:
        report = replay_file(path)
    except (NotARecording, OSError) as problem:
        print(f"colloquy: {path}: {problem}", file=sys.stderr)
        return 2
    for difference in report.differences:
        print(f"line {difference.line}: {difference.event}")
        print(f"  recorded: {difference.recorded}")
        print(f"  today:    {difference.replayed}")
    print(f"{report.events} events, {report.commands} commands, {len(report.differences)} events answered otherwise")
    return 0 if report.same else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:3] == ["bench", "ears", "--inside"]:
        from benchmarks.ears.main import main as inside

        return inside(given[3:])
    if given[:1] == ["bench"]:
        from clients.bench import main as bench

        return bench(given[1:])
    if given[:1] == ["room"]:
        from clients.livekit import main as room

        return room(given[1:])
    if given[:1] == ["talk"]:
        from clients.desktop import main as talk

        return talk(given[1:])
    chosen = parser().parse_args(given)
    if chosen.command == "models":
        return models()
    if chosen.command == "replay":
        return replay(chosen.file)
    from agent.serve import serve

    try:
        return serve(settings.load(vars(chosen)))
    except settings.SettingsError as problem:
        print(f"colloquy: {problem}", file=sys.stderr)
        return 2
