from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from scripted_server import ScriptedServer  # noqa: E402

PLUGIN = Path(__file__).resolve().parents[3] / "clients" / "livekit_plugin"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin's wheel, as `pip install ./clients/livekit_plugin` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    made = subprocess.run([*pip, "-w", str(folder), str(PLUGIN)], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session", autouse=True)
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked where Python finds it: what is tested is what people get."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    sys.path.insert(0, str(folder))
    return folder


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    fake = ScriptedServer()
    await fake.start()
    yield fake
    await fake.stop()
