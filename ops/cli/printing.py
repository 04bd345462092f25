"""Results on stdout: JSON for programs, a plain table for people."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import rich_click as click

# What moves a terminal's cursor, begins a line or turns the order of what is read (Unicode Standard Annex 9).
_CONTROLS = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def _plain(value: object) -> str:
    """Moments as ISO 8601, everything else as it says itself."""
    return value.isoformat() if isinstance(value, date) else str(value)


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
    if value is None or value in ([], (), {}):
        return "-"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_cell(part)}" for name, part in value.items())
    return ", ".join(map(_cell, value)) if isinstance(value, (list, tuple)) else "".join(map(_harmless, str(value)))


def _harmless(character: str) -> str:
    """As people see it, or as its escape."""
    if unicodedata.category(character) in _CONTROLS or unicodedata.bidirectional(character) in _TURNING:
        return character.encode("unicode_escape").decode()
    return character
