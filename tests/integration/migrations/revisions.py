"""Writing revisions that follow the release's own, for one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

from migrations import history
from migrations.history import History, try_out

_FILE = '''"""{says}

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision: str = "{id}"
down_revision: str | None = "{down}"
execution: str = "{execution}"


def upgrade() -> None:
{upgrade}
'''
_DOWN = """

def downgrade() -> None:
{downgrade}
"""

ADD_COLUMN = 'op.add_column("posts", sa.Column("mood", sa.Text()), schema="__tenant__")'
DROP_COLUMN = 'op.drop_column("posts", "mood", schema="__tenant__")'
ADD_INDEX = 'op.create_index("posts_mood_idx", "posts", ["title"], schema="__tenant__")'


@dataclass(slots=True)
class Further:
    """A folder of revisions, in order: `write` returns the new one's id."""

    folder: Path

    def write(self, upgrade: str, downgrade: str | None = None, *, execution: str = "replayed") -> str:
        try_out(History.TENANT, self.folder)
        down = history.head(History.TENANT)
        number = f"{int(down) + 1:04d}"
        text = _FILE.format(says=f"Try {number}.", id=number, down=down, execution=execution, upgrade=indent(dedent(upgrade).strip(), "    "))
        if downgrade:
            text += _DOWN.format(downgrade=indent(dedent(downgrade).strip(), "    "))
        (self.folder / f"{number}_try.py").write_text(text)
        try_out(History.TENANT, self.folder)
        return number

    def rewrite(self, number: str, upgrade: str) -> None:
        """Mend a revision that failed."""
        path = self.folder / f"{number}_try.py"
        head, _, _ = path.read_text().partition("def upgrade() -> None:\n")
        self.folder = self.folder.with_name(f"{self.folder.name}-mended")  # what was rendered is remembered by folder
        path.parent.rename(self.folder)
        (self.folder / path.name).write_text(f"{head}def upgrade() -> None:\n{indent(dedent(upgrade).strip(), '    ')}\n")
        try_out(History.TENANT, self.folder)

    def forget(self) -> None:
        history._TRIED_OUT.clear()
        history.revisions.cache_clear()


@contextmanager
def further_in(folder: Path) -> Iterator[Further]:
    """Revisions that are known until this ends."""
    folder.mkdir()
    further = Further(folder)
    yield further
    further.forget()
