"""People who come in through their organization's identity provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.users import policy, store
from app.users.commands.invitations import InviteUser, invited
from app.users.commands.people import rights_of
from app.users.commands.rights import with_rights
from app.users.commands.room import require_room
from app.users.members import Status, User
from app.users.values import LONGEST_NAME, OWNER, email_address, person_name
from auth.identities import ExternalIdentity, Terms
from auth.principal import Principal
from auth.scim import records
from auth.sso import linking
from auth.sso.checks import NOTHING, masked, refused
from auth.sso.domains import domain_of
from auth.sso.mapping import role_of
from tenants.errors import ValidationFailed
from tenants.sentences import as_sentence, sentence
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Arrive:
    """Whom the provider vouches for. `user_id` is the new person's, where there has to be one."""

    user_id: UUID
    identity: ExternalIdentity
    terms: Terms


@handles(Arrive)
async def arrive(command: Arrive, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """Linked by the provider's id, or provisioned under it; else by an address that it vouches for in a domain of the organization; else made.

    Raises SignInRefused.
    """
    policy.system_only(who)
    identity, terms = command.identity, command.terms
    known = await linking.person_of(tx, identity)
    loaded = await store.load(tx, known) if known else await _provisioned(identity, tx) or await _by_address(identity, terms, tx)
    if loaded is None:
        return [await _made(command, tx)]
    _may_come_in(loaded.user)
    user = await _let_in(loaded, await _as_provisioned(identity, terms, loaded.user.id, tx), tx)
    await _link(identity, loaded, tx)
    return [user]


async def _provisioned(identity: ExternalIdentity, tx: Transaction) -> store.Loaded | None:
    """Whom the provider has told of under this subject; owners are linked by nothing less than a proven address.

    What the provider says of an address has to fit: a token for provisioning can say whose subject is whose, and alone it must
    let nobody in as somebody else.
    """
    user_id = await records.person_of(tx, identity)
    loaded = await store.load(tx, user_id) if user_id else None
    if loaded is None or loaded.person is None or loaded.user.email is None or loaded.user.role == OWNER:
        return None
    if identity.email and identity.email.strip().lower() != loaded.person.key.open_email(loaded.user.email):
        raise refused("provisioned_address", "the address under which they were provisioned", masked(identity.email))
    return loaded


async def _by_address(identity: ExternalIdentity, terms: Terms, tx: Transaction) -> store.Loaded | None:
    loaded = await store.load_by_address(tx, _proven_address(identity, terms))
    if loaded is None or not await linking.has_other(tx, identity.connection_id, loaded.user.id):
        return loaded
    if await linking.person_of(tx, identity) != loaded.user.id:  # they themselves may have come in at this moment
        raise refused("identity_unique", "one person of the provider for each account", "an account that another of its people is linked to")
    return loaded


def _proven_address(identity: ExternalIdentity, terms: Terms) -> str:
    """Nobody is linked, and nobody made, by an address that is not surely theirs."""
    if not identity.email:
        raise refused("email_present", "an e-mail address, for somebody who was not linked yet", NOTHING)
    if not identity.email_verified:
        raise refused(
            "email_verified", "an address that the provider has verified", sentence("{address}, not verified", address=masked(identity.email))
        )
    domain = domain_of(identity.email)
    if domain not in terms.domains:
        verified = ", ".join(sorted(terms.domains)) or as_sentence("none is")
        raise refused("email_domain", sentence("a domain that this organization has verified: {domains}", domains=verified), domain or NOTHING)
    try:
        return email_address(identity.email)
    except ValidationFailed:
        raise refused("email_form", "an e-mail address", masked(identity.email)) from None


def _may_come_in(user: User) -> None:
    if user.status not in {Status.ACTIVE, Status.INVITED}:
        raise refused("account_status", "an active or invited person", user.status.value)


async def _as_provisioned(identity: ExternalIdentity, terms: Terms, user_id: UUID, tx: Transaction) -> Terms:
    """Of a provider that has told of its groups, those count, and not what it says at a sign-in: a role does not depend on which came last."""
    groups = await records.groups_told(tx, identity.connection_id, user_id)
    return terms if groups is None else replace(terms, mapped=role_of(groups, terms.group_roles, terms.default_role))


async def _let_in(loaded: store.Loaded, terms: Terms, tx: Transaction) -> User:
    """An owner stays one, whatever groups say: the organization must not lose its last by a change elsewhere."""
    user = loaded.user
    before = await rights_of(loaded, tx)
    coming = user.status is Status.INVITED
    if coming:
        user.activate(tx.now)
    if terms.mapped is not None and OWNER not in {user.role, terms.mapped}:
        await _role_there(terms.mapped, tx)
        user.change_role(terms.mapped, others=1)
    await with_rights(loaded, before, tx)
    if coming:
        await require_room(tx, coming=0)
    return user


async def _made(command: Arrive, tx: Transaction) -> User:
    identity, terms = command.identity, command.terms
    address = _proven_address(identity, terms)
    if not terms.create:
        raise refused("account_known", "somebody with an account here: this connection makes none", masked(address))
    role = terms.mapped or terms.default_role
    await _role_there(role, tx)
    await require_room(tx, coming=1)
    invitation = InviteUser(command.user_id, address, _name(identity, address), role, identity.username)
    user = await invited(invitation, address, invitation.name, tx)
    kept = await store.load(tx, user.id)
    user.activate(tx.now)
    loaded = replace(kept, user=user)
    await store.save(tx, loaded)
    await _link(identity, loaded, tx)
    return user


async def _link(identity: ExternalIdentity, loaded: store.Loaded, tx: Transaction) -> None:
    assert loaded.person is not None  # noqa: S101 - whoever may come in was not erased
    if not await linking.link(tx, identity, loaded.user.id, loaded.person.key.wrapped):
        raise refused("identity_unique", "one account for each person of the provider", "one that was linked to another at this moment")


async def _role_there(role: str, tx: Transaction) -> None:
    if await store.role_named(tx, role) is None:
        raise refused("role_known", "a role of this organization", role)


def _name(identity: ExternalIdentity, address: str) -> str:
    for name in (identity.name, identity.username, address.partition("@")[0]):
        try:
            return person_name((name or "")[:LONGEST_NAME])
        except ValidationFailed:
            continue
    return "Somebody"
