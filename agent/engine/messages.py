"""What the agent process and the engine process say to each other.

msgspec structs, tagged by their name, one msgpack message a frame. Times are media time (ticks of 1/48000 s);
`clock` fields are `time.monotonic()` seconds, which processes of one machine share; they feed the latency ledger.
Sound to the engine is int16 little-endian mono at 16 kHz, sound from it the same at 24 kHz.
"""

from __future__ import annotations

from typing import Literal

import msgspec

# --- agent -> engine ------------------------------------------------------------------------


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of history, as heard."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    call: str | None = None
    """Of a tool's result: the call it answers."""
    name: str | None = None
    arguments: str | None = None
    """Of an assistant's tool call: `name` and `arguments` (JSON); `text` is empty then."""


class Setup(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a session's mind is to be. A change holds from the next reply on."""

    instructions: str = ""
    tools: list[dict[str, object]] = []
    """Function schemas of the Realtime API: {"type": "function", "name", "description", "parameters"}."""
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of one function."""
    voice: str = ""
    """A voice of the family, or "" for its default."""
    speed: float = 1.0
    max_tokens: int = 256
    """Longest reply, in tokens."""
    temperature: float | None = None
    """None: the family's default."""


class ToEngine(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    session: str


class Open(ToEngine, frozen=True):
    """Take a slot. Answered by `Opened` or `Full`. `history` is prefilled at once."""

    setup: Setup
    history: list[Line] = []


class Close(ToEngine, frozen=True):
    """Give the slot back."""


class Change(ToEngine, frozen=True):
    setup: Setup


class Audio(ToEngine, frozen=True):
    """The microphone from `at` on, gapless, all the time (turn or no turn)."""

    at: int
    pcm: bytes


class Picture(ToEngine, frozen=True):
    """A camera frame: JPEG bytes taken at `at`."""

    at: int
    jpeg: bytes


class Listen(ToEngine, frozen=True):
    """Turn `turn` began: sound from `since` on (which may lie 300 ms and more back) belongs to it."""

    turn: int
    since: int


class Forget(ToEngine, frozen=True):
    """Turn `turn` was none: nothing of it stays."""

    turn: int


class Keep(ToEngine, frozen=True):
    """Turn `turn` ended and is not answered now (no reply is thought of): its words stay in the context."""

    turn: int
    text: str


class Think(ToEngine, frozen=True):
    """Take mark `reply`, take in the rest of `turn` (None: there is none), then think and speak the answer.

    The sound is sent as it is made; whether it may be heard is the agent's business.
    `instructions` replace the session's for this reply; `say`: speak exactly this text instead of thinking.
    """

    reply: int
    turn: int | None = None
    instructions: str | None = None
    say: str | None = None
    ended: int | None = None
    """About when speech stopped, for `Done.prefilled`; None: when this message came."""
    consult: bool = False
    """Before the first token ask with `Consult`, and wait for `Proceed`: a tool may know the answer."""


class Proceed(ToEngine, frozen=True):
    """The answer to `Consult`: speak exactly `say` ("": end here), or think (None)."""

    reply: int
    say: str | None = None


class Accept(ToEngine, frozen=True):
    """`reply` was released: its turn is closed; the mark may be dropped."""

    reply: int


class Rollback(ToEngine, frozen=True):
    """Stop `reply` and crop to the mark taken before it. The turn goes on listening."""

    reply: int


class Stop(ToEngine, frozen=True):
    """Stop making `reply`, at the next step. What was made stays in the context until `Crop`."""

    reply: int


class Crop(ToEngine, frozen=True):
    """Of `reply`, tokens [0, `token`) were heard: forget the rest. `dropped`: say so in the context (topic change)."""

    reply: int
    token: int
    dropped: bool = False


class Add(ToEngine, frozen=True):
    """Put `lines` into the context (typed turns, tool calls and results, items of a client)."""

    lines: list[Line]


class Rebuild(ToEngine, frozen=True):
    """Forget the whole context and take in `lines` instead (an item was deleted or shortened afterwards)."""

    lines: list[Line]


# --- engine -> agent ------------------------------------------------------------------------


class FromEngine(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    session: str


class Opened(FromEngine, frozen=True):
    """A slot was taken."""


class Full(FromEngine, frozen=True):
    """There is no slot; `reason` says how many there are and what to do."""

    reason: str


class WordsHeard(FromEngine, frozen=True):
    """The user's words of `turn` up to media time `until`. `final`: nothing tentative is left of what was said."""

    turn: int
    stable: str
    tentative: str
    until: int
    clock: float
    final: bool = False
    """Sent after the flush that a `Think` asks for: these are all words up to `until`."""


class Seen(FromEngine, frozen=True):
    """What is read off the picture taken at `at`; the newest that shows the same was taken at `until`."""

    at: int
    until: int
    text: str
    codes: list[str]
    colours: list[str]
    brightness: str


class Consult(FromEngine, frozen=True):
    """`reply` answers a turn that reads `text` now ("" without a spoken turn); it waits for `Proceed`."""

    reply: int
    text: str


class Said(FromEngine, frozen=True):
    """Token `token` of `reply` reads `text`."""

    reply: int
    token: int
    text: str
    clock: float


class Sound(FromEngine, frozen=True):
    """The next samples of `reply`. `spans`: (token, first, last), in samples from the reply's beginning."""

    reply: int
    pcm: bytes
    spans: list[tuple[int, int, int]]
    clock: float


class Called(FromEngine, frozen=True):
    """`reply` calls a tool; `arguments` is whole JSON."""

    reply: int
    call: str
    name: str
    arguments: str


class Done(FromEngine, frozen=True):
    """`reply` is whole (`complete`), was cut at max_tokens (`length`), or was stopped (`stopped`)."""

    reply: int
    reason: Literal["complete", "length", "stopped"]
    input_tokens: int
    output_tokens: int
    prefilled: float = 0.0
    """Of the user's turn: tokens in the KV cache when speech stopped that were still there at the reply's first
    token, as a share of all of the turn's tokens at that point; 0 without a spoken turn."""


class Stage(FromEngine, frozen=True):
    """A stage of `reply` was reached: `flushed`, `prefilled`, `first_token`, `first_sound`."""

    reply: int
    name: Literal["flushed", "prefilled", "first_token", "first_sound"]
    clock: float


class Failed(FromEngine, frozen=True):
    """A message could not be carried out; the session goes on. `reason` says what to do."""

    reason: str
    reply: int | None = None
    """The reply that ends by it; its `Done` (`stopped`) follows."""


class Load(FromEngine, frozen=True):
    """Sent with session "" at start and whenever it changes. `ready` False: still loading."""

    ready: bool
    slots: int
    free: int
    family: str
    model: str
    sees: bool
    """Whether camera frames are looked at."""
    words: bool
    """Whether `WordsHeard` is ever sent."""
    voices: list[str]


AgentMessage = (
    Open | Close | Change | Audio | Picture | Listen | Forget | Keep
    | Think | Proceed | Accept | Rollback | Stop | Crop | Add | Rebuild
)  # fmt: skip
EngineMessage = Opened | Full | WordsHeard | Seen | Consult | Said | Sound | Called | Done | Stage | Failed | Load
