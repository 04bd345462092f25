"""Every rule that revisions are held to: its name, why it exists, and what to do instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    why: str
    instead: str


VOLATILE_DEFAULT = Rule(
    "volatile-default",
    "A default that differs from row to row (also an identity, a serial or a stored generated column) makes Postgres rewrite the whole table "
    "while nobody can read it.",
    "Add the column without a default, set the default in a second statement, and fill the old rows in a python revision of its own.",
)
NOT_NULL = Rule(
    "not-null-without-validated-check",
    "SET NOT NULL reads the whole table while nobody can read or write it; a new NOT NULL column without a default fails where there are rows.",
    "Add CHECK (column IS NOT NULL) NOT VALID, validate it in an outside_transaction revision, then SET NOT NULL, which then reads nothing.",
)
INDEX = Rule(
    "index-on-existing-table",
    "Building an index on a table that is in use stops every write to it. The runner builds plain indexes of large tenant tables beside its "
    "work; it cannot do that for unique ones, for the control schema, or outside a replayed revision.",
    'Give the index a revision of its own with execution "outside_transaction" and CREATE INDEX CONCURRENTLY IF NOT EXISTS. '
    "A plain index on a tenant's table may stay in a replayed revision as op.create_index writes it, without CONCURRENTLY.",
)
TYPE_CHANGE = Rule(
    "type-change",
    "Changing a column's type rewrites the table and breaks the release that still runs.",
    "Add a column of the new type, write both, fill the old rows, read the new one, and drop the old one in a contract revision.",
)
RENAME = Rule(
    "rename",
    "The release that still runs asks for the old name.",
    "Add the new one beside it, write both, move reading over, and drop the old one in a contract revision.",
)
DROP = Rule(
    "drop-before-contract",
    "The release that still runs may read or write what is dropped, and what is gone cannot be brought back.",
    'Drop it one release after the last use, in a revision whose docstring has the line "Contract.".',
)
NOT_VALID = Rule(
    "constraint-not-valid",
    "A constraint on a table that has rows is checked against all of them while nobody can write.",
    'Add it NOT VALID, and VALIDATE CONSTRAINT in a revision with execution "outside_transaction": replayed revisions that follow each other '
    "are one transaction, which would keep the first one's lock.",
)
TABLE_LOCK = Rule(
    "table-lock",
    "LOCK, CLUSTER, VACUUM FULL, REINDEX, a plain REFRESH, ATTACH PARTITION of a table in use and a change of where or how a table is stored shut "
    "everybody out until they end.",
    "REINDEX knows CONCURRENTLY, in an outside_transaction revision; a partition is attached in the revision that makes it; the rest is work for "
    "a quiet hour, not for a revision.",
)
UNIQUE_CONSTRAINT = Rule(
    "unique-constraint-on-existing-table",
    "A unique or exclusion constraint, or a primary key, builds its index while nobody can read or write the table.",
    "Build a unique index CONCURRENTLY in an outside_transaction revision, then ADD CONSTRAINT … USING INDEX in the next.",
)
LIFTED_TIMEOUT = Rule(
    "lifted-timeout",
    "The runner lets no statement wait for a lock for long, since everybody else queues behind it; this revision takes that guard away.",
    "Leave lock_timeout and statement_timeout to the runner, or set a shorter one.",
)
OWN_CONNECTION = Rule(
    "own-connection",
    "A revision that connects by itself has neither the runner's timeouts nor its transaction, role and schema.",
    "Use op.get_bind(): it is the runner's connection, as the owner role.",
)
NEEDLESS_PYTHON = Rule(
    "python-without-need",
    "A python revision costs a process and a pass through Alembic for each tenant; this one never reads from its connection.",
    "Leave `execution` out: its statements can be rendered once and replayed.",
)
NOT_RENDERED = Rule(
    "not-rendered",
    "Statements are made from the file once, without a database, and new tenants from those statements: this one raises there.",
    "Use operations alone; a python revision does nothing with rows where op.get_context().as_sql is true.",
)
TYPE = Rule(
    "enum-or-domain",
    "Types that exist once for each schema break prepared statements, and enums cannot lose a value.",
    "Use text with a CHECK constraint.",
)
EXTENSION = Rule(
    "extension",
    "Many managed servers, and the embedded one, lack it; it belongs to the database, not to a tenant.",
    "Do it in the application, or with what Postgres brings.",
)
FOREIGN_KEY_LEAVES = Rule(
    "foreign-key-leaves-schema",
    "A foreign key to another schema ties tenants together: they could no longer be moved, exported or sharded alone.",
    "Keep the other's id without a constraint.",
)
NO_PRIMARY_KEY = Rule(
    "table-without-primary-key",
    "Without a primary key rows cannot be told apart by export, replication or replay.",
    "Give the table a primary key; ids come from the application.",
)
UNQUALIFIED = Rule(
    "unqualified-name",
    "Nothing is found by search_path: an unqualified name fails, or finds something else.",
    'Name the schema: schema="__tenant__" in operations, __tenant__.name in SQL; "control" in the control history.',
)
OTHER_SCHEMA = Rule(
    "other-schema",
    "A revision changes its own schema only; what lies elsewhere belongs to another tenant, to control, or to the database.",
    "Keep to __tenant__ (control in the control history) and pg_catalog; schemas, roles and search_path are the runner's.",
)
OTHER_ROLE = Rule(
    "other-role",
    "A right given to PUBLIC, or to a role that another installation or tenant has, opens what must stay apart; owners are the runner's.",
    "Name roles by their tokens: __role__ in tenant revisions, __tenants__ and __login__ in the control history.",
)
VOLATILE_UPDATE = Rule(
    "volatile-function-in-update",
    "A volatile function in UPDATE or ON CONFLICT gives each copy of a row another value, and a sharded engine refuses it.",
    "Write the value into the statement, or fill the rows in a python revision that binds it.",
)
UNSAID = Rule(
    "expand-or-contract-unsaid",
    "Readers and the runner must know whether the release that still runs can work with the result.",
    'End the docstring with a line that is exactly "Expand." or "Contract.".',
)
SEARCH_PATH = Rule(
    "search-path-unset",
    "A SECURITY DEFINER function without a search_path of its own runs whatever its caller put in the way, with the owner's rights.",
    "Add SET search_path = '' and name every schema in the body.",
)
NOT_REPEATABLE = Rule(
    "outside-transaction-not-repeatable",
    "What runs outside a transaction may be half done when it is run again.",
    "Use IF [NOT] EXISTS, OR REPLACE, ON CONFLICT or a WHERE that finds only what is left to do; put the rest into a replayed revision.",
)
DATA = Rule(
    "mixes-schema-and-data",
    "Changing many rows in the transaction that changes the schema holds its locks for as long as the rows take.",
    "Fill rows in a python revision of its own, with a WHERE that finds what is left to do. It is one transaction for each tenant, batches or not: "
    "what takes longer than --budget is work for a job beside the release.",
)
SEVERAL_STATEMENTS = Rule(
    "several-statements",
    "Statements are replayed one a message; a sharded engine takes no more than one.",
    "Give each statement an op.execute of its own.",
)
HIDDEN = Rule(
    "hidden-statement",
    "What a DO block does can be neither checked here nor shown by `--sql`.",
    "Write the statements themselves, or a python revision where something must be decided.",
)
TRANSACTION = Rule(
    "transaction-statement",
    "Transactions are the runner's: with BEGIN, COMMIT, SAVEPOINT or autocommit_block a revision would be half kept, or silently lost. "
    "The runner refuses it even unchecked.",
    'Leave it out; execution "outside_transaction" runs each statement of a revision by itself.',
)
SERVER = Rule(
    "reaches-the-server",
    "ALTER SYSTEM, COPY, LOAD, NOTIFY and their like act on the server, its files or its other sessions: no tenant's revision may.",
    "Write rows with INSERT, or in a python revision; settings of the server are its operator's.",
)
GUARDS_OFF = Rule(
    "guards-switched-off",
    "While triggers and foreign keys are switched off, rows come in that nothing looks at ever again.",
    "Leave them on; drop what is wrong for good, and make it anew.",
)
RIGHTS = Rule(
    "revoke-before-contract",
    "The release that still runs works with the rights that it was given, and fails without them.",
    'Revoke a right one release after its last use, in a revision whose docstring has the line "Contract.".',
)
UNBUILT = Rule(
    "index-needed-before-it-is-built",
    "On a large table the runner builds a revision's plain index beside the tenant's work, after the revision: what needs it fails there, and "
    "what takes its column away keeps it from ever being built.",
    "Put the statement into the next revision, before which the runner builds the index, or leave the index out.",
)
NEEDLESS_OUTSIDE = Rule(
    "outside-transaction-without-need",
    "Outside a transaction a statement that takes a strong lock has none of the replay around it: it may be done where the next one fails.",
    "Put it into a replayed revision of its own, before or after this one; here belong CONCURRENTLY, VACUUM, ANALYZE, VALIDATE CONSTRAINT and rows.",
)
UNKNOWN_ESCAPE = Rule(
    "escape-unknown-rule",
    "The comment allows something that no rule forbids, or cannot be read.",
    "Write `# check: allow RULE because …` with a rule of `imprint migrate check --rules`.",
)
UNJUSTIFIED = Rule(
    "escape-unjustified",
    "Whoever reads the exception later must learn why it is safe here.",
    "Say it in a sentence after `because`.",
)
UNNEEDED = Rule(
    "escape-unneeded",
    "The exception excuses nothing any more and would hide the next mistake.",
    "Remove the comment.",
)

RULES: dict[str, Rule] = {rule.name: rule for rule in list(vars().values()) if isinstance(rule, Rule)}
