"""A connection outside of the pool, for what must not wait for requests."""

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from todo.settings import Settings


async def connect(settings: Settings, name: str, *, patience: float) -> asyncpg.Connection:
    """Open one under an application name; it and each of its statements get so many seconds."""
    _, options = dialect().create_connect_args(settings.url)  # type: ignore[no-untyped-call]
    return await asyncpg.connect(
        **options,
        ssl=settings.tls,
        timeout=patience,
        command_timeout=patience,
        server_settings={"application_name": name},
    )
