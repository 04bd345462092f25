"""The login module for e-mail (or username) and password."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog

from auth.accounts import Account, Accounts
from auth.credentials import Credentials
from auth.errors import InvalidCredentials
from auth.limits import Limits, name_counted
from auth.measures import SIGN_INS
from auth.policies import Policies
from tenants.errors import RetryLater
from tenants.registry import Tenant

MODULE = "native"
AMR = ("pwd",)
LONGEST_LOGIN = 320

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody says who they are. `address` is the client's, as the limits count it."""

    login: str
    password: str
    address: str
    correlation_id: UUID


class Native:
    def __init__(self, accounts: Accounts, credentials: Credentials, limits: Limits, policies: Policies) -> None:
        self._accounts = accounts
        self._credentials = credentials
        self._limits = limits
        self._policies = policies

    async def prove(self, tenant: Tenant, attempt: Attempt) -> Account:
        """The person, if the password is theirs and they may sign in. Every way to fail costs the same and looks the same.

        Raises InvalidCredentials, RateLimited or Busy.
        """
        account = await self._find(tenant, attempt.login)
        name = name_counted(attempt.login)
        try:
            await self._limits.enter(tenant, name, attempt.address)
            matched = await self._verify(tenant, account, name, attempt.password)
        except RetryLater as refusal:
            _tell(tenant, attempt, account, refusal.code.lower())
            raise
        allowed = account is not None and (await self._policies.of(tenant)).admits(account.user_id)
        if account is None or not matched or account.status != "active" or not allowed:
            await self._limits.failed(tenant, attempt.address)
            _tell(tenant, attempt, account, _reason(account, matched=matched, allowed=allowed))
            raise InvalidCredentials
        await self._limits.succeeded(tenant, name)
        _tell(tenant, attempt, account, "signed_in")
        return account

    async def _verify(self, tenant: Tenant, account: Account | None, name: str, password: str) -> bool:
        try:
            return await self._credentials.verify(tenant, account.user_id if account else None, password)
        except RetryLater:
            await self._limits.not_looked_at(tenant, name)
            raise

    async def _find(self, tenant: Tenant, login: str) -> Account | None:
        if not login.strip() or len(login) > LONGEST_LOGIN:
            return None
        return await self._accounts.find(tenant, login)


def _reason(account: Account | None, *, matched: bool, allowed: bool) -> str:
    if account is None:
        return "unknown"
    if not matched:
        return "wrong_password"
    return account.status if allowed else "provider_only"


def _tell(tenant: Tenant, attempt: Attempt, account: Account | None, result: str) -> None:
    """One line and one count for each attempt; the name that was tried stays out of both."""
    SIGN_INS.labels(MODULE, result).inc()
    log.info(
        "sign-in",
        tenant=tenant.slug,
        module=MODULE,
        result=result,
        user_id=str(account.user_id) if account else None,
        address=attempt.address,
        correlation_id=str(attempt.correlation_id),
    )
