"""What all events share."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class ClientEvent(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """From the client. Its `event_id`, if it has one, comes back in an `error` about it."""

    event_id: str | UnsetType = UNSET


class ServerEvent(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """From the server. Every one that is sent carries an `event_id`."""

    event_id: str | UnsetType = UNSET
