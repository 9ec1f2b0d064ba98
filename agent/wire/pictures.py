"""Pictures in events."""

from __future__ import annotations

import base64
import binascii

from .errors import Refused

JPEG = b"\xff\xd8\xff"


def jpeg(url: str, param: str) -> bytes:
    """The file in a data URL. Raises `Refused` for anything but JPEG: nothing is fetched from elsewhere."""
    head, comma, text = url.partition(",")
    if not comma or not head.startswith("data:image/") or not head.endswith(";base64"):
        raise Refused("A picture is a data URL, such as data:image/jpeg;base64,...", "invalid_value", param)
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Refused(f"That picture is not base64: {problem}.", "invalid_value", param) from None
    if not raw.startswith(JPEG):
        raise Refused("Send pictures as JPEG.", "unsupported_value", param)
    return raw
