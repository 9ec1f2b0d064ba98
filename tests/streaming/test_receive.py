from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.conceal import Concealer
from streaming.receive import Receiver, opus_length
from streaming.time import TICKS_PER_SECOND

RATE = 16_000
HOP = 160
PTIME = 0.01
NETWORK = 0.02


def speech(seconds: float, seed: int) -> np.ndarray:
    """Sounds with a gliding pitch, pauses between them, and a little noise."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE)
    phase = np.cumsum(2 * np.pi * (110 + 30 * np.sin(np.arange(count) / RATE * 4)) / RATE)
    loudness, at = np.zeros(count), 0
    while at < count:
        until = at + int(rng.uniform(0.15, 0.9) * RATE)
        loudness[at:until] = 1
        at = until + int(rng.uniform(0.03, 0.5) * RATE)
    smooth = np.hanning(800)
    loudness = np.convolve(loudness, smooth / smooth.sum(), "same")
    voice = sum(np.sin(k * phase) / k for k in range(1, 12))
    return (voice * loudness * 5000 + rng.normal(0, 20, count)).astype(np.int16)


@dataclass
class Gap:
    """A stretch that was made up, between two packets."""

    samples: int
    before: int
    after: int

    @property
    def beyond_loss_ms(self) -> float:
        return self.samples / RATE * 1000 - (self.after - self.before - 1) * PTIME * 1000


class Watched(Concealer):
    """Tells which stretches were made up between which packets."""

    def __init__(self, rate: int, decoded: list[int]) -> None:
        super().__init__(rate)
        self.decoded = decoded
        self.made = 0
        self.gaps: list[Gap] = []

    def conceal(self, count: int) -> np.ndarray:
        self.made += count
        return super().conceal(count)

    def sound(self, pcm: np.ndarray) -> np.ndarray:
        if self.made and len(self.decoded) > 1:
            self.gaps.append(Gap(self.made, *self.decoded[-2:]))
        self.made = 0
        return super().sound(pcm)


@dataclass
class Line:
    """Sends `sound` in packets of 10 ms over a network, and listens at the other end."""

    sound: np.ndarray
    decoded: list[int] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    """Pull less capture, for every pull (ms)."""
    played: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.receiver = Receiver(self.decode, 48_000, RATE)
        self.watched = self.receiver._concealer = Watched(RATE, self.decoded)

    def decode(self, payload: bytes) -> np.ndarray:
        number = int.from_bytes(payload, "big")
        self.decoded.append(number)
        return self.sound[number * HOP : (number + 1) * HOP]

    def push(self, number: int, arrival: float) -> None:
        # The first packet lies shortly before the wrap of the timestamps.
        self.receiver.push((number * 480 - 48_000) % 2**32, 480, number.to_bytes(4, "big"), arrival)

    def pull(self, now: float) -> None:
        self.lags.append((now - self.receiver.position / TICKS_PER_SECOND) * 1000)
        self.played.append(self.receiver.pull(HOP, now))
        assert len(self.played[-1]) == HOP

    def run(self, arrivals: list[tuple[float, int]], paced: bool) -> None:
        arrivals = sorted(arrivals)
        if not paced:
            for arrival, number in arrivals:
                self.push(number, arrival)
                while self.receiver.ready(arrival) >= HOP:
                    self.pull(arrival)
            return
        now, coming = arrivals[0][0] + 0.003, iter([*arrivals, (float("inf"), 0)])
        arrival, number = next(coming)
        while now <= arrivals[-1][0] + PTIME:
            while arrival <= now:
                self.push(number, arrival)
                arrival, number = next(coming)
            self.pull(now)
            now += PTIME


def network(
    seed: int, seconds: float, loss: float = 0.05, reorder: float = 0.02, jitter: float = 0.03, fifo: bool = False
) -> list[tuple[float, int]]:
    """(arrival, number) of the packets that arrive. `fifo`: jitter alone does not let one overtake another."""
    rng = np.random.default_rng(seed)
    arrivals, last = [], 0.0
    for number in range(int(seconds / PTIME)):
        arrival = (number + 1) * PTIME + NETWORK + rng.uniform(0, jitter)
        last = max(last, arrival)
        if number and rng.random() < loss:
            continue
        late = rng.uniform(1, 2.5) * PTIME if rng.random() < reorder else 0.0
        arrivals.append(((last if fifo else arrival) + late, number))
    return arrivals


def call(paced: bool, seed: int, seconds: float = 60, **impairment: float) -> Line:
    line = Line(speech(seconds, seed))
    line.run(network(seed, seconds, **impairment), paced)  # type: ignore[arg-type]
    return line


def clean(paced: bool, seed: int, seconds: float = 60) -> Line:
    return call(paced, seed, seconds, loss=0, reorder=0, jitter=0)


@pytest.mark.parametrize("fifo", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("paced", [True, False], ids=["paced", "at once"])
def test_a_bad_network_costs_at_most_forty_milliseconds_and_no_more_sound_than_it_loses(
    paced: bool, seed: int, fifo: bool
) -> None:
    line, ideal = call(paced, seed, fifo=fifo), clean(paced, seed)
    # Media time counts from the first packet that arrived.
    extra = np.array(line.lags) - line.decoded[0] * PTIME * 1000 - np.median(ideal.lags)
    assert np.percentile(extra, 95) <= 40
    assert np.mean(extra[-100:]) <= 40
    assert line.decoded == sorted(set(line.decoded))
    arrived = {number for _, number in network(seed, 60, fifo=fifo)}
    assert len(arrived) - len(line.decoded) <= 0.015 * len(arrived)
    longer = [gap for gap in line.watched.gaps if gap.beyond_loss_ms > 0]
    if paced:
        # Who must give sound at every moment stretches it while a packet is later than nearly all others.
        assert len(longer) <= 0.01 * len(arrived)
        assert max((gap.beyond_loss_ms for gap in longer), default=0) <= 30
    else:
        assert longer == []


@pytest.mark.parametrize("paced", [True, False])
def test_on_a_good_network_sound_passes_untouched_and_at_once(paced: bool) -> None:
    line = clean(paced, 1, seconds=5)
    played = np.concatenate(line.played)
    assert (played == line.sound[: len(played)]).all()
    assert max(line.lags) <= (PTIME + NETWORK + (0.003 if paced else 0)) * 1000 + 0.001
    assert line.receiver.sound.concealed == 0


@pytest.mark.parametrize("paced", [True, False])
def test_after_a_stall_nothing_is_lost_and_the_lag_goes_again(paced: bool) -> None:
    line = Line(speech(20, 5))
    arrivals = [(arrival if not 5 <= arrival < 5.4 else 5.4, n) for arrival, n in network(5, 20, 0, 0, 0)]
    line.run(arrivals, paced)
    assert line.decoded == list(range(line.decoded[-1] + 1))
    assert np.mean(line.lags[-100:]) - line.lags[100] < 12
    if not paced:
        assert (np.concatenate(line.played) == line.sound[: HOP * len(line.played)]).all()


def test_a_sender_that_stops_leaves_silence_and_is_heard_at_once_when_it_goes_on() -> None:
    line = Line(speech(10, 6))
    line.run([(arrival, n) for arrival, n in network(6, 3, 0, 0, 0) if not 100 <= n < 200], paced=True)
    assert not np.concatenate(line.played[110:199]).any()
    assert line.decoded == [*range(100), *range(200, 300)]
    assert line.receiver.arrivals.lost == 0
    assert max(line.lags[210:]) <= min(line.lags[:90]) + 10.001


def test_a_muted_sender_whose_timestamps_stand_still_is_heard_at_once_when_it_returns() -> None:
    line = Line(speech(10, 6))
    line.run(network(6, 1, 0, 0, 0), paced=True)
    for index in range(500):
        line.pull(1.03 + index * PTIME)
    for number in range(100, 130):
        line.push(number, 5.03 + number / 100)
        line.pull(5.034 + number / 100)
    assert line.decoded == list(range(130))
    assert line.receiver.depth_ms <= 10


def test_a_sender_whose_clock_is_fast_builds_up_no_lag() -> None:
    line = Line(speech(60, 7))
    line.run([(arrival * (1 - 2e-4), n) for arrival, n in network(7, 60, 0, 0, 0.002)], paced=True)
    assert line.receiver.depth_ms <= 25
    slow = Line(speech(60, 7))
    slow.run([(arrival * (1 + 2e-4), n) for arrival, n in network(7, 60, 0, 0, 0.002)], paced=True)
    assert slow.receiver.depth_ms <= 25
    assert slow.decoded == sorted(slow.decoded)


def test_a_payload_that_cannot_be_decoded_is_concealed() -> None:
    def decode(payload: bytes) -> np.ndarray:
        if payload == b"broken":
            raise ValueError("no sound in it")
        return np.full(HOP, 1000, np.int16)

    receiver = Receiver(decode, 48_000, RATE)
    for number in range(10):
        receiver.push(number * 480, 480, b"broken" if number == 5 else b"sound", number / 100)
    pulled = receiver.pull(10 * HOP, 0.1)
    assert receiver.sound.broken == 1
    assert receiver.sound.concealed == HOP
    assert (np.abs(pulled - 1000) < 50).all()


def test_telephone_packets_come_out_at_their_own_rate() -> None:
    receiver = Receiver(lambda payload: np.frombuffer(payload, np.int16), 8_000, 8_000)
    for number in range(4):
        receiver.push(number * 160, 160, np.full(160, number, np.int16).tobytes(), number / 50)
    assert receiver.ready(0.08) == 640
    assert (receiver.pull(640, 0.08) == np.repeat(np.arange(4), 160)).all()


PACKET = st.tuples(st.integers(0, 60), st.floats(0, 0.2))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PACKET, max_size=60),
    st.lists(st.integers(0, 700), min_size=1, max_size=20),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_whatever_arrives_sound_is_in_order_and_as_long_as_asked(
    packets: list[tuple[int, float]], sizes: list[int], at_once: bool, start: int
) -> None:
    decoded: list[int] = []

    def decode(payload: bytes) -> np.ndarray:
        decoded.append(int.from_bytes(payload, "big"))
        return np.full(HOP, decoded[-1] + 100, np.int16)

    receiver = Receiver(decode, 48_000, RATE)
    now = 0.0
    for index, (number, pause) in enumerate(packets):
        now += pause
        receiver.push((start + number * 480) % 2**32, 480, number.to_bytes(4, "big"), now)
        size = sizes[index % len(sizes)]
        if not at_once or receiver.ready(now) >= size:
            ready = receiver.ready(now)
            pulled = receiver.pull(size, now)
            assert len(pulled) == size
            assert pulled.dtype == np.int16
            # Sound that is there in order passes as it is.
            if ready >= size and not receiver.sound.concealed and not receiver.sound.left_out:
                assert (np.diff(pulled) >= 0).all()
    assert decoded == sorted(set(decoded))


@pytest.mark.parametrize(
    ("payload", "samples"),
    [
        (bytes([0x78, 0]), 960), (bytes([0xF8]), 960), (bytes([0xF0]), 480), (bytes([0xE0]), 120),
        (bytes([0x18]), 2880), (bytes([0xF9]), 1920), (bytes([0xFB, 3]), 2880),
        (bytes([0x60]), 480), (bytes([0x08]), 960),
    ],
)  # fmt: skip
def test_an_opus_packet_says_how_long_it_is(payload: bytes, samples: int) -> None:
    assert opus_length(payload) == samples


@pytest.mark.parametrize("payload", [b"", bytes([0xFB]), bytes([0xFB, 0]), bytes([0x1B, 48])])
def test_what_is_no_opus_packet_is_an_error(payload: bytes) -> None:
    with pytest.raises(ValueError, match="drop"):
        opus_length(payload)
