"""The conversation as the client knows it: items in their order."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import UNSET

from agent.engine.messages import Line
from streaming.realtime.items import Item

MAX_ITEMS = 4_000


def line(item: Item) -> Line | None:
    """What the mind is told of `item`; None if it says nothing."""
    if item.type == "function_call":
        return Line(
            "assistant", "", call=item.call_id or None, name=item.name or None, arguments=item.arguments or "{}"
        )
    if item.type == "function_call_output":
        return Line("tool", item.output or "", call=item.call_id or None)
    text = item.words
    return Line(item.role or "user", text) if text else None


@dataclass(slots=True)
class ItemStore:
    """All items that were not deleted. The oldest are forgotten beyond `MAX_ITEMS`."""

    _items: dict[str, Item] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _unspoken: set[str] = field(default_factory=set)
    """Items that are shown but are no part of the conversation (a notice's)."""
    deleted: set[str] = field(default_factory=set)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._items

    def get(self, item_id: str) -> Item | None:
        return self._items.get(item_id)

    def in_order(self) -> list[Item]:
        return [self._items[item_id] for item_id in self._order]

    def add(self, item: Item, after: str | None = None, apart: bool = False) -> str | None:
        """Put `item` after the item `after` (`root`: first; None or not known: last), and return the one before it.

        `apart`: it is no part of the conversation that the mind knows.
        """
        assert item.id is not UNSET
        place = len(self._order)
        if after == "root":
            place = 0
        elif after in self._items:
            place = self._order.index(after) + 1
        self._items[item.id] = item
        self._order.insert(place, item.id)
        if apart:
            self._unspoken.add(item.id)
        before = self._order[place - 1] if place else None
        if len(self._order) > MAX_ITEMS:
            self._forget(self._order[0])
        return before

    def put(self, item: Item) -> None:
        """Write `item` anew, in its place."""
        assert item.id is not UNSET
        if item.id in self._items:
            self._items[item.id] = item

    def is_last(self, item_id: str) -> bool:
        return bool(self._order) and self._order[-1] == item_id

    def last(self) -> str | None:
        return self._order[-1] if self._order else None

    def delete(self, item_id: str) -> Item | None:
        """Forget it; later mentions of it are known to be late. None: it was not there."""
        item = self._items.get(item_id)
        if item is not None:
            self._forget(item_id)
            self.deleted.add(item_id)
        return item

    def _forget(self, item_id: str) -> None:
        del self._items[item_id]
        self._order.remove(item_id)
        self._unspoken.discard(item_id)

    def lines(self) -> list[Line]:
        """The conversation for a mind that has to take it in anew."""
        found = (line(self._items[item_id]) for item_id in self._order if item_id not in self._unspoken)
        return [each for each in found if each is not None]
