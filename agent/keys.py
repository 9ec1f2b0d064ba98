"""Who may call: the operator's API key, and the short-lived keys that browsers get instead of it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from streaming.realtime.session import Session

PREFIX = "ek_"
MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key allows."""

    full: bool
    """Everything: it may also make keys, and see the metrics."""
    session: Session
    """In force for what is opened with it."""


@dataclass(frozen=True, slots=True)
class _ShortLived:
    session: Session
    expires_at: float


class Keys:
    """Checks keys and makes short-lived ones. Of those only a hash is kept, so that none can be read back."""

    def __init__(self, api_key: str, clock: Callable[[], float] = time.time) -> None:
        """`api_key` "": none is asked for. `clock` gives unix time in seconds."""
        self._api_key = _hash(api_key) if api_key else None
        self._clock = clock
        self._short_lived: dict[bytes, _ShortLived] = {}

    @property
    def asked_for(self) -> bool:
        """Whether a key is needed at all."""
        return self._api_key is not None

    def grant(self, key: str | None) -> Grant | None:
        """What `key` allows; None: nothing."""
        if key is not None and key.startswith(PREFIX):
            known = self._short_lived.get(_hash(key))
            if known is None or known.expires_at <= self._clock():
                return None
            return Grant(full=False, session=known.session)
        if self._api_key is None:
            return Grant(full=True, session=Session())
        if key is not None and hmac.compare_digest(_hash(key), self._api_key):
            return Grant(full=True, session=Session())
        return None

    def issue(self, session: Session, seconds: int) -> tuple[str, int]:
        """A new key that opens calls with `session` for so long, and the unix time at which it ends.

        Raises `RuntimeError` when too many are out.
        """
        now = self._clock()
        if len(self._short_lived) >= MOST_KEYS:
            self._short_lived = {name: key for name, key in self._short_lived.items() if key.expires_at > now}
        if len(self._short_lived) >= MOST_KEYS:
            raise RuntimeError("too many short-lived keys are out; try again later")
        key = PREFIX + secrets.token_urlsafe(32)
        expires_at = int(now) + seconds
        self._short_lived[_hash(key)] = _ShortLived(session, expires_at)
        return key, expires_at


def _hash(key: str) -> bytes:
    """Of equal length for all keys, so that comparing takes the same time for all."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
