"""What our answers ask for beyond what aiortc writes, and what offers must have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiortc import RTCIceServer, RTCSessionDescription
from aiortc.sdp import SessionDescription

PACKET_MS = 10
LONGEST_OFFER = 256 * 1024


class BadOffer(ValueError):
    """The client's offer cannot be answered; the message says why."""


def checked(offer: str) -> RTCSessionDescription:
    """`offer` as aiortc takes it.

    Raises `BadOffer` where it is no SDP, or offers no Opus sound over DTLS.
    """
    if len(offer) > LONGEST_OFFER:
        raise BadOffer(f"the SDP offer is longer than {LONGEST_OFFER} characters")
    try:
        parsed = SessionDescription.parse(offer)
    except Exception as problem:  # the parser asserts, indexes and converts: garbage raises almost anything
        raise BadOffer("this is no SDP: send the offer of an RTCPeerConnection") from problem
    sound = [media for media in parsed.media if media.kind == "audio"]
    if not sound:
        raise BadOffer("the offer has no audio: add a microphone track, or a transceiver for audio")
    if not any(codec.name.lower() == "opus" for media in sound for codec in media.rtp.codecs):
        raise BadOffer("the offer's audio has no Opus, which is what is spoken here")
    if any(not media.ice or media.ice.usernameFragment is None or media.dtls is None for media in parsed.media):
        raise BadOffer("the offer lacks ICE or DTLS parameters: send it as the browser made it")
    return RTCSessionDescription(sdp=offer, type="offer")


def with_short_packets(answer: str) -> str:
    """`answer`, asking the other end for packets of 10 ms: its encoder then waits for half of the usual.

    Chromium takes `ptime` from the remote description; `minptime` tells it that we bear such packets.
    """
    sections = re.split(r"(?m)^(?=m=)", answer)
    return "".join(_short_packets(section) if section.startswith("m=audio") else section for section in sections)


def _short_packets(section: str) -> str:
    opus = re.search(r"(?m)^a=rtpmap:(\d+) opus/48000", section)
    if opus is None:
        return section
    end = "\r\n" if "\r\n" in section else "\n"
    if f"a=fmtp:{opus[1]} " not in section:
        at = section.index(end, opus.start()) + len(end)
        section = f"{section[:at]}a=fmtp:{opus[1]} minptime={PACKET_MS}{end}{section[at:]}"
    return f"{section.rstrip()}{end}a=ptime:{PACKET_MS}{end}"


def ice_servers(urls: Sequence[str]) -> list[RTCIceServer]:
    """STUN and TURN servers, from `stun:host:port` and `turn:user:password@host:port`.

    An empty list is meant: aiortc's own default would ask somebody else's server. Raises `ValueError` for a
    URL of neither kind.
    """
    return [_ice_server(url) for url in urls]


def _ice_server(url: str) -> RTCIceServer:
    found = re.fullmatch(r"(stuns?|turns?):(?:([^:@]+):([^@]*)@)?([^@]+)", url)
    if found is None:
        raise ValueError(f"{url!r} is no STUN or TURN server: write stun:host:port or turn:user:password@host:port")
    scheme, user, password, rest = found.groups()
    return RTCIceServer(urls=f"{scheme}:{rest}", username=user, credential=password)
