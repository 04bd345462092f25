"""Somebody about whom an organization knows all that it may know of anybody."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.bus import Bus
from app.management.decisions import Decisions
from app.users.commands import ActivateUser, InviteUser
from auth.credentials import Credentials
from auth.passwords import Passwords
from auth.principal import SYSTEM
from tenants.database import Database
from tenants.environment import Environment
from tenants.ids import new_id
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tests.e2e.conftest import Running
from tests.e2e.leftovers import Sought

PASSWORD = "three words together"
PROFILE = """
mutation {
  updateProfile(input: {bio: "Once kept quaggas", website: "https://quagga.example/me", phone: "+49 30 7654321", location: "Zanzibar Street 9"}) {
    changed
  }
}
"""
CLEAR = ("Zebulon Quagga", "zquagga", "Once kept quaggas", "quagga.example/me")
ENCRYPTED = ("zebulon.q@secret.example", "zebulon.new@secret.example", "+49 30 7654321", "Zanzibar Street 9", "Indian/Antananarivo")
VALUES = (*CLEAR, *ENCRYPTED)
ERASE = "mutation($id: ID!, $confirm: String!) { eraseUser(input: {id: $id, confirm: $confirm}) { changed user { id username name status email } } }"


@dataclass(frozen=True, slots=True)
class Zebulon:
    id: UUID
    token: str
    refresh_token: str
    post: str
    sought: Sought


async def asked(running: Running, slug: str, token: str, text: str, **variables: object) -> dict[str, Any]:
    async with running.client(slug, token) as client:
        answer: dict[str, Any] = (await client.post("/graphql", json={"query": text, "variables": variables})).json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


async def zebulon_at(running: Running, slug: str) -> Zebulon:
    """An author who has signed in, failed to, told everything about themselves, written, spoken and been told of it."""
    user_id = new_id()
    settings = TenantSettings.read(Environment(running.environment))
    async with Database(settings, connections=1) as database:
        tenant = await Registry(database, Keyring(settings.secret_keys)).by_slug(slug)
        assert tenant is not None
        bus = Bus(database)
        invitation = InviteUser(user_id, "zebulon.q@secret.example", "Zebulon Quagga", "author", "zquagga")
        await bus.execute(tenant, invitation, SYSTEM, correlation_id=new_id())
        await bus.execute(tenant, ActivateUser(user_id), SYSTEM, correlation_id=new_id())
        with closing(Passwords()) as passwords:
            await Credentials(database, passwords, Decisions(database, oldest=0.0)).set_password(tenant, user_id, PASSWORD)
    async with running.client(slug) as client:
        for password in ("a wrong one", PASSWORD):
            answer = await client.post("/auth/token", json={"email": "zebulon.q@secret.example", "password": password})
        await client.post("/auth/token", json={"username": "zquagga", "password": "another wrong one"})
        pair = answer.json()
        pair = (await client.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).json()
    token = str(pair["access_token"])
    await asked(running, slug, token, PROFILE)
    await asked(running, slug, token, 'mutation { updatePreferences(input: {timeZone: "Indian/Antananarivo"}) { changed } }')
    await asked(running, slug, token, 'mutation { changeEmail(input: {email: "zebulon.new@secret.example"}) { changed } }')
    created = await asked(running, slug, token, 'mutation { createPost(input: {title: "Of stripes", content: "Text."}) { post { id } } }')
    post = str(created["createPost"]["post"]["id"])
    await asked(running, slug, token, "mutation($id: ID!) { submitPost(input: {id: $id}) { changed } }", id=post)
    for step in ("approvePost", "publishPost"):
        await running.query(slug, f"mutation($id: ID!) {{ {step}(input: {{id: $id}}) {{ changed }} }}", "editor", id=post)
    said = 'mutation($id: ID!) { addComment(input: {postId: $id, body: "Indeed."}) { changed } }'
    await asked(running, slug, token, said, id=post)
    return Zebulon(user_id, token, str(pair["refresh_token"]), post, Sought(user_id, VALUES))
