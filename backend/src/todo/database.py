"""One pool of connections, and transactions on it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from todo.health import HealthCheck
from todo.settings import Settings

_LOST = (OSError, TimeoutError, PoolTimeoutError, InterfaceError, OperationalError)


class DatabaseUnavailableError(Exception):
    """The database did not answer; the same request may succeed later."""


class Database:
    """The application's Postgres. Nothing connects before the first use."""

    def __init__(self, settings: Settings) -> None:
        self._health = HealthCheck(settings)
        self._engine = create_async_engine(
            settings.url,
            pool_size=settings.database_pool_size,
            max_overflow=settings.database_pool_overflow,
            pool_timeout=settings.database_timeout,
            # Notices a connection that the server or a proxy closed, before a statement needs it.
            pool_pre_ping=True,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={
                "ssl": settings.tls,
                "timeout": settings.database_timeout,
                "command_timeout": settings.database_timeout,
                "server_settings": {"application_name": "todo-backend"},
            },
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """Open a session that commits at the end, or rolls back and raises.

        Raises DatabaseUnavailableError when the fault is the connection's and not the statement's.
        """
        try:
            async with self._sessions.begin() as session:
                await _connect(session)
                yield session
        except _LOST as error:
            raise DatabaseUnavailableError(type(error).__name__) from error
        except DBAPIError as error:
            # A server that shuts down ends a statement with an error of no particular class.
            if error.connection_invalidated:
                raise DatabaseUnavailableError(type(error).__name__) from error
            raise

    async def reachable(self) -> bool:
        """Say within the health timeout whether the database answers."""
        return await self._health.passes()

    async def close(self) -> None:
        """Close every connection."""
        await self._health.close()
        await self._engine.dispose()


async def _connect(session: AsyncSession) -> None:
    try:
        await session.connection()
    except DBAPIError as error:
        # A refused login or an unknown database: nothing that the request could mend.
        raise DatabaseUnavailableError(type(error).__name__) from error
