"""Whose voice it is, and what that makes of a sound (rules 1 and 4)."""

from __future__ import annotations

from dataclasses import replace

from streaming.ears.opinions import Overlap, SpeechStarted, WhoIsIt

from ..commands import SpeakerNamed
from ..floor import Floor
from ..history import UserBackchannel
from ..user_track import SAME_SOUND, Speech
from ..words import is_backchannel, words
from .turns import withdraw


def voice_named(floor: Floor, event: WhoIsIt) -> None:
    """Whose voice it is; what that means is decided where it matters."""
    floor.tell(SpeakerNamed(event.verdict, event.score))
    speech = floor.user.speech_about(event.about)
    if speech is None:
        return
    speech.verdict = event.verdict
    turn = floor.user.turn
    if event.verdict == "user" and turn is not None and not speech.contested and not speech.dismissed:
        turn.by_user |= speech.onset >= turn.since


def users_voice_among_strangers(floor: Floor, event: WhoIsIt) -> None:
    """Rule 4: the user's voice in the middle of a stranger's speech is an onset of its own."""
    speech = floor.user.speech
    if speech is None or speech.verdict != "other" or event.about < speech.segment:
        voice_named(floor, event)
        return
    floor.tell(SpeakerNamed(event.verdict, event.score))
    _new_onset(floor, Speech(event.about, speech.segment, verdict="user"))


def interruption_after_all(floor: Floor, event: Overlap) -> None:
    """Rule 4: speech that was taken for nothing goes on, and turns out to be an interruption."""
    speech = floor.user.speech
    if speech is None or speech.verdict == "other" or floor.user.speech_about(event.about) is not speech:
        return
    _new_onset(floor, replace(speech, overlap="interruption", dismissed=False))


def _new_onset(floor: Floor, speech: Speech) -> None:
    """Speech that goes on counts as `speech`, which begins only now: the table decides anew."""
    floor.user.fall_silent()
    floor.user.continued = speech
    floor.follow_up.append(SpeechStarted(speech.onset, floor.now))


def not_the_users_turn(floor: Floor, event: WhoIsIt | Overlap) -> None:
    """Rule 1: it turns out to be somebody else, noise or echo."""
    user = floor.user
    if isinstance(event, WhoIsIt):
        voice_named(floor, event)
    turn, speech = user.turn, user.speech_about(event.about)
    if turn is None or speech is None or speech.onset < turn.onset - SAME_SOUND:
        return
    if turn.by_user and turn.earlier is None:
        return
    if isinstance(event, Overlap) and event.kind == "backchannel":
        if words(turn.text) and not is_backchannel(turn.text):
            return
        floor.history.add(UserBackchannel(turn.text))
    if turn.earlier is None:
        withdraw(floor)
    elif speech is user.speech:
        speech.dismissed, turn.until = True, turn.earlier
