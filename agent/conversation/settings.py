"""The constants of turn-taking, each with its unit, in one place."""

# ruff: noqa: RUF009 (ms() is arithmetic on numbers)
from __future__ import annotations

from dataclasses import dataclass

from streaming.time import Time, ms


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """What the rules of turn-taking may be tuned by. Times are media time (ticks of 1/48000 s)."""

    kept_before_onset: Time = ms(300)
    """How much sound before an onset belongs to the turn (rule 1)."""
    think_after: Time = ms(100)
    """A pause this long, in a turn with words, starts thinking ahead (rule 2)."""
    think_every: Time = ms(200)
    """Thoughts ahead begin at least this far apart, so that the engine can bear it (rule 2)."""
    pause_if_sure: Time = ms(160)
    pause_if_open: Time = ms(500)
    pause_if_unlikely: Time = ms(1200)
    """The pause that ends a turn at P(end) >= 0.9, = 0.5 or no opinion, and <= 0.2; straight lines between (rule 3)."""
    wordless_turn: Time = ms(1200)
    """A turn without words is withdrawn after this much silence (rule 3)."""
    speech_counts_as_words: Time = ms(300)
    """Speech of this length counts as words where the mind sends none (rule 3)."""
    duck_db: float = -12.0
    overlap_decided: Time = ms(350)
    """An onset while the agent speaks is decided this long after it, always (rule 4)."""
    overlap_no_ear: Time = ms(160)
    """The same, where no overlap ear is installed (rule 4)."""
    overlap_never_before: Time = ms(120)
    """An interruption is never believed before this much speech (rule 4)."""
    false_cut: Time = ms(1200)
    """No words this long after a cut: the reply is taken up again (rule 6)."""
    wait_ignores: Time = ms(700)
    """After "wait", a turn that begins earlier than this does not end the wait (rule 7)."""
    wait_ends: Time = ms(20_000)
    command_decides: Time = ms(800)
    """A command known this long after a cut still decides what that turn means (rule 7)."""
    command_tail: Time = ms(300)
    """Speech that goes on this much longer than a "stop" says more than that, and is answered (rule 7)."""
    topic_changed: str = "All right."
    """What the agent says to "change topic" (rule 7)."""
    tool_notice: Time = ms(1500)
    """A tool that runs longer is mentioned, once (rule 10)."""
    tool_given_up: Time = ms(30_000)
    """A tool that has not returned by then never will: the turn that waits for it is answered without."""
    absence_forgiven: Time = ms(60_000)
    """Whoever is back within this finds the conversation as it was (rule 11)."""
    reminder_after: Time | None = None
    """One reminder after this much silence of both (rule 14); None: never."""
    backchannels: bool = False
    """Whether the agent says "mm-hm" in the user's long turns."""
    backchannel_every: Time = ms(5000)
    """The first "mm-hm" of a turn comes no earlier, and two of them no closer."""
    overlap_ear: bool = True
    """Whether an ear that sends `Overlap` is installed."""
    mind_has_words: bool = True
    """Whether the mind sends `Words`."""
    automatic_turns: bool = True
    """False (`turn_detection: null`): the client commits, and rules 1-4, 6, 8 and 14 rest."""
    create_response: bool = True
    """Whether a turn's end is answered by itself."""
    interrupt_response: bool = True
    """Whether speech may cut a reply."""
