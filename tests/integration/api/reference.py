"""The reference executor: graphql-core with plain resolvers over rows in memory, the product's policies said again in Python.

Nothing here is shared with the compiler but the SDL and the spelling of cursors.
"""

# ruff: noqa: FBT001, N802, N803 - methods and their arguments are named as the fields they resolve

from __future__ import annotations

import base64
import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class World:
    """All rows of one organization, by table."""

    tenant: Tenant
    tables: Mapping[str, Sequence[Row]]

    def by_id(self, table: str, id: UUID | None) -> Row | None:
        return next((row for row in self.tables[table] if row["id"] == id), None)


@functools.cache
def reference_schema() -> GraphQLSchema:
    schema = build_schema(sdl.printed())
    scalars.teach(schema)
    return schema


def run(world: World, who: Principal, document: str, variables: dict[str, Any]) -> ExecutionResult:
    result = execute_sync(reference_schema(), parse(document), None, Reading(world, who), variables, field_resolver=resolve)
    assert not isawaitable(result)
    return result


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


def late(value: Any) -> Any:
    """Missing moments count as the latest."""
    return LATEST if value is None else value


ORDERS: dict[str, tuple[str, bool]] = {
    f"{name}_{direction}": (name.lower(), direction == "DESC")
    for name in ("PUBLISHED_AT", "CREATED_AT", "UPDATED_AT", "TITLE", "USERNAME", "NAME")
    for direction in ("ASC", "DESC")
}


def ordered(rows: Iterable[Row], order: str) -> list[Row]:
    column, descending = ORDERS[order]
    return sorted(rows, key=lambda row: (late(row[column]), row["id"]), reverse=descending)


def cursor_for(tenant: Tenant, type_name: str, order: str, row: Row) -> str:
    value = row[ORDERS[order][0]]
    text = "" if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value
    letter, content = "n" if value is None else "v", f"{type_name}.{order}|{row['id']}|{text}".encode()
    mac = cursor_key(tenant.key.key).mac(letter.encode() + content)
    return letter + base64.urlsafe_b64encode(mac + content).rstrip(b"=").decode()


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

    def inside(self, post: Row) -> bool:
        edits = any(pair["post_id"] == post["id"] and pair["user_id"] == self.who.user_id for pair in self.tables["post_editors"])
        return self.who.may("content.read_drafts") or (self.who.user_id is not None and (post["author_id"] == self.who.user_id or edits))

    def knows(self, user: Row) -> bool:
        return self.who.may("users.manage") or user["id"] == self.who.user_id

    # root fields

    def Query_posts(self, _: Any, **arguments: Any) -> Row:
        return self.page("Post", [post for post in self.tables["posts"] if self.sees(post)], arguments)

    def Query_draftPosts(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.role in {"owner", "admin", "content_manager"})
        return self.page("Post", [post for post in self.tables["posts"] if self.sees(post) and post["status"] == "DRAFT"], arguments)

    def Query_post(self, _: Any, **by: Any) -> Row | None:
        [(name, value)] = by.items()
        return next((post for post in self.tables["posts"] if str(post[name]) == value and self.sees(post)), None)

    def Query_users(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.may("users.manage"))
        return self.page("User", self.tables["users"], arguments)

    def Query_user(self, _: Any, id: str) -> Row | None:
        return self.world.by_id("users", UUID(id))

    def Query_me(self, _: Any) -> Row | None:
        return self.world.by_id("users", self.who.user_id)

    def Query_organization(self, _: Any) -> Row:
        return self.tables["organization"][0]

    def Query_tags(self, _: Any, first: int, where: Any = None) -> list[Row]:
        found = [tag for tag in self.tables["tags"] if where is None or self.tag_meets(tag, where)]
        return sorted(found, key=lambda tag: (tag["name"], tag["id"]))[:first]

    def Query_notifications(self, _: Any, first: int, unreadOnly: bool) -> list[Row]:
        self.need(self.who.user_id is not None)
        mine = [row for row in self.tables["notifications"] if row["user_id"] == self.who.user_id and not (unreadOnly and row["read_at"])]
        return sorted(mine, key=lambda row: (row["created_at"], row["id"]), reverse=True)[:first]

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

    def Post_contentHtml(self, post: Row) -> str:
        html = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render(post["content"])
        return nh3.clean(html, link_rel="noopener noreferrer nofollow")

    def Post_seo(self, post: Row) -> Row:
        return {name: post[f"seo_{name}"] for name in ("title", "description", "keywords")}

    def Post_approval(self, post: Row) -> Row | None:
        if not self.inside(post):
            return None
        return {"status": post["approval_status"], **{name: post[name] for name in ("approved_by", "approved_at", "rejection_reason")}}

    def Approval_approvedBy(self, approval: Row) -> Row | None:
        return self.world.by_id("users", approval["approved_by"])

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

    def User_posts(self, user: Row, **arguments: Any) -> Row:
        return self.page("Post", [p for p in self.tables["posts"] if self.sees(p) and p["author_id"] == user["id"]], arguments)

    def Tag_posts(self, tag: Row, **arguments: Any) -> Row:
        return self.page("Post", [p for p in self.tables["posts"] if self.sees(p) and tag in self.tags_of(p)], arguments)

    def Organization_settings(self, organization: Row) -> Any:
        self.need(self.who.may("organization.configure"))
        return organization["settings"]

    def Organization_policies(self, organization: Row) -> Any:
        self.need(self.who.may("organization.configure"))
        return organization["policies"]

    def Notification_event(self, notification: Row) -> Row | None:
        return self.world.by_id("domain_events", notification["event_id"])

    def Event_type(self, event: Row) -> Any:
        return event["event_type"]

    # connections

    def page(self, type_name: str, rows: Iterable[Row], arguments: Mapping[str, Any]) -> Row:
        order, where = arguments["orderBy"], arguments.get("where")
        meets = self.post_meets if type_name == "Post" else self.user_meets
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
        everything = self.tables["posts" if type_name == "Post" else "users"]
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

    def post_meets(self, post: Row, where: Mapping[str, Any]) -> bool:
        return self.meets(post, where, self.post_meets)

    def user_meets(self, user: Row, where: Mapping[str, Any]) -> bool:
        return self.meets({**user, "status": user["status"].upper()}, where, self.user_meets)

    def tag_meets(self, tag: Row, where: Mapping[str, Any]) -> bool:
        return self.meets(tag, where, self.tag_meets)

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
