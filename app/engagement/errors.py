"""The rules of engagement that can say no."""

from __future__ import annotations

from tenants.errors import NotFound, Refusal


class PostNotFound(NotFound):
    """Also the answer for posts that the asker may not see."""

    def __init__(self) -> None:
        super().__init__("There is no such post, or you may not see it.")


class PostNotPublished(Refusal):
    """Only what is public is liked and shared."""

    code = "POST_NOT_PUBLISHED"
