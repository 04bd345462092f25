"""The one row in which a tenant's schema says its revision, which must be what the registry says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tenants.errors import Refusal
from tenants.naming import TENANT_SCHEMA

_WRITES = re.compile(rf"(?:INSERT INTO|UPDATE|DELETE FROM) {TENANT_SCHEMA}\.alembic_version\b")


class VersionRowDiffers(Refusal):
    """A schema says another revision of itself than the registry does."""

    code = "VERSION_ROW_DIFFERS"


def writes_version(sql: str) -> bool:
    """Whether this statement of a revision, its tokens not yet replaced, is the one that writes the version row."""
    return _WRITES.match(sql) is not None


def touched_one(tag: str) -> bool:
    """Whether the command whose tag this is (UPDATE 1, INSERT 0 1) was about exactly one row."""
    return tag.rpartition(" ")[2] == "1"


def differs(stated: Sequence[str], registered: str | None) -> VersionRowDiffers:
    """The refusal, with what to do; `stated` are the schema's rows."""
    return VersionRowDiffers(
        f"Its schema says that it is at {' and '.join(stated) or 'no revision'}, the registry at {registered or 'no revision'}: it was not migrated. "
        "Find out with imprint migrate drift which of them is right, mend the schema where it is not, then run imprint migrate stamp REVISION "
        "--tenants SLUG to write both anew."
    )
