"""Names of events, items and responses."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True)
class Ids:
    """Counts instead of drawing lots, so that a recorded session can be replayed.

    The session's own name is in each: a client that comes back with the items of an older session must not
    find their names taken.
    """

    session_id: str
    _next: count[int] = field(default_factory=lambda: count(1))

    def new(self, kind: str) -> str:
        """`item`, `resp` or `event`, the session, and a number that no other name has."""
        return f"{kind}_{self.session_id.removeprefix('sess_')[-12:]}{next(self._next):05d}"

    @property
    def conversation(self) -> str:
        """The name of the session's only conversation."""
        return f"conv_{self.session_id.removeprefix('sess_')[-12:]}"
