"""Rows are what their events say, whatever people do through the bus; whatever else is done to them is named."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.bus import Bus
from app.content.commands import (
    ApprovePost,
    ArchivePost,
    CreatePost,
    DeletePost,
    ExpirePost,
    PublishPost,
    PublishScheduledPost,
    RejectPost,
    RestorePost,
    SchedulePost,
    SetPostExpiry,
    SubmitPost,
    UnpublishPost,
    UpdatePost,
    WithdrawPost,
)
from app.management.commands import ChangeTier, RenameOrganization, ResumeOrganization, SuspendOrganization
from app.replay.verifying import Verification, verify
from app.taxonomy.commands import (
    CreateCategory,
    CreateTag,
    EnsureTags,
    MoveCategory,
    RenameTag,
    UpdateCategory,
)
from app.users.commands import ActivateUser, DefineRoles, InviteUser
from auth.principal import SYSTEM
from ops.demo.people import ACME, GLOBEX
from tenants.database import Database
from tenants.errors import Conflict, Refusal
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of, write_post
from tests.integration.owner import Owner

ROUNDS, STEPS = 3, 400
DUE = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
OVER = DUE + timedelta(days=1)
OF_THE_SYSTEM = (PublishScheduledPost, ExpirePost, ActivateUser, DefineRoles, ChangeTier, RenameOrganization, ResumeOrganization, SuspendOrganization)


@pytest.fixture(scope="session")
async def acme(migrated: TenantSettings, pool: Database) -> House:
    """An organization in which no other test writes past the application."""
    return await house_of(migrated, pool, replace(ACME, slug="verified"))


@pytest.fixture(scope="session")
async def globex(migrated: TenantSettings, pool: Database) -> House:
    """Another such."""
    return await house_of(migrated, pool, replace(GLOBEX, slug="verified-too"))


@pytest.fixture
async def post(bus: Bus, acme: House) -> UUID:
    return await write_post(bus, acme, title="As it was")


def named(found: Verification, aggregate: UUID) -> dict[str, tuple[object, object]]:
    """What differs about one aggregate: the row's and the replay's value by field."""
    return {one.field: (one.row, one.replay) for one in found.differences if one.aggregate_id == aggregate}


async def about(pool: Database, house: House, aggregate: UUID) -> dict[str, tuple[object, object]]:
    return named(await verify(pool, house.tenant), aggregate)


class Somebody:
    """Does anything at all, from a seed."""

    def __init__(self, seed: int, house: House) -> None:
        self.dice = random.Random(seed)
        self.house = house
        self.posts: list[UUID] = []
        self.people: list[UUID] = []
        self.categories: list[UUID] = []
        self.tags: list[UUID] = []
        self.planned: list[object] = []

    def command(self) -> object:
        dice = self.dice
        if self.planned and dice.random() < 0.8:
            return self.planned.pop(0)
        makers: list[Callable[[], object]] = [self._post, self._person, self._tags, self._of_operators, self._role, self._category]
        if self.people:
            makers.append(lambda: ActivateUser(dice.choice(self.people)))
        if self.posts:
            makers += [self._edit, *[self._step] * 9]
        if len(self.categories) > 1:
            makers += [self._grown] * 2
        if len(self.tags) > 1:
            makers += [self._reworded] * 2
        return dice.choice(makers)()

    def _category(self) -> object:
        self.categories.append(new_id())
        parent = self.dice.choice([None, *self.categories[:-1]])
        return CreateCategory(self.categories[-1], f"Heading {self.categories[-1]}", parent_id=parent)

    def _grown(self) -> object:
        one, other = self.dice.sample(self.categories, 2)
        return self.dice.choice(
            [
                MoveCategory(one, other, self.dice.choice([None, 0, 1])),
                UpdateCategory(one, description=self._maybe("kurz")),
                UpdatePost(self.dice.choice(self.posts), categories=(one, other)) if self.posts else MoveCategory(one, None),
            ]
        )

    def _reworded(self) -> object:
        one, other = self.dice.sample(self.tags, 2)
        word = f"Wort {self.dice.randrange(50)}"
        return self.dice.choice(
            [
                RenameTag(one, word),
                RenameTag(one, word, synonyms=("Wein", f"{word} auch")),
                UpdatePost(self.dice.choice(self.posts), tags=(one, other)) if self.posts else CreateTag(word),
            ]
        )

    def _post(self) -> object:
        self.posts.append(new_id())
        editors = tuple(self.house.id_of(key) for key in self.dice.sample(["editor", "admin", "moderator"], self.dice.randrange(3)))
        custom = {"n": self.dice.choice([1e16, -0.0, 1.5, 10**20, None, {"deep": [2.0, "ß"]}])}
        return CreatePost(
            self.posts[-1], f"Titel {self.dice.randrange(5)}", "Text", excerpt=self._maybe("kurz"), editors=editors, custom_fields=custom
        )

    def _edit(self) -> object:
        change = self.dice.choice(
            [{"title": "Anders"}, {"excerpt": None}, {"custom_fields": {"x": 2.0}}, {"editors": ()}, {"content": "Neu \u2028 ﷽"}]
        )
        return UpdatePost(self.dice.choice(self.posts[-3:]), **change)  # type: ignore[arg-type] # one of a post's fields

    def _step(self) -> object:
        post = self.dice.choice(self.posts[-3:])
        forth: list[Callable[[UUID], object]] = [SubmitPost, ApprovePost, PublishPost]
        back: list[Callable[[UUID], object]] = [UnpublishPost, lambda one: RejectPost(one, reason="Nein.")]
        timed: list[Callable[[UUID], object]] = [
            lambda one: SchedulePost(one, publish_at=DUE, expires_at=self.dice.choice([None, OVER])),
            lambda one: SetPostExpiry(one, expires_at=self.dice.choice([None, OVER])),
            lambda one: PublishScheduledPost(one, DUE),
            lambda one: ExpirePost(one, OVER),
        ]
        away: list[Callable[[UUID], object]] = [ArchivePost, DeletePost, *[RestorePost] * 4, WithdrawPost]
        if not self.planned:
            self.planned = [step(post) for step in forth]
        return self.dice.choice([*forth * 3, *back * 4, *timed, *away])(post)

    def _person(self) -> object:
        self.people.append(new_id())
        return InviteUser(self.people[-1], f"{new_id().hex}@example.org", "Zoë Müller", self.dice.choice(["reader", "author"]))

    def _tags(self) -> object:
        return EnsureTags(tuple(self.dice.sample(["Öl", "oel", "Wein", "wein ", "Brot"], 3)))

    def _role(self) -> object:
        return DefineRoles({f"role-{self.dice.randrange(3)}": frozenset({"content.create"})})

    def _of_operators(self) -> object:
        return self.dice.choice(
            [
                SuspendOrganization(self._maybe("unpaid")),
                ResumeOrganization(),
                ChangeTier("basic", {"members": self.dice.randrange(500, 10**6)}),
                RenameOrganization("any-name"),
            ]
        )

    def _maybe(self, text: str) -> str | None:
        return self.dice.choice([None, text])


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_whatever_is_done_through_the_bus_replays_to_its_rows(bus: Bus, pool: Database, acme: House, globex: House, seed: int) -> None:
    changed: set[type] = set()
    before = [named_all(await verify(pool, house.tenant)) for house in (acme, globex)]
    for house in (acme, globex):
        somebody = Somebody(seed, house)
        for _ in range(STEPS):
            command = somebody.command()
            key = "admin" if isinstance(command, CreateCategory) else somebody.dice.choice(["admin", "editor", "owner"])
            who = SYSTEM if isinstance(command, OF_THE_SYSTEM) else house.people[key]
            try:
                outcome = await bus.execute(house.tenant, command, who, correlation_id=new_id())
            except Refusal:
                continue
            if outcome.changed:
                changed.add(type(command))
            if isinstance(command, EnsureTags):
                somebody.tags = list({*somebody.tags, *outcome.aggregates})
        for undo in (RenameOrganization(house.tenant.slug), ResumeOrganization()):
            await bus.execute(house.tenant, undo, SYSTEM, correlation_id=new_id())

    after = [await verify(pool, house.tenant) for house in (acme, globex)]
    assert [named_all(found) for found in after] == before
    assert [found.breaks_in_all for found in after] == [0, 0]
    assert changed >= {
        CreatePost,
        UpdatePost,
        SubmitPost,
        ApprovePost,
        RejectPost,
        PublishPost,
        InviteUser,
        ActivateUser,
        ChangeTier,
        CreateCategory,
        RenameTag,
    }


def named_all(found: Verification) -> set[tuple[UUID, str]]:
    return {(one.aggregate_id, one.field) for one in found.differences}


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


async def test_a_tampered_event_is_named_by_the_chain_and_by_what_it_says(bus: Bus, pool: Database, owner: Owner, acme: House, post: UUID) -> None:
    await bus.execute(acme.tenant, SubmitPost(post), acme.people["author"], correlation_id=new_id())
    schema = acme.tenant.place.schema
    await owner.execute(
        f"UPDATE {schema}.domain_events SET event_data = jsonb_set(event_data, '{{manuscript,title}}', '\"Forged\"') "
        "WHERE aggregate_id = $1 AND aggregate_version = 1",
        post,
    )

    found = await verify(pool, acme.tenant)

    assert [(one.aggregate_type, one.version) for one in found.breaks if one.aggregate_id == post] == [("Post", 1)]
    assert named(found, post) == {"title": ("As it was", "Forged")}
    assert found.bypassed[0]["table_name"] == "domain_events"


@pytest.mark.parametrize(("cut", "version"), [(1, 2), (2, 3), (3, None)])
async def test_a_cut_chain_is_named(bus: Bus, pool: Database, owner: Owner, acme: House, post: UUID, cut: int, version: int | None) -> None:
    await bus.execute(acme.tenant, SubmitPost(post), acme.people["author"], correlation_id=new_id())
    await bus.execute(acme.tenant, RejectPost(post, reason="No."), acme.people["editor"], correlation_id=new_id())
    await owner.execute(f"DELETE FROM {acme.tenant.place.schema}.domain_events WHERE aggregate_id = $1 AND aggregate_version = $2", post, cut)

    found = await verify(pool, acme.tenant)

    assert [one.version for one in found.breaks if one.aggregate_id == post] == ([version] if version else [])
    assert named(found, post)["version"] == (3, 2)


async def test_nothing_is_added_to_a_history_whose_end_is_missing(bus: Bus, pool: Database, owner: Owner, acme: House, post: UUID) -> None:
    schema = acme.tenant.place.schema
    await bus.execute(acme.tenant, SubmitPost(post), acme.people["author"], correlation_id=new_id())
    await owner.execute(f"DELETE FROM {schema}.domain_events WHERE aggregate_id = $1 AND aggregate_version = 2", post)
    letters = await owner.fetchval("SELECT count(*) FROM control.outbox WHERE aggregate_id = $1", post)

    with pytest.raises(Conflict, match="does not reach"):
        await bus.execute(acme.tenant, RejectPost(post, reason="No."), acme.people["editor"], correlation_id=new_id())

    assert await owner.fetchval(f"SELECT count(*) FROM {schema}.domain_events WHERE aggregate_id = $1", post) == 1
    assert await owner.fetchval("SELECT count(*) FROM control.outbox WHERE aggregate_id = $1", post) == letters


async def test_events_that_nobody_can_read_are_named_and_the_rest_is_verified(
    bus: Bus, pool: Database, owner: Owner, acme: House, post: UUID
) -> None:
    schema, other = acme.tenant.place.schema, await write_post(bus, acme)
    await owner.execute(f"UPDATE {schema}.domain_events SET event_type = 'PostSquashed' WHERE aggregate_id = $1", post)
    await owner.execute(f"UPDATE {schema}.domain_events SET aggregate_type = 'Ghost' WHERE aggregate_id = $1", other)

    found = await verify(pool, acme.tenant)

    assert named(found, post)["events"] == ("present", "event 1 (PostSquashed) cannot be applied: KeyError 'PostSquashed'")
    assert named(found, other)["events"] == (None, "nothing in this release is called Ghost")
    assert named(found, other)["row"] == ("present", "missing")


async def test_a_row_that_cannot_be_read_is_named_and_the_rest_is_verified(pool: Database, owner: Owner, acme: House, post: UUID) -> None:
    schema = acme.tenant.place.schema
    await owner.execute(f"ALTER TABLE {schema}.posts DROP CONSTRAINT posts_status_check")
    await owner.execute(f"UPDATE {schema}.posts SET status = 'LOST' WHERE id = $1", post)

    assert await about(pool, acme, post) == {"row": ("cannot be read: 'LOST' is not a valid Status", "present")}
