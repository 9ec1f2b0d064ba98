from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clients.desktop import remote_control


async def test_a_key_of_the_desktop_mutes_the_assistant_that_runs(tmp_path: Path) -> None:
    path, muted = tmp_path / "sub" / "control", [False]

    def toggle() -> bool:
        muted[0] = not muted[0]
        return muted[0]

    async with remote_control.listening(path, toggle):
        assert path.stat().st_mode & 0o077 == 0, "others can read how it is reached"
        assert await asyncio.to_thread(remote_control.ask, path) == "muted"
        assert await asyncio.to_thread(remote_control.ask, path) == "open"
        port = path.read_text().split()[0]
        stranger = tmp_path / "stranger"
        stranger.write_text(f"{port} guessed\n")
        with pytest.raises(ConnectionError):
            await asyncio.to_thread(remote_control.ask, stranger)
        assert not muted[0]
    with pytest.raises(ConnectionError, match="no `colloquy talk` is running"):
        remote_control.ask(path)
