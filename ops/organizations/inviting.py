"""`imprint tenants invite`: an operator lets somebody open an organization by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.users.values import email_address
from auth.asking import Asking
from auth.realms.front import Front
from auth.realms.key import RealmKey
from auth.sign_up.sign_ups import INVITED_FOR, SignUps
from ops.migrated import require_migrated
from ops.settings import Settings
from tenants import audit
from tenants.database import Database, connect_as_admin
from tenants.lifecycle.entries import WrongState
from tenants.secrets import Keyring
from tenants.settings import TenantSettings


async def invite_to_sign_up(admin_settings: TenantSettings, settings: Settings, email: str) -> dict[str, Any]:
    """The invitation as it is printed. Raises ValidationFailed, WrongState where sign-up is off, NeverMigrated."""
    address = email_address(email)
    if settings.auth.sign_up == "off":
        raise WrongState("Nobody can open an organization by themselves: IMPRINT_SIGN_UP is off. Set it to invite or open, for the server as well.")
    keyring = Keyring(admin_settings.secret_keys)
    async with Database(admin_settings, connections=2) as database:
        await require_migrated(database)
        front = Front(database, keyring, RealmKey(database, keyring), Asking(None))
        mailed = bool(settings.workers.smtp_url)
        token = await SignUps(database, front, settings.auth.sign_up).invite(address, mailed=mailed)
    async with connect_as_admin(admin_settings.admin_database_url) as admin, admin.transaction(admin_settings.owner_role):
        await audit.record(admin, "sign_up.invited", None, None)
    expires = datetime.now(UTC) + INVITED_FOR
    return {
        "email": address,
        "invitation": f"{admin_settings.public_url}/auth/sign-up?invitation={token}",
        "expires_at": expires.isoformat(timespec="seconds"),
        "mailed": mailed,
    }
