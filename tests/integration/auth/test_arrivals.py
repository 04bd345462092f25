"""People who come in through an identity provider: linked, found, made, refused; each of it in the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.bus import Bus
from app.replay.verifying import verify
from app.users.commands import ChangeRole, EraseUser, RemoveUser, SuspendUser
from auth.principal import SYSTEM
from auth.service import Auth
from auth.sso.checks import SignInRefused
from tenants.database import Database
from tenants.errors import Conflict, NotFound
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.integration.auth.arriving import arrive, audited, connected, own, refusal, somebody
from tests.integration.auth.conftest import NewPerson
from tests.integration.conftest import House

RULES = (("editors", "editor"), ("staff", "author"))


async def test_somebody_new_gets_an_account_and_is_the_same_person_ever_after(auth: Auth, acme: House, bus: Bus) -> None:
    connection = await connected(auth, acme, group_roles=RULES)
    identity = somebody(acme, connection, groups=("staff",))
    correlation_id = new_id()

    first = await arrive(auth, acme, connection, identity, correlation_id)
    moved = await arrive(auth, acme, connection, replace(identity, email="other@elsewhere.example", email_verified=False))

    assert (first.status, first.role, first.name) == ("active", "author", "Nell Who")
    assert moved.user_id == first.user_id
    entries = await audited(auth, acme, correlation_id)
    assert [entry["action"] for entry in entries] == ["UserInvited", "UserActivated", "SignedIn"]
    assert "Nell" not in str([entry["changes"] for entry in entries])


async def test_roles_follow_groups_at_each_sign_in_also_downwards_and_an_owner_stays_one(auth: Auth, acme: House, bus: Bus) -> None:
    connection = await connected(auth, acme, group_roles=RULES)
    identity = somebody(acme, connection, groups=("editors",))

    first = await arrive(auth, acme, connection, identity)
    second = await arrive(auth, acme, connection, replace(identity, groups=("cleaning",)))
    await bus.execute(acme.tenant, ChangeRole(first.user_id, role="owner"), SYSTEM, correlation_id=new_id())
    third = await arrive(auth, acme, connection, replace(identity, groups=("staff",)))
    await bus.execute(acme.tenant, ChangeRole(first.user_id, role="reader"), SYSTEM, correlation_id=new_id())

    assert [first.role, second.role, third.role] == ["editor", "reader", "owner"]


async def test_a_role_given_here_stays_where_the_connection_maps_no_groups(auth: Auth, acme: House, bus: Bus) -> None:
    connection = await connected(auth, acme)
    identity = somebody(acme, connection, groups=("editors",))
    first = await arrive(auth, acme, connection, identity)
    await bus.execute(acme.tenant, ChangeRole(first.user_id, role="moderator"), SYSTEM, correlation_id=new_id())

    assert (await arrive(auth, acme, connection, identity)).role == "moderator"


async def test_somebody_who_is_here_already_is_linked_by_a_verified_address_of_a_domain_of_the_organization(
    auth: Auth, acme: House, new_person: NewPerson
) -> None:
    connection = await connected(auth, acme, create_people=False)
    person = await new_person(acme)
    invited = await new_person(acme, status="invited")

    linked = await arrive(auth, acme, connection, somebody(acme, connection, email=person.email))
    came = await arrive(auth, acme, connection, somebody(acme, connection, email=invited.email))

    assert (linked.user_id, linked.role) == (person.user_id, "author")
    assert (came.user_id, came.status) == (invited.user_id, "active")
    assert (await refusal(auth, acme, connection, somebody(acme, connection, email=person.email)))[0] == "identity_unique"


async def test_nobody_comes_in_by_an_address_that_is_not_surely_theirs(auth: Auth, acme: House, globex: House, new_person: NewPerson) -> None:
    connection = await connected(auth, acme)
    person = await new_person(acme)
    await own(auth, globex.tenant, "only-globex.example")

    unverified = await refusal(auth, acme, connection, somebody(acme, connection, email=person.email, email_verified=False))
    foreign = await refusal(auth, acme, connection, somebody(acme, connection, email="kim@only-globex.example"))
    none = await refusal(auth, acme, connection, somebody(acme, connection, email=None))

    assert [unverified[0], foreign[0], none[0]] == ["email_verified", "email_domain", "email_present"]
    assert person.email not in str(unverified[1])
    assert "only-globex.example" in foreign[1]["found"]
    assert "acme.example" in foreign[1]["expected"]


async def test_who_is_suspended_removed_or_erased_is_refused(auth: Auth, acme: House, bus: Bus) -> None:
    connection = await connected(auth, acme)
    found = []
    for command in (SuspendUser, RemoveUser):
        identity = somebody(acme, connection)
        account = await arrive(auth, acme, connection, identity)
        await bus.execute(acme.tenant, command(account.user_id), SYSTEM, correlation_id=new_id())
        found.append(await refusal(auth, acme, connection, identity))
    identity = somebody(acme, connection)
    account = await arrive(auth, acme, connection, identity)
    await bus.execute(acme.tenant, EraseUser(account.user_id, confirm=account.username), SYSTEM, correlation_id=new_id())
    again = await arrive(auth, acme, connection, identity)

    assert [(name, said["found"]) for name, said in found] == [("account_status", "suspended"), ("account_status", "removed")]
    assert again.user_id != account.user_id


async def test_unknown_people_and_roles_that_are_gone_are_refused_and_a_connection_that_is_off_lets_nobody_in(auth: Auth, acme: House) -> None:
    closed = await connected(auth, acme, create_people=False)
    roleless = await connected(auth, acme, default_role="gone")
    off = await connected(auth, acme, enabled=False)

    names = [(await refusal(auth, acme, one, somebody(acme, one)))[0] for one in (closed, roleless, off)]

    assert names == ["account_known", "role_known", "connection_enabled"]


async def test_the_same_person_twenty_times_at_once_is_one_account(auth: Auth, acme: House) -> None:
    connection = await connected(auth, acme)
    identity = somebody(acme, connection)

    accounts = await asyncio.gather(*(arrive(auth, acme, connection, identity) for _ in range(20)))

    assert len({account.user_id for account in accounts}) == 1


async def test_one_organizations_connections_and_links_are_nobody_elses(
    auth: Auth, acme: House, globex: House, make_auth: Callable[[], Auth]
) -> None:
    connection = await connected(auth, acme)
    other = make_auth()

    assert (await other.parts.connections.named(acme.tenant, connection.name)).secrets == {"s": "t"}
    with pytest.raises(NotFound):
        await other.parts.connections.named(globex.tenant, connection.name)
    with pytest.raises(Conflict):
        await auth.parts.connections.add(acme.tenant, replace(connection, id=new_id()), Cause(new_id()))


async def test_a_handle_works_once_in_its_browser_and_for_its_purpose(auth: Auth, acme: House, globex: House) -> None:
    handles = auth.parts.handles
    kept = [await handles.keep(acme.tenant, "state", {"n": n}, seconds=60, browser="cookie") for n in range(4)]
    old = await handles.keep(acme.tenant, "state", {}, seconds=0, browser="cookie")

    assert await handles.take(acme.tenant, "state", kept[0], "cookie") == {"n": 0}
    found = []
    for tenant, purpose, handle, browser in (
        (acme.tenant, "state", kept[0], "cookie"),
        (acme.tenant, "state", kept[1], "another"),
        (acme.tenant, "state", kept[1], "cookie"),
        (acme.tenant, "finish", kept[2], "cookie"),
        (globex.tenant, "state", kept[2], "cookie"),
        (acme.tenant, "state", kept[3], None),
        (acme.tenant, "state", old, "cookie"),
        (acme.tenant, "state", None, "cookie"),
    ):
        with pytest.raises(SignInRefused) as caught:
            await handles.take(tenant, purpose, handle, browser)
        found.append(caught.value.check.name)
    assert found == [
        "state_known", "state_browser", "state_known", "finish_known", "state_known", "state_browser", "state_fresh", "state_known",
    ]  # fmt: skip


async def test_replay_equals_rows_after_people_came_in_through_a_provider(auth: Auth, globex: House, pool: Database) -> None:
    connection = await connected(auth, globex, group_roles=RULES)
    identity = somebody(globex, connection, groups=("staff",))
    await arrive(auth, globex, connection, identity)
    await arrive(auth, globex, connection, replace(identity, groups=("editors",)))

    assert (await verify(pool, globex.tenant)).clean


async def test_a_rehearsal_says_as_whom_somebody_would_come_in_and_leaves_nothing(auth: Auth, acme: House, pool: Database) -> None:
    connection = await connected(auth, acme, group_roles=RULES, enabled=False)
    identity = somebody(acme, connection, groups=("staff",))

    would = await auth.parts.gate.rehearse(acme.tenant, connection, identity)
    with pytest.raises(SignInRefused) as caught:
        await auth.parts.gate.rehearse(acme.tenant, connection, replace(identity, email_verified=False))

    assert (would.role, would.status) == ("author", "active")
    assert caught.value.check.name == "email_verified"
    assert await auth.parts.accounts.get(acme.tenant, would.user_id) is None
    assert identity.email is not None
    assert await auth.parts.accounts.find(acme.tenant, identity.email) is None
