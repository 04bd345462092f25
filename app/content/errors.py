"""The rules of content that can say no."""

from __future__ import annotations

from tenants.errors import NotFound, Refusal


class RuleBroken(Refusal):
    """A rule of the workflow said no; nothing was changed."""

    code = "RULE_BROKEN"


class SelfApproval(RuleBroken):
    code = "SELF_APPROVAL"


class OwnChange(RuleBroken):
    """Whoever sent a post for review, or changed it since, is no second pair of eyes."""

    code = "OWN_CHANGE"


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


class Deleted(RuleBroken):
    code = "DELETED"


class NotRestorable(RuleBroken):
    code = "NOT_RESTORABLE"


class ExpiryPassed(RuleBroken):
    """It would be over before it begins."""

    code = "EXPIRY_PASSED"


class FilingNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such tag or category that posts could go to.")


class PostNotFound(NotFound):
    """Also the answer for posts that the asker may not see."""

    def __init__(self) -> None:
        super().__init__("There is no such post, or you may not see it.")
