"""What was said, as the wire tells it. Pure: happenings in, entries out; the screen draws them.

The user's words are shown as they are understood, the agent's as they are heard. A reply takes its place when its
first word is heard, the user's turn when its first word is understood.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from streaming.realtime import duplex
from streaming.realtime.happenings import Happening, ReplyText, Told, UserSaid
from streaming.realtime.items import Content, Item
from streaming.realtime.server_events import ConversationItemDeleted, InputAudioBufferCommitted

COMMANDS = {"stop": "Stopped", "wait": "Waiting until you go on", "change_topic": "New topic"}
FORGOTTEN_S = 3.0
"""An open turn of the user's that nothing was heard of for so long, while nobody speaks, was none."""


@dataclass(slots=True)
class Entry:
    """One turn, or a note between two."""

    id: str
    who: Literal["user", "agent", "note"]
    text: str = ""
    """Words that stand: the user's stable ones, the agent's heard ones."""
    rest: str = ""
    """Words that do not: the user's tentative ones, the agent's unheard ones."""
    state: Literal["live", "whole", "cut", "lost"] = "live"
    """`cut` by the user, `lost` with the connection."""
    shown: bool = False
    touched: float = 0.0
    version: int = 0


def _apart(text: str, rest: str) -> str:
    """`rest` with the space that parts it from `text`."""
    return f" {rest}" if text and rest and not text[-1].isspace() and not rest[0].isspace() else rest


@dataclass(slots=True)
class Transcript:
    """Both sides of one conversation, over as many connections as it takes. Times are monotonic, in seconds."""

    entries: list[Entry] = field(default_factory=list)
    """In the order of their places."""
    _known: dict[str, Entry] = field(default_factory=dict)
    _user_speaks: bool = False
    _stranger: bool = False
    _notes: int = 0

    def apply(self, happening: Happening, now: float) -> None:
        """Takes in what happened, if it is about words."""
        match happening:
            case UserSaid(item_id=item_id, text=text):
                self._said(item_id, text, now)
            case ReplyText(item_id=item_id, text=text):
                entry = self._entry(item_id, "agent", now)
                if entry.state == "live":
                    entry.rest += text
            case Told(event=event):
                self._told(event, now)

    def _told(self, event: object, now: float) -> None:
        match event:
            case duplex.UserWords(item_id=item_id, stable=stable, tentative=tentative):
                entry = self._entry(item_id, "user", now)
                # Words that come after the turn was closed are older than its final transcript.
                if entry.state != "whole":
                    entry.text, entry.rest = stable, _apart(stable, tentative)
                self._place(entry)
            case InputAudioBufferCommitted(item_id=item_id):
                self._said(item_id, None, now)
            case ConversationItemDeleted(item_id=item_id):
                self._delete(item_id)
            case duplex.Heard():
                self._heard(event, now)
            case duplex.State(user=user):
                self._user_speaks = user != "silent"
            case duplex.CommandObeyed(command=command):
                self.note(COMMANDS.get(command, command), now)
            case duplex.Notice(text=text):
                self.note(text, now)
            case duplex.Speaker(verdict=verdict):
                if verdict == "other" and not self._stranger:
                    self.note("Another voice, not answered", now)
                if verdict != "unsure":
                    self._stranger = verdict == "other"

    def typed(self, item_id: str, text: str, now: float) -> None:
        """A typed turn stands as soon as it is sent."""
        entry = self._entry(item_id, "user", now)
        entry.text, entry.state = text, "whole"
        self._place(entry)

    def note(self, text: str, now: float) -> None:
        """Something people should know."""
        self._notes += 1
        entry = self._entry(f"note_{self._notes}", "note", now)
        entry.text, entry.state = text, "whole"
        self._place(entry)

    def broken(self, now: float) -> None:
        """The connection is gone: what was being said ends where it was."""
        for entry in list(self._known.values()):
            if entry.state != "live":
                continue
            if entry.who == "agent":
                entry.state = "lost"
                entry.version += 1
            else:
                self._said(entry.id, None, now)
        self._user_speaks = False

    def prune(self, now: float) -> None:
        """Drops turns that were opened and never became any."""
        if self._user_speaks:
            return
        for entry in list(self.entries):
            if entry.who == "user" and entry.state == "live" and now - entry.touched > FORGOTTEN_S:
                self._delete(entry.id)

    def history(self) -> list[Item]:
        """The turns of both as they were heard, in order: what a new connection's server has to be told."""
        return [
            Item(
                id=entry.id,
                type="message",
                role="user" if entry.who == "user" else "assistant",
                content=[Content("input_text" if entry.who == "user" else "output_text", text=entry.text.strip())],
            )
            for entry in self.entries
            if entry.who != "note" and entry.text.strip() and entry.state != "live"
        ]

    # --- inside -------------------------------------------------------------------------------

    def _entry(self, item_id: str, who: Literal["user", "agent", "note"], now: float) -> Entry:
        entry = self._known.setdefault(item_id, Entry(item_id, who))
        entry.touched = now
        entry.version += 1
        return entry

    def _place(self, entry: Entry) -> None:
        if not entry.shown and (entry.text or (entry.who == "user" and entry.rest)):
            entry.shown = True
            self.entries.append(entry)

    def _said(self, item_id: str, transcript: str | None, now: float) -> None:
        """`transcript` None: the words so far are all that there is, for now."""
        known = self._known.get(item_id)
        so_far = known.text + known.rest if known else ""
        text = so_far if transcript is None else transcript
        if text.strip():
            entry = self._entry(item_id, "user", now)
            entry.text, entry.rest, entry.state = text, "", "whole"
            self._place(entry)
        elif transcript is not None:
            self._delete(item_id)

    def _delete(self, item_id: str) -> None:
        self._known.pop(item_id, None)
        self.entries = [entry for entry in self.entries if entry.id != item_id]

    def _heard(self, event: duplex.Heard, now: float) -> None:
        entry = self._entry(event.item_id, "agent", now)
        planned = entry.text + entry.rest
        entry.text = event.transcript
        entry.rest = planned[len(event.transcript) :] if planned.startswith(event.transcript) else ""
        entry.state = "cut" if event.cut else "whole" if event.done else "live"
        self._place(entry)
        if event.cut and not entry.shown:
            # Cut before its first word: nothing was said, and nothing is shown.
            self._delete(event.item_id)
