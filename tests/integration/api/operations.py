"""Generating operations over the whole schema: selections, aliases, fragments, directives, arguments and variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type
from hypothesis import strategies as st

from tests.integration.api.reference import World, cursor_for, reference_schema

Draw = Callable[..., Any]
DEEPEST = 5
WORDS = ("tag", "a", "POST", "ünï", 'quote"d', "nothing like it", "")
SEARCHED = (
    "hello",
    "hello -apple",
    '"raw emphasis"',
    "ünïcødé",
    "quot",
    "zebra or apple",
    "tag",
    "heading",
    "ana",
    "<script>",
    "nothing like it",
    " - ",
)
COMPOSITE = GraphQLObjectType | GraphQLUnionType
KINDS = ("POST", "CATEGORY", "TAG", "USER")
POST_ORDERS = ("PUBLISHED_AT_DESC", "PUBLISHED_AT_ASC", "CREATED_AT_DESC", "UPDATED_AT_ASC", "TITLE_ASC", "TITLE_DESC")
COMMENT_ORDERS = ("CREATED_AT_ASC", "CREATED_AT_DESC")
AUDIT_ORDERS = ("AT_DESC", "AT_ASC")
USER_ORDERS = ("USERNAME_ASC", "USERNAME_DESC", "NAME_ASC", "CREATED_AT_DESC")
# Refused for posts without events, which these are; told from events that the reference does not fold.
OF_EVENTS = {("Post", "difference"), ("User", "history"), ("Role", "history"), ("Organization", "history")}
STATUSES = ("DRAFT", "IN_REVIEW", "APPROVED", "REJECTED", "PUBLISHED", "ARCHIVED", "SCHEDULED", "EXPIRED", "DELETED")


@dataclass(slots=True)
class Operation:
    """A document being written, and its variables."""

    draw: Draw
    world: World
    fragments: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    aliases: int = 0

    def text(self) -> str:
        body = self.selection(reference_schema().query_type, 0)
        head = f"query Generated({', '.join(self.declared)})" if self.declared else "query Generated"
        return "\n".join([f"{head} {body}", *self.fragments])

    def selection(self, type_: GraphQLObjectType | None, depth: int) -> str:
        assert type_ is not None
        fields = {name: f for name, f in type_.fields.items() if (type_.name, name) not in OF_EVENTS}
        names = [name for name, f in fields.items() if depth < DEEPEST or not isinstance(get_named_type(f.type), COMPOSITE)]
        chosen = self.draw(st.lists(st.sampled_from([*names, "__typename"]), min_size=1, max_size=4 if depth else 3))
        parts = [self.wrapped(type_, self.field(type_, name, depth)) for name in chosen]
        return "{ __typename " + " ".join(parts) + " }"

    def members(self, union: GraphQLUnionType, depth: int) -> str:
        """Some types of a union more than once, some within a fragment on the union itself, or within one of their own."""
        chosen = self.draw(st.lists(st.sampled_from(union.types), max_size=4))
        parts = [self.wrapped(union, f"... on {type_.name}{self.directive()} {self.selection(type_, depth)}") for type_ in chosen]
        return "{ __typename " + " ".join(parts) + " }"

    def wrapped(self, type_: GraphQLObjectType | GraphQLUnionType, text: str) -> str:
        how = self.draw(st.integers(0, 9))
        if how == 0:
            return f"... on {type_.name} {{ {text} }}"
        if how == 1:
            return f"... {self.directive()} {{ {text} }}"
        if how == 2:
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {type_.name} {{ {text} }}")
            spread = f"...{name}{self.directive()}"
            return spread if self.draw(st.booleans()) else spread + spread
        return text

    def field(self, type_: GraphQLObjectType, name: str, depth: int) -> str:
        alias = ""
        if name != "__typename":
            self.aliases += 1
            long = "x" * 70 if self.draw(st.integers(0, 30)) == 0 else ""
            alias = f"a{self.aliases}{long}: "
        if name == "__typename":
            return f"t{self.aliases}: __typename"
        definition = type_.fields[name]
        arguments = self.arguments(type_.name, name)
        named = get_named_type(definition.type)
        inner = f" {self.selection(named, depth + 1)}" if isinstance(named, GraphQLObjectType) else ""
        if isinstance(named, GraphQLUnionType):
            inner = f" {self.members(named, depth + 1)}"
        return f"{alias}{name}{arguments}{self.directive()}{inner}"

    def directive(self) -> str:
        if self.draw(st.integers(0, 7)):
            return ""
        kind, value = self.draw(st.sampled_from(("skip", "include"))), self.draw(st.booleans())
        return f" @{kind}(if: {self.given('Boolean!', value, str(value).lower())})"

    def given(self, type_: str, value: Any, literal: str) -> str:
        """As a variable, or as a literal."""
        if self.draw(st.booleans()):
            return literal
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}")
        self.variables[name] = value
        return f"${name}"

    def arguments(self, type_name: str, name: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one answer per field
        match type_name, name:
            case "OrganizationUsage" | "OrganizationQuotas", _:
                return ""
            case "Post", "asOf":
                moment = "2027-01-01T00:00:00Z"
                return f"(at: {self.given('DateTime!', moment, quoted(moment))})"
            case "Post" | "Tag" | "Category" | "Comment", "history":
                first = self.draw(st.integers(0, 3))
                return f"(first: {self.given('Int', first, str(first))})"
            case _, "posts" | "draftPosts" | "deletedPosts":
                return self.page("Post", POST_ORDERS, self.world.tables["posts"], self.post_where)
            case _, "comments" | "replies":
                return self.conversation(type_name)
            case "User", "notifications":
                return self.page("Notification", COMMENT_ORDERS, self.world.tables["notifications"], self.notification_where)
            case "User", "following":
                return self.page("Followed", COMMENT_ORDERS, self.world.tables["subscriptions"], self.followed_where)
            case "Query", "auditLog":
                return self.page("Audit", AUDIT_ORDERS, self.world.tables["audit_entries"], self.audit_where, of="AuditEntry")
            case "Query", "users":
                return self.page("User", USER_ORDERS, self.world.tables["users"], self.user_where)
            case "Query", "post":
                post = self.draw(st.sampled_from(list(self.world.tables["posts"])))
                if self.draw(st.booleans()):
                    return f"(id: {self.given('ID', str(post['id']), quoted(str(post['id'])))})"
                slug = self.draw(st.sampled_from((post["slug"], *(row["slug"] for row in self.world.tables["post_slugs"]))))
                return f"(slug: {self.given('String', slug, quoted(slug))})"
            case "Query", "user":
                user = self.draw(st.sampled_from(list(self.world.tables["users"])))
                return f"(id: {self.given('ID!', str(user['id']), quoted(str(user['id'])))})"
            case "Query", "search":
                query, first = self.draw(st.sampled_from(SEARCHED)), self.draw(st.integers(0, 6))
                kinds = [Word(kind) for kind in self.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))]
                parts = (
                    self.given("String!", query, quoted(query)),
                    self.given("Int", first, str(first)),
                    self.given("[SearchKind!]!", kinds, literal(kinds)),
                )
                return f"(query: {parts[0]}, first: {parts[1]}, kinds: {parts[2]})"
            case "Query", "tags":
                first = self.draw(st.integers(0, 4))
                return f"(first: {self.given('Int', first, str(first))}, where: {self.written(*self.tag_where(1))})"
            case "Query", "trendingPosts" | "popularPosts":
                first = self.draw(st.integers(0, 6))
                return f"(first: {self.given('Int', first, str(first))})"
            case "Query", "categories":
                first, top = self.draw(st.integers(0, 5)), self.draw(st.booleans())
                where = self.written(*self.category_where(1))
                return f"(first: {self.given('Int', first, str(first))}, topLevel: {self.given('Boolean', top, str(top).lower())}, where: {where})"
            case "Query", "category" | "tag":
                row = self.draw(st.sampled_from(list(self.world.tables["categories" if name == "category" else "tags"])))
                if self.draw(st.booleans()):
                    return f"(id: {self.given('ID', str(row['id']), quoted(str(row['id'])))})"
                return f"(slug: {self.given('String', row['slug'], quoted(row['slug']))})"
            case "Query", "notifications":
                unread = self.draw(st.booleans())
                return f"(unreadOnly: {self.given('Boolean', unread, str(unread).lower())}, first: 3)"
        return ""

    def conversation(self, type_name: str) -> str:
        page = self.page("Comment", COMMENT_ORDERS, self.world.tables["comments"], self.comment_where)
        if type_name != "Query" or self.draw(st.booleans()):
            return page
        post = str(self.draw(st.sampled_from(list(self.world.tables["posts"])))["id"])
        return f"(post: {self.given('ID', post, quoted(post))}, {page[1:]}"

    def page(self, type_name: str, orders: tuple[str, ...], rows: Any, where: Callable[[int], tuple[str, dict[str, Any]]], of: str = "") -> str:
        """`of`: the entity, where its order is named otherwise."""
        order = self.draw(st.sampled_from(orders))
        size = self.draw(st.integers(0, 4))
        way = self.draw(st.sampled_from(("first", "last")))
        parts = [f"{way}: {self.given('Int', size, str(size))}", f"orderBy: {self.given(f'{type_name}Order', order, order)}"]
        for bound in ("after", "before"):
            if self.draw(st.integers(0, 2)) == 0:
                cursor = cursor_for(self.world.tenant, of or type_name, order, self.draw(st.sampled_from(list(rows))))
                parts.append(f"{bound}: {self.given('String', cursor, quoted(cursor))}")
        if self.draw(st.integers(0, 2)) == 0:
            parts.append(f"where: {self.written(*where(2))}")
        return f"({', '.join(parts)})"

    def written(self, type_: str, value: dict[str, Any]) -> str:
        return self.given(type_, value, literal(value))

    def post_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        post = self.draw(st.sampled_from(list(self.world.tables["posts"])))
        moment = (post["published_at"] or post["created_at"]).isoformat()
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "id": lambda: self.id_filter(post["id"]),
            "authorId": lambda: self.id_filter(post["author_id"]),
            "title": lambda: self.text_filter(post["title"]),
            "slug": lambda: self.text_filter(post["slug"]),
            "status": self.status_filter,
            "publishedAt": lambda: self.moment_filter(moment, nullable=True),
            "createdAt": lambda: self.moment_filter(moment, nullable=False),
            "tags": lambda: {"some": self.tag_where(1)[1]},
            "categories": lambda: {"some": self.category_where(1)[1]},
        }
        return "PostWhere", self.where(leaves, self.post_where, depth)

    def user_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        user = self.draw(st.sampled_from(list(self.world.tables["users"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "id": lambda: self.id_filter(user["id"]),
            "username": lambda: self.text_filter(user["username"]),
            "role": lambda: self.text_filter(user["role"]),
            "status": lambda: {"in": [Word("ACTIVE"), Word("INVITED")]},
        }
        return "UserWhere", self.where(leaves, self.user_where, depth)

    def audit_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        entry = self.draw(st.sampled_from(list(self.world.tables["audit_entries"])))
        someone = entry["actor_id"] or entry["id"]
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "at": lambda: self.moment_filter(entry["at"].isoformat(), nullable=False),
            "action": lambda: self.text_filter(entry["action"]),
            "aggregateType": lambda: self.text_filter(entry["aggregate_type"]),
            "aggregateId": lambda: self.id_filter(entry["aggregate_id"] or entry["id"]),
            "correlationId": lambda: self.id_filter(entry["correlation_id"] or entry["id"]),
            "actorId": lambda: self.id_filter(someone),
            "bypassed": lambda: {"eq": self.draw(st.booleans())},
        }
        return "AuditWhere", self.where(leaves, self.audit_where, depth)

    def comment_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        comment = self.draw(st.sampled_from(list(self.world.tables["comments"])))
        someone = comment["author_id"] or comment["created_by"]
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "id": lambda: self.id_filter(comment["id"]),
            "postId": lambda: self.id_filter(comment["post_id"]),
            "authorId": lambda: self.id_filter(someone),
            "parentId": lambda: self.draw(st.sampled_from(({"eq": str(comment["id"])}, {"isNull": True}, {"isNull": False}))),
            "status": lambda: {self.draw(st.sampled_from(("eq", "not"))): Word(self.draw(st.sampled_from(("PENDING", "APPROVED", "DELETED"))))},
            "createdAt": lambda: self.moment_filter(comment["created_at"].isoformat(), nullable=False),
        }
        return "CommentWhere", self.where(leaves, self.comment_where, depth)

    def notification_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        notification = self.draw(st.sampled_from(list(self.world.tables["notifications"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "kind": lambda: self.text_filter(notification["kind"]),
            "readAt": lambda: self.moment_filter(notification["created_at"].isoformat(), nullable=True),
            "createdAt": lambda: self.moment_filter(notification["created_at"].isoformat(), nullable=False),
        }
        return "NotificationWhere", self.where(leaves, self.notification_where, depth)

    def followed_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        followed = self.draw(st.sampled_from(list(self.world.tables["subscriptions"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "target": lambda: {self.draw(st.sampled_from(("eq", "not"))): Word(followed["target"])},
            "createdAt": lambda: self.moment_filter(followed["created_at"].isoformat(), nullable=False),
        }
        return "FollowedWhere", self.where(leaves, self.followed_where, depth)

    def tag_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        tag = self.draw(st.sampled_from(list(self.world.tables["tags"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "name": lambda: self.text_filter(tag["name"]),
            "slug": lambda: self.text_filter(tag["slug"]),
        }
        return "TagWhere", self.where(leaves, self.tag_where, depth)

    def category_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        category = self.draw(st.sampled_from(list(self.world.tables["categories"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "name": lambda: self.text_filter(category["name"]),
            "slug": lambda: self.text_filter(category["slug"]),
            "parentId": lambda: self.id_filter(category["parent_id"] or category["id"]),
            "within": lambda: self.draw(
                st.sampled_from(({"eq": str(category["id"])}, {"in": [str(category["id"]), str(category["parent_id"] or category["id"])]}))
            ),
        }
        return "CategoryWhere", self.where(leaves, self.category_where, depth)

    def where(
        self, leaves: dict[str, Callable[[], dict[str, Any]]], again: Callable[[int], tuple[str, dict[str, Any]]], depth: int
    ) -> dict[str, Any]:
        names = self.draw(st.lists(st.sampled_from(list(leaves)), max_size=2, unique=True))
        found: dict[str, Any] = {name: leaves[name]() for name in names}
        if depth and self.draw(st.integers(0, 2)) == 0:
            how = self.draw(st.sampled_from(("and", "or", "not")))
            found[how] = again(depth - 1)[1] if how == "not" else [again(depth - 1)[1] for _ in range(self.draw(st.integers(0, 2)))]
        return found

    def id_filter(self, id: Any) -> dict[str, Any]:
        operator = self.draw(st.sampled_from(("eq", "not", "in", "notIn")))
        return {operator: [str(id)] if operator in {"in", "notIn"} else str(id)}

    def text_filter(self, value: str) -> dict[str, Any]:
        operator = self.draw(st.sampled_from(("eq", "not", "in", "notIn", "contains", "startsWith")))
        word = self.draw(st.sampled_from((value, value[:3], *WORDS)))
        return {operator: [word, "x"] if operator in {"in", "notIn"} else word}

    def status_filter(self) -> dict[str, Any]:
        operator = self.draw(st.sampled_from(("eq", "not", "in", "notIn")))
        status = Word(self.draw(st.sampled_from(STATUSES)))
        return {operator: [status, Word("PUBLISHED")] if operator in {"in", "notIn"} else status}

    def moment_filter(self, moment: str, *, nullable: bool) -> dict[str, Any]:
        operators = ("eq", "not", "gt", "gte", "lt", "lte", "isNull") if nullable else ("gt", "lte")
        operator = self.draw(st.sampled_from(operators))
        return {operator: self.draw(st.booleans()) if operator == "isNull" else moment}


class Word(str):
    """A string that is written as an enum's value."""

    __slots__ = ()


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(value: Any) -> str:
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else quoted(value)


@st.composite
def operations(draw: Draw, world: World) -> tuple[str, dict[str, Any]]:
    operation = Operation(draw, world)
    return operation.text(), operation.variables
