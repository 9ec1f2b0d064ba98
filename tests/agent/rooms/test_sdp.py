import pytest
from aiortc import RTCPeerConnection

from agent.rooms.sdp import BadOffer, checked, ice_servers, with_short_packets

ANSWER = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=setup:active\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"
)


def test_the_answer_asks_for_packets_of_10_ms_in_its_audio_section_only() -> None:
    head, audio, data = with_short_packets(ANSWER).partition("m=audio")[0:1] + tuple(
        with_short_packets(ANSWER).partition("m=audio")[2].split("m=application")
    )
    assert "a=ptime:10\r\n" in audio
    assert "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n" in audio
    assert "ptime" not in head + data
    assert with_short_packets(ANSWER).replace("a=ptime:10\r\n", "").replace("a=fmtp:111 minptime=10\r\n", "") == ANSWER


def test_parameters_that_are_there_already_stay_as_they_are() -> None:
    own = ANSWER.replace("opus/48000/2\r\n", "opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n")
    assert with_short_packets(own).count("a=fmtp:") == 1


@pytest.mark.parametrize("offer", ["", "hello", "v=0\r\n", "{}", "m=audio\r\na=x", ANSWER.replace("audio", "video")])
def test_garbage_is_refused_with_a_reason(offer: str) -> None:
    with pytest.raises(BadOffer):
        checked(offer)


async def test_a_real_offer_is_taken_and_one_without_a_microphone_is_not() -> None:
    peer = RTCPeerConnection()
    peer.createDataChannel("oai-events")
    with pytest.raises(BadOffer, match="no audio"):
        checked((await peer.createOffer()).sdp)
    peer.addTransceiver("audio")
    assert checked((await peer.createOffer()).sdp).type == "offer"
    await peer.close()


def test_ice_servers_are_read_with_and_without_a_password() -> None:
    stun, turn = ice_servers(["stun:stun.example.org:3478", "turn:me:secret@turn.example.org:3478?transport=udp"])
    assert (stun.urls, stun.username) == ("stun:stun.example.org:3478", None)
    assert (turn.urls, turn.username, turn.credential) == ("turn:turn.example.org:3478?transport=udp", "me", "secret")
    with pytest.raises(ValueError, match="write stun:"):
        ice_servers(["http://example.org"])
