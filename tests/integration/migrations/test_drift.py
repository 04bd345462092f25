from __future__ import annotations

from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from migrations.writing.declared import PACKAGES, ROOT
from tenants.settings import TenantSettings
from tenants.tables import control_metadata, tenant_metadata
from tests.integration.conftest import House

for path in sorted(path for package in PACKAGES for path in ROOT.glob(f"{package}/*tables.py")):
    import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def _differences(connection: Connection, metadata: MetaData, schema: str) -> list[object]:
    renamed = MetaData(schema=schema, naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        table.to_metadata(renamed, schema=schema, referred_schema_fn=lambda *_: schema)
    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == schema,
            "compare_type": True,
            "compare_server_default": False,
            "include_object": lambda _o, name, kind, _r, _c: not (kind == "table" and name == "alembic_version"),
        },
    )
    return list(compare_metadata(context, renamed))


@pytest.mark.parametrize("part", ["control", "tenant"])
async def test_revisions_make_exactly_the_tables_that_the_code_declares(migrated: TenantSettings, acme: House, part: str) -> None:
    metadata, schema = (control_metadata, "control") if part == "control" else (tenant_metadata, acme.tenant.place.schema)
    engine = create_async_engine(migrated.admin_database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.exec_driver_sql(f"SET ROLE {migrated.owner_role}")
        found = await connection.run_sync(_differences, metadata, schema)
    await engine.dispose()

    assert found == []
