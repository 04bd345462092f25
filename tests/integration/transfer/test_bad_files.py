from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ops.organizations.exporting import export_to
from ops.organizations.importing import import_from
from tenants.errors import Conflict, Refusal, ValidationFailed
from tenants.secrets import TenantKey
from tenants.settings import TenantSettings
from tenants.transfer import head
from tenants.transfer.contents import ContentsWriter
from tenants.transfer.errors import CopyNotVerified, ExportDamaged, ExportOfNewerRelease, FileFailed, NotAnExport, TargetExists, WrongTransferKey
from tenants.transfer.files import new_file
from tenants.transfer.keys import TransferSecret
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.integration.transfer.conftest import SECRET, Sent, organizations_of
from tests.quiet import quiet

WHO = head.Organization(id=UUID(int=7), slug="forged", name="Forged", tier="basic", quotas={})


@pytest.fixture
async def untouched(elsewhere: TenantSettings) -> AsyncIterator[TenantSettings]:
    """The installation, in which nothing may have been made by the end."""
    before = await organizations_of(elsewhere)
    yield elsewhere
    assert await organizations_of(elsewhere) == before


async def refusal(settings: TenantSettings, path: Path, secret: TransferSecret = SECRET, slug: str | None = "refused") -> Refusal:
    with pytest.raises(Refusal) as refused:
        await import_from(settings, path, secret, slug, quiet)
    return refused.value


async def test_a_file_cut_short_anywhere_is_refused_before_anything_is_made(untouched: TenantSettings, sent: Sent, tmp_path: Path) -> None:
    whole = sent.path.read_bytes()
    lengths = [len(whole) * tenth // 10 for tenth in range(1, 10)] + [1, 10, 17, 20, 100, len(whole) - 1, len(whole) - 17]
    for length in lengths:
        assert type(await refusal(untouched, sent.copy(tmp_path, whole[:length]))) is ExportDamaged, length


async def test_a_file_changed_anywhere_is_refused_before_anything_is_made(untouched: TenantSettings, sent: Sent, tmp_path: Path) -> None:
    whole = sent.path.read_bytes()
    end_of_head = len(head.MAGIC) + 4 + int.from_bytes(whole[16:20], "big") + 32
    expected = {"magic": (NotAnExport,), "length": (ExportDamaged,), "head": (ExportDamaged, WrongTransferKey, ExportOfNewerRelease)}
    places = {0: "magic", 15: "magic", 16: "length", 19: "length"}
    places |= dict.fromkeys(range(20, end_of_head, 7), "head") | dict.fromkeys(range(end_of_head, len(whole), 97), "content")
    places |= {end_of_head + offset: "content" for offset in range(6)} | {len(whole) - 1: "content"}
    for position, part in places.items():
        changed = bytearray(whole)
        changed[position] ^= 0x01
        refused = await refusal(untouched, sent.copy(tmp_path, bytes(changed)))
        assert type(refused) in expected.get(part, (ExportDamaged,)), (position, refused)


async def test_parts_dropped_repeated_swapped_or_added_are_refused(untouched: TenantSettings, tmp_path: Path) -> None:
    with new_file(tmp_path / "large", force=False) as file:
        keys = head.write(file, head.Header(WHO, "0001", "test", datetime.now(UTC), TenantKey(bytes(32))), SECRET)
        begins = file.written
        contents = ContentsWriter(file, keys.seal)
        contents._record(b"D", os.urandom(3 * 1024 * 1024))  # does not shrink: four parts
        contents.finish([])
    whole = (tmp_path / "large").read_bytes()
    parts, at = [], begins
    while at < len(whole):
        length = 4 + int.from_bytes(whole[at : at + 4], "big")
        parts.append(whole[at : at + length])
        at += length
    assert len(parts) >= 4
    one, two, three, *rest = parts
    for others in (
        [one, three, *rest],
        [one, two, two, three, *rest],
        [two, one, three, *rest],
        [one, two, three],
        [*parts, rest[-1]],
        [*parts, b"x"],
        [],
    ):
        (tmp_path / "made").write_bytes(whole[:begins] + b"".join(others))
        assert type(await refusal(untouched, tmp_path / "made")) is ExportDamaged


@pytest.mark.parametrize("content", [b"", b"x", b"%PDF-1.7\n" * 100, b"\x28\xb5\x2f\xfd" + bytes(50), bytes(5000), b"imprint export\n" * 9])
async def test_another_kind_of_file_is_no_export(untouched: TenantSettings, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    refused = await refusal(untouched, tmp_path / "file")

    assert (refused.code, "imprint tenants export" in refused.message) == ("NOT_AN_EXPORT", True)


async def test_a_head_that_is_too_long_or_too_deep_to_read_is_refused(untouched: TenantSettings, tmp_path: Path) -> None:
    for length, text in ((2**32 - 1, b"{}"), (65_536, b"[" * 65_536), (2, b"[]"), (4, b'"\xff"'), (0, b"")):
        (tmp_path / "file").write_bytes(head.MAGIC + length.to_bytes(4, "big") + text + bytes(32))
        assert type(await refusal(untouched, tmp_path / "file")) is ExportDamaged


@pytest.mark.parametrize(
    ("claimed", "says"),
    [
        ({"tier": "diamond"}, "there is no tier 'diamond'"),
        ({"tier": 5}, "its tier is no text"),
        ({"slug": 5}, "its slug is no text"),
        ({"name": "x" * 121}, "its name is no text of 1 to 120 characters"),
        ({"name": ""}, "its name is no text"),
        ({"name": "clean\x1b[2J"}, "its name is no single line"),
        ({"name": " around "}, "its name is no single line"),
        ({"quotas": {"posts": "many"}}, "its limit of posts is no whole number"),
        ({"quotas": {"posts": True}}, "its limit of posts is no whole number"),
        ({"quotas": {"posts": [1]}}, "its limit of posts is no whole number"),
        ({"quotas": {"requests_per_second": -3}}, "its limit of requests_per_second is no whole number"),
        ({"quotas": {"members": 2_000_000_001}}, "its limit of members is no whole number"),
        ({"quotas": [["posts", 1]]}, "its quotas are no limits by name"),
    ],
)
async def test_a_well_sealed_head_that_claims_what_no_organization_has_is_refused(
    untouched: TenantSettings, tmp_path: Path, claimed: dict[str, Any], says: str
) -> None:
    with new_file(tmp_path / "file", force=False) as file:
        keys = head.write(file, head.Header(replace(WHO, **claimed), "0001", "test", datetime.now(UTC), TenantKey(bytes(32))), SECRET)
        ContentsWriter(file, keys.seal).finish([])
    refused = await refusal(untouched, tmp_path / "file")

    assert (refused.code, says in refused.message) == ("EXPORT_NOT_TAKEN", True), refused.message


async def test_a_well_sealed_head_with_a_key_or_revision_that_is_none_is_refused(untouched: TenantSettings, tmp_path: Path) -> None:
    revision: Any = ["0001"]
    for header in (
        head.Header(WHO, revision, "test", datetime.now(UTC), TenantKey(bytes(32))),
        head.Header(WHO, "0001", "test", datetime.now(UTC), TenantKey(bytes(7))),
    ):
        with new_file(tmp_path / "file", force=True) as file:
            head.write(file, header, SECRET)
        assert (await refusal(untouched, tmp_path / "file")).code == "EXPORT_NOT_TAKEN"


async def test_costs_in_the_head_that_would_take_a_machines_memory_are_refused(untouched: TenantSettings, sent: Sent, tmp_path: Path) -> None:
    passphrase = TransferSecret.from_passphrase("a passphrase of several words")
    whole = sent.path.read_bytes()
    document = json.loads(whole[20 : 20 + int.from_bytes(whole[16:20], "big")])
    for changed in ({"memory": 2**31}, {"time": 10**6}, {"lanes": 0}, {"memory": "much"}, {"salt": "zz"}, {"salt": None}):
        document["key"] = {"kind": "passphrase", "salt": "00" * 16, "time": 3, "memory": 65536, "lanes": 4, **changed}
        text = json.dumps(document).encode()
        (tmp_path / "file").write_bytes(head.MAGIC + len(text).to_bytes(4, "big") + text + bytes(32))
        assert type(await refusal(untouched, tmp_path / "file", passphrase)) is ExportDamaged, changed


async def test_another_key_or_passphrase_than_it_was_sealed_with_makes_nothing(
    untouched: TenantSettings, here: TenantSettings, acme: House, sent: Sent, tmp_path: Path
) -> None:
    words = TransferSecret.from_passphrase("a passphrase of several words")
    await export_to(here, "acme", tmp_path / "worded", words, quiet, force=False)
    for path, secret, says in (
        (sent.path, TransferSecret.random(), "not the key file"),
        (sent.path, words, "sealed with a key file"),
        (tmp_path / "worded", TransferSecret.from_passphrase("a passphrase of other words"), "not the passphrase"),
        (tmp_path / "worded", SECRET, "sealed with a passphrase"),
    ):
        refused = await refusal(untouched, path, secret)
        assert (refused.code, says in refused.message) == ("WRONG_TRANSFER_KEY", True), refused.message


async def test_an_export_of_a_newer_release_is_refused(untouched: TenantSettings, sent: Sent, tmp_path: Path) -> None:
    with new_file(tmp_path / "revision", force=False) as file:
        head.write(file, head.Header(WHO, "9999", "imprint 99", datetime.now(UTC), TenantKey(bytes(32))), SECRET)
    (tmp_path / "format").write_bytes(sent.path.read_bytes().replace(b'"format": 1,', b'"format": 2,', 1))
    for name, says in (("revision", "schema revision (9999)"), ("format", "format")):
        refused = await refusal(untouched, tmp_path / name)
        assert (refused.code, says in refused.message) == ("NEWER_RELEASE", True)


async def test_a_slug_that_is_taken_or_was_anothers_is_refused_before_anything_is_read(
    here: TenantSettings, acme: House, globex: House, sent: Sent
) -> None:
    async with as_owner(here) as owner:
        await owner.execute("INSERT INTO control.former_slugs (slug, organization_id) VALUES ('given-up', $1)", globex.tenant.id)
    before = await organizations_of(here)
    for slug in (None, "globex", "given-up"):
        refused = await refusal(here, sent.path, slug=slug)
        assert (type(refused), "--slug" in refused.message) == (Conflict, True)
    assert type(await refusal(here, sent.path, slug="No Slug")) is ValidationFailed
    assert await organizations_of(here) == before


async def test_a_history_that_was_changed_at_its_source_is_refused_and_the_event_named(
    here: TenantSettings, untouched: TenantSettings, globex: House, tmp_path: Path
) -> None:
    schema = globex.tenant.place.schema
    async with as_owner(here) as owner:
        (event,) = await owner.fetch(f"SELECT id, aggregate_id FROM {schema}.domain_events WHERE event_type = 'PostSubmitted' LIMIT 1")
        await owner.execute(f"UPDATE {schema}.domain_events SET event_data = event_data || '{{\"more\": 1}}' WHERE id = $1", event["id"])
    await export_to(here, "globex", tmp_path / "changed", SECRET, quiet, force=False)
    async with as_owner(here) as owner:
        await owner.execute(f"UPDATE {schema}.domain_events SET event_data = event_data - 'more' WHERE id = $1", event["id"])
        await owner.execute(f"UPDATE {schema}.domain_events SET aggregate_version = aggregate_version + 99 WHERE id = $1", event["id"])
        await export_to(here, "globex", tmp_path / "hole", SECRET, quiet, force=False)
        await owner.execute(f"UPDATE {schema}.domain_events SET aggregate_version = aggregate_version - 99 WHERE id = $1", event["id"])

    for name in ("changed", "hole"):
        refused = await refusal(untouched, tmp_path / name)
        assert (type(refused), str(event["aggregate_id"]) in refused.message) == (CopyNotVerified, True)


async def test_tables_changed_by_hand_at_the_source_are_refused_and_named(
    here: TenantSettings, untouched: TenantSettings, globex: House, tmp_path: Path
) -> None:
    schema = globex.tenant.place.schema
    for change, undo, says in (
        ("ALTER TABLE {}.tags ADD COLUMN mood text", "ALTER TABLE {}.tags DROP COLUMN mood", "mood text"),
        ("ALTER TABLE {}.tags ALTER COLUMN slug TYPE varchar(80)", "ALTER TABLE {}.tags ALTER COLUMN slug TYPE text", "slug character varying(80)"),
        ("CREATE TABLE {}.extra (id uuid)", "DROP TABLE {}.extra", "'extra'"),
        ("ALTER TABLE {}.tags RENAME TO labels", "ALTER TABLE {}.labels RENAME TO tags", "'labels'"),
    ):
        async with as_owner(here) as owner:
            await owner.execute(change.format(schema))
            await export_to(here, "globex", tmp_path / "file", SECRET, quiet, force=True)
            await owner.execute(undo.format(schema))
        refused = await refusal(untouched, tmp_path / "file")
        assert (type(refused), says in refused.message) == (CopyNotVerified, True), refused.message


async def test_rows_that_point_nowhere_or_stand_twice_are_refused(
    here: TenantSettings, untouched: TenantSettings, globex: House, tmp_path: Path
) -> None:
    schema = globex.tenant.place.schema
    async with as_owner(here) as owner:
        await owner.execute(f"ALTER TABLE {schema}.notifications DROP CONSTRAINT notifications_user_id_fkey")
        await owner.execute(
            f"INSERT INTO {schema}.notifications (id, user_id, kind, event_id, subject_id) "
            f"SELECT gen_random_uuid(), gen_random_uuid(), 'none', id, id FROM {schema}.domain_events LIMIT 1"
        )
        await export_to(here, "globex", tmp_path / "nowhere", SECRET, quiet, force=False)
        await owner.execute(f"DELETE FROM {schema}.notifications WHERE kind = 'none'")
        await owner.execute(
            f"ALTER TABLE {schema}.notifications ADD CONSTRAINT notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES {schema}.users (id) "
            "ON DELETE CASCADE"
        )
        await owner.execute(f"ALTER TABLE {schema}.roles DROP CONSTRAINT roles_pkey")
        await owner.execute(
            f"INSERT INTO {schema}.roles SELECT id, created_at, updated_at, created_by, updated_by, version, 'twin', permissions "
            f"FROM {schema}.roles WHERE name = 'reader'"
        )
        await export_to(here, "globex", tmp_path / "twice", SECRET, quiet, force=False)
        await owner.execute(f"DELETE FROM {schema}.roles WHERE name = 'twin'")
        await owner.execute(f"ALTER TABLE {schema}.roles ADD CONSTRAINT roles_pkey PRIMARY KEY (id)")

    for name, says in (("nowhere", "foreign key"), ("twice", "duplicate key")):
        refused = await refusal(untouched, tmp_path / name)
        assert (type(refused), says in refused.message) == (CopyNotVerified, True), refused.message


async def test_a_file_that_is_there_is_not_replaced_unasked(here: TenantSettings, acme: House, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("mine")
    with pytest.raises(TargetExists):
        await export_to(here, "acme", target, SECRET, quiet, force=False)
    assert (target.read_text(), [path.name for path in tmp_path.iterdir()]) == ("mine", ["file"])

    await export_to(here, "acme", target, SECRET, quiet, force=True)
    assert (target.read_bytes()[:16], [path.name for path in tmp_path.iterdir()]) == (head.MAGIC, ["file"])


async def test_a_folder_that_is_not_there_is_named(here: TenantSettings, acme: House, tmp_path: Path) -> None:
    with pytest.raises(FileFailed, match=r"nowhere/file cannot be written: No such file or directory"):
        await export_to(here, "acme", tmp_path / "nowhere" / "file", SECRET, quiet, force=False)
