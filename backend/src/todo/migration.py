"""Running a migration alone: Alembic itself has no lock against a second one."""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

_log = logging.getLogger(__name__)

# Any number will do as long as nothing else in this database uses it.
LOCK_KEY = 7_306_086_967
_PAUSE = 0.5
# A migration that waits for a table keeps everybody else waiting behind it.
_STATEMENT_LOCK_TIMEOUT = "10s"
# Faults that pass by themselves: a server that is not there yet, starts or has no room.
_PASSING = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ConnectionDoesNotExistError,
)


class MigrationError(Exception):
    """The migration was not made. Its text is one line and holds no secret."""


async def exclusively(
    url: URL,
    migrate: Callable[[Connection], None],
    *,
    tls: ssl.SSLContext | bool = False,
    timeout: float,  # noqa: ASYNC109
) -> None:
    """Call `migrate` with a connection that holds the migration lock.

    Waits at most `timeout` seconds for the database to answer and, within the same time, for
    others that hold the lock. Raises MigrationError.
    """
    deadline = time.monotonic() + timeout
    engine = create_async_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "ssl": tls,
            "timeout": 5,
            "server_settings": {"application_name": "todo-migration"},
        },
    )
    try:
        connection = await _connect(engine, deadline, timeout)
        try:
            # The lock belongs to this session, so it is also free when the process is killed.
            await _lock(connection, deadline, timeout)
            await connection.execute(text(f"SET lock_timeout = '{_STATEMENT_LOCK_TIMEOUT}'"))
            await connection.commit()
            await connection.run_sync(migrate)
            await connection.commit()
        finally:
            await connection.close()
    except (SQLAlchemyError, OSError) as error:
        raise MigrationError(f"migration failed: {_reason(error)}") from error
    finally:
        await engine.dispose()


async def _connect(engine: AsyncEngine, deadline: float, timeout: float) -> AsyncConnection:  # noqa: ASYNC109
    where = f"{engine.url.host or 'a socket'}:{engine.url.port or 5432}"
    while True:
        try:
            return await engine.connect()
        except (*_PASSING, DBAPIError) as error:
            if not isinstance(_root(error), _PASSING):
                raise MigrationError(
                    f"the database at {where} refused the connection: {_reason(error)}"
                ) from error
            if time.monotonic() >= deadline:
                raise MigrationError(
                    f"the database at {where} did not answer within {timeout:g} s: "
                    f"{_reason(error)}; check DATABASE_URL and that the server runs"
                ) from error
            _log.info("waiting for the database at %s: %s", where, _reason(error))
        await asyncio.sleep(_PAUSE)


async def _lock(connection: AsyncConnection, deadline: float, timeout: float) -> None:  # noqa: ASYNC109
    told = False
    while True:
        locked = await connection.scalar(
            text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}
        )
        # A transaction left open here would hold up the migration that is waited for.
        await connection.commit()
        if locked:
            return
        if time.monotonic() >= deadline:
            raise MigrationError(
                f"another migration held the lock for {timeout:g} s; "
                f"see pg_locks (advisory, {LOCK_KEY}) for whose it is, or set MIGRATION_TIMEOUT"
            )
        if not told:
            _log.info("another migration is running; waiting for at most %g s", timeout)
            told = True
        await asyncio.sleep(_PAUSE)


def _root(error: BaseException) -> BaseException:
    """Give the driver's own error from under SQLAlchemy's translations."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _reason(error: BaseException) -> str:
    root = _root(error)
    return f"{type(root).__name__}: {root}".strip(": ").split("\n", maxsplit=1)[0]
