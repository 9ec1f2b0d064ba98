"""What small eyes see. If these fail, a sign that is held up is not read, or read at too great a cost."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
import zxingcpp

from benchmarks.signs import as_sent, draw, found, words
from streaming.time import ms
from thinker.eyes.boxes import boxes
from thinker.eyes.eyes import Eyes, text_of
from thinker.eyes.picture import Rgb, brightness, colours, decode, differs, sketch
from thinker.eyes.reader import Reader
from thinker.eyes.weights import models
from thinker.joints import Seen

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def reader() -> Reader:
    where = models()
    if where is None:
        pytest.skip("the reading models are not installed")
    return Reader(where)


@pytest.fixture
def eyes() -> Iterator[Eyes]:
    where = models()
    if where is None:
        pytest.skip("the reading models are not installed")
    seeing = Eyes(where)
    seeing.open(0)
    yield seeing
    seeing.close(0)


def news(eyes: Eyes) -> Seen:
    """The next that is seen."""
    deadline = time.monotonic() + PATIENCE_S
    while (seen := eyes.news(0)) is None:
        assert time.monotonic() < deadline, "nothing was seen"
        time.sleep(0.02)
    return seen


def plain(colour: tuple[int, int, int], noise: float = 4.0) -> Rgb:
    """One colour before a noisy camera."""
    levels = np.full((480, 640, 3), colour, np.float32) + np.random.default_rng(3).normal(0, noise, (480, 640, 3))
    return np.clip(levels, 0, 255).astype(np.uint8)


def test_signs_are_read_as_they_come_from_the_camera(reader: Reader) -> None:
    """All 50 are in benchmarks/signs.py; these are the first of them."""
    right = total = 0
    for number in range(16):
        sign = draw(number)
        wanted = words(sign.text)
        right += found(wanted, words(text_of(reader.read(decode(as_sent(sign.rgb))))))
        total += len(wanted)
    assert right / total >= 0.9


def test_nothing_is_read_where_nothing_is_written(reader: Reader) -> None:
    assert reader.read(plain((120, 90, 60))) == []
    assert reader.read(np.zeros((40, 30, 3), np.uint8)) == []


def test_boxes_lie_around_turned_lines() -> None:
    chance = np.zeros((200, 300), np.float32)
    y, x = np.mgrid[0:200, 0:300]
    along = (x - 150) * np.cos(0.2) + (y - 100) * np.sin(0.2)
    across = (y - 100) * np.cos(0.2) - (x - 150) * np.sin(0.2)
    chance[(abs(along) < 80) & (abs(across) < 10)] = 0.9
    chance[5:9, 5:9] = 0.4
    (box,) = boxes(chance)
    assert (box.x, box.y) == (pytest.approx(150, abs=2), pytest.approx(100, abs=2))
    assert np.arctan2(box.right[1], box.right[0]) == pytest.approx(0.2, abs=0.03)
    assert box.width > 160
    assert 20 < box.height < 60


def test_noise_is_no_change_and_a_hand_is() -> None:
    still = sketch(plain((120, 120, 120)))
    assert not differs(still, sketch(plain((121, 119, 120), noise=8)))
    with_hand = plain((120, 120, 120))
    with_hand[200:320, 250:400] = (190, 140, 120)
    assert differs(still, sketch(with_hand))


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((210, 30, 35), "red"), ((30, 160, 60), "green"), ((40, 70, 200), "blue"), ((240, 215, 40), "yellow"),
        ((245, 245, 240), "white"), ((15, 15, 18), "black"), ((128, 128, 128), "grey"), ((240, 130, 30), "orange"),
        ((130, 50, 170), "purple"), ((110, 70, 40), "brown"),
    ],
)  # fmt: skip
def test_colours_go_by_the_names_that_people_use(colour: tuple[int, int, int], name: str) -> None:
    assert colours(plain(colour))[0] == name


def test_light_is_told_from_darkness() -> None:
    assert brightness(plain((10, 10, 10))) == "dark"
    assert brightness(plain((230, 230, 225))) == "very bright"


@pytest.mark.parametrize("jpeg", [b"", b"not a picture", as_sent(plain((1, 2, 3)))[:200]])
def test_what_is_no_picture_is_refused(jpeg: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        decode(jpeg)


def test_eyes_say_what_they_see_and_that_it_is_still_there(eyes: Eyes) -> None:
    sign = draw(1)
    eyes.look(0, as_sent(sign.rgb), ms(100))
    seen = news(eyes)
    assert found(words(sign.text), words(seen.text)) == len(words(sign.text))
    assert (seen.at, seen.until) == (ms(100), ms(100))
    eyes.look(0, as_sent(sign.rgb), ms(600))
    again = news(eyes)
    assert (again.at, again.until, again.text) == (ms(100), ms(600), seen.text)


def test_eyes_go_on_after_a_broken_picture(eyes: Eyes) -> None:
    eyes.look(0, b"broken", ms(0))
    eyes.look(0, as_sent(draw(3).rgb), ms(500))
    assert news(eyes).at == ms(500)


def test_codes_are_read(eyes: Eyes) -> None:
    code = np.asarray(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode("tea at five", zxingcpp.QRCode), scale=8))
    picture = np.full((480, 640, 3), 200, np.uint8)
    picture[40 : 40 + code.shape[0], 60 : 60 + code.shape[1]] = code[..., None]
    eyes.look(0, as_sent(picture), ms(0))
    assert news(eyes).codes == ("tea at five",)


def test_a_picture_that_stays_the_same_costs_less_than_a_tenth_of_a_core(eyes: Eyes) -> None:
    """Two pictures a second are shown to a call: each may take 50 ms of a core."""
    jpeg = as_sent(draw(2).rgb)
    eyes.look(0, jpeg, 0)
    news(eyes)
    began = time.process_time()
    for number in range(1, 21):
        eyes.look(0, jpeg, ms(500 * number))
        assert news(eyes).until == ms(500 * number)
    assert (time.process_time() - began) / 20 < 0.05
