"""What Okta and Microsoft Entra ID send, as their documentation shows it.

https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/
https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups
"""

from __future__ import annotations

from tenants.ids import new_id
from tests.integration.scim.conftest import ENTERPRISE, GROUP, PATCH, USER, Provider

EMPTY = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []}


async def test_okta_from_the_first_look_to_the_end_of_an_account(provider: Provider) -> None:
    client, name = provider.client, f"{new_id().hex}@initech.example"
    looked = await client.get("/scim/v2/Users", params={"filter": f'userName eq "{name}"', "startIndex": 1, "count": 100})
    assert looked.json() == EMPTY

    created = await client.post(
        "/scim/v2/Users",
        json={
            "schemas": [USER],
            "userName": name,
            "name": {"givenName": "Test", "familyName": "User"},
            "emails": [{"primary": True, "value": name, "type": "work"}],
            "displayName": "Test User",
            "locale": "en-US",
            "externalId": "00ujl29u0le5T6Aj10h7",
            "groups": [],
            "password": "1mz050nq",
            "active": True,
        },
    )
    person = created.json()
    assert (created.status_code, "password" in person) == (201, False)
    again = await client.post("/scim/v2/Users", json={"schemas": [USER], "userName": name, "emails": [{"value": name}]})
    assert again.status_code == 409
    read = (await client.get(f"/scim/v2/Users/{person['id']}")).json()
    replaced = await client.put(
        f"/scim/v2/Users/{person['id']}",
        json={**read, "name": {"givenName": "Another", "middleName": "", "familyName": "User"}, "displayName": "Another User"},
    )
    assert (replaced.status_code, replaced.json()["name"]["givenName"]) == (200, "Another")
    off = await client.patch(
        f"/scim/v2/Users/{person['id']}", json={"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": False}}]}
    )
    assert off.json()["active"] is False

    group = (await client.post("/scim/v2/Groups", json={"schemas": [GROUP], "displayName": f"Test SCIMv2 {new_id().hex}", "members": []})).json()
    renamed = await provider.patch(group, {"op": "replace", "value": {"id": group["id"], "displayName": f"Other {new_id().hex}"}})
    joined = await provider.patch(group, {"op": "add", "path": "members", "value": [{"value": person["id"], "display": name}]})
    left = await provider.patch(group, {"op": "remove", "path": f'members[value eq "{person["id"]}"]'})
    both = await provider.patch(
        group,
        {"op": "remove", "path": f'members[value eq "{person["id"]}"]'},
        {"op": "add", "path": "members", "value": [{"value": person["id"], "display": name}]},
    )
    put = await client.put(f"/scim/v2/Groups/{group['id']}", json={**group, "members": [{"value": person["id"], "display": name}]})
    assert [answer.status_code for answer in (renamed, joined, left, both, put)] == [200] * 5
    assert ["members" in answer.json() for answer in (joined, left, both)] == [True, False, True]
    assert (await client.delete(f"/scim/v2/Groups/{group['id']}")).status_code == 204


async def test_entra_from_the_test_of_the_connection_to_the_end_of_an_account(provider: Provider) -> None:
    client, name = provider.client, f"{new_id().hex}@initech.example"
    assert (await client.get("/scim/v2/Users", params={"filter": f'userName eq "{new_id()}"'})).json() == EMPTY
    created = await client.post(
        "/scim/v2/Users",
        json={
            "schemas": [USER, ENTERPRISE],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
            "userName": name,
            "active": True,
            "emails": [{"primary": True, "type": "work", "value": name}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
            "roles": [],
        },
    )
    person = created.json()
    assert (created.status_code, person["displayName"]) == (201, "givenName familyName")
    for filter in (f'emails[type eq "work"].value eq "{name}"', f'emails[type eq "work" and value eq "{name}"]', f'emails.value eq "{name.upper()}"'):
        assert await provider.find(filter) == [person["id"]]

    moved = f"{new_id().hex}@initech.example"
    changed = await provider.patch(
        person,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": moved},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+43 1 234567"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Engines"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "1b2c"},
        {"op": "Add", "value": {"title": "Countess", f"{ENTERPRISE}:costCenter": "7", "name.givenName": "Ada"}},
    )
    shown = changed.json()
    assert changed.status_code == 200, changed.text
    assert (shown["emails"][0]["value"], shown["name"]["familyName"], shown["name"]["givenName"]) == (moved, "updatedFamilyName", "Ada")
    assert shown["phoneNumbers"] == [{"type": "mobile", "value": "+43 1 234567"}]
    assert shown[ENTERPRISE] == {"department": "Engines", "manager": {"value": "1b2c"}, "costCenter": "7"}
    disabled = await provider.patch(shown, {"op": "Replace", "path": "active", "value": "False"})
    assert disabled.json()["active"] is False

    group = await provider.group(f"Entra {new_id().hex}", externalId="8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159")
    assert await provider.find(f'displayName eq "{group["displayName"]}"', "Groups") == [group["id"]]
    await provider.patch(group, {"op": "Add", "path": "members", "value": [{"$ref": None, "value": person["id"]}]})
    without = (await client.get(f"/scim/v2/Groups/{group['id']}", params={"excludedAttributes": "members"})).json()
    held = await provider.find(f'id eq "{group["id"]}" and members eq "{person["id"]}"', "Groups")
    gone = await provider.patch(group, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": person["id"]}]})
    assert ("members" in without, held, "members" in gone.json()) == (False, [group["id"]], False)
    assert (await client.delete(f"/scim/v2/Users/{person['id']}")).status_code == 204


async def test_what_cannot_be_done_is_said_with_its_scim_type(provider: Provider) -> None:
    person = await provider.made()
    operations: dict[str, list[dict[str, object]]] = {
        "mutability": [{"op": "remove", "path": "userName"}, {"op": "replace", "path": "id", "value": "x"}],
        "invalidPath": [{"op": "add", "path": "shoeSize", "value": 1}, {"op": "add", "path": "emails[", "value": 1}],
        "noTarget": [{"op": "remove"}, {"op": "replace", "path": 'phoneNumbers[type eq "fax"].value', "value": "1"}],
        "invalidValue": [{"op": "replace", "path": "active", "value": "perhaps"}, {"op": "add", "path": "title", "value": "\x00"}, {"op": "add"}],
        "invalidSyntax": [{"op": "move", "path": "title"}],
    }
    for kind, wrong in operations.items():
        for operation in wrong:
            answer = await provider.patch(person, operation)
            assert (answer.status_code, answer.json()["scimType"]) == (400, kind), (operation, answer.text)
    assert (await provider.client.get(f"/scim/v2/Users/{person['id']}")).json() == person
