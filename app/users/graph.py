"""People and what they are told in the API, bound to their tables."""

from __future__ import annotations

from app.shared.graph import AnyOf, Computed, Connection, Entity, Graph, IsMe, IsNull, Lookup, One, Only, Order, Permitted, Rows, Sealed, Value
from app.users.tables import notifications, users
from tenants.tables import domain_events

UNREAD_ONLY = {"unreadOnly": IsNull(notifications.c.read_at)}
SELF_OR_MANAGER = AnyOf((Permitted("users.manage"), IsMe(users.c.id)))

USER = Entity(
    type="User",
    table=users,
    fields={
        "id": Value(users.c.id),
        "username": Value(users.c.username),
        "name": Value(users.c.name),
        "email": Sealed(users.c.email, users.c.person_key, users.c.id, "email", visible=SELF_OR_MANAGER),
        "avatarUrl": Value(users.c.avatar_url),
        "role": Value(users.c.role, visible=SELF_OR_MANAGER),
        "permissions": Computed(
            "(SELECT coalesce(to_json(array_agg(DISTINCT held ORDER BY held))::text, '[]')"
            " FROM __tenant__.roles r, unnest(r.permissions || {row}.permissions) held WHERE r.name = {row}.role)",
            (users.c.role, users.c.permissions),
            visible=SELF_OR_MANAGER,
        ),
        "status": Value(users.c.status, visible=SELF_OR_MANAGER, upper=True),
        "createdAt": Value(users.c.created_at),
    },
    order=(Order(users.c.username),),
    orders={
        "USERNAME_ASC": Order(users.c.username),
        "USERNAME_DESC": Order(users.c.username, descending=True),
        "NAME_ASC": Order(users.c.name),
        "NAME_DESC": Order(users.c.name, descending=True),
        "CREATED_AT_DESC": Order(users.c.created_at, descending=True),
        "CREATED_AT_ASC": Order(users.c.created_at),
    },
    filters={
        "id": Value(users.c.id),
        "username": Value(users.c.username),
        "name": Value(users.c.name),
        "role": Value(users.c.role),
        "status": Value(users.c.status, upper=True),
        "createdAt": Value(users.c.created_at),
    },
)

EVENT = Entity(
    type="Event",
    table=domain_events,
    fields={
        "id": Value(domain_events.c.id),
        "type": Value(domain_events.c.event_type),
        "aggregateType": Value(domain_events.c.aggregate_type),
        "aggregateId": Value(domain_events.c.aggregate_id),
        "occurredAt": Value(domain_events.c.occurred_at),
    },
)

NOTIFICATION = Entity(
    type="Notification",
    table=notifications,
    visible=IsMe(notifications.c.user_id),
    fields={
        "id": Value(notifications.c.id),
        "kind": Value(notifications.c.kind),
        "event": One("Event", notifications.c.event_id),
        "subjectId": Value(notifications.c.subject_id),
        "data": Value(notifications.c.data),
        "readAt": Value(notifications.c.read_at),
        "createdAt": Value(notifications.c.created_at),
    },
    order=(Order(notifications.c.created_at, descending=True),),
)

GRAPH = Graph(
    entities=(USER, EVENT, NOTIFICATION),
    queries={
        "users": Connection("User"),
        "user": Lookup("User", {"id": users.c.id}),
        "me": Only("User", IsMe(users.c.id)),
        "notifications": Rows("Notification", flags=UNREAD_ONLY),
    },
)
