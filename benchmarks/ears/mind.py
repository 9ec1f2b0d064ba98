"""A mind with known replies: whatever it is asked, it answers at length, after the same time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agent.conversation.events import Event, ReplyDone, ReplySound, ReplyWords
from streaming.time import Time, ms

RATE = 16_000
REPLY_RATE = 24_000
THINKS = ms(100)
"""From the last words to the first sample: about what the default family takes."""
Pcm = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Script:
    """What the agent says whenever it answers: text, and its sound as int16 at 16 kHz."""

    text: str
    sound: Pcm


@dataclass(slots=True)
class Speaking:
    """One reply on its way out."""

    number: int
    script: Script
    ready: Time
    """When its first sample is there."""
    released: bool = False
    held: bool = False
    again: bool = False
    """It takes up what was cut."""
    told: bool = False
    """It was made, or will never be."""
    place: int = 0
    """Samples at 16 kHz that were played."""


@dataclass
class Mind:
    """Replies with `script`, for ever."""

    script: Script
    replies: dict[int, Speaking] = field(default_factory=dict)

    def think(self, reply: int, ready: Time) -> Speaking:
        """Begins to answer; the answer is there at `ready`."""
        made = self.replies[reply] = Speaking(reply, self.script, ready)
        return made

    def take_up(self, reply: int, of: int, token: int, now: Time) -> None:
        """Says reply `of` on from `token`, with what is left of its sound."""
        before = self.replies[of].script
        words = before.text.split(" ")
        first = len(before.sound) * token // max(1, len(words))
        rest = Script(" ".join(words[token:]), before.sound[first:])
        self.replies[reply] = Speaking(reply, rest, now + THINKS, released=True, again=True)

    def made(self, now: Time) -> list[Event]:
        """What has been made of replies since it was asked last: each is made as a whole, when it is ready."""
        events: list[Event] = []
        for reply in self.replies.values():
            if reply.told or now < reply.ready:
                continue
            reply.told = True
            words = reply.script.text.split(" ")
            edges = np.linspace(0, at_reply_rate(len(reply.script.sound)), len(words) + 1).astype(int)
            for token, word in enumerate(words):
                events.append(ReplyWords(reply.number, token, word if not token else f" {word}", now))
                events.append(ReplySound(reply.number, token, int(edges[token]), int(edges[token + 1]), now))
            events.append(ReplyDone(reply.number, now))
        return events

    def stop(self, reply: int) -> None:
        """Nothing more of `reply` is made or heard."""
        self.replies[reply].released, self.replies[reply].told = False, True


def at_reply_rate(count: int) -> int:
    """Samples at 16 kHz as samples of a reply."""
    return count * REPLY_RATE // RATE
