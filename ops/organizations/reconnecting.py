"""What an operator changes of a connection that is there: who is whom stays known, and what is not named stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from auth.sso.changing import resettled
from auth.sso.connections import Connection, Kind
from ops.organizations.connecting import Connecting, Wanted
from tenants.errors import Conflict, ValidationFailed
from tenants.ids import new_id
from tenants.transaction import Cause

_WITHOUT_SECRET = {"private_key_jwt", "none"}


@dataclass(frozen=True, slots=True)
class Changed:
    """What is other from now on; None: as before. A setting that is empty: as it is usual.

    `keep_certificates`: those of a SAML provider that are believed already are believed beside those that are given.
    """

    name: str
    kind: Kind
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    label: str | None = None
    create_people: bool | None = None
    default_role: str | None = None
    group_roles: Sequence[tuple[str, str]] | None = None
    domains: Sequence[str] = ()
    keep_certificates: bool = False

    @property
    def terms(self) -> dict[str, Any]:
        """Of `Connection`, those that are given."""
        given = {"label": self.label, "create_people": self.create_people, "default_role": self.default_role}
        rules = {} if self.group_roles is None else {"group_roles": tuple(self.group_roles)}
        return {name: value for name, value in given.items() if value is not None} | rules

    @property
    def nothing(self) -> bool:
        return not (self.settings or self.secrets or self.terms or self.domains)


async def change(connecting: Connecting, wanted: Changed) -> dict[str, Any]:
    """The connection as it is then. Raises NotFound, Conflict where it is of another kind, ValidationFailed naming all that is wrong."""
    known = await connecting.connections.named(connecting.tenant, wanted.name)
    if known.kind != wanted.kind:
        right = f"imprint connections change {connecting.tenant.slug} {known.kind} {known.name}"
        raise Conflict(f"{wanted.name} is a connection of the kind {known.kind}, not {wanted.kind}. Run: {right}")
    after = replace(known, **wanted.terms)
    terms: dict[str, Any] = {"label": after.label, "default_role": after.default_role, "group_roles": after.group_roles, "domains": wanted.domains}
    wrong = await connecting.objections(Wanted(after.name, after.kind, {}, **terms))
    try:
        after = await _with_values(connecting, after, wanted)
    except ValidationFailed as refusal:
        wrong |= refusal.fields
    if wrong:
        raise ValidationFailed(wrong)

    def alter(held: Connection) -> Connection:
        if held.version != known.version:
            raise Conflict(f"{wanted.name} was changed by somebody else at this moment, and nothing of this was done. Run the command again.")
        return after

    kept = await connecting.connections.change(connecting.tenant, wanted.name, alter, Cause(new_id()))
    await connecting.vouch(wanted.domains)
    return connecting.shown(kept)


async def _with_values(connecting: Connecting, connection: Connection, wanted: Changed) -> Connection:
    """Raises ValidationFailed, without naming any secret."""
    if not wanted.settings and not wanted.secrets:
        return connection
    module = connecting.modules[connection.kind]
    # What is published at a known address is read again only when it is asked for.
    before = {name: value for name, value in connection.settings.items() if name != "metadata_url"}
    if "client_secret" in wanted.secrets and before.get("authentication") in _WITHOUT_SECRET:
        del before["authentication"]  # another kind of proof is another way to prove who one is
    settings, secrets = await resettled(module, connection, {**before, **wanted.settings}, wanted.secrets)
    changed = replace(connection, settings=settings, secrets=secrets, unopened=None)
    if not wanted.keep_certificates:
        return changed
    both = {name: value for name, value in settings.items() if name != "metadata_url"}
    both["certificates"] = [*settings["certificates"], *connection.settings["certificates"]]
    settings, _ = await resettled(module, changed, both, {})
    return replace(changed, settings=settings)
