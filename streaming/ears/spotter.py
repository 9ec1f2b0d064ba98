"""Spoken commands, heard in the sound itself: while the agent speaks, in noise, and without waiting for a transcript.

The network says every 20 ms whether a command has just been said, and nothing with it; this ear says when it is sure.
In silence there is no hurry, and the words decide (`commands`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from streaming.time import Time, ms

from .network import Impression
from .opinions import CommandHeard, CommandName

ENOUGH = 1.5
"""Probabilities added up over the last steps of 20 ms from which a command is believed."""
STEPS = 3
LAG = ms(60)
"""How long after a command's last sample the network believes it."""
LONGEST = ms(1600)
"""No command takes longer than this."""
AFTER = ms(1500)
"""How long after the agent fell silent a command that began over its voice may still end."""


@dataclass(slots=True)
class CommandSpotter:
    """One session's ear for commands over the agent's voice."""

    _last: list[Impression] = field(default_factory=list)
    _told: CommandName | None = None
    """What was told, until the network forgets it."""
    _onset: Time | None = None
    """When the newest speech began."""
    _played: Time = -AFTER
    """When the agent was audible last."""

    def push(self, impression: Impression, onset: Time | None, played: bool, now: Time) -> list[CommandHeard]:
        """Take in the next step's impression, which became known at `now`.

        `onset`: when the speech that goes on began, None while nobody speaks; `played`: the agent is audible.
        """
        if played:
            self._played = now
        if onset is not None:
            self._onset = onset
        self._last = [*self._last[-STEPS + 1 :], impression]
        sums = {name: sum(last.commands[name] for last in self._last) for name in impression.commands}
        best = max(sums, key=lambda name: sums[name])
        if self._told is not None:
            if sums[self._told] < 0.3:
                self._told = None
            return []
        if sums[best] < ENOUGH or now - self._played > AFTER:
            return []
        self._told = best
        until = now - LAG
        about = until - ms(400) if self._onset is None or until - self._onset > LONGEST else self._onset
        if about > self._played:
            return []  # it began when the agent was silent already: the words will tell
        return [CommandHeard(best, about=min(about, until), until=until, at=now)]
