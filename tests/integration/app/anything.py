"""Somebody who does anything at all, from a seed: commands of every kind that the bus knows, made from their fields' names."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime, timedelta
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
from app.content.values import Seo
from app.engagement.commands import LikePost, RecordPostView, SharePost, UnlikePost
from app.following.commands import Follow, PassFollowersOn, Unfollow
from app.following.values import Kind, Target
from app.shared.commands import HANDLERS
from app.taxonomy.commands import CreateCategory, DeleteCategory, DeleteTag, HoldOrder, MergeCategories, MergeTags, MoveCategory
from auth.identities import ExternalIdentity, Terms
from auth.principal import ANONYMOUS, SYSTEM, Principal
from tenants.ids import new_id
from tests.integration.app.newcomers import Newcomers
from tests.integration.conftest import House

DUE = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
OVER = DUE + timedelta(days=1)
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
WORDS = ("Öl", "oel", "Wein", "wein ", "Brot", "שלום", "pa\u017fta", "🥐", "e\u0301té", "﷽", "x" * 61, "", "a\x00b", "\ud800")
NUMBERS = (1e16, -0.0, 1.5, 10**20, None, {"deep": [2.0, "ß"]})
PERMISSIONS = ("content.create", "content.approve", "comments.moderate", "taxonomy.manage")


def kinds() -> list[type]:
    """Every command that the bus knows, but those that have tests of their own."""
    return [kind for kind in HANDLERS if kind.__name__ not in ELSEWHERE]


class Somebody:
    def __init__(self, seed: int, house: House) -> None:
        self.dice = random.Random(seed)
        self.house = house
        self.newcomers = Newcomers(self.dice)
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
        followed = _followed(self, Follow)
        by_guest = AddComment(comment, post, "Gut.", None, _guest(self), self.dice.randbytes(8))
        story: list[object] = self.one(
            [Follow(followed), Unfollow(followed)],
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
        raise AssertionError(f"Say in VALUES of {__name__} what {kind.__name__}.{field.name} may be, so that it is done at random too.")

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


Make = Callable[[Somebody, type], Any]


def _id(name: str) -> Make:
    return lambda somebody, kind: somebody.new_or_known(kind, name)


def _identity(one: Somebody, _: type) -> ExternalIdentity:
    """One of a few people of the provider that the organization has under its own id."""
    number = one.dice.randrange(8)
    verified = one.dice.random() < 0.8
    return ExternalIdentity(one.house.tenant.id, f"s{number}", f"s{number}@example.org", email_verified=verified, name=one.word())


def _guest(one: Somebody) -> Guest:
    return Guest("Jo", f"jo{one.dice.getrandbits(48):x}@guest.example")


def _followed(one: Somebody, _: type) -> Target:
    kind = one.one(*Kind)
    if kind is Kind.ORGANIZATION:
        return Target(kind, one.house.tenant.id)
    return Target(kind, one.house.id_of("author") if kind is Kind.AUTHOR else one.some(f"{kind.lower()}_id"))


VALUES: dict[str, Make] = {
    "followed": _followed,
    "identity": _identity,
    "terms": lambda one, _: Terms(one.dice.random() < 0.5, "reader", one.one(None, "author", "editor"), frozenset({"example.org"})),
    **{name: _id(name) for name in ("post_id", "comment_id", "category_id", "tag_id", "user_id", "role_id")},
    "parent_id": lambda one, _: one.one(None, one.some("category_id")),
    "into": lambda one, _: one.one(None, one.some("category_id")),
    "position": lambda one, _: one.one(None, 0, 1, 99),
    "expected_version": lambda one, _: one.one(*[None] * 9, 1, 2, 3),
    "tags": lambda one, _: one.few("tag_id"),
    "merged": lambda one, _: one.few("tag_id") or (one.some("tag_id"),),
    "categories": lambda one, _: one.few("category_id"),
    "editors": lambda one, _: tuple(one.house.id_of(key) for key in one.dice.sample(["editor", "admin", "moderator"], one.dice.randrange(3))),
    **{name: (lambda one, _: one.word()) for name in ("title", "name", "description", "excerpt", "body", "content", "reason")},
    "slug": lambda one, _: f"s-{one.dice.randrange(10**9)}",
    "synonyms": lambda one, _: tuple(one.word() for _ in range(one.dice.randrange(3))),
    "names": lambda one, _: tuple(one.word() for _ in range(one.dice.randrange(1, 4))),
    "seo": lambda one, _: Seo(title=one.one(None, "Ein Titel"), keywords=one.one((), ("a", "b"))),
    "featured_image_url": lambda one, _: one.one(None, "https://example.org/a.png"),
    "custom_fields": lambda one, _: {"n": one.one(*NUMBERS)},
    "publish_at": lambda _, __: DUE,
    "expires_at": lambda one, _: one.one(None, OVER),
    "due": lambda _, kind: OVER if kind is ExpirePost else DUE,
    "email": lambda one, _: f"{one.dice.getrandbits(64):x}@example.org",
    "username": lambda one, _: f"u{one.dice.getrandbits(40):x}",
    "role": lambda one, _: one.one("reader", "author", "editor", "moderator"),
    "move_to": lambda one, _: one.one(None, "reader"),
    "permissions": lambda one, _: tuple(one.dice.sample(PERMISSIONS, 2)),
    "notification_ids": lambda one, _: one.one(None, (new_id(),)),
    "tier": lambda _, __: "basic",
    "quotas": lambda one, _: {"members": one.dice.randrange(10_000, 10**6)},
    "settings": lambda one, _: {"language": one.one("en", "de", "xx-nonsense")},
    "branding": lambda one, _: {"tagline": one.word()},
    "policies": lambda one, _: {"comments": {"moderation": one.one("open", "first-time", "all")}, "posts": {"selfApproval": one.dice.random() < 0.5}},
    "changes": lambda one, _: one.one({}, {"name": one.word()}),
    "active": lambda one, _: one.dice.random() < 0.5,
    "confirm": lambda one, _: one.newcomers.username(),
    "guest": lambda one, _: one.one(None, None, None, _guest(one)),
    "visitor": lambda one, _: one.dice.randbytes(8),
    "address": lambda one, _: one.one(None, "192.0.2.1"),
    "token": lambda _, __: "no such token",
    "password_hash": lambda _, __: "$argon2id$none",
}
OF_KIND: dict[str, Make] = {
    "AddComment.parent_id": lambda one, _: one.some("comment_id"),
    "MergeCategories.merged": lambda one, _: one.few("category_id") or (one.some("category_id"),),
    "MergeCategories.into": lambda one, _: one.some("category_id"),
    "UpdatePreferences.changes": lambda one, _: one.one({}, {"time_zone": "Europe/Vienna"}, {"language": one.one(None, "de")}),
    "MergeTags.into": lambda one, _: one.some("tag_id"),
    "CreateRole.name": lambda one, _: one.one(one.word(), *[f"role_{one.dice.randrange(9)}"] * 4),
    "UpdateRole.name": lambda one, _: one.one(None, one.word(), *[f"role_{one.dice.randrange(9)}"] * 4),
    "DefineRoles.permissions": lambda one, _: {f"role-{one.dice.randrange(3)}": frozenset({"content.create"})},
    "SuspendOrganization.reason": lambda one, _: one.one(None, "unpaid"),  # from the control schema, which has checked it
    "FilePost.under": lambda _, __: "tags",
    "FilePost.add": lambda one, _: one.few("tag_id"),
    "FilePost.remove": lambda one, _: one.one(None, one.few("tag_id")),
}
