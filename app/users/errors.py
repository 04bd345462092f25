"""The rules of users that can say no."""

from __future__ import annotations

from tenants.errors import Forbidden, NotFound, Refusal, ValidationFailed


class UserNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such person in this organization.")


class RoleNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such role in this organization.")


class AddressTaken(ValidationFailed):
    def __init__(self) -> None:
        super().__init__({"email": "belongs to somebody in this organization already"})


class NotInvited(Refusal):
    code = "NOT_INVITED"


class MemberAlready(Refusal):
    code = "MEMBER_ALREADY"


class NotActive(Refusal):
    code = "NOT_ACTIVE"


class NotSuspended(Refusal):
    code = "NOT_SUSPENDED"


class HasLeft(Refusal):
    code = "HAS_LEFT"


class NoAddressGiven(Refusal):
    code = "NO_ADDRESS_GIVEN"


class LastOwner(Refusal):
    code = "LAST_OWNER"

    def __init__(self) -> None:
        super().__init__("This is the organization's last active owner. Make somebody else an owner first.")


class NotYourself(Refusal):
    code = "NOT_YOURSELF"


class OwnersOnly(Refusal):
    code = "OWNERS_ONLY"


class MoreThanYouMay(Forbidden):
    """Giving rights that one does not have oneself."""

    code = "MORE_THAN_YOU_MAY"

    def __init__(self, permissions: frozenset[str]) -> None:
        super().__init__(f"You cannot give what you may not do yourself: {', '.join(sorted(permissions))}. Ask somebody who may.")


class RoleFixed(Refusal):
    code = "ROLE_FIXED"


class RoleInUse(Refusal):
    code = "ROLE_IN_USE"
