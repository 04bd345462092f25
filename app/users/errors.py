"""The rules of users that can say no."""

from __future__ import annotations

from tenants.errors import NotFound, Refusal


class UserNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such person in this organization.")


class NotInvited(Refusal):
    code = "NOT_INVITED"


class OwnersOnly(Refusal):
    code = "OWNERS_ONLY"
