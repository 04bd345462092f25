"""The reference executor: graphql-core with plain resolvers over rows in memory, the product's policies said again in Python.

Nothing here is shared with the compiler but the SDL and the spelling of cursors.
"""

# ruff: noqa: FBT001, N802, N803 - methods and their arguments are named as the fields they resolve

from __future__ import annotations

import base64
import functools
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from inspect import isawaitable
from typing import Any
from uuid import UUID

import nh3
from graphql import ExecutionResult, GraphQLError, GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync, parse
from markdown_it import MarkdownIt

from app.api import scalars, sdl
from app.api.cursors import cursor_key
from auth.principal import Principal
from tenants.registry import Tenant

Row = dict[str, Any]
DEFAULTS: dict[str, Row] = {
    "reading": {"public": True},
    "comments": {"moderation": "first-time", "guests": False},
    "posts": {"approvals": 1, "selfApproval": False},
    "passwords": {"shortest": 12},
    "signIn": {"secondFactor": "optional", "trustProviders": True, "rememberDays": 30, "enforced": False, "breakGlass": [], "allowedNetworks": []},
    "sessions": {"hours": 720, "idleHours": 168},
}
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class World:
    """All rows of one organization, by table."""

    tenant: Tenant
    tables: Mapping[str, Sequence[Row]]
    posts_found: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """For some questions, every post that search leads to, with rank, title and snippet as Postgres made them by hand."""

    def by_id(self, table: str, id: UUID | None) -> Row | None:
        return next((row for row in self.tables[table] if row["id"] == id), None)


@functools.cache
def reference_schema() -> GraphQLSchema:
    schema = build_schema(sdl.printed())
    scalars.teach(schema)
    return schema


def run(world: World, who: Principal, document: str, variables: dict[str, Any]) -> ExecutionResult:
    result = execute_sync(reference_schema(), parse(document), None, Reading(world, who), variables, field_resolver=resolve, type_resolver=type_of)
    assert not isawaitable(result)
    return result


class Member(dict[str, Any]):
    """A row that says of which type it is, for unions."""

    type_name: str


def type_of(value: Any, *_: Any) -> str:
    assert isinstance(value, Member)
    return value.type_name


def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    reading: Reading = info.context
    found = getattr(reading, f"{info.parent_type.name}_{info.field_name}", None)
    if found is not None:
        return found(source, **arguments)
    value = source[info.field_name] if info.field_name in source else source[snake(info.field_name)]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value) if isinstance(value, UUID) else value


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


HEADING = re.compile(r'<h(\d) id="([^"]*)">([^<]*)</h')


def anchored(markdown: str) -> str:
    """The world's headings are plain words and numbers."""
    return re.sub(r"<h(\d)>([^<]*)<", lambda h: f'<h{h[1]} id="section-{h[2].lower().replace(" ", "-")}">{h[2]}<', safe(markdown))


def safe(markdown: str) -> str:
    html = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render(markdown)
    return nh3.clean(html, link_rel="noopener noreferrer nofollow")


def stored(value: Any) -> Any:
    """With keys in the order that jsonb keeps them in: shorter ones first."""
    if not isinstance(value, dict):
        return value
    return {key: stored(value[key]) for key in sorted(value, key=lambda key: (len(key.encode()), key.encode()))}


def late(value: Any) -> Any:
    """Missing moments count as the latest."""
    return LATEST if value is None else value


ORDERS: dict[str, tuple[str, bool]] = {
    f"{name}_{direction}": (name.lower(), direction == "DESC")
    for name in ("AT", "PUBLISHED_AT", "CREATED_AT", "UPDATED_AT", "TITLE", "USERNAME", "NAME")
    for direction in ("ASC", "DESC")
}


def by_rank(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["rank"], row["name"], row["id"]))


def ordered(rows: Iterable[Row], order: str) -> list[Row]:
    column, descending = ORDERS[order]
    return sorted(rows, key=lambda row: (late(row[column]), row["id"]), reverse=descending)


def cursor_for(tenant: Tenant, type_name: str, order: str, row: Row) -> str:
    value = row[ORDERS[order][0]]
    text = "" if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value
    letter, content = "n" if value is None else "v", f"{type_name}.{order}|{row['id']}|{text}".encode()
    mac = cursor_key(tenant.key.key).mac(letter.encode() + content)
    return letter + base64.urlsafe_b64encode(mac + content).rstrip(b"=").decode()


def member(type_name: str, row: Row) -> Member:
    found = Member(row)
    found.type_name = type_name
    return found


def named(type_name: str, row: Row, words: str) -> Row:
    title = f"<mark>{escape(row['name'][: len(words)])}</mark>{escape(row['name'][len(words) :])}"
    rank = 2.0 if row["name"].lower() == words else 1.0
    return {"rank": rank, "titleHighlighted": title, "snippet": escape(row.get("description") or ""), "node": member(type_name, row)}


class Reading:
    """Methods are named Type_field."""

    def __init__(self, world: World, who: Principal) -> None:
        self.world = world
        self.who = who
        self.tables = world.tables

    def need(self, met: bool) -> None:
        if not met:
            code = "UNAUTHENTICATED" if self.who.user_id is None else "FORBIDDEN"
            raise GraphQLError("denied", extensions={"code": code})

    def sees(self, post: Row) -> bool:
        return post["status"] == "PUBLISHED" or self.inside(post)

    def lists(self, post: Row) -> bool:
        return self.sees(post) and post["status"] != "DELETED"

    def inside(self, post: Row) -> bool:
        edits = any(pair["post_id"] == post["id"] and pair["user_id"] == self.who.user_id for pair in self.tables["post_editors"])
        return self.who.may("content.read_drafts") or (self.who.user_id is not None and (post["author_id"] == self.who.user_id or edits))

    def knows(self, user: Row) -> bool:
        return self.who.may("users.manage") or user["id"] == self.who.user_id

    # root fields

    def Query_posts(self, _: Any, **arguments: Any) -> Row:
        return self.page("Post", [post for post in self.tables["posts"] if self.lists(post)], arguments)

    def Query_draftPosts(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.role in {"owner", "admin", "content_manager"})
        return self.page("Post", [post for post in self.tables["posts"] if self.sees(post) and post["status"] == "DRAFT"], arguments)

    def Query_post(self, _: Any, **by: Any) -> Row | None:
        [(name, value)] = by.items()
        found = next((post for post in self.tables["posts"] if str(post[name]) == value), None)
        if found is None and name == "slug":
            left = next((row for row in self.tables["post_slugs"] if row["slug"] == value), None)
            found = self.world.by_id("posts", left["post_id"]) if left else None
        return found if found and self.sees(found) else None

    def Query_deletedPosts(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.may("content.delete"))
        return self.page("Post", [post for post in self.tables["posts"] if self.sees(post) and post["status"] == "DELETED"], arguments)

    def Query_users(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.may("users.manage"))
        return self.page("User", self.tables["users"], arguments)

    def Query_user(self, _: Any, id: str) -> Row | None:
        return self.world.by_id("users", UUID(id))

    def Query_me(self, _: Any) -> Row | None:
        return self.world.by_id("users", self.who.user_id)

    def Query_auditLog(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.may("audit.read"))
        return self.page("AuditEntry", self.tables["audit_entries"], arguments)

    def AuditEntry_actor(self, entry: Row) -> Row | None:
        return self.world.by_id("users", entry["actor_id"])

    def AuditEntry_changes(self, entry: Row) -> Any:
        if entry["action"] == "UserInvited":
            return {**entry["changes"], "username": "sealed", "name": "sealed", "email": "sealed"}
        return entry["changes"]

    def Query_organization(self, _: Any) -> Row:
        return self.tables["organization"][0]

    def Query_tags(self, _: Any, first: int, where: Any = None) -> list[Row]:
        found = [tag for tag in self.tables["tags"] if where is None or self.tag_meets(tag, where)]
        return sorted(found, key=lambda tag: (tag["name"], tag["id"]))[:first]

    def Query_tag(self, _: Any, **by: Any) -> Row | None:
        [(name, value)] = by.items()
        return next((tag for tag in self.tables["tags"] if str(tag[name]) == value), None)

    def Query_categories(self, _: Any, first: int, topLevel: bool, where: Any = None) -> list[Row]:
        found = [row for row in self.tables["categories"] if where is None or self.category_meets(row, where)]
        return by_rank(row for row in found if not (topLevel and row["parent_id"]))[:first]

    def Query_category(self, _: Any, **by: Any) -> Row | None:
        [(name, value)] = by.items()
        return next((category for category in self.tables["categories"] if str(category[name]) == value), None)

    def Query_notifications(self, _: Any, first: int, unreadOnly: bool) -> list[Row]:
        self.need(self.who.user_id is not None)
        mine = [row for row in self.tables["notifications"] if row["user_id"] == self.who.user_id and not (unreadOnly and row["read_at"])]
        return sorted(mine, key=lambda row: (row["created_at"], row["id"]), reverse=True)[:first]

    def Query_search(self, _: Any, query: str, first: int, kinds: Sequence[str]) -> Row:
        hits = [hit for kind in dict.fromkeys(kinds) for hit in self.hits(kind, query)]
        hits.sort(key=lambda hit: (hit["rank"], hit["node"]["id"]), reverse=True)
        return {"nodes": [{**hit, "rank": round(hit["rank"], 6)} for hit in hits[:first]], "totalCount": len(hits)}

    def hits(self, kind: str, query: str) -> Iterable[Row]:
        if kind == "POST":
            posts = {post["id"]: post for post in self.tables["posts"] if self.lists(post)}
            return [{**found, "node": member("Post", posts[found["id"]])} for found in self.world.posts_found[query] if found["id"] in posts]
        table, type_name = {"CATEGORY": ("categories", "Category"), "TAG": ("tags", "Tag"), "USER": ("users", "User")}[kind]
        words = query.strip().lower()
        rows = [row for row in self.tables[table] if row["name"].lower().startswith(words) and (kind != "USER" or self.is_author(row))]
        return [named(type_name, row, words) for row in rows]

    def is_author(self, user: Row) -> bool:
        return user["status"] == "active" and any(p["author_id"] == user["id"] and p["status"] == "PUBLISHED" for p in self.tables["posts"])

    def Query_trendingPosts(self, _: Any, first: int) -> list[Row]:
        return self.ranked("trending_posts", first)

    def Query_popularPosts(self, _: Any, first: int) -> list[Row]:
        return self.ranked("post_totals", first)

    def ranked(self, table: str, first: int) -> list[Row]:
        ranks = sorted(self.tables[table], key=lambda rank: (rank["score"], rank["post_id"]), reverse=True)
        posts = [self.world.by_id("posts", rank["post_id"]) for rank in ranks]
        return [post for post in posts if post is not None and post["status"] == "PUBLISHED"][:first]

    def Post_stats(self, post: Row) -> Row:
        total = next((row for row in self.tables["post_totals"] if row["post_id"] == post["id"]), None)
        return {f"{name}s": total[f"{name}_count"] if total else 0 for name in ("view", "like", "share")}

    def Post_likedByMe(self, post: Row) -> bool:
        return any(row["post_id"] == post["id"] and row["user_id"] == self.who.user_id for row in self.tables["post_likes"])

    # entities

    def Post_author(self, post: Row) -> Row | None:
        return self.world.by_id("users", post["author_id"])

    def Post_createdBy(self, post: Row) -> Row | None:
        return self.world.by_id("users", post["created_by"])

    def Post_updatedBy(self, post: Row) -> Row | None:
        return self.world.by_id("users", post["updated_by"])

    def Post_editors(self, post: Row) -> list[Row | None]:
        pairs = sorted((p for p in self.tables["post_editors"] if p["post_id"] == post["id"]), key=lambda p: (p["position"], p["user_id"]))
        return [self.world.by_id("users", pair["user_id"]) for pair in pairs]

    def Post_tags(self, post: Row) -> list[Row]:
        return sorted(self.tags_of(post), key=lambda tag: (tag["name"], tag["id"]))

    def Post_categories(self, post: Row) -> list[Row]:
        return by_rank(self.categories_of(post))

    def Post_contentHtml(self, post: Row) -> str:
        return anchored(post["content"])

    def Post_tableOfContents(self, post: Row) -> list[Row]:
        return [{"id": id, "level": int(level), "text": text} for level, id, text in HEADING.findall(anchored(post["content"]))]

    def Post_excerpt(self, post: Row) -> str | None:
        return post["beginning"] or None if post["excerpt"] is None else post["excerpt"]

    def Post_excerptIsDerived(self, post: Row) -> bool:
        return post["excerpt"] is None and post["beginning"] != ""

    def Post_seo(self, post: Row) -> Row:
        return {name: post[f"seo_{name}"] for name in ("title", "description", "keywords")}

    def Post_approval(self, post: Row) -> Row | None:
        if not self.inside(post):
            return None
        return {
            "post_id": post["id"],
            "status": post["approval_status"],
            **{name: post[name] for name in ("approved_by", "approved_at", "rejection_reason")},
        }

    # The library's posts were put there by hand and have no events; what histories say is tried in test_history.

    def Post_history(self, post: Row, **_: Any) -> list[Row] | None:
        return [] if self.inside(post) else None

    def Post_asOf(self, *_: Any, **__: Any) -> None:
        return None

    def Approval_approvedBy(self, approval: Row) -> Row | None:
        return self.world.by_id("users", approval["approved_by"])

    def Approval_approvals(self, approval: Row) -> list[Row]:
        given = [row for row in self.tables["post_approvals"] if row["post_id"] == approval["post_id"]]
        return sorted(given, key=lambda row: row["position"])

    def GivenApproval_by(self, given: Row) -> Row | None:
        return self.world.by_id("users", given["user_id"])

    def GivenApproval_at(self, given: Row) -> str:
        return str(given["given_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"))

    def User_email(self, user: Row) -> str | None:
        if not self.knows(user) or user["email"] is None:
            return None
        return self.world.tenant.key.open_personal(user["id"], user["person_key"], "email", user["email"])

    def User_role(self, user: Row) -> str | None:
        return user["role"] if self.knows(user) else None

    def User_status(self, user: Row) -> str | None:
        return user["status"].upper() if self.knows(user) else None

    def User_permissions(self, user: Row) -> list[str] | None:
        if not self.knows(user):
            return None
        [role] = [role for role in self.tables["roles"] if role["name"] == user["role"]]
        return sorted({*role["permissions"], *user["permissions"]})

    def User_newEmail(self, user: Row) -> str | None:
        return self.opened(user, "email", user["new_email"]) if user["id"] == self.who.user_id else None

    def User_emailVerifiedAt(self, user: Row) -> str | None:
        return self.moment(user["email_verified_at"]) if self.knows(user) else None

    def User_lastLoginAt(self, user: Row) -> str | None:
        found = next((row["last_at"] for row in self.tables["sign_ins"] if row["user_id"] == user["id"]), None)
        return self.moment(found) if self.knows(user) else None

    def User_twoFactorEnabled(self, user: Row) -> bool | None:
        held = any(row["user_id"] == user["id"] and row["confirmed_at"] is not None for row in self.tables["authenticators"])
        held = held or any(row["user_id"] == user["id"] for row in self.tables["passkeys"])
        return held if self.knows(user) else None

    def User_identities(self, user: Row) -> list[Row]:
        mine = [row for row in self.tables["identities"] if row["user_id"] == user["id"] and self.knows(user)]
        return sorted(mine, key=lambda row: (row["linked_at"], row["id"]))

    def Identity_connection(self, identity: Row) -> Any:
        return self.connection_of(identity)["name"]

    def Identity_label(self, identity: Row) -> Any:
        return self.connection_of(identity)["label"]

    def Identity_kind(self, identity: Row) -> Any:
        return self.connection_of(identity)["kind"]

    def Identity_lastSignInAt(self, identity: Row) -> str | None:
        return self.moment(identity["last_at"])

    def connection_of(self, identity: Row) -> Row:
        found = self.world.by_id("connections", identity["connection_id"])
        assert found is not None
        return found

    def User_notifications(self, user: Row, **arguments: Any) -> Row:
        return self.page("Notification", [row for row in self.tables["notifications"] if row["user_id"] == user["id"] == self.who.user_id], arguments)

    def User_unreadNotificationCount(self, user: Row) -> int | None:
        if user["id"] != self.who.user_id:
            return None
        return len([row for row in self.tables["notifications"] if row["user_id"] == user["id"] and row["read_at"] is None])

    def User_version(self, user: Row) -> Any:
        return user["version"] if self.knows(user) else None

    def User_profile(self, user: Row) -> Row:
        return user

    def Profile_phone(self, user: Row) -> str | None:
        return self.opened(user, "phone", user["phone"]) if self.knows(user) else None

    def Profile_location(self, user: Row) -> str | None:
        return self.opened(user, "location", user["location"]) if self.knows(user) else None

    def User_preferences(self, user: Row) -> Row | None:
        return user if user["id"] == self.who.user_id else None

    def Preferences_language(self, user: Row) -> str | None:
        return self.opened(user, "language", user["language"])

    def Preferences_timeZone(self, user: Row) -> str | None:
        return self.opened(user, "time_zone", user["time_zone"])

    def opened(self, user: Row, purpose: str, sealed: bytes | None) -> str | None:
        return None if sealed is None else self.world.tenant.key.open_personal(user["id"], user["person_key"], purpose, sealed)

    @staticmethod
    def moment(at: datetime | None) -> str | None:
        return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    # following

    def User_following(self, user: Row, **arguments: Any) -> Row:
        mine = [row for row in self.tables["subscriptions"] if row["user_id"] == user["id"] == self.who.user_id]
        return self.page("Followed", mine, arguments)

    def followers(self, column: str, id: UUID | None) -> list[UUID]:
        """Of the one that the column names; without an id, of the organization."""
        rows = self.tables["subscriptions"]
        return [row["user_id"] for row in rows if (row["target"] == "ORGANIZATION" if id is None else row[column] == id)]

    def User_followedByMe(self, user: Row) -> bool:
        return self.who.user_id in self.followers("author_id", user["id"])

    def User_followerCount(self, user: Row) -> int:
        return len(self.followers("author_id", user["id"]))

    def Category_followedByMe(self, category: Row) -> bool:
        return self.who.user_id in self.followers("category_id", category["id"])

    def Category_followerCount(self, category: Row) -> int:
        return len(self.followers("category_id", category["id"]))

    def Tag_followedByMe(self, tag: Row) -> bool:
        return self.who.user_id in self.followers("tag_id", tag["id"])

    def Tag_followerCount(self, tag: Row) -> int:
        return len(self.followers("tag_id", tag["id"]))

    def Organization_followedByMe(self, _: Row) -> bool:
        return self.who.user_id in self.followers("", None)

    def Organization_followerCount(self, _: Row) -> int:
        return len(self.followers("", None))

    def Followed_author(self, followed: Row) -> Row | None:
        return self.world.by_id("users", followed["author_id"])

    def Followed_category(self, followed: Row) -> Row | None:
        return self.world.by_id("categories", followed["category_id"])

    def Followed_tag(self, followed: Row) -> Row | None:
        return self.world.by_id("tags", followed["tag_id"])

    def Query_roles(self, _: Any, first: int) -> list[Row]:
        self.need(self.who.user_id is not None)
        return sorted(self.tables["roles"], key=lambda role: (role["name"], role["id"]))[:first]

    def Role_builtIn(self, role: Row) -> bool:
        return role["name"] in {"owner", "admin", "content_manager", "editor", "author", "moderator", "reader"}

    def Role_memberCount(self, role: Row) -> Any:
        if not self.who.may("users.manage"):
            return None
        return sum(user["role"] == role["name"] and user["status"] in {"invited", "active", "suspended"} for user in self.tables["users"])

    def User_posts(self, user: Row, **arguments: Any) -> Row:
        return self.page("Post", [p for p in self.tables["posts"] if self.lists(p) and p["author_id"] == user["id"]], arguments)

    def Tag_posts(self, tag: Row, **arguments: Any) -> Row:
        return self.page("Post", [p for p in self.tables["posts"] if self.lists(p) and tag in self.tags_of(p)], arguments)

    def Tag_synonyms(self, tag: Row) -> list[str]:
        words = [word for word in self.tables["tag_synonyms"] if word["tag_id"] == tag["id"]]
        return [word["name"] for word in sorted(words, key=lambda word: (word["name"], word["slug"]))]

    def Tag_history(self, *_: Any, **__: Any) -> list[Row] | None:
        return [] if self.who.may("taxonomy.manage") else None

    def Category_history(self, *_: Any, **__: Any) -> list[Row] | None:
        return self.Tag_history()

    def Tag_postCount(self, tag: Row) -> int:
        return sum(post["status"] == "PUBLISHED" and tag in self.tags_of(post) for post in self.tables["posts"])

    def Category_posts(self, category: Row, **arguments: Any) -> Row:
        return self.page("Post", [p for p in self.tables["posts"] if self.lists(p) and category in self.categories_of(p)], arguments)

    def Category_postCount(self, category: Row) -> int:
        return sum(post["status"] == "PUBLISHED" and category in self.categories_of(post) for post in self.tables["posts"])

    def Category_parent(self, category: Row) -> Row | None:
        return self.world.by_id("categories", category["parent_id"])

    def Category_children(self, category: Row) -> list[Row]:
        children = [row for row in self.tables["categories"] if row["parent_id"] == category["id"]]
        return sorted(children, key=lambda row: (row["rank"], row["id"]))

    def Category_position(self, category: Row) -> int:
        siblings = [row for row in self.tables["categories"] if row["parent_id"] == category["parent_id"]]
        return sorted(siblings, key=lambda row: (row["rank"], row["id"])).index(category)

    def Organization_settings(self, organization: Row) -> Any:
        self.need(self.who.may("organization.configure"))
        return stored({"language": "en", "customFields": None, **organization["settings"]})

    def Organization_policies(self, organization: Row) -> Any:
        self.need(self.who.may("organization.configure"))
        return stored({**DEFAULTS, **{group: {**DEFAULTS.get(group, {}), **chosen} for group, chosen in organization["policies"].items()}})

    def Organization_usage(self, _: Row) -> Row:
        self.need(self.who.may("organization.configure"))
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return {
            "members": sum(user["status"] in {"invited", "active", "suspended"} for user in self.tables["users"]),
            "posts": sum(post["status"] != "DELETED" for post in self.tables["posts"]),
            "events_today": sum(event["occurred_at"] >= midnight for event in self.tables["domain_events"]),
        }

    def Organization_quotas(self, _: Row) -> Row:
        self.need(self.who.may("organization.configure"))
        return {name: getattr(self.world.tenant.quotas, name) for name in ("members", "posts", "requests_per_second", "events_per_day")}

    def Notification_event(self, notification: Row) -> Row | None:
        return self.world.by_id("domain_events", notification["event_id"])

    def Notification_post(self, notification: Row) -> Row | None:
        return self.Comment_post({"post_id": notification["subject_id"]})

    def Notification_comment(self, notification: Row) -> Row | None:
        return self.Comment_parent({"parent_id": notification["subject_id"]})

    def Event_type(self, event: Row) -> Any:
        return event["event_type"]

    # conversations

    def Query_comments(self, _: Any, post: str | None = None, **arguments: Any) -> Row:
        return self.conversation(arguments, lambda comment: post is None or str(comment["post_id"]) == post)

    def Post_comments(self, post: Row, **arguments: Any) -> Row:
        return self.conversation(arguments, lambda comment: comment["post_id"] == post["id"])

    def Comment_replies(self, comment: Row, **arguments: Any) -> Row:
        return self.conversation(arguments, lambda reply: reply["parent_id"] == comment["id"])

    def conversation(self, arguments: Mapping[str, Any], belongs: Callable[[Row], bool]) -> Row:
        return self.page("Comment", [row for row in self.tables["comments"] if belongs(row) and self.hears(row)], arguments)

    def hears(self, comment: Row) -> bool:
        if self.who.may("comments.moderate"):
            return True
        if self.who.user_id is not None and comment["author_id"] == self.who.user_id:
            return True
        post = self.world.by_id("posts", comment["post_id"])
        return (comment["status"] == "APPROVED" or comment["tombstone"]) and post is not None and self.sees(post)

    def Comment_post(self, comment: Row) -> Row | None:
        post = self.world.by_id("posts", comment["post_id"])
        return post if post is not None and self.sees(post) else None

    def Comment_author(self, comment: Row) -> Row | None:
        return self.world.by_id("users", comment["author_id"])

    def Comment_parent(self, comment: Row) -> Row | None:
        parent = self.world.by_id("comments", comment["parent_id"])
        return parent if parent is not None and self.hears(parent) else None

    def Comment_bodyHtml(self, comment: Row) -> str:
        return safe(comment["body"])

    def Comment_moderation(self, comment: Row) -> Row | None:
        return comment if self.who.may("comments.moderate") else None

    def Comment_history(self, *_: Any, **__: Any) -> list[Row] | None:
        return [] if self.who.may("comments.moderate") else None

    def CommentModeration_guestEmail(self, moderation: Row) -> str | None:
        if moderation["guest_key"] is None:
            return None
        return self.world.tenant.key.open_personal(moderation["id"], moderation["guest_key"], "email", moderation["guest_email"])

    def CommentModeration_moderatedBy(self, moderation: Row) -> Row | None:
        return self.world.by_id("users", moderation["moderated_by"])

    # connections

    def page(self, type_name: str, rows: Iterable[Row], arguments: Mapping[str, Any]) -> Row:
        order, where = arguments["orderBy"], arguments.get("where")
        meets = {
            "Post": self.post_meets,
            "User": self.user_meets,
            "Comment": self.comment_meets,
            "AuditEntry": self.entry_meets,
            "Followed": self.followed_meets,
            "Notification": self.notification_meets,
        }[type_name]
        whole = ordered([row for row in rows if where is None or meets(row, where)], order)
        cursors = [cursor_for(self.world.tenant, type_name, order, row) for row in whole]
        start, stop = self.bounds(type_name, order, whole, arguments)
        until = max(start, stop)
        rows_before = arguments.get("after") is not None and start > 0
        rows_after = arguments.get("before") is not None and stop < len(whole)
        if arguments.get("last") is not None:
            first, after = max(start, until - arguments["last"]), until
            more_before, more_after = first > start or rows_before, rows_after
        else:
            first, after = start, min(until, start + (20 if arguments.get("first") is None else arguments["first"]))
            more_before, more_after = rows_before, after < until or rows_after
        shown = range(first, after)
        return {
            "nodes": [whole[i] for i in shown],
            "edges": [{"cursor": cursors[i], "node": whole[i]} for i in shown],
            "totalCount": len(whole),
            "pageInfo": {
                "hasNextPage": more_after,
                "hasPreviousPage": more_before,
                "startCursor": cursors[first] if shown else None,
                "endCursor": cursors[after - 1] if shown else None,
            },
        }

    def bounds(self, type_name: str, order: str, whole: Sequence[Row], arguments: Mapping[str, Any]) -> tuple[int, int]:
        """Positions between the cursors. A cursor's own row may be filtered away, so positions are compared, not looked up."""
        column, descending = ORDERS[order]
        everything = self.tables[{"AuditEntry": "audit_entries", "Followed": "subscriptions"}.get(type_name, f"{type_name.lower()}s")]
        at = {cursor_for(self.world.tenant, type_name, order, row): (late(row[column]), row["id"]) for row in everything}

        def ahead(row: Row, cursor: str) -> bool:
            place = (late(row[column]), row["id"])
            return place < at[cursor] if descending else place > at[cursor]

        after, before = arguments.get("after"), arguments.get("before")
        start = sum(not ahead(row, after) for row in whole) if after is not None else 0
        stop = sum(not ahead(row, before) and (late(row[column]), row["id"]) != at[before] for row in whole) if before is not None else len(whole)
        return start, stop

    # filters

    def tags_of(self, post: Row) -> list[Row]:
        ids = {pair["tag_id"] for pair in self.tables["post_tags"] if pair["post_id"] == post["id"]}
        return [tag for tag in self.tables["tags"] if tag["id"] in ids]

    def categories_of(self, post: Row) -> list[Row]:
        ids = {pair["category_id"] for pair in self.tables["post_categories"] if pair["post_id"] == post["id"]}
        return [category for category in self.tables["categories"] if category["id"] in ids]

    def post_meets(self, post: Row, where: Mapping[str, Any]) -> bool:
        return self.meets(post, where, self.post_meets)

    def user_meets(self, user: Row, where: Mapping[str, Any]) -> bool:
        return self.meets({**user, "status": user["status"].upper()}, where, self.user_meets)

    def comment_meets(self, comment: Row, where: Mapping[str, Any]) -> bool:
        return self.meets(comment, where, self.comment_meets)

    def entry_meets(self, entry: Row, where: Mapping[str, Any]) -> bool:
        return self.meets(entry, where, self.entry_meets)

    def followed_meets(self, followed: Row, where: Mapping[str, Any]) -> bool:
        return self.meets(followed, where, self.followed_meets)

    def notification_meets(self, notification: Row, where: Mapping[str, Any]) -> bool:
        return self.meets(notification, where, self.notification_meets)

    def tag_meets(self, tag: Row, where: Mapping[str, Any]) -> bool:
        return self.meets(tag, where, self.tag_meets)

    def category_meets(self, category: Row, where: Mapping[str, Any]) -> bool:
        return self.meets(category, where, self.category_meets)

    def line_of(self, category: Row | None) -> set[str]:
        """It and all that it stands under."""
        return {str(category["id"])} | self.line_of(self.world.by_id("categories", category["parent_id"])) if category else set()

    def meets(self, row: Row, where: Mapping[str, Any], again: Callable[[Row, Mapping[str, Any]], bool]) -> bool:
        for name, condition in where.items():
            if name == "and":
                met = all(again(row, part) for part in condition)
            elif name == "or":
                met = any(again(row, part) for part in condition)
            elif name == "not":
                met = not again(row, condition)
            elif name == "tags":
                met = any(self.tag_meets(tag, condition["some"]) for tag in self.tags_of(row))
            elif name == "categories":
                met = any(self.category_meets(category, condition["some"]) for category in self.categories_of(row))
            elif name == "within":
                line = self.line_of(row)
                met = all(wanted in line if how == "eq" else bool(line & set(wanted)) for how, wanted in condition.items())
            else:
                met = all(compared(how, row[snake(name)], wanted) for how, wanted in condition.items())
            if not met:
                return False
        return True


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "not": operator.ne,
    "in": lambda value, wanted: value in wanted,
    "notIn": lambda value, wanted: value not in wanted,
    "contains": lambda value, wanted: wanted.lower() in value.lower(),
    "startsWith": lambda value, wanted: value.lower().startswith(wanted.lower()),
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def compared(name: str, value: Any, wanted: Any) -> bool:
    if name == "isNull":
        return (value is None) is wanted
    if value is None:
        return name in {"not", "notIn"}
    return OPERATORS[name](str(value) if isinstance(value, UUID) else value, wanted)
