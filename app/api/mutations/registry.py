"""Every mutation by the name of its field."""

from __future__ import annotations

from collections.abc import Mapping

from app.api.mutations import content, users
from app.api.mutations.binding import Mutation

MUTATIONS: Mapping[str, Mutation] = {**content.MUTATIONS, **users.MUTATIONS}
