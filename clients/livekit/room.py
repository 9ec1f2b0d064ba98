"""One room and one call: what people say goes to the agent's server, and what the agent says comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import numpy as np
from livekit import rtc
from msgspec import json as msgspec_json

from streaming.realtime import duplex
from streaming.realtime import happenings as what
from streaming.realtime.base import ServerEvent
from streaming.realtime.client import RealtimeClient

from . import sentences
from .ear import Ear, Pcm
from .eyes import Eyes
from .line import Line
from .past import Past
from .settings import PAST, SPOKEN, TOPIC, Order, Settings
from .transcripts import Transcripts
from .voice import DOWNLINK_MS, RATE, Voice, Word

log = logging.getLogger(__name__)

PEOPLE = (
    rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD,
    rtc.ParticipantKind.PARTICIPANT_KIND_SIP,
    rtc.ParticipantKind.PARTICIPANT_KIND_CONNECTOR,
)
REPORT_EVERY = RATE // 10
"""Samples between two reports of what is played."""
CHAT = "lk.chat"
STATE = "lk.agent.state"
"""What LiveKit's own front ends show."""
WRITE_EVERY_S = 0.25
"""What was said is written into the room at most so often."""
FORWARDED = (
    duplex.Duck,
    duplex.Unduck,
    duplex.Latency,
    duplex.CommandObeyed,
    duplex.Notice,
    duplex.State,
)


class RoomCall:
    """Ties a connected room to a line. Everything happens on one loop and nothing blocks."""

    def __init__(self, settings: Settings, room: rtc.Room, order: Order, away_sound: bytes) -> None:
        """`away_sound`: how `sentences.AWAY` sounds; b"": it can only be read."""
        self._room = room
        self._order = order
        self._away_sound = away_sound
        self._line = Line(settings.agent_url, settings.agent_key, self._happened, self._opened, self._away, self._back)
        self._past = Past(self._line.client.items)
        self._past.begin(order.past)
        self._voice = Voice(self._left)
        self._ear = Ear(self._heard)
        self._eyes = Eyes(self._seen)
        self._transcripts = Transcripts(room)
        self._works: set[asyncio.Task[Any]] = set()
        self._reported = ("", 0)
        self._moved = order.generation > 1
        self._speaking = ""
        """The item that is being heard."""
        self._dirty = asyncio.Event()
        self._state = ""

    # --- the room -----------------------------------------------------------------------------

    async def refused(self) -> str:
        """Returns when the agent's server will not take this call, with its reason."""
        return await self._line.refused()

    async def run(self) -> None:
        """Talks until cancelled. The room must be connected."""
        room = self._room
        room.on("track_subscribed", self._track)
        room.on("track_unsubscribed", self._no_track)
        room.register_text_stream_handler(CHAT, self._chat)
        try:
            for person in room.remote_participants.values():
                for publication in person.track_publications.values():
                    if publication.track is not None:
                        self._track(publication.track, publication, person)
            # The line is opened while the track is published: both take their time.
            works = [self._line.run(), self._transcripts.run(), self._write()]
            for work in works:
                self._do(work)
            self._transcripts.track = await self._voice.publish(room)
            await self._voice.run()
        finally:
            for task in list(self._works):
                task.cancel()
            self._ear.close()
            self._eyes.close()
            await self._voice.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._works.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._works.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("something in the room's call failed", exc_info=problem)

    def _track(self, track: rtc.Track, publication: rtc.RemoteTrackPublication, person: rtc.RemoteParticipant) -> None:
        if person.kind not in PEOPLE:
            return
        if track.kind == rtc.TrackKind.KIND_AUDIO and publication.source != rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO:
            self._ear.add(publication.sid, person.identity, track)
        elif track.kind == rtc.TrackKind.KIND_VIDEO:
            self._eyes.add(publication.sid, track)

    def _no_track(self, track: rtc.Track, publication: rtc.RemoteTrackPublication, person: object) -> None:
        self._ear.remove(publication.sid)
        self._eyes.remove(publication.sid)

    def _chat(self, reader: rtc.TextStreamReader, who: str) -> None:
        async def read() -> None:
            text = (await reader.read_all()).strip()
            if text:
                self._line.send(*self._line.client.say(text))

        self._do(read())

    def _tell(self, event: ServerEvent) -> None:
        """A `duplex.*` event for the pages in the room."""
        data = msgspec_json.encode(event)
        self._do(self._room.local_participant.publish_data(data, reliable=True, topic=TOPIC))

    async def _write(self) -> None:
        """Keeps what was said in the room, on the agent's participant, for whoever must take over."""
        written = ("", "")
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            now = self._past.attributes()
            changed = {name: new for name, new, old in zip((PAST, SPOKEN), now, written, strict=True) if new != old}
            if changed:
                await self._room.local_participant.set_attributes(changed)
                written = now
            await asyncio.sleep(WRITE_EVERY_S)

    # --- what is heard and seen ---------------------------------------------------------------

    def _heard(self, pcm: Pcm) -> None:
        self._line.send(*self._line.client.append(pcm.tobytes()))

    def _seen(self, jpeg: bytes) -> None:
        hello = self._line.client.hello
        if hello is not None and hello.sees:
            self._line.send(self._line.client.show(jpeg))

    # --- the line -----------------------------------------------------------------------------

    def _opened(self, client: RealtimeClient) -> list[str]:
        """What a new connection begins with: who we are, how the agent is to be, and all that was said."""
        if self._speaking:
            self._past.at_least(self._speaking, self._voice.queue.heard(self._speaking))
            self._transcripts.agent(self._speaking, self._past.words(self._speaking), over=True)
            self._speaking = ""
        self._past.close()
        events = [client.greet(ducks=True, reports_playback=True)]
        if self._order.session is not None:
            events.append(client.update(self._order.session))
        events += [client.create(item) for item in self._past.items()]
        if self._moved:
            self._moved = False
            events.append(client.speak(sentences.MOVED))
        return events

    def _away(self) -> None:
        """The server has been mute for a second: people are told, by what is kept for this."""
        log.warning("the agent's server is away")
        self._tell(duplex.Notice(kind="away", text=sentences.AWAY))
        name = f"away_{id(self)}_{asyncio.get_running_loop().time():.0f}"
        self._voice.gain(0.0)
        self._voice.queue.add(name, 0, np.frombuffer(self._away_sound, np.int16))
        self._transcripts.agent(name, sentences.AWAY, over=True)

    def _back(self) -> None:
        log.info("the agent's server is back")
        self._tell(duplex.Notice(kind="back", text=sentences.BACK))
        self._line.send(self._line.client.speak(sentences.BACK))

    def _left(self, item: str, played: int) -> None:
        """So many samples of `item` have left: the server is told often enough to know which words were heard."""
        before, reported = self._reported
        if item == before and played - reported < REPORT_EVERY:
            return
        self._reported = (item, played)
        if item in self._line.client.items:
            self._line.send(self._line.client.played(item, played * 1000 / RATE, DOWNLINK_MS))

    def _happened(self, happening: what.Happening) -> None:
        queue = self._voice.queue
        match happening:
            case what.ReplySound(item_id=item, sound=sound, first=first):
                queue.add(item, first // 2, np.frombuffer(sound, np.int16))
            case what.PlaybackCleared(response_id=response):
                self._silence(response)
            case what.UserSaid(item_id=item, text=text):
                self._user(item, text, over=True)
                self._dirty.set()
            case what.Told(event=event):
                self._told(event)
            case what.Failed(message=message, code=code):
                log.warning("the agent's server: %s (%s)", message, code)

    def _silence(self, response: str) -> None:
        """A cut: pages that know the event fall silent by themselves, before our silence has reached them."""
        queue = self._voice.queue
        self._tell(duplex.Clear(response_id=response, item_id=queue.item))
        self._voice.clear()
        if queue.item in self._line.client.items:
            self._line.send(self._line.client.played(queue.item, queue.played * 1000 / RATE, DOWNLINK_MS))

    def _told(self, event: object) -> None:
        queue = self._voice.queue
        if isinstance(event, FORWARDED):
            self._tell(event)
        match event:
            case duplex.Duck(gain_db=gain):
                self._voice.gain(gain)
            case duplex.Unduck():
                self._voice.gain(0.0)
            case duplex.WordTimes(item_id=item, words=words):
                halves = [Word(w.text, round((w.start_ms + w.end_ms) / 2 * RATE / 1000)) for w in words]
                queue.time(item, halves)
            case duplex.Heard(item_id=item, transcript=text, done=done, cut=cut):
                over = done or cut
                self._speaking = "" if over else item
                self._past.heard(item, text, over)
                self._transcripts.agent(item, text, over)
                self._dirty.set()
            case duplex.UserWords(item_id=item, stable=stable, tentative=tentative):
                self._user(item, f"{stable} {tentative}".strip(), over=False)
            case duplex.State(agent=agent):
                self._show(agent)

    def _user(self, item: str, text: str, over: bool) -> None:
        who = self._ear.mixer.loudest
        person = self._room.remote_participants.get(who or "")
        if person is None:
            person = next((p for p in self._room.remote_participants.values() if p.kind in PEOPLE), None)
        if person is None:
            return
        track = next((p.sid for p in person.track_publications.values() if p.kind == rtc.TrackKind.KIND_AUDIO), "")
        self._transcripts.user(item, text, over, person.identity, track)

    def _show(self, agent: str) -> None:
        """What LiveKit's own front ends show of an agent."""
        state = {"thinking": "thinking", "tool": "thinking", "speaking": "speaking", "ducked": "speaking"}
        shown = state.get(agent, "listening")
        if shown != self._state:
            self._state = shown
            self._do(self._room.local_participant.set_attributes({STATE: shown}))
