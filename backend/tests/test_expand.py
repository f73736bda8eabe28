"""The version that runs meets the new schema first: a migration must leave it what it uses."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from expand import breaks

SCRIPTS = ScriptDirectory.from_config(Config(Path(__file__).parents[1] / "alembic.ini"))


@pytest.mark.parametrize(
    "script", list(SCRIPTS.walk_revisions()), ids=lambda script: script.revision
)
def test_a_migration_leaves_what_the_running_version_uses(script: Script) -> None:
    told = getattr(script.module, "contracts", "")
    found = breaks(script.module.upgrade)

    assert not found or told, (
        f"{script.path} breaks the version that runs while it is made:\n  "
        + "\n  ".join(found)
        + "\nAdd now and remove a release later (docs/migrations.md). If nothing that runs uses it"
        '\nany more, say so in the migration: contracts = "todo.colour: nothing reads it since 0.4"'
    )
    assert found or not told, f"{script.path} says that it contracts, and takes nothing away"


def add_column() -> None:
    op.add_column("todo", sa.Column("colour", sa.Text(), nullable=True))


def add_column_with_a_default() -> None:
    op.add_column("todo", sa.Column("done", sa.Boolean(), nullable=False, server_default="false"))


def add_table_index_and_constraint() -> None:
    op.create_table(
        "tag", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("a", sa.Text())
    )
    op.alter_column("tag", "a", new_column_name="b")
    op.create_index("ix_tag", "tag", ["b"])
    op.drop_index("ix_tag")
    op.drop_constraint("uq_todo_user_id_number", "todo")
    op.create_unique_constraint("uq_todo", "todo", ["user_id", "number", "title"])


def allow_null_and_comment() -> None:
    op.alter_column("todo", "title", nullable=True)
    op.execute("-- DROP TABLE todo\nUPDATE todo SET title = 'a; drop' WHERE false")


@pytest.mark.parametrize(
    "upgrade",
    [add_column, add_column_with_a_default, add_table_index_and_constraint, allow_null_and_comment],
)
def test_what_is_added_breaks_nothing(upgrade: Callable[[], None]) -> None:
    assert breaks(upgrade) == []


def drop_table() -> None:
    op.drop_table("todo")


def drop_column() -> None:
    op.drop_column("todo", "title")


def rename_table() -> None:
    op.rename_table("todo", "task")


def rename_column() -> None:
    op.alter_column("todo", "title", new_column_name="name")


def change_type() -> None:
    op.alter_column("todo", "number", type_=sa.Text())


def require_a_value() -> None:
    op.alter_column("todo", "title", nullable=False)


def add_column_that_requires_a_value() -> None:
    op.add_column("todo", sa.Column("colour", sa.Text(), nullable=False))


def take_the_default_away() -> None:
    op.alter_column("todo", "completed", server_default=None)


def by_hand() -> None:
    op.execute("alter table only public.todo\n  add column a numeric(3, 1),\n  drop column title")


def by_hand_in_a_batch() -> None:
    op.execute("SELECT 1; TRUNCATE todo")


@pytest.mark.parametrize(
    ("upgrade", "what"),
    [
        (drop_table, "drops a table: DROP TABLE todo"),
        (drop_column, "drops a column: ALTER TABLE todo DROP COLUMN title"),
        (rename_table, "renames: ALTER TABLE todo RENAME TO task"),
        (rename_column, "renames: ALTER TABLE todo RENAME title TO name"),
        (change_type, "changes a type: ALTER TABLE todo ALTER COLUMN number TYPE TEXT"),
        (require_a_value, "requires a value: ALTER TABLE todo ALTER COLUMN title SET NOT NULL"),
        (
            add_column_that_requires_a_value,
            "requires a value: ALTER TABLE todo ADD COLUMN colour TEXT NOT NULL",
        ),
        (
            take_the_default_away,
            "takes a default away: ALTER TABLE todo ALTER COLUMN completed DROP DEFAULT",
        ),
        (by_hand, "drops a column: alter table only public.todo drop column title"),
        (by_hand_in_a_batch, "empties a table: TRUNCATE todo"),
    ],
)
def test_what_the_running_version_uses_is_named(upgrade: Callable[[], None], what: str) -> None:
    assert breaks(upgrade) == [what]
