"""One session as the stepping thread knows it: what its Thinker is to remember, and the reply being made."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

from agent.conversation.lines import TOPIC_DROPPED
from thinker.joints import Call, Chunk, Thinker

from .context import Context, Piece
from .messages import Crop, Keep, Line, Setup, Think
from .past import Lines, Part, Reply, Turn, pieces, settled

_WORD = re.compile(r"\s*(?:[\u3400-\u9fff\uf900-\ufaff]|[^\s\u3400-\u9fff\uf900-\ufaff]+)(?:\s+$)?")
"""A word with the space before it. Chinese has no spaces: there it is a character."""


class Session:
    """The past is a list of parts, which messages edit; `arrange` has the cache follow.

    While a reply is being thought the cache belongs to it, and what was edited meanwhile waits for its end.
    """

    def __init__(self, name: str, slot: int, setup: Setup, thinker: Thinker) -> None:
        self.name = name
        self.slot = slot
        self.setup = setup
        self.closed = False
        self.reply: Reply | None = None
        """The reply that is being made."""
        self.context = Context(thinker, slot)
        self._thinker = thinker
        self._system: list[Piece] = []
        self._system_of: Setup | None = None
        """The setup that `_system` says."""
        self._next_setup = setup
        """The setup that it is to say: a reply that was asked for is thought with the one that held then."""
        self._past: list[Part] = []
        self._calls: dict[str, Call] = {}
        """Every call made in this session, for results that come after the call was cut away."""
        self._awaited: set[tuple[str, int]] = set()
        """What perception still owes: the last words of a turn, by the reply that asked or by the turn that was kept;
        and what the agent owes: how a reply is to go on. Until that is there no reply is begun that would lack it."""
        self._edited = True

    # --- the cache ----------------------------------------------------------------------------

    @property
    def thinking(self) -> bool:
        """Whether the cache belongs to a reply that is being thought."""
        return self.reply is not None and self.reply.stage == "thinking"

    @property
    def asked(self) -> bool:
        """Whether somebody waits for what is missing in the cache."""
        return self.reply is not None and self.reply.stage in ("asked", "filling")

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nobody speaks to us: time to tidy up."""
        return self.reply is None and self.turn is None

    def arrange(self) -> None:
        """Has the cache want what the past is now. Not while a reply is thought."""
        if not self._edited:
            return
        self._edited = False
        if self.reply is None or self.reply.stage == "speaking":
            self._next_setup = self.setup
        spoken_of = (self._next_setup.instructions, self._next_setup.tools)
        if self._system_of is None or spoken_of != (self._system_of.instructions, self._system_of.tools):
            self._system_of = self._next_setup
            self._system = pieces(self._thinker.system("", ()))  # what stays if the next line fails
            self._system = pieces(self._thinker.system(*spoken_of))
        while True:
            wanted = self._wanted()
            missing = {id(piece) for piece in wanted[self.context.common(wanted) :] if piece.chunk is None}
            if not missing:
                break
            for part in self._past:
                if isinstance(part, Reply) and any(id(piece) in missing for piece in part.content):
                    part.spell(self._thinker)
        self.context.want(wanted)

    def _wanted(self) -> list[Piece]:
        wanted = list(self._system)
        for part in self._past:
            wanted += part.pieces()
            if part is self.reply and self.asked:
                break
        return wanted

    def forget_oldest(self, positions: int, before: Piece | None = None) -> bool:
        """Forgets whole exchanges from the oldest on, until at most `positions` of what is held are left.

        System lines stay, and so does what is going on, and what comes from the part with `before` on. False if
        nothing could be forgotten.
        """
        sizes = {id(held.piece): held.positions for held in self.context.held}
        total = sum(sizes.values())
        needed = {id(self.reply), id(self.reply.turn if self.reply else None), id(self.turn)}
        old = [part for part in self._past if not (isinstance(part, Lines) and part.role == "system")]
        forgotten: set[int] = set()
        for part in old:
            if any(piece is before for piece in part.pieces()):
                break
            if id(part) in needed or (forgotten and _by_user(part) and total <= positions):
                break
            total -= sum(sizes.get(id(piece), 0) for piece in part.pieces())
            forgotten.add(id(part))
        self._past = [part for part in self._past if id(part) not in forgotten]
        self._edited |= bool(forgotten)
        return bool(forgotten)

    def keep_exchanges(self, most: int, left: int) -> bool:
        """Where there are more than `most` exchanges, forgets all but the last `left`. System lines stay.

        False if nothing was forgotten. Only when idle.
        """
        begins = [
            at
            for at, part in enumerate(self._past)
            if _by_user(part) and not (at and _by_user(self._past[at - 1]))  # what follows unanswered is no new one
        ]
        if len(begins) <= most:
            return False
        kept = begins[-left]
        self._past = [
            part
            for at, part in enumerate(self._past)
            if at >= kept or (isinstance(part, Lines) and part.role == "system")
        ]
        self._edited = True
        return True

    def drop(self, piece: Piece) -> None:
        """Forgets the part that `piece` belongs to: it cannot be taken in."""
        self._edited = True
        if any(piece is system for system in self._system):
            self._system = pieces(self._thinker.system("", ()))
            return
        for part in self._past:
            if any(piece is other for other in part.pieces()):
                if isinstance(part, Turn) and part.open:
                    part.content = []
                else:
                    self._past.remove(part)
                return

    def lost(self) -> None:
        """The slot was opened anew: everything is taken in again."""
        self.context.lost()
        self._edited = True

    # --- lines --------------------------------------------------------------------------------

    def change(self, setup: Setup) -> None:
        """From the next reply on."""
        self.setup = setup
        self._edited = True

    def add(self, lines: Sequence[Line]) -> None:
        """Before the turn that is being spoken; a tool's result right behind its call."""
        known = {call for part in self._past for call in _calls(part)}
        for part in settled([line for line in lines if not (line.name and line.call in known)], self._thinker):
            self._past.insert(self._place(part), part)
        self._edited = True

    def _place(self, part: Lines) -> int:
        if part.role == "tool":
            for call in part.calls:
                self._restore(call)
            callers = [at for at, other in enumerate(self._past) if part.calls & set(_calls(other))]
            if callers:
                at = callers[-1] + 1
                while at < len(self._past) and isinstance(other := self._past[at], Lines) and other.role == "tool":
                    at += 1
                return at
        return len(self._past) - (self.turn is not None)

    def _restore(self, call: str) -> None:
        """A result without its call is not understood: where the call was cut away, it is written again."""
        if call in self._calls and not any(call in _calls(part) for part in self._past):
            made = self._calls[call]
            line = Line("assistant", "", call, made.name, made.arguments)
            self._past[len(self._past) - (self.turn is not None) :] = [
                *settled([line], self._thinker),
                *self._past[len(self._past) - (self.turn is not None) :],
            ]

    def rebuild(self, lines: Sequence[Line]) -> None:
        """The past is `lines`, and the turn that is being spoken. What was known of calls stays."""
        turn = self.turn
        self._past = [*settled(lines, self._thinker), *([turn] if turn else [])]
        self._edited = True

    # --- spoken turns -------------------------------------------------------------------------

    @property
    def turn(self) -> Turn | None:
        """The turn that is being spoken: always the last part, unless a reply is thought of it."""
        for part in reversed(self._past):
            if isinstance(part, Turn):
                return part if part.open and part.answered is None else None
        return None

    def _find_turn(self, number: int) -> Turn | None:
        return next((part for part in self._past if isinstance(part, Turn) and part.number == number), None)

    def listen(self, number: int) -> None:
        """A turn begins; one that was still open is over."""
        if self._find_turn(number) is not None:
            return
        for part in self._past:
            if isinstance(part, Turn) and part.open:
                part.open = False
        opening, closing = (pieces(of("user")) for of in (self._thinker.begin_turn, self._thinker.end_turn))
        self._past.append(Turn(number, opening, closing))
        self._edited = True

    def perceived(self, number: int, chunks: Sequence[Chunk]) -> None:
        """What perception made of the turn."""
        turn = self._find_turn(number)
        if turn is not None and chunks and turn.deaf is None:
            turn.perceive(chunks)
            self._edited = True

    def forget(self, number: int) -> None:
        """That was no turn."""
        turn = self._find_turn(number)
        if turn is not None:
            self._past.remove(turn)
            self._edited = True

    def keep(self, message: Keep, words: bool) -> None:
        """The turn is over and not answered. `words`: its text is what the Thinker is given."""
        turn = self._find_turn(message.turn)
        if turn is None:
            self.add([Line("user", message.text)] if message.text else [])
            return
        turn.open = False
        if not words:
            self._awaited.add(("keep", turn.number))
        else:
            at = self._past.index(turn)
            self._past[at : at + 1] = settled([Line("user", message.text)] if message.text else [], self._thinker)
        self._edited = True

    # --- replies ------------------------------------------------------------------------------

    def think(self, message: Think, since: float) -> Reply | None:
        """A reply begins; it waits for the flush of its turn, if it has one. None: there is no such turn."""
        turn = None
        if message.turn is not None:
            turn = self._find_turn(message.turn)
            if turn is None or not turn.open:
                return None
        opening, closing = (pieces(of("assistant")) for of in (self._thinker.begin_turn, self._thinker.end_turn))
        reply = Reply(message.reply, turn, opening, closing, self.setup, since=since)
        if message.instructions is not None:
            reply.preface = [
                piece
                for part in settled([Line("system", message.instructions)], self._thinker)
                for piece in part.content
            ]
        if message.say is not None:
            reply.words = deque(_WORD.findall(message.say))
        if message.consult:
            self._awaited.add(("consult", reply.number))
        if turn is not None:
            self._awaited.add(("think", reply.number))
            turn.answered, turn.saved = reply, None
            self._past.remove(turn)
            self._past.append(turn)
        elif not self._awaited:
            reply.stage = "filling"
        # A turn that is being spoken meanwhile comes after the reply.
        self._past.insert(len(self._past) - (self.turn is not None), reply)
        self.reply, self._next_setup = reply, self.setup
        self._edited = True
        return reply

    def consults(self, number: int) -> bool:
        """Whether reply `number` waits to be told how to go on."""
        return ("consult", number) in self._awaited

    def proceed(self, number: int, say: str | None) -> None:
        """Reply `number` is thought, or says just `say`."""
        if not self.consults(number):
            return
        self._awaited.discard(("consult", number))
        if say is not None and self.reply is not None and self.reply.number == number:
            self.reply.words = deque(_WORD.findall(say))
        self._go_on()

    def flushed(self, number: int, turn_number: int, chunks: Sequence[Chunk]) -> None:
        """The turn of reply `number` is perceived to its end."""
        self._awaited.discard(("think", number))
        turn = self._find_turn(turn_number)
        if turn is not None:
            turn.deaf = number
            if turn.answered is not None and turn.answered.number == number:
                turn.saved = turn.content
                turn.perceive(chunks)
            # Else it was rolled back meanwhile, and perception will be, too.
        self._go_on()

    def kept(self, turn: int, chunks: Sequence[Chunk]) -> None:
        """A turn that is not answered is perceived to its end."""
        self._awaited.discard(("keep", turn))
        self.perceived(turn, chunks)
        self._go_on()

    def deaf(self) -> None:
        """Perception failed: what it owes will not come."""
        self._awaited.clear()
        self._go_on()

    def _go_on(self) -> None:
        """The reply that waits for perception waits no longer, if all is there."""
        if self.reply is not None and self.reply.stage == "asked" and not self._awaited:
            self.reply.stage = "filling"
        self._edited = True

    def accept(self, number: int) -> None:
        """The turn of reply `number` is closed."""
        for part in self._past:
            if isinstance(part, Turn) and _answers(part, number):
                part.open = False
                self._edited = True

    def rollback(self, number: int) -> None:
        """As if reply `number` had never been thought; its turn goes on."""
        reply = self.find(number)
        if reply is None:
            return
        self._past.remove(reply)
        self._awaited.discard(("consult", number))
        turn = reply.turn
        if turn is not None and turn in self._past:
            if turn.saved is not None:
                turn.content = turn.saved
            turn.saved, turn.answered = None, None
            turn.open = not any(isinstance(part, Turn) for part in self._past[self._past.index(turn) + 1 :])
            if turn.open:
                self._past.remove(turn)
                self._past.append(turn)
        if self.reply is reply:
            self.reply = None
        self._edited = True

    def restored(self, number: int, turn_number: int) -> None:
        """Perception is back at the mark of reply `number`: what it says of the turn counts again."""
        turn = self._find_turn(turn_number)
        if turn is not None and turn.deaf == number:
            turn.deaf = None

    def find(self, number: int) -> Reply | None:
        """Reply `number`, if it is remembered."""
        return next((part for part in self._past if isinstance(part, Reply) and part.number == number), None)

    def ended(self, reply: Reply) -> None:
        """Nothing more is made of `reply`. One without a word left keeps its place only."""
        reply.stage = "over"
        self._awaited.discard(("consult", reply.number))
        if self.reply is reply:
            self.reply = None
        self._edited = True

    def thought(self, reply: Reply) -> None:
        """All of `reply` was thought; the cache is free."""
        reply.stage = "speaking"
        self._edited = True

    def called(self, reply: Reply, name: str, call: Call) -> None:
        """`reply` made a tool call, which is called `name` from now on."""
        reply.calls[name] = call
        self._calls[name] = call

    def crop(self, message: Crop) -> None:
        """Only what was heard of the reply is remembered. The reply is over already."""
        reply = self.find(message.reply)
        at = self._past.index(reply) + 1 if reply else len(self._past) - (self.turn is not None)
        if reply is not None:
            reply.keep(message.token, self._thinker)
        if message.dropped:
            self._past[at:at] = settled([Line("system", TOPIC_DROPPED)], self._thinker)
        self._edited = True


def _answers(turn: Turn, number: int) -> bool:
    return turn.answered is not None and turn.answered.number == number


def _by_user(part: Part) -> bool:
    return isinstance(part, Turn) or (isinstance(part, Lines) and part.role == "user")


def _calls(part: Part) -> frozenset[str]:
    if isinstance(part, Reply):
        return frozenset(part.calls)
    return part.calls if isinstance(part, Lines) and part.role == "assistant" else frozenset()
