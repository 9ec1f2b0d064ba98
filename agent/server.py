"""The HTTP side of the agent: the page, the Realtime API's routes, health and metrics."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from agent.access import ALLOWED, Origins, add_headers, preflight
from agent.calls import CallRefused, Calls
from agent.engine.messages import Setup
from agent.keys import Grant, Keys
from agent.metrics import Metrics
from agent.settings import Settings
from agent.wire.config import Config
from agent.wire.errors import Refused
from agent.wire.received import Capabilities
from streaming.realtime.codec import WireError, decode_session
from streaming.realtime.session import ClientSecret, Session, overlaid

log = logging.getLogger(__name__)

PAGE = Path(__file__).resolve().parents[1] / "clients" / "web"
KEY_PROTOCOL = "openai-insecure-api-key."
MOST_BODY = 512 * 1024
"""Bytes of an SDP offer with its session."""
SECRET_SECONDS = 600
SECRET_LEAST, SECRET_MOST = 10, 7200

GRANT = web.RequestKey("grant", Grant)
"""What the key of a request allows."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def problem(status: int, message: str, code: str, param: str | None = None) -> web.Response:
    """An error as clients of the API expect it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    detail = {"message": message, "type": kind, "code": code, "param": param}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return web.json_response({"error": detail}, status=status, headers=headers)


class Server:
    """Routes, and who may use them. Calls themselves are `calls`' business."""

    def __init__(self, settings: Settings, calls: Calls, keys: Keys, metrics: Metrics) -> None:
        self._settings = settings
        self._calls = calls
        self._keys = keys
        self._metrics = metrics
        self._origins = Origins(settings.allowed_origins, any_host=keys.asked_for)

    def app(self, page: Path = PAGE) -> web.Application:
        """The application; `page` is the folder that is served at /."""
        app = web.Application(middlewares=[self._guard], client_max_size=MOST_BODY)
        app.on_response_prepare.append(add_headers)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/metrics", self._metrics_text)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/realtime", self._websocket)
        app.router.add_post("/v1/realtime/calls", self._call)
        app.router.add_post("/v1/realtime/calls/{call_id}/hangup", self._hangup)
        app.router.add_post("/v1/realtime/client_secrets", self._client_secret)
        if page.is_dir():
            index = page / "index.html"

            async def root(request: web.Request) -> web.StreamResponse:
                return web.FileResponse(index, headers={"Cache-Control": "no-cache"})

            app.router.add_get("/", root)
            app.router.add_static("/", page)
        return app

    # --- who may ----------------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        trouble = self._origins.problem(request)
        if trouble is not None:
            self._metrics.refused("origin")
            return problem(403, trouble, "origin_not_allowed")
        request[ALLOWED] = True
        if request.method == "OPTIONS":
            return preflight(request)
        if request.path.startswith("/v1/") or request.path == "/metrics":
            grant = self._keys.grant(_key_of(request))
            if grant is None:
                self._metrics.refused("key")
                return problem(
                    401,
                    "This server wants an API key (Authorization: Bearer ...), and this is none of its keys any more.",
                    "invalid_api_key",
                )
            request[GRANT] = grant
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            if refusal.status < 400:
                raise
            return problem(refusal.status, f"{refusal.reason}.", "invalid_request")
        except CallRefused as refusal:
            self._metrics.refused(refusal.code)
            return problem(refusal.status, str(refusal), refusal.code)
        except (Refused, WireError) as refusal:
            return problem(400, str(refusal), refusal.code, refusal.param)
        except Exception:
            log.exception("%s %s", request.method, request.path)
            return problem(500, "Something went wrong here; the server's log has more.", "server_error")
        return response

    # --- what there is ----------------------------------------------------------------------

    async def _healthz(self, request: web.Request) -> web.Response:
        health = self._calls.health()
        body = {
            "status": "ok" if health.ready else health.reason,
            "slots": {"free": health.free, "total": health.total},
        }
        return web.json_response(body, status=200 if health.ready else 503)

    async def _metrics_text(self, request: web.Request) -> web.Response:
        if not _grant(request).full:
            return problem(403, "A short-lived key opens calls, and nothing else.", "insufficient_permissions")
        return web.Response(
            body=self._metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def _models(self, request: web.Request) -> web.Response:
        model = self._model()
        listed = {"id": model.model, "object": "model", "created": 0, "owned_by": model.family}
        return web.json_response({"object": "list", "data": [listed]})

    async def _client_secret(self, request: web.Request) -> web.Response:
        if not _grant(request).full:
            return problem(403, "A short-lived key cannot make others.", "insufficient_permissions")
        raw = await request.read()
        try:
            asked: Any = msgspec.json.decode(raw or b"{}")
        except (msgspec.DecodeError, RecursionError) as trouble:
            return problem(400, f"The body must be JSON: {trouble}.", "invalid_json")
        if not isinstance(asked, dict):
            return problem(400, "The body must be one JSON object.", "invalid_json")
        after = asked.get("expires_after")
        seconds = after.get("seconds", SECRET_SECONDS) if isinstance(after, dict) else SECRET_SECONDS
        if not isinstance(seconds, int) or not SECRET_LEAST <= seconds <= SECRET_MOST:
            wanted = f"A key lasts {SECRET_LEAST} to {SECRET_MOST} seconds."
            return problem(400, wanted, "invalid_value", "expires_after.seconds")
        session = decode_session(msgspec.json.encode(asked.get("session") or {}))
        config = self._checked(session)
        try:
            value, expires_at = self._keys.issue(session, seconds)
        except RuntimeError as trouble:
            return problem(429, f"{trouble}.", "rate_limit_exceeded")
        shown = config.shown(f"sess_{secrets.token_hex(12)}", Setup(instructions=self._settings.instructions))
        body = msgspec.json.encode(ClientSecret(value, expires_at, shown))
        return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})

    # --- calls ------------------------------------------------------------------------------

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if not web.WebSocketResponse().can_prepare(request):
            return problem(426, "Connect to this address with a WebSocket.", "upgrade_required")
        return await self._calls.websocket(request, self._session(request, Session()))

    async def _call(self, request: web.Request) -> web.Response:
        offer, asked = await _offer(request)
        if not offer.strip():
            return problem(
                400, "Post an SDP offer: application/sdp, or multipart with `sdp` and `session`.", "invalid_offer"
            )
        answer, call_id = await self._calls.webrtc(offer, self._session(request, asked))
        headers = {"Location": f"/v1/realtime/calls/{call_id}"}
        return web.Response(status=201, text=answer, content_type="application/sdp", headers=headers)

    async def _hangup(self, request: web.Request) -> web.Response:
        call_id = request.match_info["call_id"]
        if not await self._calls.hangup(call_id):
            return problem(404, "There is no such call.", "call_not_found")
        return web.Response()

    def _session(self, request: web.Request, asked: Session) -> Session:
        """What the call begins with: the key's session, the request's over it. Raises `Refused`."""
        session = overlaid(_grant(request).session, asked)
        if model := request.query.get("model"):
            session = overlaid(session, Session(model=model[:256]))
        self._checked(session)
        return session

    def _model(self) -> Capabilities:
        health = self._calls.health()
        if not health.ready:
            raise CallRefused(health.reason, 503, "not_ready")
        return self._calls.capabilities()

    def _checked(self, session: Session) -> Config:
        model = self._model()
        return Config(model=model.model, voices=tuple(model.voices)).merged(session)


def _grant(request: web.Request) -> Grant:
    return request[GRANT]


def _key_of(request: web.Request) -> str | None:
    """The key that the request shows: as a header, or, from browsers' WebSockets, as a subprotocol."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    for name in request.headers.get("Sec-WebSocket-Protocol", "").split(","):
        if name.strip().startswith(KEY_PROTOCOL):
            return name.strip().removeprefix(KEY_PROTOCOL)
    return None


async def _offer(request: web.Request) -> tuple[str, Session]:
    """The SDP offer and the session that came with it."""
    if request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        parts = await request.post()
        session = _text(parts.get("session"))
        return _text(parts.get("sdp")), decode_session(session) if session else Session()
    return await request.text(), Session()


def _text(part: object) -> str:
    if isinstance(part, web.FileField):
        part = part.file.read()
    if isinstance(part, bytes | bytearray):
        return part.decode("utf-8", "replace")
    return part if isinstance(part, str) else ""
