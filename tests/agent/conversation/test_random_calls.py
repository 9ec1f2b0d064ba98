"""Whatever happens in whatever order, these hold (they are checked in `simulated_call`)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulated_call import Plan, SimulatedCall

from agent.conversation.events import (
    CancelReply,
    ClearInput,
    CommitInput,
    CreateReply,
    Due,
    Heard,
    Joined,
    Left,
    Lost,
    SettingsChanged,
    ToolResult,
    TypedTurn,
    Words,
)
from agent.conversation.settings import ConversationSettings
from streaming.ears.opinions import CommandHeard, Overlap, SpeechStarted, SpeechStopped, TurnEnd, WhoIsIt
from streaming.time import ms

LAGS = st.sampled_from([20, 64, 96, 200, 400])
SHORT = st.sampled_from([10, 40, 64, 100, 160, 250, 400, 700, 1500])
VARIANTS = [
    {},
    {"overlap_ear": False},
    {"mind_has_words": False},
    {"interrupt_response": False},
    {"create_response": False},
    {"automatic_turns": False},
    {"reminder_after": ms(3000), "backchannels": True},
]

ACTIONS = st.one_of(
    st.tuples(st.just("wait"), SHORT),
    st.tuples(st.just("wait"), SHORT),
    st.tuples(st.just("on"), LAGS),
    st.tuples(st.just("on"), LAGS),
    st.tuples(st.just("off"), LAGS),
    st.tuples(st.just("off"), LAGS),
    st.tuples(st.just("words"), st.sampled_from(["", "what", "what is the time", "mm-hm", "wait a bit"])),
    st.tuples(st.just("end"), st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.95, 1.0])),
    st.tuples(st.just("who"), st.sampled_from(["user", "other", "unsure"])),
    st.tuples(
        st.just("overlap"),
        st.sampled_from(["interruption", "backchannel", "not_user", "not_addressed", "noise", "echo"]),
    ),
    st.tuples(st.just("command"), st.sampled_from(["stop", "wait", "change_topic"])),
    st.tuples(
        st.sampled_from(["typed", "due", "create", "cancel", "commit", "clear", "result", "left", "joined", "lost"]),
        st.none(),
    ),
    st.tuples(st.just("truncate"), st.sampled_from([0.0, 0.3, 0.9, 1.5])),
    st.tuples(st.just("settings"), st.sampled_from(range(len(VARIANTS)))),
    st.tuples(st.just("long wait"), st.sampled_from([3000, 21_000, 62_000])),
)

PLANS = st.lists(
    st.builds(
        Plan,
        st.sampled_from([5, 80, 400]),
        st.lists(st.sampled_from([0, 40, 200, 600]), max_size=5),
        st.sampled_from([0, 0, 0, 1, 2]),
    ),
    min_size=1,
    max_size=3,
)


def act(call: SimulatedCall, what: str, how: object) -> None:
    now = call.now
    if what in ("wait", "long wait"):
        call.wait(how)  # type: ignore[arg-type]
    elif what == "on":
        call.send(SpeechStarted(now - ms(how), now))  # type: ignore[arg-type]
    elif what == "off":
        call.send(SpeechStopped(now - ms(how), now))  # type: ignore[arg-type]
    elif what == "words":
        call.send(Words(call.latest_turn, str(how), "", now))
    elif what == "end":
        call.send(TurnEnd(how, now - ms(50), now))  # type: ignore[arg-type]
    elif what == "who":
        call.send(WhoIsIt(how, now - ms(100), now))  # type: ignore[arg-type]
    elif what == "overlap":
        call.send(Overlap(how, now - ms(150), now))  # type: ignore[arg-type]
    elif what == "command":
        call.send(CommandHeard(how, now - ms(350), now - ms(50), now))  # type: ignore[arg-type]
    elif what == "typed":
        call.send(TypedTurn("typed", now))
    elif what == "due":
        call.send(Due("ring", now))
    elif what == "create":
        call.send(CreateReply(now))
    elif what == "cancel":
        call.send(CancelReply(now))
    elif what == "commit":
        call.send(CommitInput(now))
    elif what == "clear":
        call.send(ClearInput(now))
    elif what == "result":
        if call.tools:
            call.send(ToolResult(call.tools.pop(), "{}", now))
    elif what == "left":
        call.send(Left(now))
    elif what == "joined":
        call.send(Joined(now))
    elif what == "lost":
        call.send(Lost("crash", now))
    elif what == "truncate":
        heard = [voice for voice in call.voices.values() if voice.flowed]
        if heard:
            call.send(Heard(heard[-1].number, int(heard[-1].flowed * how), now, by_client=True))  # type: ignore[operator]
    elif what == "settings":
        call.send(SettingsChanged(replace(ConversationSettings(), **VARIANTS[how]), now))  # type: ignore[call-overload]


@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    actions=st.lists(ACTIONS, min_size=5, max_size=32),
    plans=PLANS,
    variant=st.sampled_from(VARIANTS),
    typed_first=st.booleans(),
)
def test_16_whatever_happens_no_two_replies_sound_and_history_is_what_was_heard(
    actions: list[tuple[str, object]], plans: list[Plan], variant: dict[str, object], typed_first: bool
) -> None:
    call = SimulatedCall(plans, replace(ConversationSettings(), **variant))  # type: ignore[arg-type]
    if typed_first:
        call.send(TypedTurn("hello", call.now))
        call.wait(300)
    for what, how in actions:
        act(call, what, how)
    call.wait(1000)
