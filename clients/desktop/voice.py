"""Microphone and loudspeaker of a call: opened, watched, and opened again when one of them is pulled out.

Threads: the sound card's callbacks hand blocks over through a bounded queue and never wait; a worker pairs them,
cancels the echo, and gives packets of 10 ms to the call's event loop; that loop watches over both.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from streaming.frames import Pcm
from streaming.resample import Resampler

from .echo import EchoCanceller
from .loudspeaker import RATE, REPLY_RATE, Loudspeaker
from .pairing import Pairing
from .sound_card import BUFFER_S, MOST_BUFFER_S, Device, Devices, NoSound, SoundCard, Stream

QUEUE = 400
"""Blocks that may wait for the worker: two seconds. Beyond that the machine is too slow, and the oldest are lost."""
WATCH_S = 0.25
STALLED_S = 1.5
"""A card that asks for nothing for so long is gone."""
AGAIN_S = 1.0
MOST_GAPS = 4
"""More gaps than that in a minute: the machine is busy, and the loudspeaker is given a larger buffer."""
MINUTE_S = 60.0
FLOOR_DBFS = -90.0

Side = Literal["recorded", "rendered"]


@dataclass(frozen=True, slots=True)
class Packet:
    """10 ms of the microphone."""

    pcm: bytes
    """int16 little-endian at 24 kHz, without the agent's echo."""
    level: float
    """dBFS of what was recorded."""


@dataclass(slots=True)
class Choice:
    """Devices by name; "" is the system's default."""

    microphone: str = ""
    loudspeaker: str = ""


def level(pcm: Pcm) -> float:
    """RMS in dBFS, not below -90."""
    power = float(np.mean(pcm.astype(np.float32) ** 2)) if len(pcm) else 0.0
    return max(FLOOR_DBFS, 10 * float(np.log10(power / 32768**2))) if power > 0 else FLOOR_DBFS


class Voice:
    """Sound of one call. All methods are for the event loop's thread."""

    def __init__(
        self,
        card: SoundCard,
        loudspeaker: Loudspeaker,
        choice: Choice,
        packet: Callable[[Packet], None],
        notice: Callable[[str], None],
    ) -> None:
        """`packet` gets the microphone, `notice` sentences for people; both on the event loop."""
        self.choice = choice
        self.devices = Devices((), ())
        self.problem = ""
        """Why there is no sound now; "": there is."""
        self.open_mic = True
        """False: silence is sent instead of what is recorded. Any thread may read it."""
        self.headphones = False
        """True: nothing of the loudspeaker reaches the microphone, and its sound is passed on as it is."""
        self.loudspeaker_level = FLOOR_DBFS
        self.lost_blocks = 0
        self._card = card
        self._loudspeaker = loudspeaker
        self._packet, self._notice = packet, notice
        self._loop = asyncio.get_running_loop()
        self._blocks: queue.SimpleQueue[tuple[Side, Pcm] | None] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self._stream: Stream | None = None
        self._alive = {"recorded": 0.0, "rendered": 0.0}
        self._buffer_s = BUFFER_S
        self._counted = (0.0, 0)
        """(when a minute began, how many gaps there had been), of the present stream."""

    async def run(self) -> None:
        """Sound until cancelled. Without a usable device it says so, and tries again for as long as it runs."""
        try:
            await self._open(first=True)
            while True:
                await asyncio.sleep(WATCH_S)
                if self._stream is None:
                    await asyncio.sleep(AGAIN_S - WATCH_S)
                    await self._open()
                elif not self._stream.active or time.monotonic() - min(self._alive.values()) > STALLED_S:
                    await self._close()
                    await self._open()
                elif self._stumbles(self._stream.gaps):
                    self._buffer_s *= 2
                    await self._close()
                    await self._open(first=True)
        finally:
            await self._close()

    async def use(self, choice: Choice) -> None:
        """Other devices, from now on."""
        self.choice = choice
        await self._close()
        await self._open(first=True)

    async def rescan(self) -> Devices:
        """What is plugged in now. The sound is gone for the moment that this takes."""
        await self._close()
        await self._open(first=True)
        return self.devices

    def _stumbles(self, gaps: int) -> bool:
        """Whether a larger buffer would help."""
        now = time.monotonic()
        if now - self._counted[0] > MINUTE_S or gaps < self._counted[1]:
            self._counted = (now, gaps)
        return gaps - self._counted[1] > MOST_GAPS and self._buffer_s < MOST_BUFFER_S

    # --- opening and closing ------------------------------------------------------------------

    async def _open(self, first: bool = False) -> None:
        """`first` False: after a loss, of which people are told."""
        before = self.problem
        try:
            # Looking for devices may take a second; sound of a server that waits must not wait with it.
            self.devices = await asyncio.to_thread(self._card.rescan)
            microphone, gone_in = _find(self.devices.microphones, self.choice.microphone)
            loudspeaker, gone_out = _find(self.devices.loudspeakers, self.choice.loudspeaker)
            now = time.monotonic()
            self._alive = {"recorded": now, "rendered": now}
            self._stream = await asyncio.to_thread(
                self._card.open, microphone, loudspeaker, self._buffer_s, self._recorded, self._rendered
            )
        except NoSound as problem:
            self.problem = str(problem)
            if self.problem != before:
                self._notice(f"No sound: {problem}. Trying again.")
            return
        self.problem = ""
        self._counted = (now, 0)
        self._worker = threading.Thread(
            target=self._work, args=(EchoCanceller(self._stream.delay),), name="microphone", daemon=True
        )
        self._worker.start()
        for name in (gone_in, gone_out):
            if name:
                self._notice(f"{name} is not there; the system's default is used.")
        if (not first or before) and not gone_in and not gone_out:
            self._notice("The sound is back.")

    async def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await asyncio.to_thread(stream.close)
        if self._worker is not None:
            self._blocks.put(None)
            await asyncio.to_thread(self._worker.join)
            self._worker = None
            self._blocks = queue.SimpleQueue()

    # --- the sound card's threads -------------------------------------------------------------

    def _recorded(self, pcm: Pcm) -> None:
        self._alive["recorded"] = time.monotonic()
        self._hand_over("recorded", pcm)

    def _rendered(self, count: int, leaves_at: float) -> Pcm:
        self._alive["rendered"] = time.monotonic()
        pcm = self._loudspeaker.render(count, leaves_at)
        self._hand_over("rendered", pcm)
        return pcm

    def _hand_over(self, side: Side, pcm: Pcm) -> None:
        if self._blocks.qsize() < QUEUE:
            self._blocks.put((side, pcm))
        else:
            self.lost_blocks += 1

    # --- the worker's thread ------------------------------------------------------------------

    def _work(self, canceller: EchoCanceller) -> None:
        pairing, resampler = Pairing(), Resampler(RATE, REPLY_RATE)
        blocks = self._blocks
        while (block := blocks.get()) is not None:
            side, pcm = block
            if side == "rendered":
                pairing.rendered(pcm)
            else:
                pairing.recorded(pcm)
            for recorded, rendered in pairing.frames():
                self.loudspeaker_level = level(rendered)
                # The canceller goes on learning while the microphone is shut.
                clean = canceller.process(recorded, rendered)
                if self.headphones:
                    clean = recorded
                if not self.open_mic:
                    clean = np.zeros_like(clean)
                packet = Packet(resampler.push(clean).tobytes(), level(clean))
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    self._loop.call_soon_threadsafe(self._packet, packet)


def device_of(devices: tuple[Device, ...], name: str) -> Device | None:
    """The device that is called so; people also give a part of its name, or its number. None: there is none."""
    if not name:
        return None
    exact = (device for device in devices if device.name == name)
    like = (device for device in devices if name.casefold() in device.name.casefold() or name == str(device.number))
    return next(exact, None) or next(like, None)


def _find(devices: tuple[Device, ...], name: str) -> tuple[int | None, str]:
    """The number of the device of that name (None: the default), and the name if it is not there."""
    device = device_of(devices, name)
    return (device.number, "") if device else (None, name)
