"""A job: the process that serves one room, from the dispatch to the last caller's leaving."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping

from livekit import api, rtc
from livekit.agents import AutoSubscribe, JobContext

from .room import PEOPLE, RoomCall
from .settings import GENERATION, Order, Settings
from .switchboard import Desk, Extension, Job

log = logging.getLogger(__name__)

STALLED_S = 0.8
"""Who has stood still for so long may have been taken for dead, and must look who is in the room before it goes on."""
LOOK_EVERY_S = 0.1
NOBODY_CAME_S = 20.0
"""An agent that was sent to a room where nobody is leaves again after this long."""
NOBODY_LEFT_S = 0.3
"""And so soon after the last one has left: a page that is reloaded comes back with a new agent and the history."""


async def serve(settings: Settings, desk: Desk, ctx: JobContext) -> None:
    """Serves the job's room to the end. The entry point of livekit-agents' job process."""
    order = Order.read(ctx.job.metadata)
    job = Job(ctx.job.room.name, settings.identity(order.generation), order.generation, os.getpid())
    extension = await Extension.connect(desk, ctx.job.id, job)
    guard = Guard(settings, ctx.room, job)
    if await guard.superseded(here=False):
        await extension.over()
        ctx.shutdown("the room has an agent")
        return
    guard.watch()
    await ctx.connect(auto_subscribe=AutoSubscribe.SUBSCRIBE_ALL)
    call = RoomCall(settings, ctx.room, order, extension.away_sound)
    talking = asyncio.create_task(call.run())
    guarding = asyncio.create_task(guard.run())
    leaving = asyncio.create_task(everybody_left(ctx.room))
    refused = asyncio.create_task(call.refused())
    try:
        await asyncio.wait((leaving, refused, talking), return_when=asyncio.FIRST_COMPLETED)
        if leaving.done() and leaving.result():
            await extension.over()
        # Otherwise the worker hears that the room has lost its agent, and sees to another.
    finally:
        works = (talking, guarding, leaving, refused)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        ctx.shutdown("the call is over")


async def everybody_left(room: rtc.Room) -> bool:
    """Returns when nobody is there to talk to: True, or False if it is this agent that is not there any more."""
    changed = asyncio.Event()

    def someone_moved(*_: object) -> None:
        changed.set()

    for event in ("participant_connected", "participant_disconnected", "disconnected"):
        room.on(event, someone_moved)
    patience = NOBODY_CAME_S
    while True:
        changed.clear()
        if room.connection_state == rtc.ConnectionState.CONN_DISCONNECTED:
            return False
        if any(person.kind in PEOPLE for person in room.remote_participants.values()):
            patience = NOBODY_LEFT_S
            await changed.wait()
            continue
        try:
            async with asyncio.timeout(patience):
                await changed.wait()
        except TimeoutError:
            return True


class Guard:
    """Sees to it that the room never has two agents: whoever finds a later one there is gone at once."""

    def __init__(self, settings: Settings, room: rtc.Room, job: Job) -> None:
        self._settings = settings
        self._room = room
        self._job = job
        self._doubt = asyncio.Event()

    def watch(self) -> None:
        """Listens for signs that somebody else was sent here."""
        self._room.on("reconnecting", self._doubt.set)
        self._room.on("reconnected", self._doubt.set)
        self._room.on("participant_connected", self._met)

    def _met(self, other: rtc.RemoteParticipant) -> None:
        if _generation(other.attributes) > self._job.generation:
            leave("a later agent has come")

    async def run(self) -> None:
        """Looks after every standstill of this process, and whenever there is doubt."""
        loop = asyncio.get_running_loop()
        for other in self._room.remote_participants.values():
            self._met(other)
        while True:
            before = loop.time()
            await asyncio.sleep(LOOK_EVERY_S)
            if loop.time() - before > STALLED_S or self._doubt.is_set():
                self._doubt.clear()
                if await self.superseded(here=True):
                    leave("this agent was taken for dead, and another has its room")

    async def superseded(self, here: bool) -> bool:
        """Whether another agent has the room, or (`here`) this one was put out of it. Unknown counts as no."""
        settings, job = self._settings, self._job
        try:
            async with (
                asyncio.timeout(3),
                api.LiveKitAPI(settings.livekit_url, settings.livekit_key, settings.livekit_secret) as server,
            ):
                found = await server.room.list_participants(api.ListParticipantsRequest(room=job.room))
        except (OSError, TimeoutError, api.TwirpError) as problem:
            log.warning("it cannot be seen who is in the room: %s", problem)
            return False
        others = [p for p in found.participants if p.identity != job.identity]
        later = any(_generation(p.attributes) >= job.generation for p in others)
        return later or (here and len(others) == len(found.participants))


def _generation(attributes: Mapping[str, str]) -> int:
    value = attributes.get(GENERATION, "0")
    return int(value) if value.isdigit() else 0


def leave(reason: str) -> None:
    """Ends this process now: any later, and the SDK's own threads might bring it back into the room."""
    log.warning("leaving: %s", reason)
    os._exit(0)
