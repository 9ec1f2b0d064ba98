"""These fail when aiortc changes inside: then agent/rooms/aiortc_inside.py is to be read again, line by line."""

import inspect

import aiortc
import pytest
from aioice.ice import Connection
from aiortc import RTCPeerConnection, RTCRtpReceiver
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket

from agent.rooms import aiortc_inside


def test_the_installed_aiortc_is_the_one_that_we_know() -> None:
    aiortc_inside.check_version()


def test_another_aiortc_is_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiortc, "__version__", "1.17.0")
    with pytest.raises(RuntimeError, match="aiortc_inside"):
        aiortc_inside.check_version()


async def test_a_receivers_packets_go_to_us_and_nothing_is_decoded() -> None:
    peer = RTCPeerConnection()
    receiver = peer.addTransceiver("audio").receiver
    got: list[RtpPacket] = []
    aiortc_inside.take_packets(receiver, got.append)
    packet = RtpPacket(payload_type=96, sequence_number=7, timestamp=480)
    packet.payload = b"\x00"
    opus = aiortc.rtcrtpparameters.RTCRtpCodecParameters("audio/opus", 48000, 2, 96)
    receiver._RTCRtpReceiver__codecs[96] = opus
    await receiver._handle_rtp_packet(packet, 0)
    assert got == [packet]
    assert receiver._RTCRtpReceiver__decoder_queue.empty()
    with pytest.raises(RuntimeError, match="already"):
        aiortc_inside.take_packets(receiver, got.append)
    await peer.close()


def test_the_buffer_that_we_replace_is_asked_as_we_expect() -> None:
    assert list(inspect.signature(JitterBuffer.add).parameters) == ["self", "packet"]
    source = inspect.getsource(RTCRtpReceiver._handle_rtp_packet)
    assert "pli_flag, encoded_frame = self.__jitter_buffer.add(packet)" in source
    assert source.count("__jitter_buffer") == 1


async def test_a_sender_that_sent_nothing_has_no_timestamp() -> None:
    peer = RTCPeerConnection()
    assert aiortc_inside.last_rtp_timestamp(peer.addTransceiver("audio").sender) is None
    await peer.close()


def test_aioice_gathers_and_asks_for_consent_through_the_methods_that_we_replace() -> None:
    assert list(inspect.signature(Connection.get_component_candidates).parameters) == [
        "self",
        "component",
        "addresses",
        "timeout",
    ]
    assert "self.get_component_candidates(component=component, addresses=addresses)" in inspect.getsource(
        Connection.gather_candidates
    )
    assert "self.query_consent()" in inspect.getsource(Connection.connect)
