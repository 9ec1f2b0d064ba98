"""One session's half of the engine, as its call sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from agent.engine import messages as engine

Listener = Callable[[engine.EngineMessage], None]


class Client(Protocol):
    """What a mind needs of the engine's client."""

    async def ready(self) -> None:
        """Returns as soon as the engine can be asked."""
        ...

    def open(self, session: str, setup: engine.Setup, history: list[engine.Line], on_message: Listener) -> None: ...

    def send(self, message: engine.AgentMessage) -> None: ...


class Mind:
    """Passes a session's messages on while the engine is there, and opens the session again when it was away."""

    def __init__(self, session: str, client: Client) -> None:
        self._session = session
        self._client = client
        self._listener: Listener = lambda message: None
        self._open = False
        self._returning: asyncio.Task[None] | None = None

    def begin(
        self,
        setup: engine.Setup,
        history: Sequence[engine.Line],
        listener: Listener,
    ) -> None:
        """Takes a slot. `listener` is told, on the loop, everything that the engine says of this session."""
        self._listener = listener
        self._open_with(setup, history)

    def _open_with(self, setup: engine.Setup, history: Sequence[engine.Line]) -> None:
        self._client.open(self._session, setup, list(history), self._listener)
        self._open = True

    def tell(self, message: engine.AgentMessage) -> None:
        """Sends; while the engine is away, what is said is dropped: the history given on return holds it."""
        if self._open:
            self._client.send(message)

    def lost(self) -> None:
        """The engine is away, and the session there with it."""
        self._open = False

    def restart(
        self,
        setup: Callable[[], engine.Setup],
        history: Callable[[], Sequence[engine.Line]],
        back: Callable[[], None],
    ) -> None:
        """Opens the session anew as soon as the engine is back, with what holds then; `back` is called after that."""

        async def reopen() -> None:
            await self._client.ready()
            self._open_with(setup(), history())
            back()

        self._open = False
        if self._returning is not None:
            self._returning.cancel()
        self._returning = asyncio.create_task(reopen())

    def close(self) -> None:
        """Gives the slot back."""
        if self._returning is not None:
            self._returning.cancel()
        self.tell(engine.Close(self._session))
        self._open = False
