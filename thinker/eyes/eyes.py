"""Eyes that look when something changed, in a thread of their own, and say what there is to read.

A picture that shows the same as the last one is only compared with it. What changes all the time is looked at as
often as a quarter of a processor core allows.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from threading import Condition, Thread

from streaming.time import Time

from ..joints import Seen
from .picture import Rgb, Sketch, brightness, colours, decode, differs, sketch
from .reader import Line, Reader
from .weights import Models

log = logging.getLogger(__name__)

_RESTS, _LONGEST_REST_S = 3.0, 1.5
"""After a look the eyes rest so many times as long as it took, if the picture changes again."""
_LONGEST_TEXT = 400


@dataclass(slots=True)
class _View:
    """What one session shows."""

    pending: tuple[bytes, Time] | None = None
    """The newest picture, not compared yet."""
    other: tuple[Rgb, Sketch, Time] | None = None
    """It shows something else, and waits to be looked at."""
    known: Sketch | None = None
    seen: Seen | None = None
    told: bool = True
    looks_again: float = 0.0
    """On the monotonic clock."""


class Eyes:
    """All sessions' eyes. Every method may be called by any thread, and none waits."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._views: dict[int, _View] = {}
        self._changed = Condition()
        self._thread: Thread | None = None

    def open(self, slot: int) -> None:
        """A session begins in `slot`; nothing was shown."""
        with self._changed:
            self._views[slot] = _View()

    def close(self, slot: int) -> None:
        with self._changed:
            self._views.pop(slot, None)

    def look(self, slot: int, jpeg: bytes, at: Time) -> None:
        """Here is a picture. Of several only the newest is looked at."""
        with self._changed:
            if slot not in self._views:
                return
            self._views[slot].pending = jpeg, at
            if self._thread is None:  # models are only loaded when there is something to see
                self._thread = Thread(target=self._work, name="eyes", daemon=True)
                self._thread.start()
            self._changed.notify()

    def news(self, slot: int) -> Seen | None:
        """What was seen, if that was not told before."""
        with self._changed:
            view = self._views.get(slot)
            if view is None or view.told:
                return None
            view.told = True
            return view.seen

    # --- the thread ---------------------------------------------------------------------------

    def _work(self) -> None:
        reader = Reader(self._models)
        while True:
            view, jpeg, at = self._next()
            try:
                if jpeg is not None:
                    self._compare(view, jpeg, at)
                else:
                    self._see(reader, view)
            except Exception as problem:
                log.warning("a picture could not be looked at: %s", problem)

    def _next(self) -> tuple[_View, bytes | None, Time]:
        """A view with a picture to be compared, or with one (None) that it is time to look at."""
        with self._changed:
            while True:
                now = time.monotonic()
                for view in self._views.values():
                    if view.pending is not None:
                        (jpeg, at), view.pending = view.pending, None
                        return view, jpeg, at
                others = [view for view in self._views.values() if view.other is not None]
                first = min(others, key=lambda view: view.looks_again, default=None)
                if first is not None and first.looks_again <= now:
                    return first, None, 0
                self._changed.wait(None if first is None else first.looks_again - now)

    def _compare(self, view: _View, jpeg: bytes, at: Time) -> None:
        rgb = decode(jpeg)
        now = sketch(rgb)
        if view.seen is not None and view.known is not None and not differs(view.known, now):
            view.other = None
            self._tell(view, replace(view.seen, until=at))
        else:
            view.other = rgb, now, at

    def _see(self, reader: Reader, view: _View) -> None:
        assert view.other is not None
        (rgb, now, at), view.other = view.other, None
        began = time.monotonic()
        seen = Seen(at, at, text_of(reader.read(rgb)), _codes(rgb), tuple(colours(rgb)), brightness(rgb))
        view.known = now
        self._tell(view, seen)
        ended = time.monotonic()
        view.looks_again = ended + min(_RESTS * (ended - began), _LONGEST_REST_S)

    def _tell(self, view: _View, seen: Seen) -> None:
        with self._changed:
            view.seen, view.told = seen, False


def text_of(lines: list[Line]) -> str:
    """Lines as one text to be read out: a line that begins anew is parted from what stands before it."""
    text = ""
    for line in lines:
        if not text:
            text = line.text
        elif text.endswith("-") and line.text[:1].islower():
            text = text[:-1] + line.text
        else:
            goes_on = line.text[:1].islower() or text.endswith((".", ",", "!", "?", ":", ";"))
            text += f"{' ' if goes_on else ', '}{line.text}"
    return text[:_LONGEST_TEXT]


def _codes(rgb: object) -> tuple[str, ...]:
    """What QR and bar codes say."""
    import zxingcpp

    return tuple(code.text[:_LONGEST_TEXT] for code in zxingcpp.read_barcodes(rgb) if code.valid and code.text)
