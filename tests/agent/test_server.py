"""The HTTP side: who may call, what is answered, and that nothing leaks."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from openai.types.realtime import ClientSecretCreateResponse

from agent import logs
from agent.calls import CallRefused, Health
from agent.keys import Keys
from agent.metrics import Metrics
from agent.server import Server
from agent.settings import Settings
from agent.wire.received import Capabilities
from streaming.realtime.session import Session

KEY = "correct horse"
BEARER = {"Authorization": f"Bearer {KEY}"}


@dataclass
class Exchange:
    """Answers every call, and remembers how it was asked for."""

    ready: bool = True
    full: bool = False
    sessions: list[Session] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    open: set[str] = field(default_factory=set)

    def health(self) -> Health:
        return Health(self.ready, "" if self.ready else "the model is still loading", 3, 4)

    def capabilities(self) -> Capabilities:
        assert self.ready, "what the model can do is not known yet"
        return Capabilities("smol", "nano", False, True, ["slt"], 4, 3)

    def take(self, session: Session) -> None:
        if self.full:
            raise CallRefused("All 4 lines are busy; try again later.", 503, "full")
        self.sessions.append(session)

    async def websocket(self, request: web.Request, session: Session) -> web.StreamResponse:
        self.take(session)
        socket = web.WebSocketResponse(protocols=("realtime",))
        await socket.prepare(request)
        await socket.send_str("hello")
        await socket.close()
        return socket

    async def webrtc(self, offer: str, session: Session) -> tuple[str, str]:
        if not offer.startswith("v=0"):
            raise CallRefused("That is no SDP offer.", 400, "invalid_offer")
        self.take(session)
        self.offers.append(offer)
        self.open.add("rtc_1")
        return "v=0 answer", "rtc_1"

    async def hangup(self, call_id: str) -> bool:
        known = call_id in self.open
        self.open.discard(call_id)
        return known


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Site:
    client: TestClient[web.Request, web.Application]
    exchange: Exchange
    clock: Clock

    @property
    def origin(self) -> str:
        return str(self.client.make_url("/")).rstrip("/")


async def site(tmp_path, api_key: str = "", **settings: object) -> Site:
    (tmp_path / "index.html").write_text("<title>page</title>")
    (tmp_path / "style.css").write_text("a{}")
    exchange, clock = Exchange(), Clock()
    server = Server(Settings(api_key=api_key, **settings), exchange, Keys(api_key, clock), Metrics())
    client = TestClient(TestServer(server.app(tmp_path)))
    await client.start_server()
    return Site(client, exchange, clock)


@pytest.fixture
async def local(tmp_path) -> AsyncIterator[Site]:
    """Without a key, as on a laptop."""
    made = await site(tmp_path)
    yield made
    await made.client.close()


@pytest.fixture
async def keyed(tmp_path) -> AsyncIterator[Site]:
    made = await site(tmp_path, KEY, allowed_origins=["https://example.org"])
    yield made
    await made.client.close()


async def secret(made: Site, **body: object) -> dict[str, object]:
    answer = await made.client.post("/v1/realtime/client_secrets", json=body, headers=BEARER)
    assert answer.status == 200, await answer.text()
    return await answer.json()


# --- what there is --------------------------------------------------------------------------


async def test_page_and_its_files_are_served_without_a_key(keyed):
    page = await keyed.client.get("/")
    assert (page.status, await page.text()) == (200, "<title>page</title>")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert (await keyed.client.get("/style.css")).status == 200
    assert (await keyed.client.get("/../server.py")).status == 404


async def test_health_is_200_only_when_a_call_would_be_answered(local):
    assert (await local.client.get("/healthz")).status == 200
    local.exchange.ready = False
    answer = await local.client.get("/healthz")
    assert answer.status == 503
    assert "loading" in (await answer.json())["status"]


async def test_nothing_is_promised_before_the_model_is_there(local):
    local.exchange.ready = False
    for method, path in (
        ("get", "/v1/models"),
        ("post", "/v1/realtime/client_secrets"),
        ("post", "/v1/realtime/calls"),
    ):
        answer = await local.client.request(method, path, data="v=0" if path.endswith("calls") else None)
        assert answer.status == 503
        assert "loading" in (await answer.json())["error"]["message"]


async def test_models_are_listed(local):
    assert (await (await local.client.get("/v1/models")).json())["data"][0]["id"] == "smol"


async def test_metrics_are_prometheus_text(local):
    text = await (await local.client.get("/metrics")).text()
    assert "colloquy_sessions 0.0" in text


# --- calls ----------------------------------------------------------------------------------


async def test_bare_sdp_is_answered_with_201_and_location(local):
    answer = await local.client.post(
        "/v1/realtime/calls", data="v=0 offer", headers={"Content-Type": "application/sdp"}
    )
    assert (answer.status, answer.content_type, await answer.text()) == (201, "application/sdp", "v=0 answer")
    assert answer.headers["Location"] == "/v1/realtime/calls/rtc_1"
    assert local.exchange.offers == ["v=0 offer"]
    hangup = answer.headers["Location"] + "/hangup"
    assert (await local.client.post(hangup)).status == 200
    assert (await local.client.post(hangup)).status == 404


@pytest.mark.parametrize("typed", [True, False])
async def test_multipart_carries_sdp_and_session(local, typed):
    form = aiohttp.FormData(default_to_multipart=True)
    session = json.dumps({"type": "realtime", "instructions": "Rhyme.", "audio": {"output": {"voice": "marin"}}})
    form.add_field("sdp", "v=0 offer", content_type="application/sdp" if typed else None)
    form.add_field("session", session, content_type="application/json" if typed else None)
    answer = await local.client.post("/v1/realtime/calls?model=gpt-realtime", data=form)
    assert answer.status == 201, await answer.text()
    (taken,) = local.exchange.sessions
    assert (taken.instructions, taken.audio.output.voice, taken.model) == ("Rhyme.", "marin", "gpt-realtime")


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [("", 400, "invalid_offer"), ("hello", 400, "invalid_offer"), ("v=0" + "x" * 600_000, 413, "invalid_request")],
)
async def test_offers_that_are_none_are_refused_with_a_reason(local, data, status, code):
    answer = await local.client.post("/v1/realtime/calls", data=data, headers={"Content-Type": "application/sdp"})
    assert answer.status == status
    assert (await answer.json())["error"]["code"] == code


async def test_a_session_that_cannot_be_is_refused_before_the_call(local):
    form = {"sdp": "v=0 offer", "session": json.dumps({"audio": {"output": {"voice": "nobody"}}})}
    answer = await local.client.post("/v1/realtime/calls", data=form)
    assert (answer.status, (await answer.json())["error"]["param"]) == (400, "session.audio.output.voice")
    assert local.exchange.offers == []


async def test_a_full_house_says_so(local):
    local.exchange.full = True
    answer = await local.client.post("/v1/realtime/calls", data="v=0", headers={"Content-Type": "application/sdp"})
    assert (answer.status, (await answer.json())["error"]["message"]) == (503, "All 4 lines are busy; try again later.")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await local.client.ws_connect("/v1/realtime")
    assert refusal.value.status == 503


async def test_a_plain_request_to_the_websocket_says_what_to_do(local):
    assert (await local.client.get("/v1/realtime")).status == 426


async def test_a_browsers_websocket_gets_the_protocol_that_it_offered(keyed):
    key = (await secret(keyed))["value"]
    offered = ("realtime", f"openai-insecure-api-key.{key}")
    async with keyed.client.ws_connect("/v1/realtime?model=gpt-realtime", protocols=offered) as socket:
        assert socket.protocol == "realtime"
        assert await socket.receive_str() == "hello"


# --- keys -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/metrics", "/v1/models", "/v1/realtime", "/v1/nothing"])
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer", "Basic x", "Bearer ek_wrong", "Bearer \udcff"])
async def test_every_other_route_wants_the_key(keyed, path, header):
    answer = await keyed.client.get(path, headers={} if header is None else {"Authorization": header})
    assert answer.status == 401
    assert (await answer.json())["error"]["code"] == "invalid_api_key"


async def test_the_key_opens_every_route(keyed):
    assert (await keyed.client.get("/metrics", headers=BEARER)).status == 200
    assert (await keyed.client.get("/v1/models", headers=BEARER)).status == 200


async def test_a_short_lived_key_carries_its_session_and_ends(keyed):
    made = await secret(keyed, session={"type": "realtime", "instructions": "Be brief."}, expires_after={"seconds": 60})
    ClientSecretCreateResponse.model_validate(made)
    assert str(made["value"]).startswith("ek_")
    assert made["expires_at"] == 1_000_060
    assert made["session"]["instructions"] == "Be brief."
    headers = {"Authorization": f"Bearer {made['value']}", "Content-Type": "application/sdp"}
    assert (await keyed.client.post("/v1/realtime/calls", data="v=0", headers=headers)).status == 201
    assert keyed.exchange.sessions[0].instructions == "Be brief."
    keyed.clock.now += 61
    assert (await keyed.client.post("/v1/realtime/calls", data="v=0", headers=headers)).status == 401


async def test_a_short_lived_key_opens_calls_and_nothing_else(keyed):
    headers = {"Authorization": f"Bearer {(await secret(keyed))['value']}"}
    assert (await keyed.client.get("/metrics", headers=headers)).status == 403
    assert (await keyed.client.post("/v1/realtime/client_secrets", headers=headers)).status == 403


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"expires_after": {"seconds": 5}}, "expires_after.seconds"),
        ({"session": {"audio": {"output": {"voice": "nobody"}}}}, "session.audio.output.voice"),
        ({"session": {"tools": 5}}, "session.tools"),
        ({"session": 5}, None),
        ([], None),
    ],
)
async def test_a_key_for_what_cannot_be_is_refused(keyed, body, param):
    answer = await keyed.client.post("/v1/realtime/client_secrets", json=body, headers=BEARER)
    assert (answer.status, (await answer.json())["error"]["param"]) == (400, param)


async def test_without_a_key_any_bearer_is_welcome_but_no_stale_short_lived_one(local):
    assert (await local.client.get("/v1/models", headers={"Authorization": "Bearer sk-whatever"})).status == 200
    assert (await local.client.get("/v1/models", headers={"Authorization": "Bearer ek_old"})).status == 401


# --- origins --------------------------------------------------------------------------------


async def test_pages_of_strangers_are_refused_in_a_sentence(local, keyed):
    for made in (local, keyed):
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
            answer = await made.client.post("/v1/realtime/calls", data="v=0", headers={**BEARER, **headers})
            assert answer.status == 403
            assert "allowed_origins" in (await answer.json())["error"]["message"]
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_our_own_page_and_the_named_ones_may_call_and_read_location(keyed):
    for origin in (keyed.origin, "https://example.org"):
        headers = {**BEARER, "Origin": origin, "Content-Type": "application/sdp"}
        answer = await keyed.client.post("/v1/realtime/calls", data="v=0", headers=headers)
        assert answer.status == 201
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert answer.headers["Access-Control-Expose-Headers"] == "Location"


async def test_a_browser_may_ask_first(keyed):
    headers = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, x-openai-agents-sdk",
    }
    answer = await keyed.client.options("/v1/realtime/calls", headers=headers)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://example.org"
    assert "x-openai-agents-sdk" in answer.headers["Access-Control-Allow-Headers"]
    assert (await keyed.client.options("/v1/realtime/calls", headers={"Origin": "https://evil.example"})).status == 403


async def test_without_a_key_a_strange_name_for_this_machine_is_refused(local, keyed):
    rebound = {"Host": "evil.example", "Origin": "http://evil.example"}
    answer = await local.client.get("/v1/models", headers=rebound)
    assert answer.status == 403
    assert (await keyed.client.get("/v1/models", headers={**BEARER, **rebound})).status == 200


# --- logs -----------------------------------------------------------------------------------


@pytest.fixture
def root_logger():
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield root
    root.handlers[:], root.level = before[0], before[1]


def test_logs_name_the_session_and_no_key(root_logger):
    stream = io.StringIO()
    logs.set_up("info", "json", stream)
    with logs.session("sess_1"):
        logging.getLogger("x").info("got %s and %s", "Bearer abc.def", "openai-insecure-api-key.ek_123-45")
    logging.getLogger("y").warning("outside ek_secret")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["session"] == "sess_1"
    assert "session" not in second
    assert not any(leak in stream.getvalue() for leak in ("abc", "123", "secret"))
    assert second["level"] == "warning"


def test_logs_for_people_are_one_line_each(root_logger):
    stream = io.StringIO()
    logs.set_up("info", "text", stream)
    logging.getLogger("x").info("hello")
    assert stream.getvalue().endswith("info    x: hello\n")
