"""Set-up links: for a while, somebody without an account connects one provider. The link is opened once; from then on it is that browser's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal
from uuid import UUID

from auth.errors import LinkSpent
from auth.opaque import LONGEST, digest, new_opaque
from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.errors import Conflict, NotFound, Refusal, ValidationFailed
from tenants.ids import new_id
from tenants.sentences import as_sentence, sentence
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from auth.sso.connections import Connection
    from tenants.database import Database, Row
    from tenants.registry import Tenant

DAYS, MOST_DAYS, MOST_OPEN, MOST_LISTED = 7, 30, 20, 50
State = Literal["waiting", "opened", "finished", "revoked", "expired"]

_COLUMNS = "id, kind, connection_id, may_switch_on, created_by, created_at, expires_at, opened_at, finished_at, revoked_at, now() AS now"
_GOOD = "revoked_at IS NULL AND finished_at IS NULL AND expires_at > now()"
ALL = statement(f"SELECT {_COLUMNS} FROM __tenant__.setup_links ORDER BY created_at DESC, id DESC LIMIT :most")  # noqa: S608 - a constant
COUNT = statement(f"SELECT count(*) FROM __tenant__.setup_links WHERE {_GOOD}")  # noqa: S608 - a constant
INSERT = statement(
    """
    INSERT INTO __tenant__.setup_links (id, hash, kind, connection_id, may_switch_on, created_by, created_at, expires_at)
    VALUES (:id, :hash, CAST(:kind AS text), CAST(:connection_id AS uuid), :may_switch_on, :created_by, :now, :expires_at)
    """
)
LOOK = statement(f"SELECT {_COLUMNS} FROM __tenant__.setup_links WHERE hash = :hash AND opened_at IS NULL AND {_GOOD}")  # noqa: S608 - a constant
OPEN = statement(
    "UPDATE __tenant__.setup_links SET opened_at = :now, browser = :browser "  # noqa: S608 - a constant
    f"WHERE hash = :hash AND opened_at IS NULL AND {_GOOD} RETURNING {_COLUMNS}"
)
OF_BROWSER = statement(f"SELECT {_COLUMNS} FROM __tenant__.setup_links WHERE browser = :browser AND {_GOOD}")  # noqa: S608 - a constant
BIND = statement(
    "UPDATE __tenant__.setup_links SET connection_id = :connection_id, kind = :kind "  # noqa: S608 - a constant
    f"WHERE id = :id AND connection_id IS NULL AND {_GOOD}"
)
HOLD = statement(f"SELECT FROM __tenant__.setup_links WHERE id = :id AND {_GOOD} FOR SHARE")
FINISH = statement(f"UPDATE __tenant__.setup_links SET finished_at = :now WHERE id = :id AND {_GOOD}")  # noqa: S608 - a constant
REVOKE = statement(f"UPDATE __tenant__.setup_links SET revoked_at = :now WHERE id = :id AND {_GOOD}")  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class SetupLink:
    """`kind`: of which provider, as the console's forms name it; None where whoever opens it chooses. `state`: as it was when it was read."""

    id: UUID
    kind: str | None
    connection_id: UUID | None
    may_switch_on: bool
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    state: State


class SetupLinkEnded(LinkSpent):
    """Unknown, opened elsewhere, finished, revoked or too old; which of them, nobody is told."""

    code: ClassVar[str] = "SETUP_LINK_ENDED"

    def __init__(self) -> None:
        Refusal.__init__(self, as_sentence("This link has ended or was opened in another browser. Ask the administrator who sent it for a new one."))


class SetupLinks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, tenant: Tenant) -> list[SetupLink]:
        """The newest first."""
        async with self._database.reading(tenant.place) as connection:
            return [_link(row) for row in await connection.fetch(ALL, most=MOST_LISTED)]

    @repeatable
    async def make(
        self, tenant: Tenant, by: UUID, kind: str | None, connection: Connection | None, cause: Cause, *, days: int, may_switch_on: bool
    ) -> str:
        """The token that the link carries, which is known only now. Raises ValidationFailed, Conflict where too many are open."""
        if not 1 <= days <= MOST_DAYS:
            raise ValidationFailed({"days": sentence("takes 1 to {most}", most=MOST_DAYS)})
        token, id = new_opaque(), new_id()
        async with transaction(self._database, tenant, cause) as change:
            if await change.connection.fetchval(COUNT) >= MOST_OPEN:
                raise Conflict(sentence("There are {most} set-up links open already. Revoke those that are no longer needed.", most=MOST_OPEN))
            await change.connection.execute(
                INSERT,
                id=id,
                hash=digest(token),
                kind=kind,
                connection_id=connection.id if connection else None,
                may_switch_on=may_switch_on,
                created_by=by,
                now=change.now,
                expires_at=change.now + timedelta(days=days),
            )
            details = {"kind": kind, "connection": connection.name if connection else None, "days": days, "maySwitchOn": may_switch_on}
            await _tell(change, "SetupLinkMade", id, by, connection.id if connection else None, details)
        return token

    async def look(self, tenant: Tenant, token: str) -> SetupLink:
        """What a link that nobody has opened yet is for. Raises SetupLinkEnded."""
        if not 0 < len(token) <= LONGEST:
            raise SetupLinkEnded
        async with self._database.reading(tenant.place) as connection:
            return _known(await connection.fetchrow(LOOK, hash=digest(token)))

    @repeatable
    async def open(self, tenant: Tenant, token: str, cause: Cause) -> tuple[SetupLink, str]:
        """The link, and the secret by which its browser is known from now on. Raises SetupLinkEnded: of two browsers one is too late."""
        if not 0 < len(token) <= LONGEST:
            raise SetupLinkEnded
        secret = new_opaque()
        async with transaction(self._database, tenant, cause) as change:
            link = _known(await change.connection.fetchrow(OPEN, hash=digest(token), browser=digest(secret), now=change.now))
            await _tell(change, "SetupLinkOpened", link.id, link.created_by, link.connection_id)
        return link, secret

    async def of_browser(self, tenant: Tenant, secret: str) -> SetupLink:
        """Raises SetupLinkEnded."""
        if not 0 < len(secret) <= LONGEST:
            raise SetupLinkEnded
        async with self._database.reading(tenant.place) as connection:
            return _known(await connection.fetchrow(OF_BROWSER, browser=digest(secret)))

    @repeatable
    async def finish(self, tenant: Tenant, link: SetupLink, cause: Cause) -> None:
        """Raises SetupLinkEnded."""
        async with transaction(self._database, tenant, cause) as change:
            if not await change.connection.execute(FINISH, id=link.id, now=change.now):
                raise SetupLinkEnded
            await _tell(change, "SetupLinkFinished", link.id, link.created_by, link.connection_id)

    @repeatable
    async def revoke(self, tenant: Tenant, id: UUID, cause: Cause) -> None:
        """Raises NotFound where there is none that is good."""
        async with transaction(self._database, tenant, cause) as change:
            if not await change.connection.execute(REVOKE, id=id, now=change.now):
                raise NotFound("There is no such link, or it has ended already.")
            await _tell(change, "SetupLinkRevoked", id, cause.user_id, None)


async def bind(change: Transaction, link: SetupLink, connection: Connection, kind: str) -> None:
    """The link is for this connection alone from now on, within the transaction that adds it. Raises SetupLinkEnded."""
    if not await change.connection.execute(BIND, id=link.id, connection_id=connection.id, kind=kind):
        raise SetupLinkEnded


async def hold(change: Transaction, link: SetupLink) -> None:
    """Whoever revokes it does so before or after what this transaction does. Raises SetupLinkEnded."""
    if await change.connection.fetchrow(HOLD, id=link.id) is None:
        raise SetupLinkEnded


async def _tell(
    change: Transaction, action: str, id: UUID, by: UUID | None, connection_id: UUID | None, details: Mapping[str, object] | None = None
) -> None:
    told = {"setupLink": str(id), **(details or {})}
    await tell_in(change, Happened(action, "setup_links", change.cause.correlation_id, connection_id, by, details=told))


def _known(row: Row | None) -> SetupLink:
    if row is None:
        raise SetupLinkEnded
    return _link(row)


def _link(row: Row) -> SetupLink:
    return SetupLink(
        row["id"],
        row["kind"],
        row["connection_id"],
        row["may_switch_on"],
        row["created_by"],
        row["created_at"],
        row["expires_at"],
        _state(row),
    )


def _state(row: Row) -> State:
    if row["finished_at"] is not None:
        return "finished"
    if row["revoked_at"] is not None:
        return "revoked"
    if row["expires_at"] <= row["now"]:
        return "expired"
    return "opened" if row["opened_at"] is not None else "waiting"
