"""Which functions give the same answer for every row of a statement (PostgreSQL documentation, 36.7 Function Volatility)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrations.sql.statements import name_at
from migrations.sql.tokens import Token, word_set

VOLATILE = word_set(
    "clock_timestamp currval gen_random_bytes gen_random_uuid lastval nextval pg_sleep random random_normal set_config setval timeofday "
    "txid_current uuid_generate_v1 uuid_generate_v4 uuidv4 uuidv7"
)
SAME_FOR_ALL_ROWS = word_set(
    "abs array_length array_remove array_to_string bit btrim cardinality cast char character coalesce concat current_time current_timestamp "
    "date_trunc decode encode greatest interval jsonb_array_length jsonb_build_array jsonb_build_object jsonb_object least left length "
    "localtime localtimestamp lower ltrim make_date make_interval make_timestamptz md5 now nullif numeric repeat replace right round rtrim "
    "sha256 split_part statement_timestamp substr substring time timestamp timestamptz timezone to_jsonb to_timestamp transaction_timestamp "
    "trim upper varbit varchar"
)
# Words before a bracket that call nothing.
_NOT_CALLED = word_set(
    "all and any array as between by case check columns conflict default do else end exists from group having in into is key not nothing nulls on "
    "or order over partition primary references returning row select set some then unique using values when where with"
)


def called(part: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """(schema, name) of everything that is written like a call."""
    at = 0
    while at < len(part):
        if not part[at].name:
            at += 1
            continue
        name, end = name_at(part, at)
        if name and end < len(part) and part[end].text == "(" and not (not name.schema and part[end - 1].word in _NOT_CALLED):
            yield name.schema, name.name
        at = end


def calls_volatile(part: Sequence[Token]) -> bool:
    return any(name in VOLATILE for _, name in called(part))


def differs_by_row(part: Sequence[Token]) -> bool:
    """Whether a default may: a function that is not known to give one answer counts as one that does not."""
    return any(name not in SAME_FOR_ALL_ROWS for _, name in called(part))
