"""Signs held up to the camera: `python -m benchmarks.signs [--save FOLDER]`.

Draws 50 signs and pages (fonts, sizes, slight turns, light, a camera's noise), sends each through the camera's own
encoder as a call does, and counts the words that the eyes read. Fonts are those that come with matplotlib.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from agent.rooms.camera import jpeg
from thinker.eyes.eyes import text_of
from thinker.eyes.picture import decode
from thinker.eyes.reader import Reader
from thinker.eyes.weights import models

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono", "DejaVuSans-Oblique", "STIXGeneral", "cmr10",
         "DejaVuSerif-Bold")  # fmt: skip
TEXTS = (
    "Open daily", "No parking", "Wet floor", "Exit", "Fresh bread", "Push", "Please ring\nthe bell", "Platform 9",
    "Caution\nhot surface", "Mind the gap", "Room 214", "Out of order", "Meeting at\nten thirty", "Sale ends\nSunday",
    "Library", "Keep this\ndoor closed", "Danger\nhigh voltage", "Free coffee", "Quiet please", "Ticket office",
    "Milk, eggs,\nbutter, flour", "Back in\nfive minutes", "Beware of\nthe dog", "Welcome home", "Do not enter",
    "First floor\nChildren's books\nReading room", "Add two cups of\nwater and stir\nuntil smooth.", "Bus stop",
    "Happy birthday\nMaria", "Bakery", "Train to London\nleaves at 18:45", "Pharmacy", "Swimming pool\nclosed today",
    "Doctor Evans\nSecond floor", "Emergency exit", "Tomato soup\nand garlic bread", "Password:\nblue elephant",
    "Call 555 0147", "Handle with care", "Fragile\nThis side up", "Dear Anna,\nthe keys are\nunder the mat.",
    "Visitors must\nsign in", "Garden centre", "Speed limit 30", "Not for sale", "Museum entrance", "Recycling only",
    "Turn left\nafter the bridge", "Chapter one\nThe old harbour", "Ask for help",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sign:
    """A picture and what stands on it."""

    text: str
    rgb: NDArray[np.uint8]
    about: str


def draw(number: int) -> Sign:
    """Sign `number`, always the same."""
    chance = np.random.default_rng(number)
    text, font = TEXTS[number % len(TEXTS)], FONTS[number % len(FONTS)]
    size = int(chance.integers(26, 64))
    angle = float(chance.uniform(-6, 6))
    light, noise = float(chance.uniform(0.55, 1.0)), float(chance.uniform(2, 9))
    paper = tuple(int(level) for level in chance.integers(205, 256, 3))
    ink = tuple(int(level) for level in chance.integers(0, 70, 3))
    if number % 5 == 3:
        paper, ink = (int(chance.integers(10, 60)), int(chance.integers(30, 90)), int(chance.integers(80, 150))), paper
    room = tuple(int(level) for level in chance.integers(60, 190, 3))
    picture = Image.new("RGB", (960, 720), room)
    pen = ImageDraw.Draw(picture)
    for _ in range(12):  # things in the background
        x, y, w, h = (int(value) for value in chance.integers(0, 700, 4))
        pen.rectangle((x, y, x + w // 3, y + h // 3), fill=tuple(int(level) for level in chance.integers(40, 200, 3)))
    face = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts/ttf", f"{font}.ttf"), size)
    box = pen.multiline_textbbox((0, 0), text, font=face, spacing=size // 3)
    width, height = int(box[2] - box[0]) + size * 2, int(box[3] - box[1]) + size * 2
    sheet = Image.new("RGB", (width, height), paper)
    spot = (size - int(box[0]), size - int(box[1]))
    ImageDraw.Draw(sheet).multiline_text(spot, text, fill=ink, font=face, spacing=size // 3)
    mask = Image.new("L", sheet.size, 255).rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    sheet = sheet.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    room_left = [max(1, side - used) for side, used in zip(picture.size, sheet.size, strict=True)]
    left, top = (int(chance.integers(free // 4, free * 3 // 4 + 1)) for free in room_left)
    picture.paste(sheet, (left, top), mask)
    levels = np.asarray(picture, np.float32) * light + chance.normal(0, noise, (720, 960, 3))
    rgb = np.clip(levels, 0, 255).astype(np.uint8)
    return Sign(text, rgb, f"{font} {size} px, turned {angle:.1f} degrees, light {light:.2f}, noise {noise:.1f}")


def as_sent(rgb: NDArray[np.uint8]) -> bytes:
    """The picture as the room sends it: at most 768 pixels wide, JPEG."""
    return jpeg(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24"))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))


def found(wanted: Sequence[str], read: Sequence[str]) -> int:
    """How many of `wanted` are among `read`, each once."""
    left = list(read)
    count = 0
    for word in wanted:
        if word in left:
            left.remove(word)
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", help="keep the pictures in this folder")
    parser.add_argument("--count", type=int, default=50)
    chosen = parser.parse_args()
    where = models()
    if where is None:
        raise SystemExit("the reading models are not installed: run `make install`")
    reader = Reader(where)
    right = total = 0
    seconds = []
    for number in range(chosen.count):
        sign = draw(number)
        sent = as_sent(sign.rgb)
        if chosen.save:
            Path(chosen.save).mkdir(parents=True, exist_ok=True)
            Path(chosen.save, f"sign-{number:02d}.jpg").write_bytes(sent)
        began = time.process_time()
        text = text_of(reader.read(decode(sent)))
        seconds.append(time.process_time() - began)
        wanted = words(sign.text)
        hits = found(wanted, words(text))
        right, total = right + hits, total + len(wanted)
        if hits < len(wanted):
            print(f"{number:2d} {sign.text!r} was read as {text!r} ({sign.about})")
    print(f"{right} of {total} words ({100 * right / total:.1f}%) on {chosen.count} signs; "
          f"{np.median(seconds):.2f} s of one core a look (median)")  # fmt: skip


if __name__ == "__main__":
    main()
