"""The next revision, from the difference between what the code declares and what head makes; tried on a real Postgres."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, Table, Text, Uuid, text

from migrations import history as histories
from migrations import runner
from migrations.history import History, head
from migrations.provisioning import HeadProvisioner
from migrations.writing import BrokenSql, Declared, NotExpressible, Wanted, Written, declared, write_revision
from migrations.writing.declared import ROOT, sql_files
from ops.stack import Addresses
from tenants.settings import TenantSettings
from tests.commands import Ended, run_and_wait
from tests.integration.migrations.conftest import columns_of, places

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


@pytest.fixture
def writing(tmp_path: Path, stack: Addresses, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writing]:
    monkeypatch.setattr(histories, "_TRIED_OUT", {})
    own = Writing(tmp_path, stack.superuser_url)
    histories.try_out(History.TENANT, own.folder)
    yield own
    histories.revisions.cache_clear()


def body(source: str, function: str) -> list[str]:
    """The lines of one function."""
    after = source.partition(f"def {function}() -> None:\n")[2]
    return [line.strip() for line in after.partition("\n\n\n")[0].splitlines()]


@pytest.mark.parametrize("history", list(History))
async def test_where_nothing_differs_nothing_is_written(history: History, stack: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "_TRIED_OUT", {})
    histories.try_out(history, tmp_path)

    assert await write_revision(Wanted(history, "Nothing"), declared(history), stack.superuser_url) is None

    histories.revisions.cache_clear()
    assert list(tmp_path.iterdir()) == []


async def test_a_new_column_and_its_index_become_a_revision_that_reads_like_the_others(writing: Writing) -> None:
    writing.table("posts").append_column(Column("language", Text, server_default=text("'en'"), nullable=False, comment="BCP 47"))
    Index("posts_language_idx", writing.table("posts").c.language)

    source = await writing.written("Say a post's language")

    number = f"{int(head(History.TENANT)):04d}"
    assert (
        source
        == f'''"""Say a post's language.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "{number}"
down_revision: str | None = "{int(number) - 1:04d}"


def upgrade() -> None:
    op.add_column("posts", sa.Column("language", sa.Text(), server_default=sa.text("'en'"), nullable=False, comment="BCP 47"), schema="__tenant__")
    op.create_index("posts_language_idx", "posts", ["language"], unique=False, schema="__tenant__")


def downgrade() -> None:
    op.drop_index("posts_language_idx", table_name="posts", schema="__tenant__")
    op.drop_column("posts", "language", schema="__tenant__")
'''
    )
    assert [path.name for path in writing.folder.iterdir() if path.suffix == ".py"] == [f"{number}_say_a_post_s_language.py"]
    assert await writing.new("Again") is None


async def test_constraints_of_tables_in_use_look_at_old_rows_in_a_revision_of_their_own(writing: Writing) -> None:
    posts = writing.table("posts")
    posts.append_column(Column("parent_id", Uuid, ForeignKey("__tenant__.posts.id", ondelete="SET NULL")))
    posts.append_constraint(CheckConstraint("title <> ''", name="title"))

    first = await writing.written("Let posts have parents")
    second = await writing.written("Look at the posts that were there")

    assert body(first, "upgrade") == [
        'op.add_column("posts", sa.Column("parent_id", sa.Uuid(), nullable=True), schema="__tenant__")',
        "op.execute(",
        '"ALTER TABLE __tenant__.posts ADD CONSTRAINT posts_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES "',
        '"__tenant__.posts(id) ON DELETE SET NULL NOT VALID"',
        ")",
        "op.execute(\"ALTER TABLE __tenant__.posts ADD CONSTRAINT posts_title_check CHECK ((title <> ''::text)) NOT VALID\")",
    ]
    assert body(first, "downgrade") == [
        'op.execute("ALTER TABLE __tenant__.posts DROP CONSTRAINT posts_title_check")',
        'op.drop_column("posts", "parent_id", schema="__tenant__")',
    ]
    assert 'execution: str = "outside_transaction"' in second.splitlines()
    assert body(second, "upgrade") == [
        'op.execute("ALTER TABLE __tenant__.posts VALIDATE CONSTRAINT posts_parent_id_fkey")',
        'op.execute("ALTER TABLE __tenant__.posts VALIDATE CONSTRAINT posts_title_check")',
    ]
    assert await writing.new("Again") is None


async def test_defaults_are_compared_as_postgres_words_them(writing: Writing) -> None:
    writing.table("posts").c.custom_fields.server_default = None
    writing.table("notifications").c.created_at.server_default.arg = text("clock_timestamp()")  # type: ignore[union-attr] # it has one

    source = await writing.written("Change defaults")

    assert body(source, "upgrade") == [
        'op.execute("ALTER TABLE __tenant__.notifications ALTER COLUMN created_at SET DEFAULT clock_timestamp()")',
        'op.execute("ALTER TABLE __tenant__.posts ALTER COLUMN custom_fields DROP DEFAULT")',
    ]
    assert body(source, "downgrade") == [
        'op.execute("ALTER TABLE __tenant__.notifications ALTER COLUMN created_at SET DEFAULT now()")',
        "op.execute(\"ALTER TABLE __tenant__.posts ALTER COLUMN custom_fields SET DEFAULT '{}'::jsonb\")",
    ]
    assert await writing.new("Again") is None


async def test_a_new_table_expands_and_one_that_goes_contracts(writing: Writing) -> None:
    Table(
        "pages",
        writing.metadata,
        Column("id", Uuid, primary_key=True),
        Column("author_id", Uuid, ForeignKey("__tenant__.users.id"), nullable=False),
        Column("number", Integer, CheckConstraint("number >= 0", name="number"), nullable=False),
        comment="Pages that are no posts.",
    )
    made = await writing.written("Make pages")
    writing.metadata.remove(writing.table("pages"))
    dropped = await writing.written("Drop pages again")

    assert "Expand." in made.splitlines()
    assert 'comment="Pages that are no posts.",' in [line.strip() for line in made.splitlines()]
    assert 'sa.CheckConstraint("(number >= 0)", name=op.f("pages_number_check")),' in [line.strip() for line in made.splitlines()]
    assert body(made, "downgrade") == ['op.drop_table("pages", schema="__tenant__")']
    assert "Contract." in dropped.splitlines()
    assert body(dropped, "upgrade") == ['op.drop_table("pages", schema="__tenant__")']
    assert await writing.new("Again") is None


async def test_what_would_stop_tenants_is_written_and_said(writing: Writing) -> None:
    writing.table("posts").append_column(Column("language", Text, nullable=False))

    written = await writing.new("Say a post's language")

    assert written is not None
    assert [finding.rule for finding in written.findings] == ["not-null-without-validated-check"]


COUNT = """-- How many posts somebody wrote.
CREATE FUNCTION __tenant__.written_by(author uuid) RETURNS bigint LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT count(*) FROM __tenant__.posts p WHERE p.author_id = author AND p.title NOT LIKE '%:draft' AND p.slug !~ '\\:old'
$$
"""
AUTHORS = "CREATE VIEW __tenant__.authors AS SELECT u.id, __tenant__.written_by(u.id) AS posts FROM __tenant__.users u"
BUSY = "CREATE VIEW __tenant__.a_few AS SELECT a.id FROM __tenant__.authors a WHERE a.posts > 9"
STATISTICS = "CREATE MATERIALIZED VIEW __tenant__.statistics AS SELECT p.status, count(*) AS posts FROM __tenant__.posts p GROUP BY 1"
STATISTICS_KEY = "CREATE UNIQUE INDEX statistics_key ON __tenant__.statistics (status)"
TOUCH = "CREATE FUNCTION __tenant__.touch() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN RETURN NEW; END $$"
TOUCHED = "CREATE TRIGGER touched BEFORE UPDATE ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.touch('posts')"
RECENT = "CREATE VIEW __tenant__.recent AS SELECT p.id FROM __tenant__.posts p"
LATEST = "CREATE VIEW __tenant__.latest AS SELECT r.id FROM __tenant__.recent r LIMIT 1"
NEXT_PLACE = "CREATE FUNCTION __tenant__.next_place() RETURNS integer LANGUAGE sql STABLE SET search_path = '' AS $$ SELECT 1 $$"
IS_LONG = "CREATE FUNCTION __tenant__.is_long(one __tenant__.pages) RETURNS boolean LANGUAGE sql STABLE SET search_path = '' AS $$ SELECT true $$"
ALL = {
    "authors": AUTHORS,
    "a_few": BUSY,
    "written_by": COUNT,
    "statistics": STATISTICS,
    "statistics_key": STATISTICS_KEY,
    "touch": TOUCH,
    "touched": TOUCHED,
}


async def test_functions_views_and_triggers_are_made_in_the_order_in_which_they_stand_on_each_other(writing: Writing) -> None:
    writing.files(ALL)

    source = await writing.written("Count what people write")

    assert body(source, "upgrade") == [
        "op.execute(TOUCH)",
        "op.execute(WRITTEN_BY)",
        "op.execute(STATISTICS)",
        "op.execute(\"CREATE TRIGGER touched BEFORE UPDATE ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.touch('posts')\")",
        "op.execute(AUTHORS)",
        'op.execute("CREATE UNIQUE INDEX statistics_key ON __tenant__.statistics USING btree (status)")',
        "op.execute(A_FEW)",
    ]
    assert body(source, "downgrade") == [
        'op.execute("DROP VIEW __tenant__.a_few")',
        'op.execute("DROP TRIGGER touched ON __tenant__.posts")',
        'op.execute("DROP MATERIALIZED VIEW __tenant__.statistics")',
        'op.execute("DROP VIEW __tenant__.authors")',
        'op.execute("DROP FUNCTION __tenant__.written_by(author uuid)")',
        'op.execute("DROP FUNCTION __tenant__.touch()")',
    ]
    assert await writing.new("Again") is None


async def test_what_changed_is_replaced_where_that_can_be_and_made_again_where_not(writing: Writing) -> None:
    writing.files(ALL)
    await writing.written("Count what people write")
    changed = {
        "written_by": COUNT.replace("p.author_id = author AND", "p.status = 'PUBLISHED' AND p.author_id = author AND"),
        "authors": AUTHORS.replace("AS posts FROM", "AS posts, u.name FROM"),
        "statistics": STATISTICS.replace("count(*) AS posts", "count(*) AS posts, max(p.updated_at) AS latest"),
        "touched": TOUCHED.replace("BEFORE UPDATE", "BEFORE INSERT OR UPDATE"),
    }
    writing.files({**ALL, **changed})

    source = await writing.written("Count what is published")

    assert "Expand." in source.splitlines()
    assert body(source, "upgrade") == [
        'op.execute("DROP TRIGGER touched ON __tenant__.posts")',
        'op.execute("DROP MATERIALIZED VIEW __tenant__.statistics")',
        "op.execute(WRITTEN_BY)",
        "op.execute(STATISTICS)",
        "op.execute(\"CREATE TRIGGER touched BEFORE INSERT OR UPDATE ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.touch('posts')\")",
        "op.execute(AUTHORS)",
        'op.execute("CREATE UNIQUE INDEX statistics_key ON __tenant__.statistics USING btree (status)")',
    ]
    # A view cannot lose a column in its place: what stands on it is made again too.
    assert body(source, "downgrade") == [
        'op.execute("DROP VIEW __tenant__.a_few")',
        'op.execute("DROP TRIGGER touched ON __tenant__.posts")',
        'op.execute("DROP MATERIALIZED VIEW __tenant__.statistics")',
        'op.execute("DROP VIEW __tenant__.authors")',
        "op.execute(WRITTEN_BY_BEFORE)",
        "op.execute(STATISTICS_BEFORE)",
        "op.execute(\"CREATE TRIGGER touched BEFORE UPDATE ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.touch('posts')\")",
        "op.execute(AUTHORS_BEFORE)",
        'op.execute("CREATE UNIQUE INDEX statistics_key ON __tenant__.statistics USING btree (status)")',
        "op.execute(A_FEW)",
    ]
    assert await writing.new("Again") is None


async def test_what_goes_for_good_contracts_and_its_definition_stays_in_the_way_back(writing: Writing) -> None:
    writing.files(ALL)
    await writing.written("Count what people write")
    writing.files({"touch": TOUCH, "touched": TOUCHED})

    source = await writing.written("Stop counting")

    assert "Contract." in source.splitlines()
    assert body(source, "upgrade") == [
        'op.execute("DROP VIEW __tenant__.a_few")',
        'op.execute("DROP MATERIALIZED VIEW __tenant__.statistics")',
        'op.execute("DROP VIEW __tenant__.authors")',
        'op.execute("DROP FUNCTION __tenant__.written_by(author uuid)")',
    ]
    assert body(source, "downgrade")[0] == "op.execute(WRITTEN_BY)"
    assert await writing.new("Again") is None


async def test_a_view_that_takes_up_a_new_table_or_column_is_made_again_before_they_go_on_the_way_back(writing: Writing) -> None:
    writing.files({"recent": RECENT, "latest": LATEST})
    await writing.written("Show what is recent")
    writing.table("posts").append_column(Column("language", Text))
    Table("pages", writing.metadata, Column("post_id", Uuid, primary_key=True))
    writing.files({"recent": f"{RECENT} JOIN __tenant__.pages g ON g.post_id = p.id WHERE p.language = 'en'", "latest": LATEST})

    source = await writing.written("Only of pages in English")

    assert body(source, "upgrade")[-1] == "op.execute(RECENT)"
    assert body(source, "downgrade") == [
        'op.execute("DROP VIEW __tenant__.latest")',
        'op.execute("DROP VIEW __tenant__.recent")',
        'op.drop_column("posts", "language", schema="__tenant__")',
        'op.drop_table("pages", schema="__tenant__")',
        "op.execute(RECENT_BEFORE)",
        "op.execute(LATEST)",
    ]
    assert await writing.new("Again") is None


async def test_functions_stand_before_tables_that_call_them_and_after_tables_whose_rows_they_take(writing: Writing) -> None:
    writing.table("posts").append_column(Column("place", Integer, server_default=text("__tenant__.next_place()")))
    Table("pages", writing.metadata, Column("id", Uuid, primary_key=True))
    writing.files({"next_place": NEXT_PLACE, "is_long": IS_LONG})

    written = await writing.new("Number posts")

    assert written is not None
    source = written.path.read_text()
    up, down = body(source, "upgrade"), body(source, "downgrade")
    assert (up[0], up[-1]) == ("op.execute(NEXT_PLACE)", "op.execute(IS_LONG)")
    assert down == [
        'op.execute("DROP FUNCTION __tenant__.is_long(one __tenant__.pages)")',
        'op.drop_column("posts", "place", schema="__tenant__")',
        'op.drop_table("pages", schema="__tenant__")',
        'op.execute("DROP FUNCTION __tenant__.next_place()")',
    ]
    assert await writing.new("Again") is None


async def test_a_written_revision_goes_through_the_runner(writing: Writing, installation: TenantSettings) -> None:
    await places(installation, 2, HeadProvisioner())
    writing.table("posts").append_column(Column("language", Text))
    writing.files({"written_by": COUNT})
    await writing.written("Say a post's language")

    run = await runner.up(installation)

    assert (sorted(run.done), run.failed) == (["t001", "t002"], {})
    assert await columns_of(installation, "posts", "language") == {"t001", "t002"}
    assert await writing.new("Again") is None


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1", "must hold one statement"),
        (f"{TOUCH}; {TOUCHED}", "must hold one statement"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "must name its schema: control or __tenant__"),
        ("CREATE VIEW public.v AS SELECT 1", "must name its schema"),
        ("CREATE VIEW __tenant__.v AS SELECT nothing FROM __tenant__.posts", 'v.sql: Postgres said: .*column "nothing" does not exist'),
    ],
)
async def test_a_file_that_does_not_make_one_object_is_named_with_what_is_wrong(writing: Writing, sql: str, said: str) -> None:
    writing.files({"v": sql})

    with pytest.raises(BrokenSql, match=said):
        await writing.new("Make it")

    assert list(writing.folder.iterdir()) == []


async def test_another_expression_of_a_generated_column_is_refused(writing: Writing) -> None:
    from sqlalchemy import Computed

    writing.table("posts").append_column(Column("initial", Text, Computed("left(title, 1)", persisted=True)))
    await writing.new("Generate initials")
    writing.table("posts").c.initial.computed.sqltext = text("left(title, 2)")  # type: ignore[union-attr] # it is one

    with pytest.raises(NotExpressible, match=r"posts\.initial is generated"):
        await writing.new("Generate others")


def run(folder: Path, *arguments: str) -> Ended:
    environment = {"PATH": os.environ["PATH"], "IMPRINT_REVISIONS": str(folder)}
    return run_and_wait(["migrate", *arguments], environment)


def test_the_command_says_that_nothing_differs_and_writes_an_empty_revision_on_request(tmp_path: Path) -> None:
    nothing = run(tmp_path, "new", "Nothing")

    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing differs" in nothing.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []

    empty = run(tmp_path, "new", "Fill the posts' languages.", "--empty", "--python")

    path = Path(empty.out.strip())
    assert (empty.code, path.parent, path.name[4:]) == (0, tmp_path, "_fill_the_posts_languages.py")
    assert path.read_text().startswith('"""Fill the posts\' languages.\n\nExpand.\n"""\n')
    assert 'execution: str = "python"' in path.read_text().splitlines()
    assert run(tmp_path, "check").code == 0


@pytest.mark.parametrize(
    "arguments", [("", ""), ("one\ntwo", ""), ('say "yes"', ""), ("x", "--python", "--outside-transaction"), ("x", "--python", "--control")]
)
def test_what_cannot_be_written_is_refused_as_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, "new", *filter(None, arguments[1:]), "--", arguments[0])

    assert (done.code, done.out, list(tmp_path.iterdir())) == (2, "", [])
