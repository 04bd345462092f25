"""Comments in the API, bound to their table."""

from __future__ import annotations

from app.comments.past import comment_history
from app.comments.sealing import EMAIL
from app.comments.tables import comments
from app.shared.conditions import AllOf, AnyOf, Equals, IsMe, Permitted, Reads
from app.shared.graph import Connection, Entity, Graph, Group, One, Order, Recalled, Rendered, Sealed, Value

MODERATE = "comments.moderate"
MODERATORS = Permitted(MODERATE)
STANDING = AllOf((AnyOf((Equals(comments.c.status, "APPROVED"), Equals(comments.c.tombstone, "true"))), Reads("Post", comments.c.post_id)))

COMMENT = Entity(
    type="Comment",
    table=comments,
    # One's own come last: each way is asked for without those before it, and the deleted are nobody's, which is neither mine nor not.
    visible=AnyOf((MODERATORS, STANDING, IsMe(comments.c.author_id))),
    fields={
        "id": Value(comments.c.id),
        "post": One("Post", comments.c.post_id),
        "author": One("User", comments.c.author_id),
        "guestName": Value(comments.c.guest_name),
        "body": Value(comments.c.body),
        "bodyHtml": Rendered(comments.c.body),
        "status": Value(comments.c.status),
        "parent": One("Comment", comments.c.parent_id),
        "replies": Connection("Comment", via=comments.c.parent_id),
        "depth": Value(comments.c.depth),
        "moderation": Group(
            "CommentModeration",
            {
                "waitsBecause": Value(comments.c.waits_because),
                "moderatedBy": One("User", comments.c.moderated_by),
                "moderatedAt": Value(comments.c.moderated_at),
                "guestEmail": Sealed(comments.c.guest_email, comments.c.guest_key, comments.c.id, EMAIL),
            },
            visible=MODERATORS,
        ),
        "history": Recalled(comment_history, MODERATORS, MODERATE),
        "createdAt": Value(comments.c.created_at),
        "editedAt": Value(comments.c.edited_at),
        "version": Value(comments.c.version),
    },
    order=(Order(comments.c.created_at),),
    orders={
        "CREATED_AT_ASC": Order(comments.c.created_at),
        "CREATED_AT_DESC": Order(comments.c.created_at, descending=True),
    },
    filters={
        "id": Value(comments.c.id),
        "postId": Value(comments.c.post_id),
        "authorId": Value(comments.c.author_id),
        "parentId": Value(comments.c.parent_id),
        "status": Value(comments.c.status),
        "createdAt": Value(comments.c.created_at),
    },
)

GRAPH = Graph(
    entities=(COMMENT,),
    extensions={"Post": {"comments": Connection("Comment", via=comments.c.post_id)}},
    queries={"comments": Connection("Comment", of={"post": comments.c.post_id})},
)
