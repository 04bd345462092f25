"""Somebody who does anything that people do with posts, people, headings and tags."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.content.commands import (
    ApprovePost,
    ArchivePost,
    CreatePost,
    DeletePost,
    ExpirePost,
    PublishPost,
    PublishScheduledPost,
    RejectPost,
    RestorePost,
    SchedulePost,
    SetPostExpiry,
    SubmitPost,
    UnpublishPost,
    UpdatePost,
    WithdrawPost,
)
from app.management.commands import ChangeTier, RenameOrganization, ResumeOrganization, SuspendOrganization
from app.taxonomy.commands import (
    CreateCategory,
    CreateTag,
    EnsureTags,
    MoveCategory,
    RenameTag,
    UpdateCategory,
)
from app.users.commands import ActivateUser, DefineRoles, InviteUser
from tenants.ids import new_id
from tests.integration.conftest import House

DUE = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
OVER = DUE + timedelta(days=1)


class Somebody:
    """Does anything at all, from a seed."""

    def __init__(self, seed: int, house: House) -> None:
        self.dice = random.Random(seed)
        self.house = house
        self.posts: list[UUID] = []
        self.people: list[UUID] = []
        self.categories: list[UUID] = []
        self.tags: list[UUID] = []
        self.planned: list[object] = []

    def command(self) -> object:
        dice = self.dice
        if self.planned and dice.random() < 0.8:
            return self.planned.pop(0)
        makers: list[Callable[[], object]] = [self._post, self._person, self._tags, self._of_operators, self._role, self._category]
        if self.people:
            makers.append(lambda: ActivateUser(dice.choice(self.people)))
        if self.posts:
            makers += [self._edit, *[self._step] * 9]
        if len(self.categories) > 1:
            makers += [self._grown] * 2
        if len(self.tags) > 1:
            makers += [self._reworded] * 2
        return dice.choice(makers)()

    def _category(self) -> object:
        self.categories.append(new_id())
        parent = self.dice.choice([None, *self.categories[:-1]])
        return CreateCategory(self.categories[-1], f"Heading {self.categories[-1]}", parent_id=parent)

    def _grown(self) -> object:
        one, other = self.dice.sample(self.categories, 2)
        return self.dice.choice(
            [
                MoveCategory(one, other, self.dice.choice([None, 0, 1])),
                UpdateCategory(one, description=self._maybe("kurz")),
                UpdatePost(self.dice.choice(self.posts), categories=(one, other)) if self.posts else MoveCategory(one, None),
            ]
        )

    def _reworded(self) -> object:
        one, other = self.dice.sample(self.tags, 2)
        word = f"Wort {self.dice.randrange(50)}"
        return self.dice.choice(
            [
                RenameTag(one, word),
                RenameTag(one, word, synonyms=("Wein", f"{word} auch")),
                UpdatePost(self.dice.choice(self.posts), tags=(one, other)) if self.posts else CreateTag(word),
            ]
        )

    def _post(self) -> object:
        self.posts.append(new_id())
        editors = tuple(self.house.id_of(key) for key in self.dice.sample(["editor", "admin", "moderator"], self.dice.randrange(3)))
        custom = {"n": self.dice.choice([1e16, -0.0, 1.5, 10**20, None, {"deep": [2.0, "ß"]}])}
        return CreatePost(
            self.posts[-1], f"Titel {self.dice.randrange(5)}", "Text", excerpt=self._maybe("kurz"), editors=editors, custom_fields=custom
        )

    def _edit(self) -> object:
        change = self.dice.choice(
            [{"title": "Anders"}, {"excerpt": None}, {"custom_fields": {"x": 2.0}}, {"editors": ()}, {"content": "Neu \u2028 ﷽"}]
        )
        return UpdatePost(self.dice.choice(self.posts[-3:]), **change)  # type: ignore[arg-type] # one of a post's fields

    def _step(self) -> object:
        post = self.dice.choice(self.posts[-3:])
        forth: list[Callable[[UUID], object]] = [SubmitPost, ApprovePost, PublishPost]
        back: list[Callable[[UUID], object]] = [UnpublishPost, lambda one: RejectPost(one, reason="Nein.")]
        timed: list[Callable[[UUID], object]] = [
            lambda one: SchedulePost(one, publish_at=DUE, expires_at=self.dice.choice([None, OVER])),
            lambda one: SetPostExpiry(one, expires_at=self.dice.choice([None, OVER])),
            lambda one: PublishScheduledPost(one, DUE),
            lambda one: ExpirePost(one, OVER),
        ]
        away: list[Callable[[UUID], object]] = [ArchivePost, DeletePost, *[RestorePost] * 4, WithdrawPost]
        if not self.planned:
            self.planned = [step(post) for step in forth]
        return self.dice.choice([*forth * 3, *back * 4, *timed, *away])(post)

    def _person(self) -> object:
        self.people.append(new_id())
        return InviteUser(self.people[-1], f"{new_id().hex}@example.org", "Zoë Müller", self.dice.choice(["reader", "author"]))

    def _tags(self) -> object:
        return EnsureTags(tuple(self.dice.sample(["Öl", "oel", "Wein", "wein ", "Brot"], 3)))

    def _role(self) -> object:
        return DefineRoles({f"role-{self.dice.randrange(3)}": frozenset({"content.create"})})

    def _of_operators(self) -> object:
        return self.dice.choice(
            [
                SuspendOrganization(self._maybe("unpaid")),
                ResumeOrganization(),
                ChangeTier("basic", {"members": self.dice.randrange(500, 10**6)}),
                RenameOrganization("any-name"),
            ]
        )

    def _maybe(self, text: str) -> str | None:
        return self.dice.choice([None, text])
