"""What of a written text is spoken: Markdown and emoji are not."""

from __future__ import annotations

import re
import unicodedata

_SILENT = re.compile(
    r"""
    (?P<fence>```\w*)                        # a code fence and its language
    | (?P<start>(?m:^)[ \t]*(?:\#{1,6}|>|[-*+•])[ \t]+)  # heading, quotation, list item
    | (?P<address>\]\([^)\s]*\)?)            # the address of a link
    | (?P<mark>[\[\]`|~]|\*+(?!\s*\d)|(?<!\w)_+|_+(?!\w))  # brackets, code, table, emphasis
    """,
    re.VERBOSE,
)
_SPOKEN_SYMBOLS = frozenset("°©®™№℃℉")


def speakable(text: str) -> tuple[str, list[int]]:
    """What is spoken of `text`, and for each of its characters the index in `text` it comes from."""
    silent = {at for match in _SILENT.finditer(text) for at in range(*match.span())}
    spoken, origins = [], []
    for at, character in enumerate(text):
        if at in silent:
            continue
        spoken.append(" " if _unspeakable(character) or character == "_" else character)
        origins.append(at)
    return "".join(spoken), origins


def _unspeakable(character: str) -> bool:
    if character in _SPOKEN_SYMBOLS or character in "\n\t":
        return False
    # So: emoji and dingbats; Cn, Co, Cs: what this Unicode does not know; Cf: joiners; Cc: controls; FE0F: "as emoji"
    return (
        unicodedata.category(character) in {"So", "Cn", "Co", "Cs", "Cf", "Cc"}
        or character in "\ufe0e\ufe0f"
        or ("\U0001f3fb" <= character <= "\U0001f3ff")
    )


def is_han(character: str) -> bool:
    """Whether `character` is Chinese (or punctuation that is only used there)."""
    return (
        "\u3400" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003134f"
        or character in "，。、；：？！（）《》「」『』"
    )
