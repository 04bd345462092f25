"""The audit log to take along: over HTTP for those who may read it, by the command line for operators."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.management import trail
from app.management.trail import Format, Wanted, cell
from ops.demo.people import ACME
from tenants.database import Database
from tenants.settings import TenantSettings
from tests.integration.api.conftest import Ask, Token, client_of
from tests.integration.conftest import House, house_of, write_post
from tests.integration.migrations.commands import imprint


@pytest.fixture(scope="module")
async def house(migrated: TenantSettings, pool: Database, bus: Bus) -> House:
    house = await house_of(migrated, pool, replace(ACME, slug="exported"))
    await write_post(bus, house, title='=1+1 "ü"')
    return house


@pytest.mark.parametrize("way", list(Format))
async def test_every_entry_is_there_once_oldest_first(app: ASGIApp, house: House, token_of: Token, ask: Ask, way: Format) -> None:
    async with client_of(app, house, await token_of(house, "owner")) as client:
        answer = await client.get("/audit/export", params={"format": way})
    counted = await ask(house, "owner", "{ auditLog { totalCount } }")

    if way is Format.JSONL:
        entries = [json.loads(line) for line in answer.text.splitlines()]
    else:
        entries = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert answer.status_code == 200
    assert answer.headers["content-type"] in {way.media_type, f"{way.media_type}; charset=utf-8"}
    assert answer.headers["content-disposition"] == f'attachment; filename="exported-audit.{way}"'
    assert len({entry["id"] for entry in entries}) == len(entries) == counted["data"]["auditLog"]["totalCount"]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    [invited, *_] = [entry for entry in entries if entry["action"] == "UserInvited"]
    changes = invited["changes"] if way is Format.JSONL else json.loads(invited["changes"])
    assert changes["email"] == "sealed"


async def test_one_chooses_by_action_and_time(app: ASGIApp, house: House, token_of: Token) -> None:
    async with client_of(app, house, await token_of(house, "admin")) as client:
        chosen = await client.get("/audit/export?action=PostDrafted&action=PostCreated&action=OrganizationFounded")
        founded = json.loads(chosen.text.splitlines()[0])
        none = await client.get("/audit/export", params={"until": founded["at"]})
        since = await client.get("/audit/export", params={"since": founded["at"], "action": "OrganizationFounded"})

    assert founded["action"] == "OrganizationFounded"
    assert all(json.loads(line)["at"] < founded["at"] for line in none.text.splitlines())
    assert [json.loads(line)["id"] for line in since.text.splitlines()] == [founded["id"]]


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("editor", 403)])
async def test_it_is_not_for_others(app: ASGIApp, house: House, token_of: Token, who: str | None, status: int) -> None:
    async with client_of(app, house, await token_of(house, who) if who else None) as client:
        answer = await client.get("/audit/export")

    assert answer.status_code == status
    assert "UserInvited" not in answer.text


async def test_a_token_of_one_organization_takes_nothing_from_another(app: ASGIApp, house: House, globex: House, token_of: Token) -> None:
    async with client_of(app, globex, await token_of(house, "owner")) as client:
        assert (await client.get("/audit/export")).status_code == 401


async def test_everything_wrong_is_said(app: ASGIApp, house: House, token_of: Token) -> None:
    async with client_of(app, house, await token_of(house, "owner")) as client:
        answer = await client.get("/audit/export?format=xml&since=yesterday&colour=red")

    assert answer.status_code in {400, 422}
    assert all(name in answer.text for name in ("format", "since", "colour"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert (cell("x=1"), cell(None), cell({"a": "="})) == ("x=1", "", '{"a": "="}')


async def test_pieces_meet_without_gap_or_repetition(house: House, pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"".join([piece async for piece in trail.trail(pool, house.tenant, Wanted(Format.JSONL))])
    monkeypatch.setattr(trail, "AT_ONCE", 3)
    pieces = [piece async for piece in trail.trail(pool, house.tenant, Wanted(Format.JSONL))]

    assert len(pieces) > 3
    assert b"".join(pieces) == whole


async def test_an_operator_writes_it_to_a_file_of_their_own(house: House, migrated: TenantSettings, tmp_path: Path) -> None:
    path = tmp_path / "audit.csv"

    ended = await imprint(migrated, "events", "export", "exported", "--format", "csv", "--type", "UserInvited", "--to", str(path))
    shown = await imprint(migrated, "events", "export", "exported", "--until", "1999-01-01")
    unknown = await imprint(migrated, "events", "export", "nobody")

    rows = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    assert (ended.code, path.stat().st_mode & 0o777) == (0, 0o600)
    assert {row["action"] for row in rows} == {"UserInvited"}
    assert (shown.code, shown.out, unknown.code) == (0, "", 1)
