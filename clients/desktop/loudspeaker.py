"""What the agent says, on its way to the loudspeaker: queued, ducked, cleared, and counted.

Two threads meet here. The call's thread posts sound and orders into a mailbox; the sound card's callback takes them
out and renders. Appending to a deque and popping from it are atomic, so neither ever waits for the other: a callback
that waited would be heard.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from streaming.frames import Pcm
from streaming.resample import Resampler

REPLY_RATE = 24_000
RATE = 48_000
RATIO = RATE // REPLY_RATE
MOST_QUEUED = 600 * RATE
"""Samples that may wait. Our server keeps 250 ms ahead; this is for one that does not."""
REMEMBERED = 16
"""So many cleared items are remembered: late packets of them are not played."""
CUSHION_STEP = RATE // 50
MOST_CUSHION = RATE // 5


@dataclass(frozen=True, slots=True)
class Played:
    """Of `item_id` the first `until` samples (24 kHz) were given to the sound card, and have left it at `at`.

    `at` is on the monotonic clock, in seconds; it lies a little in the future.
    """

    item_id: str
    until: int
    at: float


@dataclass(frozen=True, slots=True)
class _Sound:
    item_id: str
    first: int
    """Where in the item it begins, in samples at 24 kHz."""
    pcm: Pcm
    """At 48 kHz."""


@dataclass(frozen=True, slots=True)
class _Clear:
    item_id: str | None


@dataclass(frozen=True, slots=True)
class _Gain:
    factor: float


@dataclass(slots=True)
class Loudspeaker:
    """Plays replies. `play`, `clear` and `gain` are for the call's thread, `render` for the sound card's."""

    volume: float = 1.0
    """In [0, 1]; read at every block."""
    played: Played | None = None
    """The last that was rendered of any item; replaced as a whole, so that any thread may read it."""
    audible: bool = False
    """Whether the last block had sound in it."""
    starved: int = 0
    """How often a reply stopped in mid-word because its sound came too late."""
    _mailbox: deque[_Sound | _Clear | _Gain] = field(default_factory=deque)
    # The call's thread alone:
    _resampler: Resampler = field(default_factory=lambda: Resampler(REPLY_RATE, RATE))
    _cleared: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    # The sound card's thread alone:
    _queue: deque[_Sound] = field(default_factory=deque)
    _queued: int = 0
    _at: int = 0
    """How much of the queue's first sound was rendered, in samples at 48 kHz."""
    _gain: float = 1.0
    _target: float = 1.0
    _fading: bool = False
    """What is rendered next is the end of something that was cleared."""
    _running: bool = False
    _waited: int = 0
    _cushion: int = 0
    """Samples that are to lie here before sound begins; grows when a network is too uneven to go without."""
    _smooth: bool = True
    """The current item has not starved."""

    # --- the call's thread --------------------------------------------------------------------

    def play(self, item_id: str, first: int, pcm: Pcm) -> None:
        """Queues int16 samples [first, first + len(pcm)) of an item, at 24 kHz; not those of one that was cleared."""
        if item_id in self._cleared or not len(pcm):
            return
        self._mailbox.append(_Sound(item_id, first, self._resampler.push(pcm)))

    def clear(self, item_id: str | None = None) -> None:
        """Silent from the next block on. `item_id` None: whatever plays."""
        if item_id is not None:
            self._cleared.append(item_id)
        self._resampler = Resampler(REPLY_RATE, RATE)
        self._mailbox.append(_Clear(item_id))

    def gain(self, db: float) -> None:
        """Plays so much louder (negative: softer) from the next block on; 0 is as it came."""
        self._mailbox.append(_Gain(10 ** (db / 20)))

    # --- the sound card's thread --------------------------------------------------------------

    def render(self, count: int, leaves_at: float) -> Pcm:
        """The next `count` samples at 48 kHz, int16; the last of them leaves the loudspeaker at `leaves_at`."""
        self._read_mailbox()
        sound = np.zeros(count, np.float32)
        filled = 0 if self._waits(count) else self._fill(sound, leaves_at)
        if self._fading:
            # Over one block, so that a cut is no click; then the rest is gone.
            sound[:filled] *= np.linspace(1, 0, filled, dtype=np.float32)
            self._drop(None)
            self._fading = False
        target = self._target * self.volume
        if filled and (self._gain != 1 or target != 1):
            sound[:filled] *= np.linspace(self._gain, target, filled, dtype=np.float32)
        self._gain = target
        self.audible = filled > 0
        rendered: Pcm = sound.astype(np.int16)
        return rendered

    def _read_mailbox(self) -> None:
        while self._mailbox:
            match self._mailbox.popleft():
                case _Sound() as sound:
                    if self._fading:
                        # Something new before the fade was rendered: it is not to be faded, too.
                        self._drop(None)
                        self._fading = False
                    if self._queued < MOST_QUEUED:
                        self._take(sound)
                case _Clear(item_id=None):
                    self._fading = bool(self._queue)
                case _Clear(item_id=item_id):
                    if self._queue and self._queue[0].item_id == item_id:
                        others = [sound for sound in self._queue if sound.item_id != item_id]
                        self._fading = not others
                        if others:
                            self._drop(item_id)
                    else:
                        self._drop(item_id)
                case _Gain(factor=factor):
                    self._target = factor

    def _take(self, sound: _Sound) -> None:
        if not self._queue and self.played is not None:
            if self.played.item_id == sound.item_id:
                self.starved += 1
                self._smooth = False
                self._cushion = min(MOST_CUSHION, self._cushion + CUSHION_STEP)
            else:
                self._cushion = max(0, self._cushion - CUSHION_STEP // 2 * self._smooth)
                self._smooth = True
        self._queue.append(sound)
        self._queued += len(sound.pcm)

    def _drop(self, item_id: str | None) -> None:
        """Forgets what is queued of one item, or of all."""
        if self._queue and item_id in (None, self._queue[0].item_id):
            self._at = 0
        self._queue = deque(sound for sound in self._queue if item_id is not None and sound.item_id != item_id)
        self._queued = sum(len(sound.pcm) for sound in self._queue) - self._at
        self._running = bool(self._queue)

    def _waits(self, count: int) -> bool:
        """Whether the cushion is still being filled."""
        if not self._queue:
            self._running, self._waited = False, 0
        elif not self._running:
            self._running = self._queued >= self._cushion or self._waited >= self._cushion or self._fading
            self._waited = 0 if self._running else self._waited + count
        return not self._running

    def _fill(self, sound: np.ndarray, leaves_at: float) -> int:
        filled = 0
        while self._queue and filled < len(sound):
            head = self._queue[0]
            part = head.pcm[self._at : self._at + len(sound) - filled]
            sound[filled : filled + len(part)] = part
            filled += len(part)
            self._at += len(part)
            self._queued -= len(part)
            left = (len(sound) - filled) / RATE
            self.played = Played(head.item_id, head.first + self._at // RATIO, leaves_at - left)
            if self._at >= len(head.pcm):
                self._queue.popleft()
                self._at = 0
        return filled
