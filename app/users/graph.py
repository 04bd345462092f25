"""People and what they are told in the API, bound to their tables."""

from __future__ import annotations

from app.shared.conditions import AnyOf, Col, IsMe, IsNull, Permitted
from app.shared.graph import Computed, Connection, Entity, Graph, Group, Link, Lookup, Many, One, Only, Order, Recalled, Rows, Sealed, Value
from app.users.past import role_history, user_history
from app.users.tables import notifications, roles, users
from app.users.values import DEFAULT_ROLES, EMAIL_PURPOSE
from auth.sso.tables import identities
from tenants.tables import domain_events

UNREAD_ONLY = {"unreadOnly": IsNull(notifications.c.read_at)}
MANAGE = "users.manage"
MANAGER = Permitted(MANAGE)
ME = IsMe(users.c.id)
SELF_OR_MANAGER = AnyOf((MANAGER, ME))
LAST_SIGN_IN = """coalesce((SELECT to_json(to_char(s.last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text
 FROM __tenant__.sign_ins s WHERE s.user_id = {row}.id), 'null')"""
TWO_FACTORS = """to_json(EXISTS (SELECT 1 FROM __tenant__.authenticators a WHERE a.user_id = {row}.id AND a.confirmed_at IS NOT NULL)
 OR EXISTS (SELECT 1 FROM __tenant__.passkeys p WHERE p.user_id = {row}.id))::text"""
UNREAD = "(SELECT count(*) FROM __tenant__.notifications n WHERE n.user_id = {row}.id AND n.read_at IS NULL)::text"
CHANNELS = "to_json({row}.notification_channels)::text"
BUILT_IN = f"""to_json({{row}}.name IN ({", ".join(f"'{name}'" for name in DEFAULT_ROLES)}))::text"""
MEMBERS = """(SELECT count(*) FROM __tenant__.users m WHERE m.role = {row}.name AND m.status IN ('invited', 'active', 'suspended'))::text"""


def _personal(column: Col, name: str) -> Sealed:
    return Sealed(column, users.c.person_key, users.c.id, name, visible=SELF_OR_MANAGER)


def _of_connection(column: str) -> Computed:
    found = f"SELECT to_json(c.{column})::text FROM __tenant__.connections c WHERE c.id = {{row}}.connection_id"  # noqa: S608 - our own names
    return Computed(f"({found})", (identities.c.connection_id,))


PROFILE = Group(
    "Profile",
    {
        "bio": Value(users.c.bio),
        "website": Value(users.c.website),
        "jobTitle": Value(users.c.job_title),
        "pronouns": Value(users.c.pronouns),
        "phone": _personal(users.c.phone, "phone"),
        "location": _personal(users.c.location, "location"),
    },
)
PREFERENCES = Group(
    "Preferences",
    {
        "language": Sealed(users.c.language, users.c.person_key, users.c.id, "language", visible=ME),
        "timeZone": Sealed(users.c.time_zone, users.c.person_key, users.c.id, "time_zone", visible=ME),
        "notificationChannels": Computed(CHANNELS, (users.c.notification_channels,)),
    },
    visible=ME,
)

USER = Entity(
    type="User",
    table=users,
    fields={
        "id": Value(users.c.id),
        "username": Value(users.c.username),
        "name": Value(users.c.name),
        "email": _personal(users.c.email, EMAIL_PURPOSE),
        "newEmail": Sealed(users.c.new_email, users.c.person_key, users.c.id, EMAIL_PURPOSE, visible=ME),
        "emailVerifiedAt": Value(users.c.email_verified_at, visible=SELF_OR_MANAGER),
        "avatarUrl": Value(users.c.avatar_url),
        "role": Value(users.c.role, visible=SELF_OR_MANAGER),
        "permissions": Computed(
            "(SELECT coalesce(to_json(array_agg(DISTINCT held ORDER BY held))::text, '[]')"
            " FROM __tenant__.roles r, unnest(r.permissions || {row}.permissions) held WHERE r.name = {row}.role)",
            (users.c.role, users.c.permissions),
            visible=SELF_OR_MANAGER,
        ),
        "status": Value(users.c.status, visible=SELF_OR_MANAGER, upper=True),
        "profile": PROFILE,
        "preferences": PREFERENCES,
        "lastLoginAt": Computed(LAST_SIGN_IN, (users.c.id,), visible=SELF_OR_MANAGER),
        "twoFactorEnabled": Computed(
            TWO_FACTORS,
            (users.c.id,),
            visible=SELF_OR_MANAGER,
        ),
        "history": Recalled(user_history, SELF_OR_MANAGER, MANAGE),
        "identities": Many("Identity", Link(identities.c.user_id, identities.c.id, order=(identities.c.linked_at,))),
        "notifications": Connection("Notification", via=notifications.c.user_id),
        "unreadNotificationCount": Computed(UNREAD, (users.c.id,), visible=ME),
        "createdAt": Value(users.c.created_at),
        "version": Value(users.c.version, visible=SELF_OR_MANAGER),
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

IDENTITY = Entity(
    type="Identity",
    table=identities,
    visible=AnyOf((MANAGER, IsMe(identities.c.user_id))),
    fields={
        "id": Value(identities.c.id),
        "connection": _of_connection("name"),
        "label": _of_connection("label"),
        "kind": _of_connection("kind"),
        "linkedAt": Value(identities.c.linked_at),
        "lastSignInAt": Value(identities.c.last_at),
    },
    order=(Order(identities.c.linked_at),),
)

ROLE = Entity(
    type="Role",
    table=roles,
    fields={
        "id": Value(roles.c.id),
        "name": Value(roles.c.name),
        "permissions": Value(roles.c.permissions),
        "builtIn": Computed(BUILT_IN, (roles.c.name,)),
        "memberCount": Computed(MEMBERS, (roles.c.name,), visible=MANAGER),
        "history": Recalled(role_history, MANAGER, MANAGE),
        "createdAt": Value(roles.c.created_at),
        "version": Value(roles.c.version),
    },
    order=(Order(roles.c.name),),
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
        "post": One("Post", notifications.c.subject_id),
        "comment": One("Comment", notifications.c.subject_id),
        "data": Value(notifications.c.data),
        "readAt": Value(notifications.c.read_at),
        "createdAt": Value(notifications.c.created_at),
    },
    order=(Order(notifications.c.created_at, descending=True),),
    orders={
        "CREATED_AT_DESC": Order(notifications.c.created_at, descending=True),
        "CREATED_AT_ASC": Order(notifications.c.created_at),
    },
    filters={
        "kind": Value(notifications.c.kind),
        "readAt": Value(notifications.c.read_at),
        "createdAt": Value(notifications.c.created_at),
    },
)

GRAPH = Graph(
    entities=(USER, IDENTITY, ROLE, EVENT, NOTIFICATION),
    queries={
        "users": Connection("User"),
        "user": Lookup("User", {"id": users.c.id}),
        "me": Only("User", IsMe(users.c.id)),
        "roles": Rows("Role"),
        "notifications": Rows("Notification", flags=UNREAD_ONLY),
    },
)
