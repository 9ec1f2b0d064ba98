"""All that this project touches inside aiortc and aioice, and nothing else does.

aiortc 1.16 keeps its receive buffer, its RTP clock and its ICE agent to itself. Its buffer turns one lost packet
into 280 ms of silence and keeps that delay for ever, so each receiver's buffer is replaced, on the instance, by
one that hands packets over; aiortc's decoder is then never given anything to decode.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiortc
from aioice import Candidate, Connection, stun
from aiortc import RTCDtlsTransport, RTCRtpReceiver, RTCRtpSender
from aiortc.rtp import RtpPacket

KNOWN = "1.16."
LOOPBACK = "127.0.0.1"
CONSENT_EVERY_S = 0.7
CONSENT_FAILURES = 4
"""A check is lost after 0.5 s: a peer that has vanished is given up after about 5 s (aioice: 30 s)."""


def check_version() -> None:
    """Raises `RuntimeError` unless this file knows the installed aiortc."""
    if not aiortc.__version__.startswith(KNOWN):
        raise RuntimeError(
            f"aiortc {aiortc.__version__} is installed, but agent/rooms/aiortc_inside.py knows {KNOWN}x only: "
            "install that one, or check each function there against the new one"
        )


class _HandOver:
    """Stands where aiortc's jitter buffer stood: gives packets away and has nothing to decode."""

    def __init__(self, take: Callable[[RtpPacket], None]) -> None:
        self._take = take

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """aiortc asks: (ask the sender for a key frame?, a frame to decode)."""
        self._take(packet)
        return False, None


def take_packets(receiver: RTCRtpReceiver, take: Callable[[RtpPacket], None]) -> None:
    """From now on `take` is called, on the loop, with every packet of `receiver`, in order of arrival."""
    check_version()
    if not isinstance(receiver._RTCRtpReceiver__jitter_buffer, aiortc.jitterbuffer.JitterBuffer):  # type: ignore[attr-defined]
        raise RuntimeError("this receiver's packets are already taken")
    receiver._RTCRtpReceiver__jitter_buffer = _HandOver(take)  # type: ignore[attr-defined]


def last_rtp_timestamp(sender: RTCRtpSender) -> int | None:
    """The RTP timestamp of the packet that `sender` sent last; None before the first."""
    if not sender._RTCRtpSender__ntp_timestamp:  # type: ignore[attr-defined]
        return None
    return int(sender._RTCRtpSender__rtp_timestamp)  # type: ignore[attr-defined]


def watch_closely(transport: RTCDtlsTransport) -> None:
    """`transport` notices within seconds that its peer has vanished, and offers the loopback address, too.

    To be called before candidates are gathered. aioice leaves loopback out, but a machine without any network
    has nothing else.
    """
    check_version()
    connection = transport.transport.iceGatherer._connection
    gather = connection.get_component_candidates

    async def with_loopback(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
        return await gather(component, [*addresses, LOOPBACK], timeout)

    async def query_consent() -> None:
        await _query_consent(connection)

    inside: Any = connection
    inside.get_component_candidates = with_loopback
    inside.query_consent = query_consent


async def _query_consent(connection: Connection) -> None:
    """Consent checks (RFC 7675), as in aioice, but fast enough to notice that nobody is there any more."""
    failures = 0
    while failures < CONSENT_FAILURES:
        await asyncio.sleep(CONSENT_EVERY_S)
        for pair in list(connection._nominated.values()):
            request = connection.build_request(pair, nominate=False)
            key = (connection.remote_password or "").encode()
            try:
                await pair.protocol.request(request, pair.remote_addr, integrity_key=key, retransmissions=0)
                failures = 0
            except stun.TransactionError:
                failures += 1
    # `close` waits for this very task unless it is forgotten first.
    connection._query_consent_task = None
    await connection.close()
