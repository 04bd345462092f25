"""The next revision, as a test writes it: from a copy of what the code declares."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import MetaData, Table

from migrations.history import History
from migrations.writing import Declared, Wanted, Written, declared, write_revision
from migrations.writing.declared import ROOT, sql_files

RUFF = Path(sys.executable).with_name("ruff")


class Writing:
    """A folder of revisions that only this test sees, and a copy of what the code declares, to be changed."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder / "revisions"
        self.sql = folder / "sql"
        self.url = url
        self.metadata = MetaData(schema="__tenant__", naming_convention=declared(History.TENANT).metadata.naming_convention)
        for table in declared(History.TENANT).metadata.sorted_tables:
            table.to_metadata(self.metadata)
        self.folder.mkdir()
        self.sql.mkdir()

    def table(self, name: str) -> Table:
        return self.metadata.tables[f"__tenant__.{name}"]

    def files(self, files: Mapping[str, str]) -> None:
        for path in self.sql.iterdir():
            path.unlink()
        for name, sql in files.items():
            self.sql.joinpath(f"{name}.sql").write_text(sql)

    async def new(self, message: str, **options: object) -> Written | None:
        wanted = Wanted(History.TENANT, message, **options)  # type: ignore[arg-type] # a test names the options it needs
        files = (*declared(History.TENANT).files, *sql_files(History.TENANT, [self.sql]))
        return await write_revision(wanted, Declared("__tenant__", self.metadata, files), self.url)

    async def written(self, message: str, **options: object) -> str:
        """The new file's text, from `upgrade` on; formatted, linted, and without a finding."""
        written = await self.new(message, **options)
        assert written is not None
        assert _complaints(written.path) == ""
        assert [finding.rule for finding in written.findings] == []
        return written.path.read_text()


def _complaints(path: Path) -> str:
    """Of the formatter and the linter; that a revision's folder is no package is how Alembic wants it."""
    settings = f"--config={ROOT / 'pyproject.toml'}"
    commands = (["format", "--check", settings, str(path)], ["check", settings, "--extend-ignore=INP001", str(path)])
    done = [subprocess.run([RUFF, *command], capture_output=True, text=True, check=False) for command in commands]
    return "".join(one.stdout for one in done if one.returncode)


def body(source: str, function: str) -> list[str]:
    """The lines of one function."""
    after = source.partition(f"def {function}() -> None:\n")[2]
    return [line.strip() for line in after.partition("\n\n\n")[0].splitlines()]
