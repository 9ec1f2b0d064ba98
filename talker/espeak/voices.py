"""The voices, and which espeak voice, variant and gain each of them is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    language: str
    """espeak's name of the language."""
    variant: str = ""
    """espeak's name of the variant: whose throat it is."""
    gain_db: float = 0.0
    """Brings the voice to about -19 LUFS."""

    def named(self, language: str | None = None) -> str:
        """What espeak calls it, speaking its own language or another one."""
        return f"{language or self.language}+{self.variant}" if self.variant else language or self.language


VOICES = {
    "en-us": Voice("en-us", gain_db=1.7),
    "en-us-m3": Voice("en-us", "m3", 1.5),
    "en-us-m7": Voice("en-us", "m7", 0.6),
    "en-us-adam": Voice("en-us", "adam", 2.2),
    "en-us-michel": Voice("en-us", "michel", 0.9),
    "en-us-f2": Voice("en-us", "f2", -0.2),
    "en-us-f3": Voice("en-us", "f3", 1.0),
    "en-us-f4": Voice("en-us", "f4", -0.2),
    "en-us-f5": Voice("en-us", "f5", 1.5),
    "en-us-steph": Voice("en-us", "steph", 1.5),
    "en-gb": Voice("en", gain_db=1.1),
    "en-gb-f2": Voice("en", "f2", -0.2),
    "de": Voice("de", gain_db=1.0),
    "es": Voice("es", gain_db=1.0),
    "fr": Voice("fr", gain_db=1.0),
    "it": Voice("it", gain_db=1.0),
    "cmn": Voice("cmn"),
}
DEFAULT = "en-us"


def voice(name: str) -> Voice:
    """The voice called `name` ("" for the default). Raises `ValueError` that lists what there is."""
    try:
        return VOICES[name or DEFAULT]
    except KeyError:
        raise ValueError(f"There is no voice {name!r}: choose one of {', '.join(VOICES)}.") from None
