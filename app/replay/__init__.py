"""Histories replayed: what the events say, held against what the rows say."""

from __future__ import annotations

import app.comments.snapshots
import app.content.recounts
import app.content.snapshots
import app.engagement.recounts
import app.management.snapshots
import app.taxonomy.snapshots
import app.users.snapshots  # noqa: F401 - importing a context's snapshots registers how its rows are compared
