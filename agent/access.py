"""Which web pages may talk to this server, and what every answer's headers say about it."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

ALLOWED = web.RequestKey("allowed", bool)
"""The page that a request comes from may read the answer."""
PAGE_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; "
    "worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
)


class Origins:
    """Browsers say which page a request comes from. Ours may call, and those that the operator named."""

    def __init__(self, allowed: Iterable[str], any_host: bool) -> None:
        """`any_host`: a key protects the server, so it may go by any name. Else a page of a strange host could
        have that host's name point to this machine and pass as ours (DNS rebinding).
        """
        self._allowed = {origin.rstrip("/").lower() for origin in allowed}
        self._hosts = {urlsplit(origin).hostname or "" for origin in self._allowed}
        self._any_host = any_host

    def problem(self, request: web.Request) -> str | None:
        """Why the request is refused, in a sentence; None: it is not."""
        host = _hostname(request.host)
        if not self._any_host and not _is_this_machine(host) and host not in self._hosts:
            return (
                f"This server does not answer to the name {host[:100]}. Open it as http://127.0.0.1, or start it with "
                "an api key, or name the origin in allowed_origins."
            )
        origin = request.headers.get("Origin")
        if origin is None or self.allows(origin, request.host):
            return None
        return f"Pages of {origin[:100]} may not call this server. Its operator can name them in allowed_origins."

    def allows(self, origin: str, host: str) -> bool:
        """Whether pages of `origin` may call the server that they know as `host`."""
        return origin.lower() in self._allowed or urlsplit(origin).netloc.lower() == host.lower()


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True  # an address cannot be made to point elsewhere


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: lets the allowed page read the answer, and forbids what our page never needs."""
    origin = request.headers.get("Origin")
    if origin is not None and request.get(ALLOWED):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "Location"
        response.headers["Vary"] = "Origin"
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    # A page of yesterday must not meet a server of today.
    response.headers.setdefault("Cache-Control", "no-cache")
    if response.content_type == "text/html":
        response.headers["Content-Security-Policy"] = PAGE_POLICY


def preflight(request: web.Request) -> web.Response:
    """The answer to a browser that asks before it posts."""
    asked = request.headers.get("Access-Control-Request-Headers", "Authorization, Content-Type")
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
            "Access-Control-Allow-Headers": asked[:1000],
            "Access-Control-Max-Age": "600",
        },
    )
