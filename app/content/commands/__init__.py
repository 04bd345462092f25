"""What people can have done with posts. Each handler: policy, load, verb, save."""

from __future__ import annotations

from app.content.commands.publishing import (
    ArchivePost,
    DeletePost,
    ExpirePost,
    PublishPost,
    PublishScheduledPost,
    RestorePost,
    SchedulePost,
    SetPostExpiry,
    TakeUpCopiedPosts,
    UnpublishPost,
)
from app.content.commands.reviewing import ApprovePost, RejectPost, SubmitPost, WithdrawPost
from app.content.commands.writing import CreatePost, FilePost, RefilePosts, UpdatePost

__all__ = [
    "ApprovePost",
    "ArchivePost",
    "CreatePost",
    "DeletePost",
    "ExpirePost",
    "FilePost",
    "PublishPost",
    "PublishScheduledPost",
    "RefilePosts",
    "RejectPost",
    "RestorePost",
    "SchedulePost",
    "SetPostExpiry",
    "SubmitPost",
    "TakeUpCopiedPosts",
    "UnpublishPost",
    "UpdatePost",
    "WithdrawPost",
]
