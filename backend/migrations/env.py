"""Brings the database to the code's schema: one migrator at a time, in one transaction."""

import asyncio
import os
import sys
from logging.config import fileConfig

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

from todo import models
from todo.database import create_engine

LOCK = 7_032_114_501
"""The advisory lock's number: any, so long as nobody else on this database uses it."""

LOCK_SECONDS = 25
"""How long to wait for another replica's migration: less than a rollout's patience."""

metadata = SQLModel.metadata
owned = set(metadata.tables)
assert models  # noqa: S101  # imported for its tables


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    # The front end keeps its own tables in the same database.
    return kind != "table" or name in owned


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_ours,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run() -> None:
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        sys.exit(
            "migrations: DATABASE_URL is not set; give postgresql+asyncpg://user:password@host:5432/database"
        )
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            # Held by the session, not by a transaction, so that it outlasts what a migration commits. Alembic has no
            # lock of its own, and every replica's init container runs this.
            await connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
            await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            await connection.commit()
            try:
                await connection.run_sync(_migrate)
                await connection.commit()
            finally:
                await connection.rollback()
                await connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        sys.exit(f"migrations: failed, nothing was changed: {reason}")
    finally:
        await engine.dispose()


if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)
if context.is_offline_mode():
    context.configure(url="postgresql+asyncpg://", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(_run())
