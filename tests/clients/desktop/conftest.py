from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from scripted_server import ScriptedServer  # noqa: E402


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    fake = ScriptedServer()
    await fake.start()
    yield fake
    await fake.stop()
