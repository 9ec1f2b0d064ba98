"""The assistant at a desk: a voice, a call, and what the user's keys do. Screens stand on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from .call import Call, Mode
from .loudspeaker import Loudspeaker
from .preferences import Preferences
from .sound_card import SoundCard
from .talk_key import TalkKey
from .voice import FLOOR_DBFS, Choice, Packet, Voice

KEY_S = 0.03
TAIL_S = 0.15
"""What is said as the key is let go is still on its way through card and canceller."""


class Assistant:
    """Everything here belongs to the event loop's thread."""

    def __init__(self, card: SoundCard, url: str, key: str, chosen: Preferences, changed: Callable[[], None]) -> None:
        """`changed` is called when there is something new to show; levels are to be looked at by the clock."""
        self.muted = False
        self.microphone_level = FLOOR_DBFS
        self._chosen = chosen
        self._changed = changed
        self._key = TalkKey()
        self._talking = False
        self._ends: float | None = None
        """When the turn of a key that was let go is closed."""
        self.loudspeaker = Loudspeaker(volume=chosen.volume)
        self.call = Call(url, key, self.loudspeaker, changed)
        self.call.mode = chosen.mode
        choice = Choice(chosen.microphone, chosen.loudspeaker)
        self.voice = Voice(card, self.loudspeaker, choice, self._recorded, self.note)
        self.voice.headphones = chosen.headphones
        self._shut_or_open()

    async def run(self) -> None:
        """Talks until cancelled, or until the server refuses the key."""
        tasks = [asyncio.create_task(work) for work in (self.voice.run(), self.call.run(), self._watch_key())]
        try:
            await asyncio.wait(tasks[1:], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    @property
    def talking(self) -> bool:
        """Push-to-talk: the user is being listened to."""
        return self._talking

    def note(self, sentence: str) -> None:
        """Something for the user to know."""
        self.call.transcript.note(sentence, time.monotonic())
        self._changed()

    def toggle_mute(self) -> bool:
        """Shuts or opens the microphone; returns whether it is shut now."""
        self.muted = not self.muted
        self._shut_or_open()
        self._changed()
        return self.muted

    def take_turns(self, mode: Mode) -> None:
        """Hands-free, or by a key."""
        self._chosen.mode = mode
        self._talking, self._ends, self._key = False, None, TalkKey()
        self.call.take_turns(mode)
        self._shut_or_open()

    def press(self) -> None:
        """The key of push-to-talk was pressed, or repeats."""
        if self.call.mode == "push-to-talk" and not self.muted:
            self._key.press(time.monotonic())
            self._obey_key()

    async def use(self, microphone: str, loudspeaker: str) -> None:
        """Other devices from now on; "" is the system's default."""
        self._chosen.microphone, self._chosen.loudspeaker = microphone, loudspeaker
        await self.voice.use(Choice(microphone, loudspeaker))
        self._changed()

    # --- inside -------------------------------------------------------------------------------

    def _recorded(self, packet: Packet) -> None:
        self.microphone_level = packet.level
        self.call.microphone(packet.pcm)

    def _shut_or_open(self) -> None:
        listens = self._talking or self._ends is not None if self.call.mode == "push-to-talk" else True
        self.voice.open_mic = listens and not self.muted

    async def _watch_key(self) -> None:
        while True:
            await asyncio.sleep(KEY_S)
            now = time.monotonic()
            self._key.expire(now)
            self._obey_key()
            if self._ends is not None and now >= self._ends:
                self._ends = None
                self._shut_or_open()
                self.call.end_turn()

    def _obey_key(self) -> None:
        if self._key.down == self._talking:
            return
        self._talking = self._key.down
        if self._talking:
            self._ends = None
            self.call.begin_turn()
        else:
            self._ends = time.monotonic() + TAIL_S
        self._shut_or_open()
        self._changed()
