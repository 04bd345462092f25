"""A bounded memory that forgets what was used least recently."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


class Recent(Generic[Key, Item]):
    """Items whose weights, in bytes or anything else, are at most `most` together."""

    def __init__(self, most: int) -> None:
        self._items: OrderedDict[Key, tuple[Item, int]] = OrderedDict()
        self._most = most
        self._weight = 0

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: Key) -> Item | None:
        found = self._items.get(key)
        if found is None:
            return None
        self._items.move_to_end(key)
        return found[0]

    def keep(self, key: Key, item: Item, weight: int) -> Item:
        """Remember it, if it does not outweigh everything; returns it."""
        if weight <= self._most:
            self._weight += weight - self._items.pop(key, (item, 0))[1]
            self._items[key] = (item, weight)
            while self._weight > self._most:
                self._weight -= self._items.popitem(last=False)[1][1]
        return item
