"""graphql-core with plain resolvers over rows in memory, the product's policies said again in Python.

Nothing in this folder is shared with the compiler but the SDL and the spelling of cursors.
"""

from __future__ import annotations

import functools
from datetime import datetime
from inspect import isawaitable
from typing import Any
from uuid import UUID

from graphql import ExecutionResult, GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync, parse

from app.api import scalars, sdl
from auth.principal import Principal
from tests.integration.api.reference.audit import Audit
from tests.integration.api.reference.engagement import Engagement
from tests.integration.api.reference.following import Following
from tests.integration.api.reference.notifications import Notifications
from tests.integration.api.reference.organization import Organization
from tests.integration.api.reference.people import People
from tests.integration.api.reference.posts import Posts
from tests.integration.api.reference.search import Member, Search
from tests.integration.api.reference.spelling import moment, snake
from tests.integration.api.reference.taxonomy import Taxonomy
from tests.integration.api.reference.world import World


class Reading(Posts, People, Taxonomy, Following, Notifications, Engagement, Search, Organization, Audit):
    """Every field of the schema that is more than a column."""


@functools.cache
def reference_schema() -> GraphQLSchema:
    schema = build_schema(sdl.printed())
    scalars.teach(schema)
    return schema


def run(world: World, who: Principal, document: str, variables: dict[str, Any]) -> ExecutionResult:
    result = execute_sync(reference_schema(), parse(document), None, Reading(world, who), variables, field_resolver=resolve, type_resolver=type_of)
    assert not isawaitable(result)
    return result


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
        return moment(value)
    return str(value) if isinstance(value, UUID) else value
