"""What Prometheus is told. One registry an application, so that tests and several servers do not meet."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from agent.conversation import commands as does
from streaming.ledger import Entry

BUCKETS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.5, 5.0)


class Metrics:
    """Counts calls, turns and where their time went."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._sessions = Gauge("colloquy_sessions", "Calls going on", registry=registry)
        self._opened = Counter("colloquy_sessions_opened", "Calls begun", ["transport"], registry=registry)
        self._refused = Counter("colloquy_sessions_refused", "Calls refused", ["reason"], registry=registry)
        self._turns = Counter("colloquy_turns", "The user's turns", ["answered"], registry=registry)
        self._replies = Counter("colloquy_replies", "Replies, by how they ended", ["end"], registry=registry)
        self._barge_ins = Counter("colloquy_barge_ins", "Replies cut by the user's voice", registry=registry)
        self._false = Counter("colloquy_false_interruptions", "Cuts that were none, taken up again", registry=registry)
        self._ducks = Counter("colloquy_ducks", "Replies made softer at an onset", registry=registry)
        self._underruns = Counter(
            "colloquy_underruns", "Gaps in replies: sound was not there in time", registry=registry
        )
        self._lost = Counter("colloquy_engine_lost", "Times that a call lost its engine", registry=registry)
        self._whole = Histogram(
            "colloquy_latency_seconds",
            "End of speech to audible (reply), onset to silent (stop)",
            ["kind"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._prefilled = Histogram(
            "colloquy_prefilled_share",
            "Share of a turn over 2 s that was prefilled when speech ended, and stayed",
            buckets=(0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0),
            registry=registry,
        )
        self._stages = Histogram(
            "colloquy_stage_seconds", "Length of each stage", ["kind", "stage"], buckets=BUCKETS, registry=registry
        )

    def prefilled(self, share: float) -> None:
        """Of a turn over 2 s, `share` was in the mind when speech ended and stayed there."""
        self._prefilled.observe(share)

    def sessions(self, count: int) -> None:
        """So many calls are going on."""
        self._sessions.set(count)

    def opened(self, transport: str) -> None:
        """A call began (`webrtc`, `websocket`)."""
        self._opened.labels(transport).inc()

    def refused(self, reason: str) -> None:
        """A call was not answered; `reason` is one of a few words (`full`, `key`, `origin`, `offer`)."""
        self._refused.labels(reason).inc()

    def underruns(self, count: int) -> None:
        """So many gaps more."""
        self._underruns.inc(count)

    def command(self, command: does.Command) -> None:
        """What the conversation commands says what happened."""
        match command:
            case does.Duck():
                self._ducks.inc()
            case does.TakeUp():
                self._false.inc()
            case does.Announce(what=does.TurnClosed(reply=reply)):
                self._turns.labels("no" if reply is None else "yes").inc()
            case does.Announce(what=does.ReplyFinished()):
                self._replies.labels("finished").inc()
            case does.Announce(what=does.ReplyVanished()):
                self._replies.labels("taken_back").inc()
            case does.Announce(what=does.ReplyCut(reason=reason)):
                self._replies.labels(reason).inc()
                if reason == "turn_detected":
                    self._barge_ins.inc()
            case does.Announce(what=does.MindLost()):
                self._lost.inc()
            case _:
                pass

    def latency(self, entry: Entry) -> None:
        """One entry of the ledger, whose total is known."""
        if entry.total_ms is None:
            return
        self._whole.labels(entry.kind).observe(max(0.0, entry.total_ms) / 1000)
        for stage in entry.stages:
            self._stages.labels(entry.kind, stage.name).observe((stage.end_ms - stage.start_ms) / 1000)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)
