"""The joints of a model family on the thinking side.

Plain protocols over numpy and plain Python, so that the default family needs no torch. `Handover` and the
payload of a `Chunk` are opaque: only the parts of the same family look inside. All streaming state is kept per
slot, apart from weights; two slots never share a buffer. The engine calls `Perception` from its perception
thread and `Thinker` from its stepping thread, one call at a time each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from streaming.time import Time

Handover = object
"""What one token gives to the Talker (text, hidden state, device handle): opaque."""
Mark = object
"""A place in a slot's past that `crop` returns to: opaque."""
Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of input that is ready for prefill."""

    payload: object
    takes_back: int = 0
    """The last so many chunks of this turn no longer hold (words were revised): crop them first."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is read off pictures, for families whose Thinker does not see them itself."""

    at: Time
    """Of the picture that was looked at."""
    until: Time
    """Of the newest picture that shows the same."""
    text: str = ""
    codes: Sequence[str] = ()
    """What QR and bar codes say."""
    colours: Sequence[str] = ()
    """The main ones of the middle, the strongest first."""
    brightness: str = ""


@dataclass(frozen=True, slots=True)
class Perceived:
    """What perception made of the latest sound and pictures of a turn."""

    chunks: Sequence[Chunk] = ()
    stable: str = ""
    """All words of the turn that will not change any more (empty where the family makes no words)."""
    tentative: str = ""
    until: Time = 0
    """How far the sound goes that these words were made of; 0: no sound was made anything of."""
    seen: Seen | None = None
    """What the eyes saw since they were asked last. It may come with any picture and sound, in turns and between."""


class Perception(Protocol):
    """Turns sound and pictures into chunks while the user still speaks."""

    block_s: float
    """Sound is looked at about this often, in seconds."""
    makes_words: bool
    sees: bool

    def open(self, slot: int) -> None:
        """A session begins in `slot`, with nothing heard."""
        ...

    def close(self, slot: int) -> None: ...

    def begin(self, slot: int, since: Time) -> None:
        """A turn begins: sound from `since` on belongs to it (at least the last 2 s are always kept)."""
        ...

    def audio(self, slot: int, pcm: NDArray[np.int16], t: Time) -> Perceived | None:
        """Takes 16 kHz sound from `t` on. Called all the time, in turns and between; returns what is new, if any."""
        ...

    def frame(self, slot: int, jpeg: bytes, t: Time) -> Perceived | None:
        """Takes a picture. Families without eyes return None; what eyes see may also come with later sound."""
        ...

    def flush(self, slot: int) -> Perceived:
        """Everything up to the last sample, as final as it can be now (more sound may follow)."""
        ...

    def end(self, slot: int) -> None:
        """The turn is over, one way or the other."""
        ...

    def mark(self, slot: int) -> Mark: ...

    def crop(self, slot: int, mark: Mark) -> None:
        """Back to `mark`, but without losing any sound that came since."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that the Thinker made: `arguments` is whole JSON."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of one slot gave."""

    text: str = ""
    """What the token reads, "" if it is not spoken."""
    handover: Handover | None = None
    """For the Talker; None if the token is not spoken."""
    call: Call | None = None
    end: bool = False
    """The reply is over (the token itself is not part of it)."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a reply is to be thought."""

    temperature: float | None = None
    """None: the family's default; 0: greedy."""
    seed: int = 0
    tools: Sequence[dict[str, object]] = field(default_factory=tuple)
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the one function to call."""


class Thinker(Protocol):
    """A language model with one KV slot a session."""

    slots: int
    capacity: int
    """Positions in one slot."""
    exchanges: int | None
    """Of how many questions and answers the model makes sense; older ones are forgotten in quiet moments. None: of all
    that fit."""

    def open(self, slot: int) -> None: ...

    def close(self, slot: int) -> None: ...

    def system(self, instructions: str, tools: Sequence[dict[str, object]]) -> list[Chunk]:
        """The beginning of a conversation in the family's chat template."""
        ...

    def begin_turn(self, role: Role) -> list[Chunk]:
        """What opens a turn of `role` in the chat template."""
        ...

    def text(self, role: Role, text: str) -> list[Chunk]:
        """Plain words inside a turn of `role`."""
        ...

    def end_turn(self, role: Role) -> list[Chunk]:
        """What closes it."""
        ...

    def called(self, name: str, arguments: str) -> list[Chunk]:
        """An assistant's tool call, as the template writes it (inside an assistant turn)."""
        ...

    def prefill(self, slot: int, chunk: Chunk) -> Handover | None:
        """Takes in one chunk (its `takes_back` is the engine's business). Raises `SlotFull` when it does not fit."""
        ...

    def begin_reply(self, slot: int, sampling: Sampling) -> None:
        """The next steps of `slot` are a reply thought like this."""
        ...

    def step(self, slots: Sequence[int]) -> list[Step]:
        """One token for each of `slots`, batched."""
        ...

    def length(self, slot: int) -> int:
        """Positions in use."""
        ...

    def mark(self, slot: int) -> Mark: ...

    def crop(self, slot: int, mark: Mark) -> None:
        """Back to `mark`, as if nothing had come after it."""
        ...


class SlotFull(Exception):
    """The conversation does not fit into the slot any more: forget its oldest lines and prefill again."""
