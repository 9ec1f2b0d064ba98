"""One response, as the streams that livekit-agents plays it from."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Literal

from livekit import rtc
from livekit.agents import llm, utils
from livekit.agents.types import TimedString

from ._wire.duplex import TimedWord

RATE = 24_000


class Message:
    """What one item of a response says."""

    def __init__(self, item_id: str) -> None:
        self.item_id = item_id
        self.text: utils.aio.Chan[str] = utils.aio.Chan()
        self.audio: utils.aio.Chan[rtc.AudioFrame] = utils.aio.Chan()
        self.modalities: asyncio.Future[list[Literal["text", "audio"]]] = asyncio.get_running_loop().create_future()
        self._early: deque[TimedWord] = deque()
        """Words whose sound has not come yet."""
        self._came = 0
        """Samples that have come."""

    def expect(self, words: list[TimedWord]) -> None:
        """Words go on with their sound. The server is far ahead with words and hardly with sound; a session without
        a synchronised transcript takes for heard what it was given.
        """
        self._early.extend(words)
        self._let_go()

    def sound(self, frame: rtc.AudioFrame) -> None:
        self.audio.send_nowait(frame)
        self._came += frame.samples_per_channel
        self._let_go()

    def _let_go(self, until_ms: float | None = None) -> None:
        came_ms = self._came * 1000 / RATE if until_ms is None else until_ms
        while self._early and self._early[0].start_ms < came_ms:
            word = self._early.popleft()
            self.text.send_nowait(TimedString(word.text, word.start_ms / 1000, word.end_ms / 1000))

    def close(self, whole: bool) -> None:
        """`whole` False: what has not come was not said."""
        if whole:
            self._let_go(float("inf"))
        if not self.modalities.done():
            self.modalities.set_result(["text"])
        self.text.close()
        self.audio.close()


class Generation:
    """A response from its beginning to its end."""

    def __init__(self, response_id: str, user_initiated: bool) -> None:
        self.response_id = response_id
        self.began = time.time()
        self.first_sound: float | None = None
        self.announced = False
        """The framework knows of it."""
        self.over = False
        self._user_initiated = user_initiated
        self._messages: utils.aio.Chan[llm.MessageGeneration] = utils.aio.Chan()
        self._functions: utils.aio.Chan[llm.FunctionCall] = utils.aio.Chan()
        self._message: Message | None = None

    def event(self) -> llm.GenerationCreatedEvent:
        """What the framework is told; it reads the streams from then on."""
        self.announced = True
        return llm.GenerationCreatedEvent(
            message_stream=self._messages,
            function_stream=self._functions,
            user_initiated=self._user_initiated,
            response_id=self.response_id,
        )

    def _open(self, item_id: str, kind: Literal["text", "audio"]) -> Message | None:
        if self.over:
            return None
        if self._message is None or self._message.item_id != item_id:
            if self._message is not None:
                self._message.close(whole=True)
            made = self._message = Message(item_id)
            self._messages.send_nowait(llm.MessageGeneration(item_id, made.text, made.audio, made.modalities))
        if not self._message.modalities.done():
            self._message.modalities.set_result(["audio", "text"] if kind == "audio" else ["text"])
        return self._message

    def words(self, item_id: str, words: list[TimedWord]) -> None:
        """Words with the times at which they sound, in s: so a transcript can be cut where the sound was."""
        message = self._open(item_id, "audio")
        if message is not None:
            message.expect(words)

    def text(self, item_id: str, text: str) -> None:
        """Words of a written answer."""
        message = self._open(item_id, "text")
        if message is not None:
            message.text.send_nowait(text)

    def sound(self, item_id: str, pcm: bytes) -> None:
        """int16 mono at 24 kHz."""
        message = self._open(item_id, "audio")
        if message is not None and pcm:
            self.first_sound = self.first_sound or time.time()
            message.sound(rtc.AudioFrame(pcm, RATE, 1, len(pcm) // 2))

    def call(self, call: llm.FunctionCall) -> None:
        """A function is to be called."""
        if not self.over:
            self._functions.send_nowait(call)

    def close(self, whole: bool) -> None:
        """Nothing more comes. `whole`: it was said to its end."""
        if self.over:
            return
        self.over = True
        if self._message is not None:
            self._message.close(whole)
        self._messages.close()
        self._functions.close()
