import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# The tests are no packages (import mode "importlib"): what all of them share is found here.
sys.path.insert(0, str(TESTS))

REAL_TIME = (
    "e2e",
    "agent/rooms",
    "clients/bench/ears",
    "clients/desktop",
    "clients/livekit",
    "clients/livekit_plugin",
    "clients/web",
)
"""Here real servers, browsers and sound run beside the clock. A machine that is held up for a moment fails such a test
for a reason of its own: it is run again, twice at most. What is really broken fails three times."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(TESTS).parent.as_posix()
        if any(folder == place or folder.startswith(f"{place}/") for place in REAL_TIME):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))
