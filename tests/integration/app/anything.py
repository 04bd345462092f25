"""Somebody who does anything at all, from a seed: commands of every kind that the bus knows, made from their fields' names."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from typing import Any
from uuid import UUID

from app.comments.commands import AddComment, ApproveComment, DeleteComment, EditComment, EraseGuest, RejectComment
from app.comments.values import Guest
from app.content.commands import (
    ApprovePost,
    ArchivePost,
    DeletePost,
    ExpirePost,
    PublishPost,
    PublishScheduledPost,
    RefilePosts,
    RejectPost,
    RestorePost,
    SchedulePost,
    SubmitPost,
    UnpublishPost,
    WithdrawPost,
)
from app.engagement.commands import LikePost, RecordPostView, SharePost, UnlikePost
from app.following.commands import Follow, PassFollowersOn, Unfollow
from app.following.values import Kind
from app.shared.commands import HANDLERS
from app.taxonomy.commands import CreateCategory, DeleteCategory, DeleteTag, HoldOrder, MergeCategories, MergeTags, MoveCategory
from auth.principal import ANONYMOUS, SYSTEM, Principal
from tenants.ids import new_id
from tests.integration.app import possible
from tests.integration.app.newcomers import Newcomers
from tests.integration.app.possible import DUE, OF_KIND, OVER, VALUES, WORDS, followed, guest
from tests.integration.conftest import House

NEWEST = 5  # of each kind are worked on; what is older rests
MAKERS = {
    "CreatePost": "post_id",
    "AddComment": "comment_id",
    "CreateCategory": "category_id",
    "InviteUser": "user_id",
    "Arrive": "user_id",
    "ProvisionUser": "user_id",
    "CreateRole": "role_id",
}
# Done only before others, as the API does it: see `_with_what_goes_before`.
BEFORE_OTHERS = {"HoldOrder", "RefilePosts", "PassFollowersOn"}
# What happens once in an organization's life, or to all of it at once, and has tests of its own.
ELSEWHERE = BEFORE_OTHERS | {"FoundOrganization", "ReceiveOrganization", "FoundInLikeness", "DefineDefaultRoles", "TakeUpCopiedPosts"}
OFTEN = {
    "CreatePost": 3,
    "CreateCategory": 4,
    "AddComment": 2,
    "InviteUser": 2,
    "CreateTag": 2,
    "FilePost": 4,
    "RestorePost": 2,
    "ReactivateUser": 3,
    "UpdatePost": 3,
    "MergeTags": 3,
    "CreateRole": 2,
    "UpdateRole": 2,
    "DeleteRole": 2,
}
BY_OWNERS = {
    "InviteUser",
    "EraseUser",
    "GrantPermissions",
    "RevokePermissions",
    "SuspendUser",
    "ReactivateUser",
    "ChangeRole",
    "CreateRole",
    "UpdateRole",
    "DeleteRole",
    "ConfigureOrganization",
}
BY_HAND_OF_THE_SYSTEM = {
    "ActivateUser",
    "Arrive",
    "ProvisionUser",
    "ReviseProvisioned",
    "FollowGroups",
    "EraseAgain",
    "ChangeTier",
    "DefineRoles",
    "RenameOrganization",
    "ResumeOrganization",
    "SuspendOrganization",
}


def kinds() -> list[type]:
    """Every command that the bus knows, but those that have tests of their own."""
    return [kind for kind in HANDLERS if kind.__name__ not in ELSEWHERE]


class Somebody:
    def __init__(self, seed: int, house: House) -> None:
        self.dice: random.Random = random.Random(seed)
        self.house: House = house
        self.newcomers: Newcomers = Newcomers(self.dice)
        self.known: dict[str, list[UUID]] = defaultdict(list)
        self.waiting: list[object] = []
        self.deck: list[type] = []
        self.wrote: dict[UUID, Principal] = {}

    def work(self) -> tuple[list[object], Principal]:
        """The commands of one change, and who has it done."""
        if not self.waiting and self.dice.random() < 0.3:
            self.waiting = self.newcomers.story() if self.dice.random() < 0.25 else self._story(self.some("post_id"), new_id())
        told = self.waiting and self.dice.random() < 0.85
        command = self.waiting.pop(0) if told else self.command(self._kind())
        return self._with_what_goes_before(command), self._who(command)

    def done(self, command: object, touched: Sequence[UUID]) -> None:
        """Remember what there is now to do something with."""
        name = type(command).__name__
        if name in MAKERS:
            self.known[MAKERS[name]].append(getattr(command, MAKERS[name]))
        elif name in ("EnsureTags", "CreateTag"):
            self.known["tag_id"] += [tag for tag in touched if tag not in self.known["tag_id"]]

    def _kind(self) -> type:
        """Each kind comes up before any comes up again."""
        if not self.deck:
            self.deck = [kind for kind in kinds() for _ in range(OFTEN.get(kind.__name__, 1))]
            self.dice.shuffle(self.deck)
        return self.deck.pop()

    def _story(self, post: UUID, comment: UUID) -> list[object]:
        """What happens to a post one after the other, now and then with something else in between."""
        approved: list[object] = [SubmitPost(post), ApprovePost(post)]
        dated = SchedulePost(post, publish_at=DUE, expires_at=OVER)
        shelves = new_id(), new_id()
        target = followed(self, Follow)
        by_guest = AddComment(comment, post, "Gut.", None, guest(self), self.dice.randbytes(8))
        story: list[object] = self.one(
            [Follow(target), Unfollow(target)],
            [*(CreateCategory(shelf, "Regal") for shelf in shelves), MergeCategories(shelves[:1], shelves[1]), MoveCategory(shelves[1], position=0)],
            [SubmitPost(post), WithdrawPost(post)],
            [SubmitPost(post), RejectPost(post, reason="Nein.")],
            [*approved, PublishPost(post), UnpublishPost(post)],
            [*approved, PublishPost(post), ArchivePost(post), RestorePost(post), DeletePost(post), RestorePost(post)],
            [*approved, dated, PublishScheduledPost(post, DUE), ExpirePost(post, OVER)],
            [*approved, PublishPost(post), RecordPostView(post), LikePost(post), SharePost(post), UnlikePost(post)],
            [*approved, PublishPost(post), AddComment(comment, post, "Gut."), ApproveComment(comment), RejectComment(comment)],
            [*approved, PublishPost(post), by_guest, ApproveComment(comment), EraseGuest(comment)],
            [*approved, PublishPost(post), AddComment(comment, post, "Gut."), EditComment(comment, body="Besser."), DeleteComment(comment)],
        )
        return story

    def command(self, kind: type) -> object:
        given: dict[str, Any] = {}
        for field in fields(kind):
            optional = field.default is not MISSING or field.default_factory is not MISSING
            if not optional or self.dice.random() < 0.5:
                given[field.name] = self._field(kind, field)
        return kind(**given)

    def _field(self, kind: type, field: Field[Any]) -> Any:
        value = OF_KIND.get(f"{kind.__name__}.{field.name}") or VALUES.get(field.name)
        if value is not None:
            return value(self, kind)
        raise AssertionError(f"Say in VALUES of {possible.__name__} what {kind.__name__}.{field.name} may be, so that it is done at random too.")

    def new_or_known(self, kind: type, name: str) -> UUID:
        return new_id() if MAKERS.get(kind.__name__) == name else self.some(name)

    def some(self, name: str) -> UUID:
        """One of the newest, rarely one that there is not."""
        newest = self.known[name][-NEWEST:]
        return self.dice.choice(newest) if newest and self.dice.random() < 0.98 else new_id()

    def few(self, name: str) -> tuple[UUID, ...]:
        newest = self.known[name][-NEWEST:]
        return tuple(self.dice.sample(newest, min(len(newest), self.dice.randrange(4))))

    def word(self) -> str:
        """Mostly one that may stand; 62 to 68 signs, nothing, NUL and lone surrogates are refused."""
        return self.dice.choice([f"{self.dice.choice(WORDS[:10])} {self.dice.randrange(40)}"] * 12 + list(WORDS))

    def one(self, *choices: object) -> Any:
        return self.dice.choice(choices)

    def _with_what_goes_before(self, command: object) -> list[object]:
        """Posts are refiled before what they stood under goes, as the API does it."""
        match command:
            case DeleteCategory():
                return [HoldOrder("categories"), RefilePosts("categories", (command.category_id,), command.into), command]
            case MergeCategories():
                others = tuple(category for category in command.merged if category != command.into)
                refiled, passed = RefilePosts("categories", others, command.into), PassFollowersOn(Kind.CATEGORY, others, command.into)
                return [HoldOrder("categories"), refiled, passed, command]
            case DeleteTag():
                return [HoldOrder("tags"), RefilePosts("tags", (command.tag_id,), None), command]
            case MergeTags():
                others = tuple(tag for tag in command.merged if tag != command.into)
                refiled, passed = RefilePosts("tags", others, command.into), PassFollowersOn(Kind.TAG, others, command.into)
                return [HoldOrder("tags"), refiled, passed, command]
        return [command]

    def _who(self, command: object) -> Principal:
        if type(command).__name__ in BY_HAND_OF_THE_SYSTEM or isinstance(command, PublishScheduledPost | ExpirePost):
            return SYSTEM
        someone = self.house.people[self.dice.choice(["owner"] * 3 + ["admin"] * 3 + ["editor"] * 2 + ["author", "moderator", "reader"])]
        who = self._suited(command) or self.newcomers.who(command) or someone
        if isinstance(command, AddComment):
            self.wrote[command.comment_id] = who
        return who

    def _suited(self, command: object) -> Principal | None:
        """Somebody who may do it, where most may not."""
        people, mostly, found = self.house.people, self.dice.random() < 0.7, None
        match command:
            case AddComment(guest=Guest()):
                found = ANONYMOUS
            case LikePost() | UnlikePost() | Follow() | Unfollow():
                found = people["reader"]
            case EditComment():
                found = self.wrote.get(command.comment_id)
            case _ if mostly and type(command).__module__.startswith("app.taxonomy"):
                found = people["admin"]
            case _ if mostly and type(command).__name__ in BY_OWNERS:
                found = people["owner"]
            case ApproveComment() | EraseGuest() if mostly:
                found = people["moderator"]
        return found
