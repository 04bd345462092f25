from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from tests.e2e.conftest import Running
from tests.e2e.faults import as_owner

TENANT_KEYS = {"slug", "id", "name", "status", "tier", "schema", "role", "revision", "hosts", "created_at"}


def path_of(address: str) -> str:
    return urlsplit(address)._replace(scheme="", netloc="").geturl()


async def test_an_organization_is_made_listed_and_shown_and_its_owner_can_sign_in(running: Running) -> None:
    code, out, err = await running.imprint("tenants", "create", "initech", "--name", "Initech", "--owner-email", "peter@initech.example", "--json")
    assert code == 0, err
    made = json.loads(out)
    assert set(made) == TENANT_KEYS | {"invitation"}
    assert made["invitation"].startswith(f"http://initech.localhost:{running.port}/auth/invitation?token=")

    listed = json.loads((await running.imprint("tenants", "list", "--json"))[1])
    shown = json.loads((await running.imprint("tenants", "show", "initech", "--json"))[1])
    assert {"acme", "globex", "initech"} <= {tenant["slug"] for tenant in listed}
    assert (set(shown), shown["status"], shown["hosts"]) == (TENANT_KEYS, "active", ["initech.localhost"])

    async with running.client("initech") as client:
        page = await client.get(path_of(made["invitation"]))
    assert "Initech" in page.text


async def test_an_owner_who_has_not_come_in_gets_a_fresh_address_by_running_the_command_again(running: Running) -> None:
    create = ("tenants", "create", "hooli", "--name", "Hooli", "--owner-email", "gavin@hooli.example", "--json")
    first, second = [json.loads((await running.imprint(*create))[1]) for _ in range(2)]
    stranger = await running.imprint("tenants", "create", "hooli", "--name", "Hooli", "--owner-email", "jack@hooli.example")
    assert {**first, "invitation": ""} == {**second, "invitation": ""}
    assert stranger[:2] == (1, "")
    assert "in use" in stranger[2]

    async with running.client("hooli") as client:
        spent = await client.get(path_of(first["invitation"]))
        fresh = await client.get(path_of(second["invitation"]))
        fields = dict(re.findall(r'name="(token|form)" value="([^"]*)"', fresh.text))
        origin = {"Origin": f"http://hooli.localhost:{running.port}"}
        entered = await client.post("/auth/invitation", data={**fields, "password": "a-password-of-gavin"}, headers=origin)
    assert (spent.status_code, fresh.status_code, entered.status_code) == (410, 200, 303)

    code, out, err = await running.imprint(*create)
    assert (code, out) == (1, "")
    assert "in use" in err


async def test_verified_domains_are_among_an_organizations_hosts(running: Running) -> None:
    async with as_owner(running) as owner:
        await owner.execute(
            "INSERT INTO control.domains (host, organization_id, verified_at) SELECT host, o.id, given.verified_at FROM control.organizations o "
            "JOIN (VALUES ('acme', 'news.acme.test', now()), ('acme', 'blog.acme.test', now()), ('globex', 'not.yet.test', NULL)) "
            "AS given (slug, host, verified_at) USING (slug)"
        )
    listed = {tenant["slug"]: tenant["hosts"] for tenant in json.loads((await running.imprint("tenants", "list", "--json"))[1])}
    shown = json.loads((await running.imprint("tenants", "show", "acme", "--json"))[1])
    async with as_owner(running) as owner:
        await owner.execute("DELETE FROM control.domains WHERE host LIKE '%.test'")

    assert listed["acme"] == shown["hosts"] == ["acme.localhost", "blog.acme.test", "news.acme.test"]
    assert listed["globex"] == ["globex.localhost"]


async def test_refusals_of_commands_say_what_to_do_and_nothing_on_stdout(running: Running) -> None:
    for arguments, expected, words in (
        (("tenants", "create", "acme", "--name", "A", "--owner-email", "o@x.example"), 1, "in use"),
        (("tenants", "create", "Acme", "--name", "A", "--owner-email", "o@x.example"), 1, "lower-case"),
        (("tenants", "create", "fine", "--name", "A", "--owner-email", "nobody"), 1, "address"),
        (("tenants", "show", "nobody"), 1, "imprint tenants list"),
        (("tenants", "create"), 2, "Missing"),
        (("deliveries", "retry"), 2, "--all-quarantined"),
    ):
        code, out, err = await running.imprint(*arguments)
        assert (code, out) == (expected, "")
        assert words in err
        assert "Traceback" not in err


async def test_migrations_are_up_to_date_and_say_so(running: Running) -> None:
    status = json.loads((await running.imprint("migrate", "status", "--json"))[1])
    again = json.loads((await running.imprint("migrate", "up", "--json"))[1])

    assert status["control"]["revision"] == status["control"]["head"]
    assert set(status["tenant"]) == {"head", "oldest_served", "counts"}
    assert (status["behind"], status["failed"]) == ([], [])
    assert set(again) == {"run", "from", "to", "done", "skipped", "failed", "seconds"}
    assert (again["done"], again["failed"]) == ([], [])
    assert again["skipped"] >= 2


async def test_the_doctor_finds_nothing_wrong(running: Running) -> None:
    code, out, _ = await running.imprint("doctor", "--json")
    checks = json.loads(out)

    assert all(set(check) == {"check", "ok", "found", "mend"} for check in checks)
    assert [check for check in checks if not check["ok"]] == []
    assert code == 0
