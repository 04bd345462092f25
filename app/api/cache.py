"""A bounded memory that forgets what was used least recently."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


class Recent(Generic[Key, Item]):
    """At most `most` items."""

    def __init__(self, most: int) -> None:
        self._items: OrderedDict[Key, Item] = OrderedDict()
        self._most = most

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: Key) -> Item | None:
        item = self._items.get(key)
        if item is not None:
            self._items.move_to_end(key)
        return item

    def keep(self, key: Key, item: Item) -> Item:
        self._items[key] = item
        if len(self._items) > self._most:
            self._items.popitem(last=False)
        return item
