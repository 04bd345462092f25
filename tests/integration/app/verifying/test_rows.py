"""Rows that differ from what their events say are named, whoever changed them."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.bus import Bus
from app.content.commands import (
    ApprovePost,
    ArchivePost,
    PublishPost,
    RestorePost,
    SchedulePost,
    SubmitPost,
    UnpublishPost,
    UpdatePost,
)
from app.replay.verifying import verify
from app.users.commands import InviteUser
from tenants.database import Database
from tenants.ids import new_id
from tests.integration.app.verifying.differences import about, named
from tests.integration.app.verifying.somebody import DUE
from tests.integration.conftest import House, write_post
from tests.integration.owner import Owner


async def test_a_row_changed_by_hand_is_named_by_its_fields_and_by_the_witness(
    pool: Database, owner: Owner, acme: House, globex: House, post: UUID
) -> None:
    schema = acme.tenant.place.schema
    await owner.execute(f"UPDATE {schema}.posts SET title = 'Loud', status = 'PUBLISHED' WHERE id = $1", post)

    found, others = await verify(pool, acme.tenant), await verify(pool, globex.tenant)

    assert named(found, post) == {"title": ("Loud", "As it was"), "status": ("PUBLISHED", "DRAFT")}
    assert (found.bypassed[0]["table_name"], found.bypassed[0]["operation"], found.bypassed[0]["row_key"]) == ("posts", "UPDATE", {"id": str(post)})
    assert found.bypassed_in_all == len(found.bypassed)
    assert named(others, post) == {}
    await owner.execute(f"UPDATE {schema}.posts SET title = 'As it was', status = 'DRAFT' WHERE id = $1", post)
    assert await about(pool, acme, post) == {}


@pytest.mark.parametrize(
    ("change", "field", "row", "replay"),
    [
        ("version = 7", "version", 7, 1),
        ("seo_title = 'x'", "seo.title", "x", None),
        ("custom_fields = '{\"a\": 1}'", "custom_fields", {"a": 1}, {}),
        ("seo_keywords = '{a}'", "seo.keywords", ["a"], []),
        ("created_by = NULL", "created_by", None, "author"),
    ],
)
async def test_every_field_is_compared(
    pool: Database, owner: Owner, acme: House, post: UUID, change: str, field: str, row: object, replay: object
) -> None:
    schema = acme.tenant.place.schema
    await owner.execute(f"UPDATE {schema}.posts SET {change} WHERE id = $1", post)

    expected = str(acme.id_of("author")) if replay == "author" else replay
    assert await about(pool, acme, post) == {field: (row, expected)}
    await owner.execute(f"DELETE FROM {schema}.posts WHERE id = $1", post)


async def test_editors_taken_out_by_hand_are_named(bus: Bus, pool: Database, owner: Owner, acme: House) -> None:
    editor = acme.id_of("editor")
    post = await write_post(bus, acme, editors=(editor,))
    await owner.execute(f"DELETE FROM {acme.tenant.place.schema}.post_editors WHERE post_id = $1", post)

    assert await about(pool, acme, post) == {"editors": ([], [str(editor)])}


async def test_a_post_whose_approval_was_not_noted_goes_its_way_and_is_whole_with_its_next_review(
    bus: Bus, pool: Database, owner: Owner, acme: House, post: UUID
) -> None:
    """As posts are that were approved before approvals were noted one by one."""

    async def done(*steps: tuple[object, str]) -> None:
        for command, who in steps:
            await bus.execute(acme.tenant, command, acme.people[who], correlation_id=new_id())

    await done((SubmitPost(post), "author"), (ApprovePost(post), "editor"))
    await owner.execute(f"DELETE FROM {acme.tenant.place.schema}.post_approvals WHERE post_id = $1", post)

    assert (await about(pool, acme, post)).keys() == {"approvals"}
    await done((SchedulePost(post, publish_at=DUE), "editor"), (PublishPost(post), "editor"), (UnpublishPost(post), "editor"))
    await done((ArchivePost(post), "admin"), (RestorePost(post), "admin"), (PublishPost(post), "editor"))
    await done(
        (UnpublishPost(post), "editor"),
        (UpdatePost(post, title="Again"), "author"),
        (SubmitPost(post), "author"),
        (ApprovePost(post), "editor"),
        (PublishPost(post), "editor"),
    )
    assert await about(pool, acme, post) == {}


async def test_a_row_that_was_removed_and_one_that_no_event_tells_of_are_named(pool: Database, owner: Owner, acme: House, post: UUID) -> None:
    schema, stray = acme.tenant.place.schema, new_id()
    await owner.execute(f"INSERT INTO {schema}.tags VALUES ($1, now(), now(), NULL, NULL, 1, 'stray', $2)", stray, f"stray-{stray.hex}")
    await owner.execute(f"DELETE FROM {schema}.posts WHERE id = $1", post)

    found = await verify(pool, acme.tenant)

    assert named(found, post) == {"row": ("missing", "present")}
    assert named(found, stray) == {"row": ("present", "missing")}
    assert not found.clean


async def test_a_name_or_an_address_changed_by_hand_is_named_though_events_hold_them_sealed(
    bus: Bus, pool: Database, owner: Owner, globex: House
) -> None:
    person = new_id()
    await bus.execute(globex.tenant, InviteUser(person, f"{person.hex}@example.org", "Ada Wong"), globex.people["owner"], correlation_id=new_id())
    assert await about(pool, globex, person) == {}

    await owner.execute(f"UPDATE {globex.tenant.place.schema}.users SET name = 'Eve', email = '\\x01', role = 'owner' WHERE id = $1", person)

    found = await about(pool, globex, person)
    assert (found["name"], found["role"], found["email"][0]) == (("Eve", "Ada Wong"), ("owner", "reader"), "01")
    assert found.keys() == {"name", "role", "email"}
