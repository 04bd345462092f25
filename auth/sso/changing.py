"""Other values for a connection that is there, on the same terms for whoever gives them (record 65)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tenants.errors import ValidationFailed
from tenants.sentences import as_sentence

if TYPE_CHECKING:
    from auth.sso.connections import Connection
    from auth.sso.modules import Module

# To these a connection's secret is sent, and by this it is known who answers there.
ADDRESSES = ("issuer", "authorize_url", "token_url", "userinfo_url", "emails_url", "urls")
AUTHORITY = "ca"
SENT = ("client_secret", "bind_password")


async def resettled(
    module: Module, connection: Connection, settings: Mapping[str, Any], secrets: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Both as they are kept from now on. `settings`: all of them; `secrets`: those that were given anew, the others stay where any is needed.

    A SAML provider's `metadata_url` is read again where it is among the settings, and stays where it is not.
    Raises ValidationFailed naming all that is wrong.
    """
    if connection.kind == "saml":
        # Our own keys are sent nowhere.
        settled, ours = await module.settle(settings, connection.secrets)
        return settled if "metadata_url" in settings else {**settled, "metadata_url": connection.settings.get("metadata_url")}, ours
    needless = settings.get("authentication") == "none" or (connection.kind == "ldap" and not settings.get("bind_dn"))
    kept = dict(secrets) or ({} if needless else dict(connection.secrets))
    wrong = {} if secrets else _unproven(connection, settings, kept)
    try:
        both = await module.settle(settings, kept)
    except ValidationFailed as refusal:
        raise ValidationFailed({**wrong, **refusal.fields}) from None
    if wrong:
        raise ValidationFailed(wrong)
    return both


def _unproven(connection: Connection, settings: Mapping[str, Any], kept: Mapping[str, str]) -> dict[str, str]:
    """A secret that nobody has given anew is sent nowhere but to the addresses that it was given for, and to nobody but who was trusted there."""
    before = connection.settings
    secret = next((name for name in SENT if kept.get(name)), None)
    if secret is None:
        return {}
    if any(_written(before.get(name)) != _written(settings.get(name)) for name in ADDRESSES):
        return {secret: as_sentence("is needed again, since it goes to another address than before")}
    if _written(before.get(AUTHORITY)) != _written(settings.get(AUTHORITY)):
        return {secret: as_sentence("is needed again, since it goes to whatever servers another authority has certified")}
    return {}


def _written(value: object) -> str:
    """However its lines are broken: forms send other ends of lines than files have."""
    return " ".join(" ".join(map(str, value)).split() if isinstance(value, list | tuple) else str(value or "").split())
