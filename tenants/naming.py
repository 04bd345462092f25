"""Names of schemas and roles: derived from ids alone, never from input, and always shorter than Postgres's 63 bytes."""

from __future__ import annotations

import re
from typing import NewType
from uuid import UUID

SchemaName = NewType("SchemaName", str)
RoleName = NewType("RoleName", str)

TENANT_SCHEMA = "__tenant__"
"""What stands for a tenant's schema in texts that are the same for all tenants."""

_PREFIX = re.compile(r"[a-z][a-z0-9]{0,11}")
_SCHEMA = re.compile(r"t_[0-9a-f]{32}")
_ROLE = re.compile(r"[a-z][a-z0-9]{0,11}_(?:t_[0-9a-f]{32}|tenants)")


def schema_for(organization: UUID) -> SchemaName:
    return SchemaName(f"t_{organization.hex}")


def role_for(prefix: str, organization: UUID) -> RoleName:
    """Roles are global to a Postgres cluster, so the installation's prefix keeps two installations apart."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no role prefix")
    return RoleName(f"{prefix}_t_{organization.hex}")


def group_for(prefix: str) -> RoleName:
    """The one role that holds what every tenant may do in the control schema."""
    return RoleName(f"{prefix}_tenants")


def checked_schema(name: str) -> SchemaName:
    """The name, if it is one of ours. Every schema name that reaches SQL text has passed here or `schema_for`."""
    if not _SCHEMA.fullmatch(name):
        raise ValueError(f"{name!r} is no tenant schema")
    return SchemaName(name)


def checked_role(name: str) -> RoleName:
    if not _ROLE.fullmatch(name):
        raise ValueError(f"{name!r} is no tenant role")
    return RoleName(name)


def quoted(identifier: str) -> str:
    """An SQL identifier, quoted (SQL:2016 Part 2, 5.2 delimited identifier)."""
    if "\0" in identifier or not identifier:
        raise ValueError("an identifier is neither empty nor holds NUL")
    return '"' + identifier.replace('"', '""') + '"'
