"""One pool of connections, and transactions on it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import Row, Select, event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util.concurrency import greenlet_spawn

from todo import metrics
from todo.health import HealthCheck
from todo.settings import Settings

_LOST = (OSError, TimeoutError, InterfaceError, OperationalError)
# Seconds for which a connection that did its work is taken to be there. A server that closes one is
# noticed at once; what drops connections in silence waits for minutes.
_TRUSTED = 1.0


class DatabaseUnavailableError(Exception):
    """The database did not answer; the same request may succeed later."""


class OutcomeUnknownError(DatabaseUnavailableError):
    """The connection was lost at the commit: what the transaction did may be done."""


class Database:
    """The application's Postgres. Nothing connects before the first use."""

    def __init__(self, settings: Settings) -> None:
        self._health = HealthCheck(settings)
        # In the order in which they come: the pool gives a connection that comes free to whoever
        # asks just then, and somebody else waits for seconds.
        most = settings.database_pool_size + settings.database_pool_overflow
        self._turns = asyncio.Semaphore(most)
        metrics.POOL_SIZE.set(most)
        self._patience = settings.database_timeout
        self._engine = create_async_engine(
            settings.url,
            pool_size=settings.database_pool_size,
            max_overflow=settings.database_pool_overflow,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={
                "ssl": settings.tls,
                "timeout": settings.database_timeout,
                "command_timeout": settings.database_timeout,
                "server_settings": {"application_name": "todo-backend"},
            },
        )
        _look_at_idle_connections(self._engine.sync_engine)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._reading = self._engine.sync_engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """Open a session that commits at the end, or rolls back and raises.

        Raises DatabaseUnavailableError when the fault is the connection's and not the statement's;
        it is an OutcomeUnknownError when that may be committed.
        """
        committing = False
        try:
            with _losses():
                async with self._turn(), self._sessions.begin() as session:
                    with _refusals():
                        await session.connection()
                    yield session
                    committing = True
        except DatabaseUnavailableError as error:
            if committing:
                raise OutcomeUnknownError(*error.args) from error.__cause__
            raise

    async def read[*Columns](
        self, query: Select[*Columns], parameters: Mapping[str, object] | None = None
    ) -> Sequence[Row[*Columns]]:
        """Give the rows of one query, which needs no statement around it to be a transaction.

        Raises DatabaseUnavailableError as a transaction does.
        """

        def fetch() -> Sequence[Row[*Columns]]:
            with _refusals():
                connection = self._reading.connect()
            with connection:
                return connection.execute(query, parameters).all()

        with _losses():
            async with self._turn():
                # Once for all three steps: an AsyncConnection changes over for each of them.
                return await greenlet_spawn(fetch)

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        with metrics.POOL_WAITING.track_inprogress():
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        try:
            with metrics.POOL_IN_USE.track_inprogress():
                yield
        finally:
            self._turns.release()

    async def reachable(self) -> bool:
        """Say within the health timeout whether the database answers."""
        return await self._health.passes()

    async def close(self) -> None:
        """Close every connection."""
        await self._health.close()
        await self._engine.dispose()


@contextmanager
def _losses() -> Generator[None]:
    try:
        yield
    except _LOST as error:
        raise DatabaseUnavailableError(type(error).__name__) from error
    except DBAPIError as error:
        # A server that shuts down ends a statement with an error of no particular class.
        if error.connection_invalidated:
            raise DatabaseUnavailableError(type(error).__name__) from error
        raise


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except DBAPIError as error:
        # A refused login or an unknown database: nothing that the request could mend.
        raise DatabaseUnavailableError(type(error).__name__) from error


def _look_at_idle_connections(engine: Engine) -> None:
    """Have a connection that the server or a proxy closed noticed before a statement needs it.

    The pool's own pre-ping does so for each use, by three statements.
    """

    @event.listens_for(engine, "checkin")
    def remember(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look(
        connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection
    ) -> None:
        used = entry.info.get("used")
        # A new one has just been opened.
        if used is None:
            return
        driver = entry.driver_connection
        if driver is None or driver.is_closed():
            raise InvalidatePoolError
        if time.monotonic() - used > _TRUSTED and not engine.dialect._do_ping_w_event(connection):  # noqa: SLF001
            raise InvalidatePoolError
