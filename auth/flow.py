"""The one way in: whichever module proved who somebody is, here they get their session."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from auth.accounts import Account
from auth.enforced import USED, USED_TIMER
from auth.grants import Grants, TokenPair
from auth.policies import Decided, Policies
from auth.sessions import SERVICE_AMR, Device, NewSession, Session, Sessions, Via
from auth.settings import AuthSettings
from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database


class Flow:
    def __init__(self, settings: AuthSettings, database: Database, sessions: Sessions, grants: Grants, policies: Policies) -> None:
        self._settings = settings
        self._database = database
        self._sessions = sessions
        self._grants = grants
        self._policies = policies

    async def tokens(
        self,
        tenant: Tenant,
        account: Account,
        amr: tuple[str, ...],
        device: Device,
        cause: Cause,
        via: Via | None = None,
        proven_in: Session | None = None,
    ) -> TokenPair:
        """For a program: a session of its own, and the first pair of tokens in it. `proven_in`: the browser's, whose person gave it a code."""
        session, refresh = await self._opened(tenant, account, amr, device, cause, via, proven_in)
        return await self._grants.pair(tenant, account, session, refresh)

    @repeatable
    async def _opened(
        self, tenant: Tenant, account: Account, amr: tuple[str, ...], device: Device, cause: Cause, via: Via | None, proven_in: Session | None
    ) -> tuple[Session, str]:
        decided = await self._policies.of(tenant)
        lifetime = _at_most(self._settings.refresh_lifetime, decided)
        async with transaction(self._database, tenant, cause) as change:
            new = await self._sessions.open(
                change, account.user_id, kind="api", amr=amr, device=device, lifetime=lifetime, via=via, proven_in=proven_in
            )
            await _note_use(change, account.user_id, amr, device, decided, via)
            return new.session, await self._grants.first_refresh_token(change, new.session, device)

    @repeatable
    async def browser(
        self,
        tenant: Tenant,
        user_id: UUID,
        amr: tuple[str, ...],
        device: Device,
        cause: Cause,
        *,
        brought: str | None = None,
        via: Via | None = None,
    ) -> NewSession:
        """For a browser: always a new session. The one whose secret it brought along, whoever's it was, ends."""
        decided = await self._policies.of(tenant)
        async with transaction(self._database, tenant, cause) as change:
            if brought:
                await self._sessions.revoke_secret_in(change, brought)
            return await self.browser_in(change, user_id, amr, device, decided, via)

    @repeatable
    async def step_up(self, tenant: Tenant, session: Session, amr: tuple[str, ...], cause: Cause, *, address: str | None) -> NewSession:
        """They have proven again who they are, by `amr`. Raises InvalidCredentials where their session ended meanwhile."""
        proven = tuple(dict.fromkeys((*session.amr, *amr)))
        if "pwd" in proven and not {"otp", "hwk", "swk"}.isdisjoint(proven):
            proven = tuple(dict.fromkeys((*proven, "mfa")))
        async with transaction(self._database, tenant, cause) as change:
            new = await self._sessions.step_up_in(change, session, proven)
            details = {"by": list(amr)}
            await tell_in(change, Happened("SteppedUp", "account", cause.correlation_id, user_id=session.user_id, address=address, details=details))
            return new

    async def browser_in(
        self, change: Transaction, user_id: UUID, amr: tuple[str, ...], device: Device, decided: Decided, via: Via | None = None
    ) -> NewSession:
        """The same inside a transaction that does more."""
        lifetime = _at_most(self._settings.browser_lifetime, decided)
        await _note_use(change, user_id, amr, device, decided, via)
        return await self._sessions.open(change, user_id, kind="browser", amr=amr, device=device, lifetime=lifetime, via=via)


async def _note_use(change: Transaction, user_id: UUID, amr: tuple[str, ...], device: Device, decided: Decided, via: Via | None) -> None:
    """Whenever a break-glass owner comes in past the provider, the log has it, and all owners get a letter."""
    if via is not None or amr == SERVICE_AMR or not decided.enforced or user_id not in decided.break_glass:
        return
    happened = Happened(USED, "break_glass", change.cause.correlation_id, user_id=user_id, address=device.address, details={"amr": list(amr)})
    trace = await tell_in(change, happened)
    await change.schedule(USED_TIMER, new_id(), change.now, {"user_id": str(user_id), "trace": trace})


def _at_most(seconds: int, decided: Decided) -> int:
    """What the installation grants, where the organization wants no less."""
    return min(seconds, int(decided.session.total_seconds()))
