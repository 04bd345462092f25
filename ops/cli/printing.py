"""Results on stdout: JSON for programs, a plain table for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import rich_click as click


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Columns as wide as their widest cell; nothing is cut, so that it can be grepped."""
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(len, (column, *(line[i] for line in cells)))) for i, column in enumerate(columns)]
    for line in [list(columns), *cells]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_record(record: Mapping[str, Any]) -> None:
    width = max(map(len, record))
    for name, value in record.items():
        click.echo(f"{name.ljust(width)}  {_cell(value)}")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
