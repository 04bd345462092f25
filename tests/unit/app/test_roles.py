"""The rules of roles, and who may give whom what."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.shared.events import from_store, to_store
from app.users import errors, policy
from app.users.events import RoleEvent
from app.users.roles import Role
from app.users.values import DEFAULT_ROLES, PERMISSIONS, known_permissions, role_name
from auth.principal import ANONYMOUS, SYSTEM, Kind, Principal
from tenants.errors import Forbidden, Unauthenticated, ValidationFailed

STEWARD = Principal(Kind.PERSON, uuid4(), "steward", frozenset({"users.manage", "content.create"}))
OWNER = Principal(Kind.PERSON, uuid4(), "owner", PERMISSIONS)


def own() -> Role:
    return Role.define(uuid4(), "guest_author", frozenset({"content.create"}))


def test_a_role_of_ones_own_is_renamed_changed_and_given_up_and_replays() -> None:
    role = own()
    role.rename("guest_author")
    role.rename("columnist")
    role.change_permissions(frozenset({"content.create"}))
    role.change_permissions(frozenset({"content.submit", "content.create"}))
    role.delete()

    assert [type(event).__name__ for event in role.recorded] == ["RoleDefined", "RoleRenamed", "RolePermissionsChanged", "RoleDeleted"]
    again = Role(role.id)
    for happened in role.recorded:
        stored = to_store(happened)
        event: RoleEvent = from_store(stored.type, stored.type_version, stored.data)  # type: ignore[assignment] # of this aggregate
        again.apply(event)
    assert again == role
    assert again.gone


@pytest.mark.parametrize("name", DEFAULT_ROLES)
def test_roles_that_everybody_begins_with_keep_their_name_and_stay(name: str) -> None:
    role = Role.define(uuid4(), name, DEFAULT_ROLES[name])

    with pytest.raises(errors.RoleFixed):
        role.rename("otherwise")
    with pytest.raises(errors.RoleFixed):
        role.delete()
    if name == "owner":
        with pytest.raises(errors.RoleFixed):
            role.change_permissions(frozenset())
    else:
        role.change_permissions(frozenset({"audit.read"}))
        assert role.permissions == ("audit.read",)


def test_nobody_gives_what_they_may_not_do() -> None:
    policy.may_give(STEWARD, frozenset({"content.create"}))
    policy.may_give(SYSTEM, PERMISSIONS)
    with pytest.raises(errors.MoreThanYouMay, match=r"audit.read, sso.configure"):
        policy.may_give(STEWARD, frozenset({"content.create", "sso.configure", "audit.read"}))


def test_only_owners_touch_owners() -> None:
    policy.may_touch(OWNER, "owner")
    policy.may_touch(SYSTEM, "owner")
    policy.may_touch(STEWARD, "admin")
    with pytest.raises(errors.OwnersOnly):
        policy.may_touch(STEWARD, "owner")


def test_ones_own_matters_are_ones_own() -> None:
    other = uuid4()
    reader = Principal(Kind.PERSON, uuid4(), "reader")
    policy.may_manage_or_be(reader, reader.user_id or other)
    policy.may_manage_or_be(STEWARD, other)
    with pytest.raises(Forbidden):
        policy.may_manage_or_be(reader, other)
    with pytest.raises(Unauthenticated):
        policy.may_manage_or_be(ANONYMOUS, other)
    with pytest.raises(errors.NotYourself):
        policy.not_oneself(reader, reader.user_id or other)


@pytest.mark.parametrize("name", ["", "Guest", "guest-author", "_guest", "guest__author", "1st", "x" * 41, "gäst", "a b", "own\0er"])
def test_role_names_are_words_of_the_api(name: str) -> None:
    with pytest.raises(ValidationFailed):
        role_name(name)


def test_every_unknown_permission_is_named() -> None:
    assert known_permissions(["content.create", "content.create"]) == {"content.create"}
    with pytest.raises(ValidationFailed) as refusal:
        known_permissions(["content.create", "x", "content.everything"])
    assert refusal.value.fields.keys() == {"permissions.1", "permissions.2"}
