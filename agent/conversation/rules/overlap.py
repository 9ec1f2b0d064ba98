"""Speech while the agent has the floor: duck or hold at once, decide soon (rules 4 and 8)."""

from __future__ import annotations

from typing import Literal

from streaming.ears.opinions import Overlap, SpeechStarted
from streaming.time import Time

from ..commands import Duck, Hold, Release, Unduck
from ..floor import Floor
from ..history import UserBackchannel
from ..user_track import Speech
from ..words import words
from .cut import cut, take_back
from .turns import after_release, join, turn_begins


def duck(floor: Floor, event: SpeechStarted) -> None:
    """Rule 4: softer as soon as the onset is known."""
    floor.user.hear(event.about).contested = True
    floor.agent.ducked = True
    floor.active_at = floor.now
    floor.do(Duck(floor.settings.duck_db))


def hold(floor: Floor, event: SpeechStarted) -> None:
    """Rule 8: nothing was audible yet, so nothing leaves until it is known what this is."""
    reply = floor.agent.reply
    assert reply is not None
    if not floor.settings.interrupt_response:
        turn_begins(floor, event)
        return
    speech = floor.user.hear(event.about)
    speech.contested = True
    if floor.user.closed is not None:
        speech.words_before = len(words(floor.user.closed.text))
    reply.held = True
    floor.active_at = floor.now
    floor.do(Hold(reply.number))


def overlap_named(floor: Floor, event: Overlap) -> None:
    """What kind of sound it is."""
    speech = floor.user.speech
    if speech is not None and speech is floor.user.speech_about(event.about):
        speech.overlap = event.kind


# --- the decision, by time ------------------------------------------------------------------


def _judged(floor: Floor, speech: Speech) -> Literal["theirs", "nothing"] | None:
    """Whether the user takes the floor, as far as that is known now."""
    holding = floor.agent.state == "holding"
    if speech.verdict == "other" or speech.overlap not in (None, "interruption"):
        return "nothing"
    if holding and (speech.verdict == "user" or speech.brought_words):
        return "theirs"
    if speech.overlap == "interruption" and floor.now >= speech.onset + floor.settings.overlap_never_before:
        return "theirs"
    if speech.stopped is not None:
        return "nothing"
    return "theirs" if floor.now >= _latest(floor, speech) else None


def _latest(floor: Floor, speech: Speech) -> Time:
    by_ear = floor.settings.overlap_ear or floor.agent.state == "holding"
    return speech.onset + (floor.settings.overlap_decided if by_ear else floor.settings.overlap_no_ear)


def _contested(floor: Floor) -> Speech | None:
    speech = floor.user.speech
    overlapping = floor.agent.state in ("ducked", "holding")
    return speech if speech is not None and speech.contested and overlapping else None


def settle_at(floor: Floor) -> Time | None:
    """When it will be known, or must be decided, who has the floor."""
    speech = _contested(floor)
    if speech is None:
        return None
    if _judged(floor, speech) is not None:
        return floor.now
    latest = _latest(floor, speech)
    if speech.overlap == "interruption":
        return min(latest, speech.onset + floor.settings.overlap_never_before)
    return latest


def settle(floor: Floor) -> None:
    """Rules 4 and 8, decided."""
    speech = _contested(floor)
    assert speech is not None
    holding = floor.agent.state == "holding"
    if _judged(floor, speech) == "nothing":
        _let_pass(floor, speech)
    elif holding:
        take_back(floor)
    elif floor.settings.interrupt_response:
        cut(floor, "turn_detected", on_trial=True)
    else:
        floor.agent.ducked = False
        floor.do(Unduck())
        join(floor, speech)


def _let_pass(floor: Floor, speech: Speech) -> None:
    """It was nothing: the agent goes on."""
    reply = floor.agent.reply
    assert reply is not None
    speech.contested, speech.dismissed = False, True
    if speech.overlap == "backchannel" and speech.verdict != "other":
        floor.history.add(UserBackchannel(""))
    if speech.stopped is not None:
        floor.user.fall_silent()
    if floor.agent.state == "holding":
        reply.held = False
        floor.do(Release(reply.number))
        after_release(floor, reply)
    else:
        floor.agent.ducked = False
        floor.do(Unduck())


def let_user_have_it(floor: Floor, ducked: bool) -> None:
    """The agent fell silent by itself while it was undecided: the user's turn runs from the onset."""
    speech = floor.user.speech
    if ducked:
        floor.do(Unduck())
    if speech is not None and speech.contested:
        join(floor, speech)
