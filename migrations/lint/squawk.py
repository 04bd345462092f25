"""Squawk, a linter of others, for what it knows and this one does not (https://squawkhq.com/docs/rules)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

from migrations.sql.tokens import Kind, tokens
from tenants.errors import ConfigurationError

PREFIX = "squawk:"
OLDEST_POSTGRES = "15"
_RUNNER = "the runner's own work"
_OURS = "judged by our rule, which knows the tables that the revision itself made: "
# What contradicts how this house works, and why.
EXCLUDED: Mapping[str, str] = {
    "prefer-robust-stmts": "a replayed revision is one transaction with its version row; outside one, outside-transaction-not-repeatable asks for it",
    "require-lock-timeout": f"{_RUNNER}: it sets lock_timeout in every transaction",
    "require-statement-timeout": _RUNNER,
    "require-timeout-settings": _RUNNER,
    "prefer-bigint-over-int": "versions and positions never come near two thousand million; ids are UUIDs",
    "prefer-bigint-over-smallint": "attempts and event versions are counted in tens",
    "require-concurrent-index-creation": f"{_OURS}index-on-existing-table",
    "ban-concurrent-index-creation-in-transaction": f"{_OURS}index-on-existing-table",
    "constraint-missing-not-valid": f"{_OURS}constraint-not-valid",
    "adding-foreign-key-constraint": f"{_OURS}constraint-not-valid",
    "disallowed-unique-constraint": f"{_OURS}unique-constraint-on-existing-table",
    "adding-serial-primary-key-field": f"{_OURS}unique-constraint-on-existing-table",
    "adding-field-with-default": f"{_OURS}volatile-default",
    "adding-not-nullable-field": f"{_OURS}not-null-without-validated-check",
    "adding-required-field": f"{_OURS}not-null-without-validated-check",
    "changing-column-type": f"{_OURS}type-change",
    "renaming-column": f"{_OURS}rename",
    "renaming-table": f"{_OURS}rename",
    "ban-drop-column": f"{_OURS}drop-before-contract",
    "ban-drop-table": f"{_OURS}drop-before-contract",
    "ban-create-domain-with-constraint": f"{_OURS}enum-or-domain",
    "ban-alter-domain-with-add-constraint": f"{_OURS}enum-or-domain",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """What squawk says of the statement at this place of its list."""

    statement: int
    rule: str
    message: str
    help: str


def program() -> Path:
    """Beside the Python that runs, or on PATH. Raises ConfigurationError."""
    beside = Path(sys.executable).with_name("squawk")
    found = str(beside) if beside.exists() else shutil.which("squawk")
    if not found:
        raise ConfigurationError(
            ["squawk, one of the linters of revisions, is not installed: run `make check` in a clone, or pip install squawk-cli"]
        )
    return Path(found)


def remarks(squawk: Path, statements: Sequence[str], *, in_transaction: bool) -> Iterator[Remark]:
    """Raises RuntimeError where squawk does not answer as it should."""
    if not statements:
        return
    texts = [f"{_without_comments(text)}\n;\n" for text in statements]
    first_lines = list(accumulate((text.count("\n") for text in texts), initial=0))
    for said in _ask(squawk, "".join(texts), in_transaction=in_transaction):
        # Lines are counted from 0.
        yield Remark(min(bisect_right(first_lines, said["line"]), len(texts)) - 1, PREFIX + said["rule_name"], said["message"], said["help"] or "")


def _without_comments(text: str) -> str:
    """Line for line: squawk takes exceptions from comments, and here they are stated in the revision's file."""
    return "".join(re.sub(r"[^\n]", " ", token.text) if token.kind is Kind.COMMENT else token.text for token in tokens(text))


def _ask(squawk: Path, sql: str, *, in_transaction: bool) -> list[dict[str, str]]:
    options = ["--reporter=json", f"--pg-version={OLDEST_POSTGRES}", *(f"--exclude={rule}" for rule in EXCLUDED)]
    options.append("--assume-in-transaction" if in_transaction else "--no-assume-in-transaction")
    with TemporaryDirectory(prefix="imprint-squawk-") as folder:  # where no configuration of its own lies
        Path(folder, "revision.sql").write_text(sql)
        done = subprocess.run([squawk, *options, "revision.sql"], cwd=folder, capture_output=True, text=True, check=False)
    try:
        answer: list[dict[str, str]] = json.loads(done.stdout or "[]")
    except ValueError:
        answer = []
    if (done.returncode != 0) is not bool(answer):
        raise RuntimeError(f"squawk ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return answer
