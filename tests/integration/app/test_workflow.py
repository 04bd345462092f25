from __future__ import annotations

import asyncio

import pytest

from app.bus import Bus
from app.content.commands import ApprovePost, ArchivePost, CreatePost, PublishPost, RejectPost, SubmitPost, UnpublishPost, UpdatePost
from app.content.errors import PostNotFound, SelfApproval
from app.content.posts import Post
from app.shared.events import from_store
from app.taxonomy.commands import EnsureTags
from app.users.commands import InviteUser
from auth.principal import ANONYMOUS
from tenants.database import Database
from tenants.errors import Conflict, Forbidden, Unauthenticated, ValidationFailed
from tenants.events import GENESIS, READ_AGGREGATE, chain_hash, from_row
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.conftest import House, write_post

POST = statement("SELECT * FROM __tenant__.posts WHERE id = :id")
OUTBOX = statement("SELECT event_type FROM control.outbox WHERE aggregate_id = :id ORDER BY id")


async def run(bus: Bus, house: House, who: str, command: object) -> bool:
    return (await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())).changed


async def test_a_post_goes_from_draft_to_the_archive_and_every_step_is_an_event(bus: Bus, pool: Database, acme: House) -> None:
    post = await write_post(bus, acme, title="The whole way")

    assert await run(bus, acme, "author", SubmitPost(post))
    assert await run(bus, acme, "editor", RejectPost(post, reason="Needs sources."))
    assert await run(bus, acme, "author", UpdatePost(post, content="With sources."))
    assert await run(bus, acme, "author", SubmitPost(post))
    assert await run(bus, acme, "editor", ApprovePost(post))
    assert await run(bus, acme, "editor", PublishPost(post))
    assert await run(bus, acme, "admin", UnpublishPost(post))
    assert await run(bus, acme, "admin", ArchivePost(post))

    async with pool.control() as control:
        told = [row["event_type"] for row in await control.fetch(OUTBOX, id=post)]
    assert told == [
        "PostCreated", "PostSubmitted", "PostRejected", "PostEdited", "PostSubmitted", "PostApproved", "PostPublished", "PostUnpublished",
        "PostArchived",
    ]  # fmt: skip


async def test_replay_gives_the_row_and_the_chain_holds(bus: Bus, pool: Database, acme: House) -> None:
    post_id = await write_post(bus, acme, title="Replayed", editors=(acme.id_of("editor"),), excerpt="short")
    await run(bus, acme, "author", SubmitPost(post_id))
    await run(bus, acme, "editor", ApprovePost(post_id))

    async with pool.reading(acme.tenant.place) as connection:
        rows = await connection.fetch(READ_AGGREGATE, aggregate_id=post_id)
        row = await connection.fetchrow(POST, id=post_id)
    stored = [from_row(event) for event in rows]
    replayed = Post.replay(post_id, [from_store(e.type, e.type_version, e.data) for e in stored])  # type: ignore[misc] # events of posts
    previous = GENESIS
    for event, event_row in zip(stored, rows, strict=True):
        previous = chain_hash(previous, event)
        assert event_row["hash"] == previous

    assert row is not None
    assert (row["title"], row["status"], row["version"], row["approved_at"]) == ("Replayed", "APPROVED", 3, replayed.approved_at)
    assert (replayed.manuscript.title, replayed.status.value, replayed.version) == ("Replayed", "APPROVED", 3)


async def test_the_chain_holds_for_numbers_that_jsonb_writes_otherwise(bus: Bus, pool: Database, acme: House) -> None:
    post_id = await write_post(
        bus, acme, custom_fields={"big": 1e16, "huge": 1e22, "zero": -0.0, "third": 1 / 3, "tiny": 5e-324, "deep": [{"n": 2.0}]}
    )

    async with pool.reading(acme.tenant.place) as connection:
        rows = await connection.fetch(READ_AGGREGATE, aggregate_id=post_id)

    assert [row["hash"] for row in rows] == [chain_hash(GENESIS, from_row(row)) for row in rows]


async def test_who_somebody_is_stands_in_no_event_in_clear(bus: Bus, pool: Database, globex: House) -> None:
    user_id = new_id()
    command = InviteUser(user_id, "zebedee@example.org", "Zebedee Quince")
    await bus.execute(globex.tenant, command, globex.people["owner"], correlation_id=new_id())

    async with pool.reading(globex.tenant.place) as connection:
        rows = await connection.fetch(READ_AGGREGATE, aggregate_id=user_id)
        row = await connection.fetchrow(statement("SELECT name, username FROM __tenant__.users WHERE id = :id"), id=user_id)
    assert row is not None
    assert (row["name"], row["username"]) == ("Zebedee Quince", "zebedee")
    assert not any(word in str(dict(event.items())).lower() for event in rows for word in ("zebedee", "quince"))


async def test_an_author_who_may_approve_still_cannot_approve_their_own_post(bus: Bus, globex: House) -> None:
    post = await write_post(bus, globex, author="editor")
    await run(bus, globex, "editor", SubmitPost(post))

    with pytest.raises(SelfApproval):
        await run(bus, globex, "editor", ApprovePost(post))


@pytest.mark.parametrize("key", ["author", "reader", "moderator"])
async def test_people_without_the_permission_cannot_approve(bus: Bus, acme: House, key: str) -> None:
    post = await write_post(bus, acme, editors=(acme.id_of(key),))
    await run(bus, acme, "author", SubmitPost(post))

    with pytest.raises(Forbidden):
        await run(bus, acme, key, ApprovePost(post))


async def test_nobody_can_write_without_signing_in(bus: Bus, acme: House) -> None:
    with pytest.raises(Unauthenticated):
        await bus.execute(acme.tenant, CreatePost(new_id(), "a", "b"), ANONYMOUS, correlation_id=new_id())


async def test_a_draft_of_somebody_else_does_not_exist_for_those_who_may_not_read_drafts(bus: Bus, acme: House) -> None:
    post = await write_post(bus, acme)

    with pytest.raises(PostNotFound):
        await run(bus, acme, "mei", UpdatePost(post, title="Mine now"))


async def test_a_post_of_one_organization_does_not_exist_in_another(bus: Bus, acme: House, globex: House) -> None:
    post = await write_post(bus, acme)

    with pytest.raises(PostNotFound) as theirs:
        await run(bus, globex, "admin", UpdatePost(post, title="Stolen"))
    with pytest.raises(PostNotFound) as nowhere:
        await run(bus, globex, "admin", UpdatePost(new_id(), title="Nothing"))
    assert theirs.value.message == nowhere.value.message


async def test_an_edit_against_an_old_version_is_a_conflict_that_names_the_current_one(bus: Bus, acme: House) -> None:
    post = await write_post(bus, acme)
    await run(bus, acme, "author", UpdatePost(post, title="Second", expected_version=1))

    with pytest.raises(Conflict) as refused:
        await run(bus, acme, "author", UpdatePost(post, title="Third", expected_version=1))

    assert refused.value.current_version == 2


async def test_of_two_commands_at_once_on_one_post_one_wins_and_one_conflicts(bus: Bus, pool: Database, acme: House) -> None:
    post = await write_post(bus, acme)
    changed = await asyncio.gather(*(run(bus, acme, "author", UpdatePost(post, title=f"Title {n}")) for n in range(8)), return_exceptions=True)

    won = sum(result is True for result in changed)
    assert won >= 1
    assert all(result is True or isinstance(result, Conflict) for result in changed)
    async with pool.reading(acme.tenant.place) as connection:
        row = await connection.fetchrow(POST, id=post)
    assert row is not None
    assert row["version"] == 1 + won


async def test_slugs_are_numbered_when_taken_also_by_posts_made_at_once(bus: Bus, pool: Database, acme: House) -> None:
    posts = await asyncio.gather(*(write_post(bus, acme, title="The same title") for _ in range(6)))

    async with pool.reading(acme.tenant.place) as connection:
        rows = [await connection.fetchrow(POST, id=post) for post in posts]
    slugs = {row["slug"] for row in rows if row}
    assert len(slugs) == 6
    assert "the-same-title" in slugs


async def test_a_slug_that_is_taken_is_refused_when_asked_for(bus: Bus, acme: House) -> None:
    await write_post(bus, acme, slug="only-once")
    other = await write_post(bus, acme)

    with pytest.raises(ValidationFailed, match="slug"):
        await write_post(bus, acme, slug="only-once")
    with pytest.raises(ValidationFailed, match="slug"):
        await run(bus, acme, "author", UpdatePost(other, slug="only-once"))


async def test_editors_who_do_not_exist_are_refused_and_nothing_is_written(bus: Bus, pool: Database, acme: House, globex: House) -> None:
    post_id = new_id()
    command = CreatePost(post_id, "With a stranger", "text", editors=(globex.id_of("editor"),))

    with pytest.raises(ValidationFailed, match="editorIds"):
        await run(bus, acme, "author", command)

    async with pool.reading(acme.tenant.place) as connection:
        assert await connection.fetchrow(POST, id=post_id) is None


async def test_tags_with_the_same_slug_are_one_tag_also_when_made_at_once(bus: Bus, acme: House) -> None:
    spelled = [("Öffentliche Häuser", "feuilletons"), ("offentliche hauser",), ("OFFENTLICHE-HAUSER", "Feuilletons")] * 3
    outcomes = await asyncio.gather(
        *(bus.execute(acme.tenant, EnsureTags(names), acme.people["author"], correlation_id=new_id()) for names in spelled)
    )

    assert len({outcome.aggregates[0] for outcome in outcomes}) == 1
    assert sum(len(outcome.events) for outcome in outcomes) == 2
