from __future__ import annotations

from uuid import uuid4

from tenants import headroom
from tenants.headroom import Headroom


def test_room_that_was_counted_lasts_as_many_events() -> None:
    room, acme, globex = Headroom(), uuid4(), uuid4()

    room.remember(acme, "posts", 1000, room=300, latest=50)

    assert room.until(acme, "posts", 1000) == 350
    assert [room.until(globex, "posts", 1000), room.until(acme, "members", 1000)] == [0, 0]


def test_room_under_another_limit_is_not_known() -> None:
    room, acme = Headroom(), uuid4()

    room.remember(acme, "posts", 1000, room=300, latest=50)

    assert room.until(acme, "posts", 10) == 0


def test_those_not_seen_for_long_are_forgotten() -> None:
    room, organizations = Headroom(), [uuid4() for _ in range(headroom.MOST_REMEMBERED + 1)]

    for organization in organizations:
        room.remember(organization, "posts", 9, room=1, latest=1)

    assert [room.until(organization, "posts", 9) for organization in (organizations[0], organizations[-1])] == [0, 2]
