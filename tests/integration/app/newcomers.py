"""Newcomers among those who do anything: they are invited, come in by a link, change what is theirs, and some of them are erased."""

from __future__ import annotations

import random
from collections.abc import Sequence
from uuid import UUID

from app.users.commands import (
    AcceptInvitation,
    ActivateUser,
    ChangeRole,
    ConfirmAddress,
    EraseUser,
    GiveAddress,
    GrantPermissions,
    InviteUser,
    MarkNotificationsRead,
    ReactivateUser,
    RevokePermissions,
    SuspendUser,
    UpdatePreferences,
    UpdateProfile,
)
from auth.opaque import digest
from auth.principal import Kind, Principal
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Transaction

LINK = statement(
    """
    INSERT INTO __tenant__.links (hash, user_id, purpose, created_at, expires_at)
    SELECT :hash, id, :purpose, now(), now() + interval '1 day' FROM __tenant__.users WHERE id = :user_id ON CONFLICT DO NOTHING
    """
)
HASH = "$argon2id$none"


class Newcomers:
    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._usernames: dict[UUID, str] = {}
        self._links: dict[str, tuple[UUID, str]] = {}

    def story(self) -> list[object]:
        """From an invitation on."""
        user, username = new_id(), f"n{self._dice.getrandbits(48):x}"
        self._usernames[user] = username
        accepted = AcceptInvitation(self._link(user, "invitation"), HASH, {"name": "Anders"})
        stories: list[list[object]] = [
            [UpdatePreferences(user, changes={"time_zone": "Europe/Vienna"}), UpdateProfile(user, changes={"bio": "Öl"})],
            [GiveAddress(user, email=f"{username}@example.net"), ConfirmAddress(self._link(user, "address"))],
            [GrantPermissions(user, permissions=("content.create",)), RevokePermissions(user, permissions=("content.create",))],
            [SuspendUser(user), ReactivateUser(user), ChangeRole(user, role="author")],
            [MarkNotificationsRead(), EraseUser(user, confirm=username)],
        ]
        come: object = self._dice.choice([accepted, accepted, ActivateUser(user)])
        return [InviteUser(user, f"{username}@example.org", "Jemand", "reader", username), come, *self._dice.choice(stories)]

    def username(self) -> str:
        return self._dice.choice(list(self._usernames.values()) or [""])

    def who(self, command: object) -> Principal | None:
        """Themselves, where nobody else may do it."""
        if isinstance(command, UpdatePreferences | GiveAddress) and command.user_id in self._usernames:
            return Principal(Kind.PERSON, command.user_id, "reader")
        return None

    async def bring_links(self, tx: Transaction, commands: Sequence[object]) -> None:
        """What a letter would have brought them."""
        for command in commands:
            if isinstance(command, AcceptInvitation | ConfirmAddress) and command.token in self._links:
                user_id, purpose = self._links[command.token]
                await tx.connection.execute(LINK, hash=digest(command.token), user_id=user_id, purpose=purpose)

    def _link(self, user: UUID, purpose: str) -> str:
        token = f"{self._dice.getrandbits(256):x}"
        self._links[token] = user, purpose
        return token
