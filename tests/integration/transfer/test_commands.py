from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from migrations.provisioning import HeadProvisioner
from ops.stack import Addresses, databases
from ops.stack.binaries import installed
from tenants import lifecycle
from tenants.lifecycle.purging import purge
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tests.integration.conftest import House
from tests.integration.installations import new_database, settings_for
from tests.integration.migrations.commands import imprint
from tests.integration.transfer.conftest import SECRET, Sent, organizations_of
from tests.quiet import quiet

PHRASE = {"IMPRINT_TRANSFER_PASSPHRASE": "a passphrase of several words"}
SHOWN = {"slug", "id", "name", "status", "tier", "schema", "role", "revision", "hosts", "created_at"}
RESET = [
    "sessions and refresh tokens: everybody signs in anew",
    "open invitations and links to choose a password: send new ones",
    "tokens that people made for their programs, and secrets of registered clients: make new ones",
    "second factors and remembered devices, with the passwords of whoever had one: they choose new ones by /auth/forgot, or by a link of yours",
    "tokens with which identity providers provision people: make new ones",
    "set-up links: make new ones",
    (
        "connections to identity providers are switched off, and nobody has to come through one: their addresses here are others; "
        "set them up and enable them"
    ),
    "hosts of its own: add and verify them again",
    "timers: nothing that was due fires in the copy; only what was to expire still does",
    "deliveries: nothing of the past is delivered again",
    "anchors of its history: the copy's own begin with the next day, or with `imprint events anchor`",
]


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text(base64.b64encode(SECRET.value).decode() + "\n")
    return str(path)


async def test_an_operator_exports_with_a_passphrase_and_another_imports_with_it(
    here: TenantSettings, elsewhere: TenantSettings, acme: House, tmp_path: Path
) -> None:
    target = str(tmp_path / "acme.imprint")
    sent = await imprint(here, "tenants", "export", "acme", "--to", target, "--json", **PHRASE)
    got = await imprint(elsewhere, "tenants", "import", target, "--slug", "by-command", "--json", **PHRASE)
    shown = await imprint(elsewhere, "tenants", "show", "by-command", "--json")

    assert (sent.code, got.code) == (0, 0), sent.err + got.err
    assert set(sent.json) == {"slug", "id", "revision", "file", "bytes", "rows", "created_at"}
    assert (sent.json["id"], sent.json["file"], sent.json["bytes"]) == (str(acme.tenant.id), target, Path(target).stat().st_size)
    assert set(got.json) == SHOWN | {"rows", "events", "reset"}
    assert (got.json["rows"], got.json["reset"], got.json["status"]) == (sent.json["rows"], RESET, "active")
    assert got.json["hosts"] == ["by-command.localhost"]
    assert shown.json.items() >= {key: got.json[key] for key in SHOWN}.items()


async def test_an_operator_clones_with_and_without_data(here: TenantSettings, acme: House) -> None:
    whole = await imprint(here, "tenants", "clone", "acme", "cloned", "--json")
    empty = await imprint(here, "tenants", "clone", "acme", "emptied", "--without-data", "--json")
    told = await imprint(here, "tenants", "clone", "acme", "told")

    assert (whole.code, empty.code, told.code) == (0, 0, 0), whole.err + empty.err
    assert set(whole.json) == SHOWN | {"rows", "events", "reset"}
    assert set(empty.json) == SHOWN | {"invitations"}
    (invitation,) = empty.json["invitations"]
    assert invitation.startswith("http://emptied.localhost:8000/auth/invitation?token=")
    assert [line for line in told.err.splitlines() if "not carried on" in line] == [f"imprint: not carried on: {part}" for part in RESET]
    assert "told.localhost" in told.out


async def test_every_refusal_has_its_exit_code_and_says_what_to_do(
    here: TenantSettings, elsewhere: TenantSettings, acme: House, sent: Sent, key_file: str, tmp_path: Path
) -> None:
    before = await organizations_of(elsewhere)
    whole = sent.path.read_bytes()
    taken, garbage, unreadable = tmp_path / "taken", tmp_path / "garbage", tmp_path / "no" / "such" / "key"
    taken.touch()
    garbage.write_text("not base64 at all\n")
    other = tmp_path / "other"
    other.write_text(base64.b64encode(os.urandom(32)).decode())
    cut, empty = sent.copy(tmp_path, whole[:-50]), sent.copy(tmp_path, b"")
    newer = sent.copy(tmp_path, whole.replace(b'"format": 1,', b'"format": 7,', 1))
    key = ("--key-file", key_file)
    export, bring_in = ("tenants", "export", "acme", "--to"), ("tenants", "import")
    for settings, arguments, code, words in (
        (here, (*export, str(tmp_path / "out")), 2, "IMPRINT_TRANSFER_PASSPHRASE"),
        (here, (*export, str(tmp_path / "out"), "--key-file", str(garbage)), 2, "32 bytes in base64"),
        (here, (*export, str(tmp_path / "out"), "--key-file", str(unreadable)), 2, "cannot be read: No such file"),
        (here, (*export, str(taken), *key), 3, "--force"),
        (here, (*export, str(tmp_path / "no" / "folder"), *key), 1, "cannot be written: No such file or directory"),
        (here, ("tenants", "export", "nobody", "--to", str(tmp_path / "out"), *key), 1, "imprint tenants list"),
        (here, (*bring_in, str(sent.path), *key), 1, "in use"),
        (here, ("tenants", "clone", "acme", "globex--x"), 1, "hyphens"),
        (elsewhere, (*bring_in, str(tmp_path / "nothing"), *key), 2, "does not exist"),
        (elsewhere, (*bring_in, str(sent.path), "--slug", "no-way"), 2, "IMPRINT_TRANSFER_PASSPHRASE"),
        (elsewhere, (*bring_in, str(sent.path), "--slug", "no-way", "--key-file", str(other)), 1, "WRONG_TRANSFER_KEY"),
        (elsewhere, (*bring_in, str(cut), "--slug", "no-way", *key), 1, "EXPORT_DAMAGED"),
        (elsewhere, (*bring_in, str(empty), "--slug", "no-way", *key), 1, "NOT_AN_EXPORT"),
        (elsewhere, (*bring_in, str(newer), "--slug", "no-way", *key), 3, "NEWER_RELEASE"),
    ):
        done = await imprint(settings, *arguments)
        assert (done.code, done.out) == (code, ""), (arguments, done.err)
        assert words in " ".join(done.err.split()), (arguments, done.err)
        assert "Traceback" not in done.err
    short = await imprint(here, *export, str(tmp_path / "out"), IMPRINT_TRANSFER_PASSPHRASE="too short")
    assert (short.code, "at least 15" in short.err) == (2, True)
    assert (tmp_path / "out").exists() is False
    assert taken.read_bytes() == b""
    assert await organizations_of(elsewhere) == before


async def test_every_move_is_in_the_operators_audit(here: TenantSettings, acme: House, key_file: str, tmp_path: Path) -> None:
    await imprint(here, "tenants", "export", "acme", "--to", str(tmp_path / "out"), "--key-file", key_file)
    got = await imprint(here, "tenants", "import", str(tmp_path / "out"), "--slug", "audited", "--key-file", key_file, "--json")
    audit = await imprint(here, "tenants", "audit", "acme", "--json")
    arrival = await imprint(here, "tenants", "audit", "audited", "--json")

    exported = [entry for entry in audit.json if entry["action"] == "tenant.exported"]
    assert any(entry["details"]["file"] == str(tmp_path / "out") for entry in exported)
    assert [entry["action"] for entry in arrival.json] == ["tenant.imported"]
    assert arrival.json[0]["details"] == {"from_id": str(acme.tenant.id), "from_slug": "acme", "from_revision": got.json["revision"]}
    assert {key for entry in exported for key in entry["details"]} == {"file", "rows", "bytes"}


async def test_a_database_that_was_never_migrated_is_said_to_be_so(
    stack: Addresses, worker_name: str, sent: Sent, key_file: str, tmp_path: Path
) -> None:
    own = new_database(worker_name)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    empty = settings_for(own.admin_url(stack.postgres_port), own.app_url(stack.postgres_port), f"owner_{own.name}")
    key = ("--key-file", key_file)
    moving = (("export", "acme", "--to", str(tmp_path / "out"), *key), ("import", str(sent.path), *key), ("clone", "acme", "other"))
    reading = (("list",), ("show", "acme"), ("stock",), ("stock", "--fill", "1"), ("tier", "acme", "team"))
    for arguments in (*moving, *reading):
        done = await imprint(empty, "tenants", *arguments)
        assert (done.code, done.out, "NEVER_MIGRATED" in done.err) == (2, "", True), (arguments, done.err)


async def test_refusals_because_of_an_organizations_state_have_an_exit_code_of_their_own(
    here: TenantSettings, acme: House, key_file: str, tmp_path: Path
) -> None:
    await lifecycle.create(here, HeadProvisioner(), tenant_slug("half-made"), "Half", "basic")
    for arguments, code in (
        (("tier", "half-made", "team"), "WRONG_STATE"),
        (("suspend", "half-made"), "WRONG_STATE"),
        (("export", "half-made", "--to", str(tmp_path / "out"), "--key-file", key_file), "NOT_EXPORTABLE"),
        (("clone", "half-made", "other"), "NOT_EXPORTABLE"),
    ):
        done = await imprint(here, "tenants", *arguments)
        assert (done.code, done.out, code in done.err) == (3, "", True), (arguments, done.err)
    await purge(here, "half-made", quiet)
