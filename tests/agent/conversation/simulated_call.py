"""A mind and a playout that behave as the real ones do, around a conversation, with an eye on what must always hold.

Sound of a reply flows when it is released, not held and not silenced, at the pace of time; what has flowed is
reported as heard before any other event. Everything is checked after every event against a ledger of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.conversation.commands import (
    Announce,
    CallTool,
    Cancel,
    CancelTool,
    Command,
    CropToHeard,
    Duck,
    Hold,
    Rebuild,
    Release,
    Reply,
    ReplyCut,
    ReplyFinished,
    ReplyStarted,
    ReplyVanished,
    Restart,
    Rollback,
    Silence,
    TakeUp,
    ThinkAhead,
    TurnClosed,
    TurnOpened,
    TurnWithdrawn,
    Unduck,
)
from agent.conversation.conversation import Conversation
from agent.conversation.events import (
    Drained,
    Event,
    Heard,
    Joined,
    Left,
    Lost,
    ReplyDone,
    ReplySound,
    ReplyWords,
    Tick,
    ToolCall,
)
from agent.conversation.history import AgentSaid
from agent.conversation.settings import ConversationSettings
from streaming.ears.opinions import SpeechStarted, WhoIsIt
from streaming.time import Time, ms, ticks

RATE = 24_000


@dataclass
class Plan:
    """How the mind makes a reply: words of so many ms (0: a token without sound), after a delay; then tools."""

    delay: int
    words: list[int]
    tools: int = 0


@dataclass
class Voice:
    """One reply, as playout and the client know it."""

    number: int
    plan: Plan
    ready_at: Time
    tokens: list[str] = field(default_factory=list)
    spans: list[tuple[int, int, int]] = field(default_factory=list)
    sounded: int = 0
    """Samples there are."""
    flowed: int = 0
    """Samples that were heard."""
    shortened: int | None = None
    whole: bool = False
    released: bool = False
    held: bool = False
    stopped: bool = False
    """The mind makes no more of it."""
    gone: bool = False
    """Silenced or rolled back: nothing of it is left to be heard."""
    vanished: bool = False
    over: bool = False

    @property
    def flows(self) -> bool:
        return self.released and not self.held and not self.gone and self.flowed < self.sounded

    @property
    def heard_text(self) -> str:
        if self.vanished:
            return ""
        if self.over and self.shortened is None:
            return "".join(self.tokens)
        until = self.flowed if self.shortened is None else min(self.flowed, self.shortened)
        heard = [token for token, first, last in self.spans if 2 * (min(until, last) - first) > last - first]
        return "".join(self.tokens[: max(heard, default=-1) + 1])


@dataclass
class SimulatedCall:
    """Drives one conversation. Raises `AssertionError` at the first thing that must not be."""

    plans: list[Plan]
    settings: ConversationSettings = field(default_factory=ConversationSettings)
    now: Time = 96_000
    voices: dict[int, Voice] = field(default_factory=dict)
    tools: list[str] = field(default_factory=list)
    onset: Time = 0
    away: bool = False
    left_at: Time = 0
    ducked_until: Time | None = None
    held_until: Time | None = None
    thinking: int | None = None
    thought_at: Time | None = None
    open_turn: int | None = None
    latest_turn: int = 0
    started: list[int] = field(default_factory=list)
    tools_made: int = 0

    def __post_init__(self) -> None:
        self.conversation = Conversation(self.settings)
        self.send(Joined(self.now))

    # --- time ---------------------------------------------------------------------------------

    def wait(self, milliseconds: int) -> None:
        """Time goes on; the mind makes sound, playout plays it, ticks come when they are wanted."""
        until = self.now + ms(milliseconds)
        while self.now < until:
            stops = [until, self.now + ms(40)]
            stops += [voice.ready_at for voice in self.voices.values() if not voice.whole and not voice.stopped]
            if self.conversation.wake_at is not None:
                stops.append(self.conversation.wake_at)
            self._flow(max(self.now, min(stop for stop in stops if stop > self.now)))
            if self.conversation.wake_at == self.now:
                self.send(Tick(self.now))
            self._make()

    def _flow(self, to: Time) -> None:
        flowing = [voice for voice in self.voices.values() if voice.flows]
        assert len(flowing) <= 1, f"two replies are audible: {flowing}"
        for voice in flowing:
            voice.flowed = min(voice.sounded, voice.flowed + (to - self.now) // ticks(1, RATE))
        self.now = to
        for voice in flowing:
            self.send(Heard(voice.number, voice.flowed, to))
        self._drain()

    def _drain(self) -> None:
        for voice in list(self.voices.values()):
            ended = voice.whole and voice.sounded > 0 and voice.flowed == voice.sounded
            if ended and voice.released and not voice.held and not voice.gone and not voice.over:
                voice.over = True
                self.send(Drained(voice.number, self.now))

    def _make(self) -> None:
        for voice in list(self.voices.values()):
            if voice.ready_at > self.now or voice.whole or voice.stopped:
                continue
            if len(voice.tokens) < len(voice.plan.words):
                self._make_word(voice, voice.plan.words[len(voice.tokens)])
                continue
            for _ in range(voice.plan.tools):
                self.tools_made += 1
                self.send(ToolCall(voice.number, f"call{self.tools_made}", "look", "{}", self.now))
            voice.whole = True
            self.send(ReplyDone(voice.number, self.now))
            self._drain()

    def _make_word(self, voice: Voice, length: int) -> None:
        token = len(voice.tokens)
        voice.tokens.append(f" r{voice.number}t{token}")
        voice.ready_at = self.now + ms(60)
        self.send(ReplyWords(voice.number, token, voice.tokens[token], self.now))
        if length and not voice.stopped:
            first = voice.sounded
            voice.sounded += length * RATE // 1000
            voice.spans.append((token, first, voice.sounded))
            self.send(ReplySound(voice.number, token, first, voice.sounded, self.now))

    # --- events in, commands out --------------------------------------------------------------

    def send(self, event: Event) -> None:
        """One event; its commands are carried out and everything is checked."""
        if isinstance(event, SpeechStarted):
            self.onset = event.about
        if isinstance(event, WhoIsIt) and event.verdict == "user":
            self.onset = max(self.onset, event.about)
        if isinstance(event, Left) and not self.away:
            self.away, self.left_at = True, self.now
        if isinstance(event, Joined):
            self.away = False
        if isinstance(event, Lost):
            for voice in self.voices.values():
                voice.stopped = True
        if isinstance(event, Heard) and event.by_client:
            self._shorten(event)
        commands = self.conversation.receive(event)
        self._check_order(commands)
        for command in commands:
            self._carry_out(command, commands)
        self._check()

    def _shorten(self, event: Heard) -> None:
        voice = self.voices.get(event.reply)
        if voice is None or not voice.released or voice.flowed == 0 or voice.held:
            return
        if event.until < (voice.flowed if voice.shortened is None else voice.shortened):
            voice.shortened = event.until

    def _carry_out(self, command: Command, together: list[Command]) -> None:
        now = self.now
        if isinstance(command, Announce):
            self._announced(command)
        elif isinstance(command, Duck):
            assert self.ducked_until is None, "ducked twice"
            self.ducked_until = max(now, self.onset + ms(350))
        elif isinstance(command, Unduck):
            assert self.ducked_until is not None, "unducked without a duck"
            self.ducked_until = None
        elif isinstance(command, Silence):
            voice = self.voices[command.reply]
            assert not voice.held, "a hold must end in a rollback or a release"
            voice.gone, self.ducked_until = True, None
        elif isinstance(command, Hold):
            voice = self.voices[command.reply]
            assert voice.released
            assert not voice.held
            voice.held, self.held_until = True, max(now, self.onset + ms(350))
        elif isinstance(command, ThinkAhead):
            together_released = Release(command.reply) in together
            assert self.thinking is None, "two thoughts at once"
            if self.thought_at is not None and not together_released:
                assert now >= self.thought_at + ms(200), "thought too often"
            self.thinking, self.thought_at = command.reply, now
            self._speak(command.reply)
        elif isinstance(command, Reply | TakeUp):
            assert command.reply in self.started, "started before it is told"
            self._speak(command.reply).released = True
        elif isinstance(command, Release):
            voice = self.voices[command.reply]
            assert not voice.released or voice.held, "released twice"
            assert command.reply in self.started, "released before it is told"
            voice.released, voice.held, self.held_until = True, False, None
            self.thinking = None
        elif isinstance(command, Rollback):
            voice = self.voices[command.reply]
            assert voice.flowed == 0, "what was audible cannot be taken back"
            assert not voice.gone
            voice.gone = voice.stopped = voice.vanished = True
            voice.held, self.held_until, self.thinking = False, None, None
        elif isinstance(command, Cancel):
            self.voices[command.reply].stopped = True
        elif isinstance(command, CropToHeard):
            voice = self.voices[command.reply]
            assert "".join(voice.tokens[: command.token]) == voice.heard_text, "the mind remembers something else"
        elif isinstance(command, CallTool):
            self.tools.append(command.call)
        elif isinstance(command, CancelTool):
            self.tools.remove(command.call)
        elif isinstance(command, Rebuild):
            assert not any(voice.flows for voice in self.voices.values())
            assert self.thinking is None
            if self.away is False and now > self.left_at + ms(60_000) > ms(60_000) and not self.conversation.history:
                self.voices.clear()
                self.left_at = 0
        elif isinstance(command, Restart):
            assert not any(voice.flows for voice in self.voices.values())

    def _speak(self, number: int) -> Voice:
        assert not self.away, "something is generated for nobody"
        assert number not in self.voices
        assert number > max(self.voices, default=0)
        plan = self.plans[number % len(self.plans)]
        voice = self.voices[number] = Voice(number, plan, self.now + ms(plan.delay))
        return voice

    def _announced(self, command: Announce) -> None:
        what = command.what
        if isinstance(what, TurnOpened):
            assert self.open_turn is None, "a turn opens while another is open"
            assert what.since <= self.now
            self.open_turn = self.latest_turn = what.turn
        elif isinstance(what, TurnClosed | TurnWithdrawn):
            assert self.open_turn == what.turn, "a turn that is not open is over"
            self.open_turn = None
        elif isinstance(what, ReplyStarted):
            assert what.reply not in self.started, "started twice"
            self.started.append(what.reply)
        elif isinstance(what, ReplyCut):
            assert what.text == self.voices[what.reply].heard_text
            assert self.voices[what.reply].gone
        elif isinstance(what, ReplyVanished):
            assert self.voices[what.reply].gone
        elif isinstance(what, ReplyFinished):
            voice = self.voices[what.reply]
            assert voice.whole
            assert voice.released
            assert what.text == "".join(voice.tokens)

    def _check_order(self, commands: list[Command]) -> None:
        """A cut is always Silence, announcements, Cancel, CropToHeard."""
        for place, command in enumerate(commands):
            if not isinstance(command, Silence):
                continue
            rest = [what for what in commands[place + 1 :] if not isinstance(what, Announce)]
            told = [what.what for what in commands[place + 1 :] if isinstance(what, Announce)]
            cut = next(what for what in told if isinstance(what, ReplyCut))
            assert cut.reply == command.reply
            if cut.reason != "mind_lost":
                assert rest[:2] == [Cancel(command.reply), CropToHeard(command.reply, cut.token)]

    def _check(self) -> None:
        conversation, now = self.conversation, self.now
        assert conversation.wake_at is None or conversation.wake_at > now, "a wake-up in the past"
        assert self.ducked_until is None or now <= self.ducked_until, "ducked for too long"
        assert self.held_until is None or now <= self.held_until, "held for too long"
        assert sum(voice.flows for voice in self.voices.values()) <= 1, "two replies are audible"
        said = {entry.reply: entry.text for entry in conversation.history if isinstance(entry, AgentSaid)}
        for voice in self.voices.values():
            pending_drain = voice.over and voice.shortened is None
            if said.get(voice.number, "") != voice.heard_text and not pending_drain:
                raise AssertionError(f"history says {said.get(voice.number)!r}, heard was {voice.heard_text!r}")
        assert set(said) <= set(self.voices), "history has a reply that nobody made"
