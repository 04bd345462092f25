from __future__ import annotations

import asyncio
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
    assert (shown["status"], shown["hosts"]) == ("active", ["initech.localhost"])
    assert TENANT_KEYS | {"quotas", "usage"} <= set(shown)

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
        earlier = await client.get(path_of(first["invitation"]))
        fresh = await client.get(path_of(second["invitation"]))
        fields = dict(re.findall(r'name="(token|form)" value="([^"]*)"', fresh.text))
        origin = {"Origin": f"http://hooli.localhost:{running.port}"}
        entered = await client.post("/auth/invitation", data={**fields, "password": "a-password-of-gavin"}, headers=origin)
        spent = [(await client.get(path_of(one["invitation"]))).status_code for one in (first, second)]
    assert (earlier.status_code, fresh.status_code, entered.status_code, spent) == (200, 200, 303, [410, 410])

    code, out, err = await running.imprint(*create)
    assert (code, json.loads(out)["error"]["code"]) == (1, "CONFLICT")
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
    assert set(again) == {"run", "from", "to", "done", "skipped", "failed", "left", "state", "reason", "seconds"}
    assert (again["done"], again["failed"]) == ([], [])
    assert again["skipped"] >= 2


async def test_the_doctor_finds_nothing_wrong(running: Running) -> None:
    code, out, _ = await running.imprint("doctor", "--json")
    checks = json.loads(out)

    assert all(set(check) == {"check", "ok", "found", "mend"} for check in checks)
    assert [check for check in checks if not check["ok"]] == []
    assert code == 0


async def test_a_tenant_below_what_is_served_waits_alone_and_one_above_is_served(running: Running) -> None:
    stands = "UPDATE control.organizations SET revision = $1 WHERE slug = 'globex'"
    async with as_owner(running) as owner:
        before = await owner.fetchval("SELECT revision FROM control.organizations WHERE slug = 'globex'")
        try:
            answers = []
            for revision in (None, "9999", before):
                await owner.execute(stands, revision)
                await owner.execute("UPDATE control.installation SET registry_version = registry_version + 1")
                await asyncio.sleep(1.5)
                for slug in ("acme", "globex"):
                    async with running.client(slug) as client:
                        answer = await client.post("/graphql", json={"query": "{ posts(first: 1) { totalCount } }"})
                    answers.append((slug, answer.status_code, answer.headers.get("retry-after")))
        finally:
            await owner.execute(stands, before)
    assert answers == [
        ("acme", 200, None), ("globex", 503, "5"),
        ("acme", 200, None), ("globex", 200, None),
        ("acme", 200, None), ("globex", 200, None),
    ]  # fmt: skip


async def test_who_may_do_what_is_printed_for_an_organizations_own_roles(running: Running) -> None:
    code, out, err = await running.imprint("schema", "permissions", "--tenant", "acme", "--json")
    nobody = await running.imprint("schema", "permissions", "--tenant", "nobody")

    assert code == 0, err
    lines = {line["place"]: line["roles"] for line in json.loads(out)}
    assert {"anonymous", "reader", "owner"} < lines["Mutation.approvePost"].keys()
    assert [lines["Mutation.approvePost"][role] for role in ("anonymous", "author", "editor", "owner")] == ["no", "no", "yes", "yes"]
    assert [lines["Mutation.updatePost"][role] for role in ("anonymous", "author", "editor")] == ["no", "own", "yes"]
    assert nobody[0] == 1
    assert "imprint tenants list" in nobody[2]
