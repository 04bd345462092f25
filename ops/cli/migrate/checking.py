"""`imprint migrate check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from ops.cli.boundary import DONE, FAILED, say
from ops.cli.printing import print_json

if TYPE_CHECKING:
    from migrations.lint import Finding


@click.command("check")
@click.option("--rules", "only_rules", is_flag=True, help="Print the rules instead: why each exists and what to do.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def check(*, only_rules: bool, as_json: bool) -> int:
    """Find what revisions would do to tenants in use. Needs no database; squawk must be installed."""
    from migrations import lint

    if only_rules:
        _print_rules(as_json=as_json)
        return DONE
    from migrations.lint.squawk import program

    findings = lint.check(program())
    if as_json:
        print_json([finding.as_json() for finding in findings])
    else:
        for finding in findings:
            click.echo(_told(finding) + "\n")
    say(f"{len(findings)} finding{'' if len(findings) == 1 else 's'}" if findings else "every revision keeps to the rules")
    return FAILED if findings else DONE


def _told(finding: Finding) -> str:
    head = f"{finding.history}/{finding.file}: {finding.rule}"
    statement = "\n".join(f"    | {line}" for line in finding.statement.splitlines())
    return "\n".join(part for part in (head, statement, f"    why      {finding.why}", f"    instead  {finding.instead}") if part)


def _print_rules(*, as_json: bool) -> None:
    from dataclasses import asdict

    from migrations.lint import RULES
    from migrations.lint.squawk import EXCLUDED

    if as_json:
        print_json([asdict(rule) for rule in RULES.values()])
        return
    for rule in RULES.values():
        click.echo(f"{rule.name}\n    why      {rule.why}\n    instead  {rule.instead}\n")
    click.echo("squawk:…\n    squawk's default rules for Postgres (https://squawkhq.com/docs/rules), without these:")
    for name, reason in EXCLUDED.items():
        click.echo(f"    {name}: {reason}")


COMMANDS = (check,)
