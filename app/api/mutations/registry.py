"""Every mutation by the name of its field."""

from __future__ import annotations

from collections.abc import Mapping

from app.api.mutations import bulk, comments, content, engagement, following, management, taxonomy, users
from app.api.mutations.binding import Mutation

MUTATIONS: Mapping[str, Mutation] = {
    **content.MUTATIONS,
    **bulk.MUTATIONS,
    **taxonomy.MUTATIONS,
    **users.MUTATIONS,
    **comments.MUTATIONS,
    **management.MUTATIONS,
    **engagement.MUTATIONS,
    **following.MUTATIONS,
}
