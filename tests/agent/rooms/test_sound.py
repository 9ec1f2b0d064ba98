import numpy as np
import pytest
from aiortc.rtp import RtpPacket
from av import Packet, VideoFrame
from av.codec import CodecContext

from agent.rooms import receive, send
from agent.rooms.camera import LONGER_SIDE, jpeg
from agent.rooms.receive import Microphone, OpusDecoder
from agent.rooms.send import OpusEncoder
from streaming.receive import opus_length


def tone(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray:
    return (np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * hertz / rate) * 8000).astype(np.int16)


def packets(pcm: np.ndarray) -> list[bytes]:
    encoder = OpusEncoder()
    return [encoder.encode(frame) for frame in pcm.reshape(-1, send.SAMPLES)]


def rtp(payload: bytes, number: int) -> RtpPacket:
    packet = RtpPacket(sequence_number=number, timestamp=number * 480)
    packet.payload = payload
    return packet


def test_every_10_ms_of_sound_is_one_packet_and_silence_is_tiny() -> None:
    speech, silence = packets(tone(1, 24_000)), packets(np.zeros(24_000, np.int16))
    assert {opus_length(packet) for packet in speech + silence} == {480}
    assert sum(map(len, speech)) * 8 < 1.3 * send.BIT_RATE
    assert max(map(len, silence[5:])) < 10


def test_a_tone_survives_both_codecs_within_a_few_milliseconds() -> None:
    decoder = OpusDecoder()
    back = np.concatenate([decoder.decode(packet) for packet in packets(tone(1, 24_000))])
    assert len(back) == receive.RATE
    # 2.5 ms of the encoder and a third of one of the resampler.
    delayed = tone(1, receive.RATE)[: -receive.FRAME]
    lags = [float(np.dot(back[lag : lag + len(delayed)] / 1e4, delayed / 1e4)) for lag in range(120)]
    assert int(np.argmax(lags)) < 0.005 * receive.RATE


def test_what_is_no_opus_does_no_harm() -> None:
    with pytest.raises(ValueError, match="decoded"):
        OpusDecoder().decode(b"\xff" * 3)
    microphone = Microphone(0.0)
    microphone.push(rtp(b"", 0), 0.0)
    microphone.push(rtp(b"\xff\x00", 1), 0.0)
    assert list(microphone.frames(0.0)) == []


def test_packets_that_come_in_time_wait_for_nothing() -> None:
    microphone = Microphone(0.0)
    for number, payload in enumerate(packets(tone(1, 24_000))):
        microphone.push(rtp(payload, number), number * 0.01)
        assert len(list(microphone.frames(number * 0.01))) == 1


def test_a_lost_packet_is_concealed_and_leaves_no_delay() -> None:
    microphone = Microphone(0.0)
    heard = []
    for number, payload in enumerate(packets(tone(2, 24_000))):
        if number != 100:
            microphone.push(rtp(payload, number), number * 0.01)
        heard += list(microphone.frames(number * 0.01 + 0.001))
    assert len(heard) == 200
    sound = np.concatenate(heard)[1600:].reshape(-1, 80)  # 5 ms
    assert np.abs(sound).max(axis=1).min() > 2000


def test_time_goes_on_when_the_track_stops_sending_and_the_sound_after_it_is_whole() -> None:
    microphone = Microphone(0.0)
    speech = packets(tone(1, 24_000))
    heard = []
    for tick in range(400):
        now = tick * 0.01
        if tick < 100:
            microphone.push(rtp(speech[tick], tick), now)
        elif tick >= 300:
            microphone.push(rtp(speech[tick - 300], tick), now)
        heard += list(microphone.frames(now))
        assert tick - 20 <= len(heard) <= tick + 1
    assert len(heard) == 400
    assert not np.concatenate(heard[115:299]).any()
    assert np.abs(np.concatenate(heard[303:])).max() > 7000


@pytest.mark.parametrize("size", [(1920, 1080), (640, 480), (480, 1281), (767, 3)])
def test_pictures_are_jpeg_files_of_at_most_768_pixels(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    frame = VideoFrame.from_ndarray(rng.integers(0, 255, (size[1], size[0], 3), np.uint8), format="rgb24")
    file = jpeg(frame)
    assert file.startswith(b"\xff\xd8")
    assert file.rstrip(b"\0").endswith(b"\xff\xd9")
    (seen,) = CodecContext.create("mjpeg", "r").decode(Packet(file))
    assert max(seen.width, seen.height) <= LONGER_SIDE
    assert abs(seen.width / seen.height - size[0] / size[1]) / (size[0] / size[1]) < 0.5
