"""Columns that every aggregate's row carries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Integer, Uuid

from tenants.tables import Moment


def aggregate_columns() -> list[Column[Any]]:
    return [
        Column("id", Uuid, primary_key=True),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        Column("created_by", Uuid),
        Column("updated_by", Uuid),
        Column("version", Integer, nullable=False),
    ]
