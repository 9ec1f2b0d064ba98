"""How much memory an agent of the bench's own takes, over the time of a call (Linux: read from /proc)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

PROC = Path("/proc")


def family_of(pid: int) -> list[int]:
    """`pid` and all processes that it started, directly or not."""
    parents: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # it has just ended
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def resident(pid: int) -> int:
    """Bytes of memory that `pid` and its children hold (RSS). 0 where that cannot be told."""
    total = 0
    for one in family_of(pid):
        try:
            total += int((PROC / str(one) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue
    return total


async def watch(pid: int, every_s: float, samples: list[tuple[float, int]]) -> None:
    """Appends (seconds since now, bytes) until it is cancelled."""
    began = asyncio.get_running_loop().time()
    while PROC.exists():
        samples.append((asyncio.get_running_loop().time() - began, resident(pid)))
        await asyncio.sleep(every_s)
