"""Filters, paths and changes, without a server."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scim.answers import refused
from app.scim.documents import read
from app.scim.errors import ScimRefusal
from app.scim.filters import All, Compare, Either, Not, Path, Present, Within, read_filter
from app.scim.patching import patched, read_operations
from app.scim.schemas import ENTERPRISE, GROUPS, PATCH, USER, USERS

ADA = {"userName": "ada", "emails": [{"value": "ada@a.example", "type": "work", "primary": True}]}


def changed(*operations: dict[str, Any], of: dict[str, Any] | None = None) -> dict[str, Any]:
    return patched(USERS, of or ADA, read_operations({"schemas": [PATCH], "Operations": list(operations)}))


def test_not_binds_more_than_and_and_that_more_than_or() -> None:
    a, b, c = (Present(Path(name)) for name in "abc")

    assert read_filter("a pr or b pr and c pr") == Either((a, All((b, c))))
    assert read_filter("(a pr OR b pr) And c pr") == All((Either((a, b)), c))
    assert read_filter("not (a pr) and b pr") == All((Not(a), b))
    assert read_filter('urn:x:2.0:User:name.familyName co "O\\"Malley"') == Compare(Path("name", "familyName", "urn:x:2.0:User"), "co", 'O"Malley')
    assert read_filter('emails[type eq "work"]') == Within(Path("emails"), Compare(Path("type"), "eq", "work"))
    assert [read_filter(f"a eq {text}") for text in ("true", "null", "-1.5", "7")] == [
        Compare(Path("a"), "eq", value) for value in (True, None, -1.5, 7)
    ]


@pytest.mark.parametrize(
    "text", ["", "a", "a eq", "a eq b", "(a pr", "a pr)", "a pr b pr", "a.b.c pr", "a like 1", "x:a pr", "[a pr]", "a eq 01", "a eq 'b'"]
)
def test_what_is_no_filter_says_where_it_stops_being_one(text: str) -> None:
    with pytest.raises(ScimRefusal) as caught:
        read_filter(text)

    assert (caught.value.status, caught.value.scim_type) == (400, "invalidFilter")


def test_what_cannot_be_written_down_is_refused_in_words_that_can() -> None:
    with pytest.raises(ScimRefusal) as caught:
        changed({"op": "add", "path": '"\ud800"', "value": 1})

    assert refused(caught.value).status_code == 400


def test_names_have_no_case_and_what_is_read_only_or_unknown_is_passed_over() -> None:
    sent = {"SCHEMAS": [USER], "USERNAME": "ada", "Active": "False", "id": "x", "shoe": 1, ENTERPRISE.upper(): {"DEPARTMENT": "d"}, "title": ""}

    assert read(USERS, sent) == {"userName": "ada", "active": False, ENTERPRISE: {"department": "d"}}


def test_a_change_adds_replaces_and_removes_values_by_what_they_are() -> None:
    two = changed({"op": "add", "path": "emails", "value": [{"value": "b@a.example", "primary": True}, {"value": "b@a.example", "primary": True}]})
    assert two["emails"][0].get("primary") is False
    assert changed({"op": "replace", "path": 'emails[value ew "a.example"].type', "value": "home"})["emails"][0]["type"] == "home"
    assert "emails" not in changed({"op": "remove", "path": 'emails[type eq "work" and primary eq true]'})
    assert changed({"op": "add", "path": "name", "value": {"givenName": "Ada"}}, {"op": "add", "path": "name.familyName", "value": "B"})["name"] == {
        "givenName": "Ada",
        "familyName": "B",
    }
    assert ENTERPRISE not in changed({"op": "remove", "path": ENTERPRISE}, of={**ADA, ENTERPRISE: {"department": "x"}})
    assert ADA == {"userName": "ada", "emails": [{"value": "ada@a.example", "type": "work", "primary": True}]}


def test_members_are_added_once_and_removed_in_both_ways() -> None:
    group = {"displayName": "G", "members": [{"value": "1"}, {"value": "2"}]}

    def members(*operations: dict[str, Any]) -> list[str]:
        done = patched(GROUPS, group, read_operations({"schemas": [PATCH], "operations": list(operations)}))
        return [one["value"] for one in done.get("members", [])]

    assert members({"op": "Add", "path": "members", "value": [{"value": "2", "type": "User", "display": "B"}, {"value": "3"}]}) == ["1", "2", "3"]
    assert members({"op": "remove", "path": 'members[value eq "2"]'}) == ["1"]
    assert members({"op": "Remove", "path": "Members", "value": [{"value": "1"}]}) == ["2"]
    assert members({"op": "remove", "path": "members"}) == []
    assert members({"op": "replace", "path": "members", "value": [{"value": "9"}]}) == ["9"]


def test_hundreds_of_single_members_are_one_change_and_what_would_take_too_long_is_refused() -> None:
    group = {"displayName": "G", "members": [{"value": f"{number:x}"} for number in range(10_000)]}
    leaving = [{"op": "remove", "path": f'members[value eq "{number:X}"]'} for number in range(500)]
    joining = [{"op": "add", "path": "members", "value": [{"value": f"new-{number}"}]} for number in range(500)]

    done = patched(GROUPS, group, read_operations({"schemas": [PATCH], "Operations": [*leaving, *joining]}))
    with pytest.raises(ScimRefusal) as caught:
        patched(GROUPS, group, read_operations({"schemas": [PATCH], "Operations": [leaving[0], joining[0]] * 100}))

    assert [one["value"] for one in done["members"][:1] + done["members"][-1:]] == ["1f4", "new-499"]
    assert caught.value.status == 413


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.sampled_from(["work", "True", ADA["userName"]]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["value", "type", "primary", "givenName", "title", "x", ENTERPRISE]), inner)
    ),
    max_leaves=8,
)
NAMED = (
    "userName", "emails", "emails.value", "name", "name.givenName", "active", "members", "meta", "displayName", "groups", "id", "addresses", "urn:x",
    ".", "a.b.c", ENTERPRISE, f"{ENTERPRISE}:manager", f"{ENTERPRISE}:manager.value",
)  # fmt: skip
CHOSEN = (
    'emails[type eq "work"]', 'emails[type eq "work"].value', "phoneNumbers[not (primary pr)].type", 'phoneNumbers[value co ""]',
    'members[value eq "1"]', 'userName[value eq "x"]', "emails[emails[value pr]]",
)  # fmt: skip
PATHS = st.sampled_from([*NAMED, *CHOSEN])
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Remove", "REPLACE", "x"])}, optional={"path": PATHS | st.text(max_size=6) | st.none(), "value": JSON}
)


@settings(max_examples=150, deadline=None, database=None)
@given(st.lists(OPERATIONS | JSON, max_size=5), st.sampled_from([(USERS, ADA), (GROUPS, {"displayName": "G", "members": [{"value": "1"}]})]))
def test_no_change_whatever_it_is_does_anything_but_change_or_refuse(operations: list[Any], subject: tuple[Any, dict[str, Any]]) -> None:
    kind, document = subject
    with suppress(ScimRefusal):
        changed = patched(kind, document, read_operations({"schemas": [PATCH], "Operations": operations}))
        assert read(kind, changed) == changed


@settings(max_examples=80, deadline=None, database=None)
@given(st.dictionaries(st.sampled_from(["schemas", "userName", "emails", "name", "active", "phoneNumbers", ENTERPRISE, "members", "USERNAME"]), JSON))
def test_what_was_read_once_is_read_the_same_again(sent: dict[str, Any]) -> None:
    for kind in (USERS, GROUPS):
        with suppress(ScimRefusal):
            document = read(kind, sent)
            assert read(kind, document) == document
