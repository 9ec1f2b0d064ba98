from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OURS = {"streaming", "thinker", "talker", "agent", "clients", "training", "benchmarks"}


def test_the_wheel_carries_the_wires_message_types_as_they_are(installed: Path) -> None:
    copy = installed / "livekit" / "plugins" / "colloquy" / "_wire"
    original = ROOT / "streaming" / "realtime"
    assert {file.name for file in copy.iterdir()} == {file.name for file in original.glob("*.py")}
    for file in original.glob("*.py"):
        assert (copy / file.name).read_bytes() == file.read_bytes(), file.name


def test_nothing_in_the_wheel_imports_the_project_it_was_built_in(installed: Path) -> None:
    files = list((installed / "livekit").rglob("*.py"))
    assert len(files) > 10
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & OURS, file
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                assert node.module.split(".")[0] not in OURS, file


def test_the_frameworks_own_packages_are_not_shadowed(installed: Path) -> None:
    # `livekit` and `livekit.plugins` belong to everybody: a file of ours in them would hide all others.
    assert not (installed / "livekit" / "__init__.py").exists()
    assert not (installed / "livekit" / "plugins" / "__init__.py").exists()
    from livekit.agents import Plugin
    from livekit.plugins import colloquy

    assert Path(colloquy.__file__).is_relative_to(installed)
    assert "livekit.plugins.colloquy" in [plugin.package for plugin in Plugin.registered_plugins]
