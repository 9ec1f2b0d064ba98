"""A worker in the control room: says what it serves, hears the others, and acts when it leads."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict

from livekit import api, rtc
from livekit.rtc.participant import PublishDataError

from .fleet import BEAT_S, Agent, Beat, Dispatch, Fence, Fleet, Move, Room
from .settings import GENERATION, PAST, SPOKEN, WORKER, Settings, order

log = logging.getLogger(__name__)

TOPIC = "colloquy.beat"
LOOK_EVERY_S = 0.4
AGAIN_S = 1.0
PEOPLE = ("STANDARD", "SIP", "INGRESS", "CONNECTOR")
_KIND = api.ParticipantInfo.Kind


class Control:
    """Keeps a connection to the control room, and the leader's office."""

    def __init__(self, settings: Settings, beat: Callable[[], Beat]) -> None:
        """`beat` says what there is to say of this worker now."""
        self._settings = settings
        self._beat = beat
        self._loop = asyncio.get_running_loop()
        self.fleet = Fleet(settings.worker, self._loop.time())
        self._news = asyncio.Event()
        self._room: rtc.Room | None = None

    def tell(self) -> None:
        """Something has changed that the others should know at once."""
        self._news.set()

    async def run(self) -> None:
        """Watches until cancelled."""
        settings = self._settings
        async with api.LiveKitAPI(settings.livekit_url, settings.livekit_key, settings.livekit_secret) as server:
            looking = asyncio.create_task(self._look(server))
            try:
                while True:
                    try:
                        await self._attend()
                    except (rtc.ConnectError, PublishDataError, RuntimeError) as problem:
                        log.warning("the control room cannot be entered: %s", getattr(problem, "message", problem))
                    await asyncio.sleep(AGAIN_S)
            finally:
                looking.cancel()

    # --- the others ---------------------------------------------------------------------------

    async def _attend(self) -> None:
        settings = self._settings
        room = rtc.Room()
        room.on("data_received", self._received)
        room.on("participant_disconnected", lambda other: self.fleet.left(other.identity))
        grants = api.VideoGrants(room_join=True, room=settings.control_room, can_publish=False, can_subscribe=False)
        token = api.AccessToken(settings.livekit_key, settings.livekit_secret).with_identity(settings.worker)
        await room.connect(settings.livekit_url, token.with_grants(grants).to_jwt())
        self.fleet.since = self._loop.time()
        self._room = room
        try:
            while room.connection_state != rtc.ConnectionState.CONN_DISCONNECTED:
                if room.connection_state == rtc.ConnectionState.CONN_CONNECTED:
                    data = json.dumps(asdict(self._beat()))
                    await room.local_participant.publish_data(data, reliable=True, topic=TOPIC)
                else:
                    self.fleet.since = self._loop.time()  # nobody is heard now; that says nothing about them
                try:
                    async with asyncio.timeout(BEAT_S):
                        await self._news.wait()
                    self._news.clear()
                except TimeoutError:
                    pass
        finally:
            self._room = None
            await room.disconnect()

    def _received(self, packet: rtc.DataPacket) -> None:
        if packet.topic != TOPIC or packet.participant is None:
            return
        try:
            said = json.loads(packet.data)
            beat = Beat(str(said["worker"]), int(said["free"]), dict(said["rooms"]), tuple(said["lost"]))
        except (ValueError, KeyError, TypeError):
            return
        if beat.worker == packet.participant.identity:
            self.fleet.take(beat, self._loop.time())

    # --- the leader ---------------------------------------------------------------------------

    async def _look(self, server: api.LiveKitAPI) -> None:
        while True:
            started = self._loop.time()
            await asyncio.sleep(LOOK_EVERY_S)
            if self._loop.time() - started > LOOK_EVERY_S + BEAT_S:
                # This process stood still; what the others said meanwhile is still to be read.
                self.fleet.since = self._loop.time()
            if self._room is None or not self.fleet.leads(self._loop.time()):
                continue
            try:
                async with asyncio.timeout(3):
                    await self._act(server)
            except (OSError, TimeoutError, api.TwirpError) as problem:
                log.warning("rooms cannot be looked after: %s", problem)

    async def _act(self, server: api.LiveKitAPI) -> None:
        listed = await server.room.list_rooms(api.ListRoomsRequest())
        names = [room.name for room in listed.rooms if room.num_participants and not self._ours(room.name)]
        rooms = [await self._seen(server, name) for name in self.fleet.unserved(names, self._beat(), self._loop.time())]
        for move in self.fleet.plan(rooms, self._beat(), self._loop.time()):
            await self._make(server, move)

    @staticmethod
    def _ours(room: str) -> bool:
        return room.startswith("colloquy-control")

    async def _seen(self, server: api.LiveKitAPI, name: str) -> Room:
        found = await server.room.list_participants(api.ListParticipantsRequest(room=name))
        people, agents = 0, []
        for person in found.participants:
            if WORKER in person.attributes:
                known = person.attributes
                generation = int(known[GENERATION]) if known.get(GENERATION, "").isdigit() else 0
                past, spoken = known.get(PAST, ""), known.get(SPOKEN, "")
                agents.append(Agent(person.identity, known[WORKER], generation, past, spoken))
            elif _KIND.Name(person.kind) in PEOPLE:
                people += 1
        wanted, metadata = True, ""
        if self._settings.name:
            dispatches = await server.agent_dispatch.list_dispatch(name)
            ours = [dispatch for dispatch in dispatches if dispatch.agent_name == self._settings.name]
            wanted, metadata = bool(ours), ours[0].metadata if ours else ""
        mine = tuple(agent for agent in agents if agent.identity == self._settings.identity(agent.generation))
        return Room(name, people, mine, wanted, metadata)

    async def _make(self, server: api.LiveKitAPI, move: Move) -> None:
        match move:
            case Fence(room=room, identity=identity):
                log.warning("room %s: %s is put out, its worker is gone", room, identity)
                try:
                    await server.room.remove_participant(api.RoomParticipantIdentity(room=room, identity=identity))
                except api.TwirpError as problem:
                    if problem.code != "not_found":
                        raise
            case Dispatch(room=room, generation=generation, metadata=metadata, past=past, spoken=spoken):
                log.info("room %s: an agent is sent for (generation %d)", room, generation)
                told = order(metadata, generation, past, spoken)
                asked = api.CreateAgentDispatchRequest(agent_name=self._settings.name, room=room, metadata=told)
                await server.agent_dispatch.create_dispatch(asked)
