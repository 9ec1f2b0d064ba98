"""The map of the house (docs/architecture.md), held by tests."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"streaming", "thinker", "talker", "agent", "clients", "training", "benchmarks"}
ALLOWED = {
    "streaming": set(),
    "thinker": {"streaming"},
    "talker": {"streaming"},
    "agent": {"streaming", "thinker", "talker"},
    "clients": {"streaming"},
    "training": OURS,
    "benchmarks": OURS,
}
PURE = ("agent/conversation",)
IMPURE = {"asyncio", "socket", "threading", "time", "random", "torch", "numpy", "onnxruntime", "aiohttp", "datetime"}


def imported(file: Path) -> set[str]:
    """Top-level names of all modules that `file` imports, lazily or not."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def files(folder: str) -> list[Path]:
    return [file for file in sorted((ROOT / folder).rglob("*.py")) if "livekit_plugin" not in file.parts]


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_a_room_of_the_house_imports_only_what_it_may(folder: str) -> None:
    wrong = {}
    for file in files(folder):
        foreign = (imported(file) & OURS) - ALLOWED[folder] - {folder}
        if file == ROOT / "agent/cli.py":
            foreign -= {"clients", "benchmarks"}
        if foreign:
            wrong[str(file.relative_to(ROOT))] = foreign
    assert not wrong


def test_the_conversation_stays_free_of_clocks_sockets_and_models() -> None:
    for folder in PURE:
        for file in files(folder):
            assert not imported(file) & IMPURE, file


def test_starting_the_default_family_needs_no_torch() -> None:
    for folder in ("agent", "streaming", "thinker/nano", "talker/espeak"):
        for file in files(folder):
            assert not imported(file) & {"torch", "transformers"}, file


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_file_ties_the_project_to_one_machine() -> None:
    home = re.compile(r"/(?:home|Users|root)/[\w.-]+/|/" + "work/")
    for file in tracked():
        if file.suffix in {".py", ".md", ".toml", ".txt", ".js", ".html", ".css", ".sh", ".json", ".yml", ".yaml"}:
            found = home.search(file.read_text(encoding="utf-8", errors="replace"))
            assert not found, f"{file.relative_to(ROOT)}: {found.group(0) if found else ''}"
