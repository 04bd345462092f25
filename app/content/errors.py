"""The rules of content that can say no."""

from __future__ import annotations

from tenants.errors import NotFound, Refusal


class RuleBroken(Refusal):
    """A rule of the workflow said no; nothing was changed."""

    code = "RULE_BROKEN"


class SelfApproval(RuleBroken):
    code = "SELF_APPROVAL"


class NotInReview(RuleBroken):
    code = "NOT_IN_REVIEW"


class NotSubmittable(RuleBroken):
    code = "NOT_SUBMITTABLE"


class NotApproved(RuleBroken):
    code = "NOT_APPROVED"


class NotPublished(RuleBroken):
    code = "NOT_PUBLISHED"


class Archived(RuleBroken):
    code = "ARCHIVED"


class PostNotFound(NotFound):
    """Also the answer for posts that the asker may not see."""

    def __init__(self) -> None:
        super().__init__("There is no such post, or you may not see it.")
