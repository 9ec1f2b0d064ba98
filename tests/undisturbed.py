"""For tests that compare what happens with the clock, on machines that are shared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec

P = ParamSpec("P")


async def _watch(stalls: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + 0.01
        await asyncio.sleep(0.01)
        stalls.append(loop.time() - due)


def undisturbed(test: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """Holds a test that compares media time with the clock to runs in which the machine let its loop run.

    A failure counts unless the loop was held up by 60 ms or more meanwhile; then the test is run again, at most four
    times.
    """

    @wraps(test)
    async def again(*args: P.args, **kwargs: P.kwargs) -> None:
        for chances in reversed(range(5)):
            stalls = [0.0]
            watch = asyncio.create_task(_watch(stalls))
            try:
                await test(*args, **kwargs)
                break
            except (AssertionError, TimeoutError):
                if max(stalls) < 0.06 or not chances:
                    raise
            finally:
                watch.cancel()

    return again
