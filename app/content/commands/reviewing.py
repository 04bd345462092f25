"""A post's way through review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.content import lookups, policy
from app.content.commands.steps import Step, person, step
from app.content.posts import Post
from app.content.values import reason_text
from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from auth.principal import Principal
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class SubmitPost(Step):
    pass


@dataclass(frozen=True, slots=True)
class WithdrawPost(Step):
    """Take it back from review."""


@dataclass(frozen=True, slots=True)
class ApprovePost(Step):
    pass


@dataclass(frozen=True, slots=True)
class RejectPost(Step):
    reason: str = field(kw_only=True)


@handles(SubmitPost)
async def submit_post(command: SubmitPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await step(command, who, tx, policy.may_submit, lambda post: post.submit(who.user_id))


@handles(WithdrawPost)
async def withdraw_post(command: WithdrawPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    return await step(command, who, tx, policy.may_submit, Post.withdraw)


@handles(ApprovePost)
async def approve_post(command: ApprovePost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    rules = await lookups.review_rules(tx)
    return await step(command, who, tx, policy.may_review, lambda post: post.approve(person(who), tx.now, rules))


@handles(RejectPost)
async def reject_post(command: RejectPost, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    reason = reason_text(command.reason)
    return await step(command, who, tx, policy.may_review, lambda post: post.reject(person(who), reason))
