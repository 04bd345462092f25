"""The rules of conversation that can say no."""

from __future__ import annotations

from tenants.errors import NotFound, Refusal


class RuleBroken(Refusal):
    """A rule said no; nothing was changed."""

    code = "RULE_BROKEN"


class PostNotPublished(RuleBroken):
    code = "NOT_PUBLISHED"


class ParentNotApproved(RuleBroken):
    code = "PARENT_NOT_APPROVED"


class ThreadTooDeep(RuleBroken):
    code = "THREAD_TOO_DEEP"


class CommentDeleted(RuleBroken):
    code = "COMMENT_DELETED"


class CommentRejected(RuleBroken):
    code = "COMMENT_REJECTED"


class EditWindowClosed(RuleBroken):
    code = "EDIT_WINDOW_CLOSED"


class CommentNotFound(NotFound):
    """Also the answer for comments that the asker may not see."""

    def __init__(self) -> None:
        super().__init__("There is no such comment, or you may not see it.")


class PostNotFound(NotFound):
    """Also the answer for posts that the asker may not see."""

    def __init__(self) -> None:
        super().__init__("There is no such post, or you may not see it.")
