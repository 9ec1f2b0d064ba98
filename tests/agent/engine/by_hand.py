"""A scheduler on the toy family, driven by hand, and callers that know what its contexts ought to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from toy_talker import TOKEN, ToyTalker, ToyVocoder, level
from toy_thinker import WORD, ToyPerception, ToyThinker, number, reply_to, sound, spelt

from agent.conversation.lines import TOPIC_DROPPED
from agent.engine import messages as m
from agent.engine.scheduler import Scheduler
from streaming.time import ticks


class Engine:
    """All parts in one thread, and a clock that stands still unless told."""

    def __init__(self, slots: int = 4, capacity: int = 4000) -> None:
        self.now = 100.0
        self.sent: list[m.EngineMessage] = []
        self.perception, self.thinker = ToyPerception(), ToyThinker(slots, capacity)
        self.talker, self.vocoder = ToyTalker(), ToyVocoder()
        self.scheduler = Scheduler(
            "toy", "", self.perception, self.thinker, self.talker, self.vocoder, self.sent.append, lambda: self.now
        )

    def tell(self, *messages: m.AgentMessage) -> None:
        for message in messages:
            self.scheduler.receive(message)

    def settle(self) -> None:
        """Runs until nothing is left to do."""
        for _ in range(10_000):
            if not (self.scheduler.hear() | self.scheduler.work()):
                return
        raise AssertionError("the engine never comes to rest")

    def of(self, session: str) -> list[m.EngineMessage]:
        return [message for message in self.sent if message.session == session]

    def said(self, session: str, reply: int) -> list[str]:
        said = [it for it in self.of(session) if isinstance(it, m.Said) and it.reply == reply]
        assert [it.token for it in said] == list(range(len(said)))
        return [it.text for it in said]

    def done(self, session: str, reply: int) -> m.Done | None:
        found = [it for it in self.of(session) if isinstance(it, m.Done) and it.reply == reply]
        assert len(found) <= 1
        return found[0] if found else None

    def failures(self, session: str) -> list[m.Failed]:
        return [it for it in self.of(session) if isinstance(it, m.Failed)]


@dataclass
class Said:
    """What a caller knows of a reply."""

    number: int
    turn: int | None
    before: list[str]
    """The context that it answers."""
    say: str | None = None
    kept: int | None = None
    """How many of its tokens were heard; None: all."""
    over: bool = False
    """It was cut."""


@dataclass
class Caller:
    """One session, and a plain account of what its context ought to hold."""

    engine: Engine
    name: str
    instructions: str = "be good"
    parts: list[list[str] | Said] = field(default_factory=list)
    open_turn: list[str] | None = None
    turn: int = 0
    reply: int = 0
    heard: int = 0
    """Words and silences sent so far."""
    thought_ahead: bool = False
    """The last reply may still be rolled back."""
    flushed: int = 0
    """How many words the open turn had when the last reply was thought of it."""

    def tell(self, message: m.AgentMessage) -> None:
        self.engine.tell(message)

    def open(self, history: Sequence[m.Line] = ()) -> None:
        self.tell(m.Open(self.name, m.Setup(instructions=self.instructions), list(history)))
        self.parts = [self._line(line) for line in history]

    # --- the user -----------------------------------------------------------------------------

    def listen(self) -> None:
        self.turn += 1
        self.open_turn = []
        self.tell(m.Listen(self.name, self.turn, ticks(self.heard * WORD, 16_000)))

    def speak(self, words: Sequence[int]) -> None:
        for word in words:
            pcm = sound([word]).astype("<i2")
            for first in (0, WORD // 2):
                at = ticks(self.heard * WORD + first, 16_000)
                self.tell(m.Audio(self.name, at, pcm[first : first + WORD // 2].tobytes()))
            self.heard += 1
            if word and self.open_turn is not None:
                self.open_turn.append(f"u{word}")

    def forget(self) -> None:
        self.tell(m.Forget(self.name, self.turn))
        self.open_turn = None

    def keep(self) -> None:
        assert self.open_turn is not None
        self.tell(m.Keep(self.name, self.turn, " ".join(self.open_turn)))
        if self.open_turn:
            first, *others = self.open_turn
            self.parts.append(["<user>", first, *(f" {other}" for other in others), "</user>"])
        self.open_turn = None

    # --- replies ------------------------------------------------------------------------------

    def think(self, say: str | None = None, spoken: bool = False, instructions: str | None = None) -> int:
        self.reply += 1
        turn = self.turn if spoken else None
        self.tell(m.Think(self.name, self.reply, turn, instructions, say))
        before = self.settled()
        self.thought_ahead, self.flushed = spoken, len(self.open_turn or [])
        if spoken and self.open_turn:
            before += ["<user>", *self.open_turn, "</user>"]
        if instructions is not None:
            before += ["<system>", *spelt(instructions), "</system>"]
        self.parts.append(Said(self.reply, turn, [*before, "<assistant>"], say))
        return self.reply

    def accept(self) -> None:
        reply = self._last()
        self.tell(m.Accept(self.name, reply.number))
        assert self.open_turn is not None
        if words := self.open_turn[: self.flushed]:
            self.parts.insert(self.parts.index(reply), ["<user>", *words, "</user>"])
        self.open_turn, self.thought_ahead = None, False

    def rollback(self) -> None:
        reply = self._last()
        self.tell(m.Rollback(self.name, reply.number))
        self.parts.remove(reply)
        self.thought_ahead = False

    def cut(self, share: float, dropped: bool = False) -> None:
        """Stops the last reply; `share` of what was said of it was heard."""
        reply = self._last()
        kept = int(share * len(self.engine.said(self.name, reply.number)))
        self.tell(m.Stop(self.name, reply.number))
        self.tell(m.Crop(self.name, reply.number, kept, dropped))
        reply.kept, reply.over = kept, True
        if dropped:
            self.parts.insert(self.parts.index(reply) + 1, ["<system>", *spelt(TOPIC_DROPPED), "</system>"])

    @property
    def last(self) -> Said | None:
        return next((part for part in reversed(self.parts) if isinstance(part, Said)), None)

    def _last(self) -> Said:
        assert self.last is not None
        return self.last

    # --- the past -----------------------------------------------------------------------------

    def add(self, line: m.Line) -> None:
        self.tell(m.Add(self.name, [line]))
        self.parts.append(self._line(line))

    def rebuild(self, lines: Sequence[m.Line]) -> None:
        self.tell(m.Rebuild(self.name, list(lines)))
        self.parts = [self._line(line) for line in lines]

    def change(self, instructions: str) -> None:
        self.instructions = instructions
        self.tell(m.Change(self.name, m.Setup(instructions=instructions)))

    @staticmethod
    def _line(line: m.Line) -> list[str]:
        return [f"<{line.role}>", *spelt(line.text), f"</{line.role}>"]

    # --- what ought to be ---------------------------------------------------------------------

    def settled(self) -> list[str]:
        context = ["<system>", *spelt(self.instructions), "</system>"]
        for part in self.parts:
            if isinstance(part, list):
                context += part
            elif tokens := self.tokens(part):
                context += ["<assistant>", *tokens, "</assistant>"]
        return context

    @staticmethod
    def tokens(reply: Said) -> list[str]:
        """The tokens of `reply` that were heard, thought anew from nothing."""
        tokens = reply_to(reply.before) if reply.say is None else spelt(reply.say)
        return tokens if reply.kept is None else tokens[: reply.kept]

    def check(self) -> None:
        """Everything is as it ought to be. The engine has settled."""
        slot = self.slot
        expected = self.settled()
        if self.open_turn:
            kv = self.engine.thinker.kv[slot]
            assert [symbol.rstrip("?") for symbol in kv] == [*expected, "<user>", *self.open_turn]
        else:
            assert self.engine.thinker.kv[slot] == expected
        for part in self.parts:
            if isinstance(part, Said):
                self.check_reply(part)
        assert not self.engine.failures(self.name)

    def check_reply(self, reply: Said) -> None:
        tokens = reply_to(reply.before) if reply.say is None else spelt(reply.say)
        said = self.engine.said(self.name, reply.number)
        done = self.engine.done(self.name, reply.number)
        assert done is not None
        assert said == (tokens if done.reason == "complete" else tokens[: len(said)])
        pcm = b"".join(
            it.pcm for it in self.engine.of(self.name) if isinstance(it, m.Sound) and it.reply == reply.number
        )
        heard = np.frombuffer(pcm, "<i2")[::TOKEN].tolist()
        full = [level(number([*reply.before, *tokens[: at + 1]])) for at in range(len(tokens))]
        assert heard == (full if done.reason == "complete" else full[: len(heard)])

    @property
    def slot(self) -> int:
        return next(s.slot for s in self.engine.scheduler._sessions if s.name == self.name)
