"""What the HTTP server needs of whoever runs the calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from agent.wire.received import Capabilities
from streaming.realtime.session import Session


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a call would be answered now."""

    ready: bool
    reason: str
    """Why not, for people; "" when ready."""
    free: int
    total: int


class CallRefused(Exception):
    """A call is not answered. The message says why, and what to do."""

    def __init__(self, message: str, status: int, code: str) -> None:
        """`status`: of HTTP (503: full or not ready, 400: the offer or its session cannot be used)."""
        super().__init__(message)
        self.status = status
        self.code = code


class Calls(Protocol):
    """All calls of this process. They end by themselves when they reach the longest time.

    Everything happens on the asyncio loop.
    """

    def health(self) -> Health: ...

    def capabilities(self) -> Capabilities:
        """What the mind is and can do; meaningful once it is ready."""
        ...

    async def websocket(self, request: web.Request, session: Session) -> web.StreamResponse:
        """Upgrades `request` and carries a call until its end. Raises `CallRefused` before the upgrade."""
        ...

    async def webrtc(self, offer: str, session: Session) -> tuple[str, str]:
        """Answers an SDP offer: the SDP answer and the call's unguessable id. Raises `CallRefused`."""
        ...

    async def hangup(self, call_id: str) -> bool:
        """Ends a call; False: there is none of that id."""
        ...
