"""The rules of following that can say no."""

from __future__ import annotations

from tenants.errors import NotFound, Refusal


class TargetNotFound(NotFound):
    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what} to follow; look up its id, and say with `target` what it is the id of.")


class OwnFollower(Refusal):
    """Authors know what they write."""

    code = "OWN_FOLLOWER"

    def __init__(self) -> None:
        super().__init__("You cannot follow yourself; follow somebody else, a category or a tag.")


class TooMuchFollowed(Refusal):
    code = "LIMIT_EXCEEDED"

    def __init__(self, most: int) -> None:
        super().__init__(f"You follow {most} things, which is as many as one may; unfollow some first.")
