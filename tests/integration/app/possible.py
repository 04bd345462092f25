"""What the fields of commands may be where chance decides, by their names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.comments.values import Guest
from app.content.commands import ExpirePost
from app.content.values import Seo
from app.following.values import Kind, Target
from auth.identities import ExternalIdentity, Terms
from tenants.ids import new_id

if TYPE_CHECKING:
    from tests.integration.app.anything import Somebody

DUE = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
OVER = DUE + timedelta(days=1)
WORDS = ("Öl", "oel", "Wein", "wein ", "Brot", "שלום", "pa\u017fta", "🥐", "e\u0301té", "﷽", "x" * 61, "", "a\x00b", "\ud800")
NUMBERS = (1e16, -0.0, 1.5, 10**20, None, {"deep": [2.0, "ß"]})
PERMISSIONS = ("content.create", "content.approve", "comments.moderate", "taxonomy.manage")

Make = Callable[["Somebody", type], Any]


def _id(name: str) -> Make:
    return lambda somebody, kind: somebody.new_or_known(kind, name)


def _identity(one: Somebody, _: type) -> ExternalIdentity:
    """One of a few people of the provider that the organization has under its own id."""
    number = one.dice.randrange(8)
    verified = one.dice.random() < 0.8
    return ExternalIdentity(one.house.tenant.id, f"s{number}", f"s{number}@example.org", email_verified=verified, name=one.word())


def guest(one: Somebody) -> Guest:
    return Guest("Jo", f"jo{one.dice.getrandbits(48):x}@guest.example")


def followed(one: Somebody, _: type) -> Target:
    kind = one.one(*Kind)
    if kind is Kind.ORGANIZATION:
        return Target(kind, one.house.tenant.id)
    return Target(kind, one.house.id_of("author") if kind is Kind.AUTHOR else one.some(f"{kind.lower()}_id"))


VALUES: dict[str, Make] = {
    "followed": followed,
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
    "guest": lambda one, _: one.one(None, None, None, guest(one)),
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
