"""A client's half of a Realtime API session, without I/O: bench, desktop and the LiveKit worker stand on it.

client = RealtimeClient()
send(client.update(Session(instructions="Be brief.")))
for happening in client.receive(raw): ...
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from msgspec import UNSET

from . import client_events as asks
from . import duplex
from . import happenings as what
from . import server_events as told
from .base import ClientEvent, ServerEvent
from .codec import decode_server, encode
from .items import Content, Item
from .response import Response
from .session import Reply, Session

APPEND_BYTES = 24_000
"""One append holds at most this much sound: half a second at 24 kHz."""


@dataclass(slots=True)
class RealtimeClient:
    """Takes the server's events and keeps what they say; makes the client's events as text to be sent."""

    session: Session | None = None
    """As the server showed it last."""
    items: dict[str, Item] = field(default_factory=dict)
    """The conversation, in the order in which its items came."""
    response: Response | None = None
    """The one in progress."""
    hello: duplex.Hello | None = None
    """Of a server of ours."""
    _begun: set[str] = field(default_factory=set)
    """Items of which a first delta has come."""
    _bytes: dict[str, int] = field(default_factory=dict)
    """Item -> bytes of sound that have come."""
    _sent: int = 0

    # --- from the server --------------------------------------------------------------------

    def receive(self, raw: str | bytes) -> list[what.Happening]:
        """What one event of the server says; nothing if it is not known here.

        Raises `WireError` if it is none at all.
        """
        event = decode_server(raw)
        return [] if event is None else self._happened(event)

    def _happened(self, event: ServerEvent) -> list[what.Happening]:
        match event:
            case told.SessionCreated(session=session) | told.SessionUpdated(session=session):
                self.session = session
                return [what.SessionReady(session)]
            case told.InputAudioBufferSpeechStarted(item_id=item_id, audio_start_ms=start):
                return [what.UserSpeaks(item_id, start)]
            case told.InputAudioBufferSpeechStopped(item_id=item_id, audio_end_ms=end):
                return [what.UserSilent(item_id, end)]
            case told.InputAudioTranscriptionCompleted(item_id=item_id, transcript=text):
                self._write(item_id, text)
                return [what.UserSaid(item_id, text)]
            case told.ConversationItemAdded(item=item) | told.ConversationItemDone(item=item):
                if item.id is not UNSET:
                    self.items[item.id] = item
            case told.ConversationItemRetrieved(item=item):
                if item.id is not UNSET:
                    self.items[item.id] = item
                return [what.Told(event)]
            case told.ConversationItemDeleted(item_id=item_id):
                self.items.pop(item_id, None)
                return [what.Told(event)]
            case told.ConversationItemTruncated(item_id=item_id, audio_end_ms=end, transcript=text):
                if text is not UNSET:
                    self._write(item_id, text)
                return [what.ReplyTruncated(item_id, end, None if text is UNSET else text)]
            case told.Error(error=error):
                return [what.Failed(error.message, error.code or None, error.event_id or None)]
            case duplex.Hello():
                self.hello = event
                return [what.Told(event)]
            case _:
                return self._of_response(event)
        return []

    def _of_response(self, event: ServerEvent) -> list[what.Happening]:
        match event:
            case told.ResponseCreated(response=response):
                self.response = response
                return [what.ReplyBegan(response)]
            case told.OutputAudioTranscriptDelta(response_id=response, item_id=item, delta=text, start_time=start):
                self._append(item, text)
                return [what.ReplyText(response, item, text, None if start is UNSET else start)]
            case told.OutputTextDelta(response_id=response, item_id=item, delta=text):
                self._append(item, text)
                return [what.ReplyText(response, item, text, None)]
            case told.OutputAudioDelta(response_id=response, item_id=item, delta=delta):
                sound = base64.b64decode(delta)
                first = self._bytes.get(item, 0)
                self._bytes[item] = first + len(sound)
                return [what.ReplySound(response, item, sound, first)]
            case told.OutputAudioBufferCleared(response_id=response) | duplex.Clear(response_id=response):
                return [what.PlaybackCleared(response)]
            case told.OutputItemDone(response_id=response, item=item):
                if item.type == "function_call":
                    return [what.ToolCalled(response, item.call_id or "", item.name or "", item.arguments or "{}")]
            case told.ResponseDone(response=response):
                if self.response is not None and self.response.id == response.id:
                    self.response = None
                return [what.ReplyEnded(response.id, response.status)]
            case (
                told.OutputItemAdded()
                | told.ContentPartAdded()
                | told.ContentPartDone()
                | told.OutputAudioDone()
                | told.OutputAudioTranscriptDone()
                | told.OutputTextDone()
                | told.FunctionCallArgumentsDelta()
                | told.FunctionCallArgumentsDone()
            ):
                pass  # said in another event as well
            case _:
                return [what.Told(event)]
        return []

    def _append(self, item_id: str, text: str) -> None:
        if item_id in self.items:
            before = self.items[item_id].words if item_id in self._begun else ""
            self._begun.add(item_id)
            self._write(item_id, before + text)

    def _write(self, item_id: str, text: str) -> None:
        item = self.items.get(item_id)
        if item is None:
            return
        user = item.role == "user"
        item.content = [Content("input_audio" if user else "output_audio", transcript=text)]

    # --- to the server ----------------------------------------------------------------------

    def _event(self, event: ClientEvent) -> str:
        self._sent += 1
        event.event_id = f"client_{self._sent}"
        return encode(event)

    def update(self, session: Session) -> str:
        """Change what `session` names."""
        session.type = "realtime"
        return self._event(asks.SessionUpdate(session=session))

    def append(self, sound: bytes) -> list[str]:
        """More of the microphone, in the session's input format."""
        pieces = (sound[first : first + APPEND_BYTES] for first in range(0, len(sound), APPEND_BYTES))
        return [self._event(asks.InputAudioBufferAppend(audio=base64.b64encode(piece).decode())) for piece in pieces]

    def commit(self) -> str:
        """The user's turn ends here (without automatic turns)."""
        return self._event(asks.InputAudioBufferCommit())

    def clear(self) -> str:
        """Forget what was said since the last turn."""
        return self._event(asks.InputAudioBufferClear())

    def say(self, text: str, item_id: str | None = None) -> list[str]:
        """A typed turn that is to be answered."""
        item = Item(id=item_id or UNSET, type="message", role="user", content=[Content("input_text", text=text)])
        return [self.create(item), self.respond()]

    def create(self, item: Item, after: str | None = None) -> str:
        """Add an item to the conversation (`after` None: at its end)."""
        return self._event(asks.ConversationItemCreate(item=item, previous_item_id=after or UNSET))

    def show(self, jpeg: bytes) -> str:
        """A picture, for a mind that sees."""
        url = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
        return self.create(Item(type="message", role="user", content=[Content("input_image", image_url=url)]))

    def function_output(self, call_id: str, output: str) -> list[str]:
        """What a function gave; it is to be answered."""
        return [self.create(Item(type="function_call_output", call_id=call_id, output=output)), self.respond()]

    def retrieve(self, item_id: str) -> str:
        """Ask for an item as the server knows it."""
        return self._event(asks.ConversationItemRetrieve(item_id=item_id))

    def delete(self, item_id: str) -> str:
        """Take an item out of the conversation."""
        return self._event(asks.ConversationItemDelete(item_id=item_id))

    def truncate(self, item_id: str, audio_end_ms: int) -> str:
        """Of this item only so much was heard."""
        return self._event(asks.ConversationItemTruncate(item_id=item_id, content_index=0, audio_end_ms=audio_end_ms))

    def respond(self, reply: Reply | None = None) -> str:
        """Ask for an answer now."""
        return self._event(asks.ResponseCreate(response=reply or UNSET))

    def cancel(self) -> str:
        """End the response in progress."""
        return self._event(asks.ResponseCancel())

    def greet(self, ducks: bool, reports_playback: bool) -> str:
        """Say what this client does by itself (`duplex.hello`)."""
        return self._event(duplex.ClientHello(ducks=ducks, reports_playback=reports_playback))

    def speak(self, text: str) -> str:
        """Have the agent say exactly this when there is room (`duplex.say`)."""
        return self._event(duplex.Say(text=text))

    def played(self, item_id: str, audio_end_ms: float, latency_ms: float = 0.0) -> str:
        """Say what left the loudspeaker last (`duplex.playback`)."""
        return self._event(duplex.Playback(item_id=item_id, audio_end_ms=audio_end_ms, latency_ms=latency_ms))
