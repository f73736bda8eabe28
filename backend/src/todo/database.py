"""The connection to Postgres."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

HEALTH_SECONDS = 1.0
"""How long a health check waits for Postgres: less than a probe's own timeout of two seconds."""


def create_engine(url: str) -> AsyncEngine:
    """Gives an engine with a pool small enough for many replicas on one Postgres."""
    return create_async_engine(
        url,
        pool_size=5,
        max_overflow=5,
        pool_timeout=5,
        pool_pre_ping=True,
        # A statement's parameters are people's words; they belong in no log.
        hide_parameters=True,
        connect_args={"timeout": 5, "server_settings": {"application_name": "todo-backend"}},
    )


async def is_reachable(engine: AsyncEngine) -> bool:
    """Says whether Postgres answers within [HEALTH_SECONDS]."""
    try:
        async with asyncio.timeout(HEALTH_SECONDS), engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (TimeoutError, OSError, SQLAlchemyError):
        return False
    return True


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(request.app.state.engine, expire_on_commit=False) as session:
        yield session


Session = Annotated[AsyncSession, Depends(_session)]
