"""Who has a second factor, and whether what they typed is it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from auth.accounts import Account
from auth.enforced import keep_factor
from auth.errors import InvalidCode, ProviderOnly
from auth.factors import codes
from auth.factors.recovery import FORGET_CODES, forget_if_last, new_codes, use_code
from auth.limits import Limits, name_counted
from auth.policies import Decided
from auth.remembered import forget_devices
from auth.sso.mapping import OWNER
from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.errors import Conflict, NotFound
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database, Row

FIELD = "authenticator"
READ = statement(
    """
    SELECT a.secret, a.confirmed_at, a.last_step, u.person_key, u.username,
           (SELECT count(*) FROM __tenant__.recovery_codes c WHERE c.user_id = u.id AND c.used_at IS NULL) AS codes,
           (SELECT count(*) FROM __tenant__.passkeys p WHERE p.user_id = u.id) AS passkeys
    FROM __tenant__.users u LEFT JOIN __tenant__.authenticators a ON a.user_id = u.id
    WHERE u.id = :user_id AND u.person_key IS NOT NULL
    """
)
HOLD = statement("SELECT 1 FROM __tenant__.users WHERE id = :user_id FOR NO KEY UPDATE")
BEGIN = statement(
    """
    INSERT INTO __tenant__.authenticators (user_id, secret, begun_at, last_step) VALUES (:user_id, :secret, :now, 0)
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, begun_at = excluded.begun_at, last_step = 0
    WHERE authenticators.confirmed_at IS NULL
    """
)
CONFIRM = statement(
    """
    UPDATE __tenant__.authenticators SET secret = :secret, confirmed_at = :now, last_step = :step
    WHERE user_id = :user_id AND confirmed_at IS NULL
    """
)
TAKE = statement("UPDATE __tenant__.authenticators SET last_step = :step WHERE user_id = :user_id AND last_step < :step AND confirmed_at IS NOT NULL")
FORGET = statement("DELETE FROM __tenant__.authenticators WHERE user_id = :user_id")
FORGET_PASSKEYS = statement("DELETE FROM __tenant__.passkeys WHERE user_id = :user_id")


@dataclass(frozen=True, slots=True)
class Held:
    """`authenticator`: one that has been confirmed. `recovery_codes`: how many are left. `passkeys`: how many there are."""

    authenticator: bool
    recovery_codes: int
    passkeys: int = 0

    @property
    def anything(self) -> bool:
        return self.authenticator or self.passkeys > 0


class Need(StrEnum):
    """What somebody who has proven who they are has to do before they come in."""

    NOTHING = "nothing"
    PROVE = "prove"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class Begun:
    """An authenticator that is being set up: the secret to type, and the address that its picture holds."""

    secret: str
    address: str


class Factors:
    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits

    async def of(self, tenant: Tenant, user_id: UUID) -> Held:
        row = await self._row(tenant, user_id)
        return Held(row["confirmed_at"] is not None, row["codes"], row["passkeys"]) if row else Held(authenticator=False, recovery_codes=0)

    async def needed(self, account: Account, amr: tuple[str, ...], decided: Decided, tenant: Tenant, *, by_provider: bool) -> Need:
        """`by_provider`: they come through an identity provider, whose own second factor an organization may trust.

        An owner's own is asked for all the same: providers are connected by administrators, and what an owner may do only owners give.
        Raises ProviderOnly.
        """
        if not by_provider and decided.enforced:
            return await self._by_break_glass(account.user_id, amr, decided, tenant)
        vouched = "mfa" in amr or (by_provider and decided.providers_trusted)
        if vouched and not (by_provider and account.role == OWNER):
            return Need.NOTHING
        if (await self.of(tenant, account.user_id)).anything:
            return Need.PROVE
        return Need.ENROL if decided.second_factor_required and not vouched else Need.NOTHING

    async def _by_break_glass(self, user_id: UUID, amr: tuple[str, ...], decided: Decided, tenant: Tenant) -> Need:
        """A password alone, and setting a factor up now, is not for them. Raises ProviderOnly."""
        if not decided.admits(user_id) or not (await self.of(tenant, user_id)).anything:
            raise ProviderOnly
        return Need.NOTHING if "mfa" in amr else Need.PROVE

    async def begin(self, tenant: Tenant, user_id: UUID, issuer: str, browser: str) -> Begun:
        """A secret to set up; asked again in this browser, the same one, until one is confirmed.

        Whoever looked at the page elsewhere, with a password that they should not know, has not seen the one that counts in the end.
        Raises Conflict where there is an authenticator already.
        """
        row = await self._row(tenant, user_id)
        if row is None:
            raise NotFound("There is no such person any more.")
        if row["confirmed_at"] is not None:
            raise Conflict("You have an authenticator already. Remove it first.")
        if row["secret"] is None:
            await self._begin(tenant, user_id, row["person_key"], codes.new_secret())
            row = await self._row(tenant, user_id)
            if row is None or row["secret"] is None:
                raise NotFound("There is no such person any more.")
        secret = codes.secret_for(_secret(tenant, user_id, row), browser)
        return Begun(secret, codes.address_of(secret, issuer=issuer, account=row["username"]))

    async def confirm(self, tenant: Tenant, user_id: UUID, code: str, browser: str, address: str, cause: Cause) -> list[str]:
        """The authenticator that this browser was shown counts from now on; recovery codes, which are known only now.

        Raises InvalidCode, RateLimited.
        """
        async with self._attempt(tenant, user_id, address):
            return await self._confirm(tenant, user_id, codes.plain(code), browser, cause)

    async def prove(self, tenant: Tenant, user_id: UUID, code: str, address: str, cause: Cause) -> None:
        """The code is the authenticator's, or one on paper; it is spent then. Raises InvalidCode, RateLimited."""
        async with self._attempt(tenant, user_id, address):
            await self._prove(tenant, user_id, codes.plain(code), cause)

    async def renew_codes(self, tenant: Tenant, user_id: UUID, code: str, address: str, cause: Cause) -> list[str]:
        """Other recovery codes; those before are good no longer. Raises as `prove`."""
        await self.prove(tenant, user_id, code, address, cause)
        return await self._renew(tenant, user_id, cause)

    async def remove(self, tenant: Tenant, user_id: UUID, code: str, address: str, cause: Cause) -> None:
        """The authenticator; the codes stay while there is a passkey. Raises as `prove`."""
        await self.prove(tenant, user_id, code, address, cause)
        await self._remove(tenant, user_id, cause)

    @repeatable
    async def reset(self, tenant: Tenant, user_id: UUID, cause: Cause) -> None:
        """For whoever has lost all of it: an operator vouches for them."""
        async with transaction(self._database, tenant, cause) as change:
            for forget in (FORGET, FORGET_PASSKEYS, FORGET_CODES):
                await change.connection.execute(forget, user_id=user_id)
            await forget_devices(change, user_id)
            await _tell(change, "SecondFactorRemoved", user_id)

    @repeatable
    async def _remove(self, tenant: Tenant, user_id: UUID, cause: Cause) -> None:
        async with transaction(self._database, tenant, cause) as change:
            await change.connection.execute(HOLD, user_id=user_id)
            await change.connection.execute(FORGET, user_id=user_id)
            await keep_factor(change, user_id)
            await forget_if_last(change, user_id)
            await forget_devices(change, user_id)
            await _tell(change, "SecondFactorRemoved", user_id)

    def _attempt(self, tenant: Tenant, user_id: UUID, address: str) -> AbstractAsyncContextManager[None]:
        """Slowed down by person and by address, like passwords."""
        return self._limits.attempt(tenant, name_counted(f"second factor\n{user_id}"), address, InvalidCode)

    async def _row(self, tenant: Tenant, user_id: UUID) -> Row | None:
        async with self._database.reading(tenant.place) as connection:
            return await connection.fetchrow(READ, user_id=user_id)

    @repeatable
    async def _begin(self, tenant: Tenant, user_id: UUID, person_key: bytes, secret: str) -> None:
        sealed = tenant.key.seal_personal(user_id, person_key, FIELD, secret)
        async with transaction(self._database, tenant, Cause(new_id(), user_id)) as change:
            await change.connection.execute(BEGIN, user_id=user_id, secret=sealed, now=change.now)

    @repeatable
    async def _confirm(self, tenant: Tenant, user_id: UUID, code: str, browser: str, cause: Cause) -> list[str]:
        async with transaction(self._database, tenant, cause) as change:
            row = await _held(change, user_id)
            if row is None or row["secret"] is None or row["confirmed_at"] is not None:
                raise InvalidCode
            secret = codes.secret_for(_secret(tenant, user_id, row), browser)
            sealed = tenant.key.seal_personal(user_id, row["person_key"], FIELD, secret)
            step = codes.step_of(secret, code, change.now.timestamp(), row["last_step"])
            if step is None or not await change.connection.execute(CONFIRM, user_id=user_id, secret=sealed, step=step, now=change.now):
                raise InvalidCode
            await forget_devices(change, user_id)
            await _tell(change, "SecondFactorAdded", user_id)
            return await new_codes(change, user_id)

    @repeatable
    async def _prove(self, tenant: Tenant, user_id: UUID, code: str, cause: Cause) -> None:
        async with transaction(self._database, tenant, cause) as change:
            row = await _held(change, user_id)
            if row is None:
                raise InvalidCode
            if row["confirmed_at"] is not None:
                step = codes.step_of(_secret(tenant, user_id, row), code, change.now.timestamp(), row["last_step"])
                if step is not None and await change.connection.execute(TAKE, user_id=user_id, step=step):
                    return
            if not await use_code(change, user_id, code):
                raise InvalidCode
            await _tell(change, "RecoveryCodeUsed", user_id)

    @repeatable
    async def _renew(self, tenant: Tenant, user_id: UUID, cause: Cause) -> list[str]:
        async with transaction(self._database, tenant, cause) as change:
            await change.connection.execute(HOLD, user_id=user_id)
            await forget_devices(change, user_id)
            await _tell(change, "RecoveryCodesRenewed", user_id)
            return await new_codes(change, user_id)


async def _held(change: Transaction, user_id: UUID) -> Row | None:
    """Of two attempts at once, one is looked at after the other."""
    await change.connection.fetchrow(HOLD, user_id=user_id)
    return await change.connection.fetchrow(READ, user_id=user_id)


def _secret(tenant: Tenant, user_id: UUID, row: Row) -> str:
    return tenant.key.open_personal(user_id, row["person_key"], FIELD, row["secret"])


async def _tell(change: Transaction, action: str, user_id: UUID) -> None:
    await tell_in(change, Happened(action, "second_factor", change.cause.correlation_id, user_id=user_id))
