"""What a migration takes from the version that still runs while it is made."""

import re
from collections.abc import Callable
from io import StringIO

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

NAME = r'(?:ONLY )?(?:IF EXISTS )?((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)'

# Statement by statement, and clause by clause of an ALTER TABLE. The running version goes on
# reading and writing with the schema that it knows: these are what break it.
BREAKING = {
    "drops a table": re.compile(rf"^DROP (?:TABLE|VIEW|MATERIALIZED VIEW) {NAME}", re.IGNORECASE),
    "empties a table": re.compile(rf"^TRUNCATE (?:TABLE )?{NAME}", re.IGNORECASE),
    "drops a column": re.compile(rf"^ALTER TABLE {NAME} DROP (?!CONSTRAINT\b)", re.IGNORECASE),
    "renames": re.compile(rf"^ALTER (?:TABLE|VIEW) {NAME} RENAME (?!CONSTRAINT\b)", re.IGNORECASE),
    "changes a type": re.compile(
        rf"^ALTER TABLE {NAME} ALTER .*\b(?:SET DATA )?TYPE\b", re.IGNORECASE
    ),
    "requires a value": re.compile(
        rf"^ALTER TABLE {NAME} "
        r"(?:ALTER .*\bSET NOT NULL|ADD (?!.*\b(?:DEFAULT|GENERATED)\b).*\bNOT NULL)",
        re.IGNORECASE,
    ),
    "takes a default away": re.compile(
        rf"^ALTER TABLE {NAME} ALTER .*\bDROP DEFAULT", re.IGNORECASE
    ),
}
CREATES = re.compile(rf"^CREATE TABLE (?:IF NOT EXISTS )?{NAME}", re.IGNORECASE)


def statements(upgrade: Callable[[], None]) -> list[str]:
    """Give the SQL that a migration would run on Postgres, one line each."""
    out = StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": out}
    )
    with Operations.context(context):
        upgrade()
    sql = re.sub(r"--[^\n]*", "", out.getvalue())
    return [" ".join(each.split()) for each in sql.split(";") if each.strip()]


def clauses(statement: str) -> list[str]:
    """Split ``ALTER TABLE t DROP a, ADD b`` into a statement for each clause."""
    begins = re.match(rf"ALTER TABLE {NAME} ", statement, re.IGNORECASE)
    if not begins:
        return [statement]
    # A comma inside brackets belongs to a type or a list of columns.
    parts = re.split(r",(?![^()]*\)) *", statement[begins.end() :])
    return [begins.group(0) + part for part in parts]


def breaks(upgrade: Callable[[], None]) -> list[str]:
    """Name what a migration does that the running version does not survive, with the statement.

    A table that the migration itself makes is nobody's yet.
    """
    found: list[str] = []
    own: set[str] = set()
    for statement in statements(upgrade):
        if made := CREATES.match(statement):
            own.add(made.group(1))
        for clause in clauses(statement):
            for what, pattern in BREAKING.items():
                match = pattern.match(clause)
                if match and match.group(1) not in own:
                    found.append(f"{what}: {clause}")
    return found
