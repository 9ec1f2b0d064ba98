"""espeak-ng's C library through ctypes: text in, samples and word and phoneme times out.

The library keeps one global state for the whole process and is not safe among threads, so there is one
`Library`, behind a lock.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

RATE = 22_050
"""Hz of every voice that espeak-ng synthesises itself."""

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _DO_NOT_EXIT = 0x0001, 0x8000
_CHARACTERS, _UTF8 = 1, 1
_RATE_PARAMETER = 1
_END, _WORD, _PHONEME = 0, 1, 7
_BUFFER_MS = 60


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class Utterance:
    """What espeak made of a text."""

    pcm: NDArray[np.int16]
    """[n] mono at `RATE`."""
    words: list[tuple[int, int]]
    """(character of the text, sample) where words begin. Not every word has one: "have been" is one to espeak."""
    pauses: list[tuple[int, bool]]
    """(sample, whether it is a pause) where phonemes begin."""


class Library:
    """The loaded library. Raises `RuntimeError` if it does not start."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lock = Lock()
        self._voice = ""
        self._pcm: list[NDArray[np.int16]] = []
        self._words: list[tuple[int, int]] = []
        self._pauses: list[tuple[int, bool]] = []
        self._c = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        self._callback = _Callback(self._take)  # the library keeps only a pointer: it must not be collected
        data = str(espeakng_loader.get_data_path()).encode()
        rate = self._c.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data, _PHONEME_EVENTS | _DO_NOT_EXIT)
        if rate != RATE:
            raise RuntimeError(
                "espeak-ng did not start: reinstall it with `pip install --force-reinstall espeakng-loader`"
            )
        self._c.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str, words_per_minute: int) -> Utterance:
        """`text` in espeak's `voice`, without a pause at its end. Raises `RuntimeError` if the voice is missing."""
        with self._lock:
            if voice != self._voice:
                if self._c.espeak_SetVoiceByName(voice.encode()):
                    raise RuntimeError(f"espeak-ng has no voice {voice!r}: reinstall espeakng-loader")
                self._voice = voice
            self._c.espeak_SetParameter(_RATE_PARAMETER, words_per_minute, 0)
            self._pcm, self._words, self._pauses = [], [], []
            written = text.replace("\0", " ").encode()
            self._c.espeak_Synth(written, len(written) + 1, 0, _CHARACTERS, 0, _UTF8, None, None)
            pcm = np.concatenate(self._pcm) if self._pcm else np.zeros(0, np.int16)
            return Utterance(pcm, self._words, self._pauses)

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if samples and count:
            self._pcm.append(np.ctypeslib.as_array(samples, (count,)).copy())
        at = 0
        while (event := events[at]).type != _END:
            if event.type == _WORD:
                self._words.append((event.text_position - 1, event.sample))
            elif event.type == _PHONEME:
                self._pauses.append((event.sample, event.id.string.startswith(b"_")))
            at += 1
        return 0


@cache
def library() -> Library:
    """The one library of this process: its state is global in C."""
    return Library()
