"""What is kept for a day goes after it, whoever it was of and whether they come again."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy import CTE, Delete, Table, delete, func, select, text

from todo.database import Database
from todo.models import metadata

_log = logging.getLogger(__name__)

DAY = text("interval '1 day'")

# Tables, each with the column that tells since when.
_KEPT = {
    "deleted_todo": "deleted_at",
    "idempotency_key": "began_at",
    "deleted_user": "deleted_at",
}
# Of one transaction: short, whatever has come together.
_MOST_ROWS = 1000
# Seconds. Replicas that start together do not sweep together.
_LONGEST_PAUSE = 2 * 60 * 60


@asynccontextmanager
async def sweeping(database: Database) -> AsyncGenerator[None]:
    """Sweep now and then, about once an hour."""
    task = asyncio.create_task(_sweep_on(database))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def sweep(database: Database) -> None:
    """Delete what is older than a day, of all users.

    What another replica deletes just now is left to it.
    """
    for name, since in _KEPT.items():
        table = metadata.tables[name]
        key = table.primary_key.columns
        # Apart, since a subquery may be asked once for each row, and then has no limit.
        old = (
            select(*key)
            .where(table.c[since] < func.now() - DAY)
            .limit(_MOST_ROWS)
            .with_for_update(skip_locked=True)
            .cte("old")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        gone = _of(table, old)
        found = _MOST_ROWS
        while found == _MOST_ROWS:
            async with database.transaction() as session:
                found = len((await session.execute(gone.returning(*key))).all())


def spare(table: Table, owner: str, most: int) -> Delete:
    """Give the deletion of a user's rows beyond the latest `most`.

    Those of the same moment stay or go together. What another transaction deletes is left to it.
    """
    key, since = table.primary_key.columns, table.c[_KEPT[table.name]]
    own = table.c.user_id == owner
    latest = select(since).where(own).order_by(since.desc()).offset(most).limit(1)
    old = (
        select(*key)
        .where(own, since < latest.scalar_subquery())
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    return _of(table, old)


def _of(table: Table, found: CTE) -> Delete:
    key = table.primary_key.columns
    return delete(table).where(*(column == found.c[column.name] for column in key))


async def _sweep_on(database: Database) -> None:
    while True:
        await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311
        try:
            await sweep(database)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            _log.warning("what is older than a day was not deleted: %s", type(error).__name__)
