"""Connections are there when a statement needs them, and everybody gets a turn at them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Select, func, literal, select

from conftest import PATIENCE, connected, make_settings
from todo.database import Database, DatabaseUnavailableError
from todo.settings import Settings

ONE: Select[int] = select(literal(1))
CONNECTION: Select[int] = select(func.pg_backend_pid())


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Give a database with one connection."""
    values = {"database_pool_size": 1, "database_pool_overflow": 0}
    made = Database(make_settings(**settings.model_dump() | values))
    yield made
    await made.close()


async def connection_of(database: Database) -> int:
    ((found,),) = await database.read(CONNECTION)
    return found


async def end(settings: Settings, connection: int) -> None:
    """Have the server close a connection, and wait until it has."""
    async with connected(settings) as operator:
        await operator.execute("SELECT pg_terminate_backend($1, 600000)", connection)


async def test_a_connection_is_used_again(database: Database) -> None:
    async with database.transaction() as session:
        first = await session.scalar(CONNECTION)
    assert [await connection_of(database) for _ in range(3)] == [first] * 3


@pytest.mark.parametrize("trusted", [PATIENCE, -1])
async def test_a_connection_that_the_server_closed_is_replaced(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, trusted: float
) -> None:
    first = await connection_of(database)
    await end(settings, first)
    monkeypatch.setattr("todo.database._TRUSTED", trusted)
    assert await connection_of(database) != first
    async with database.transaction() as session:
        assert await session.scalar(CONNECTION) != first


async def test_an_idle_connection_is_asked_before_it_is_used(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await connection_of(database)
    asked = []

    def silent(_: object) -> bool:
        asked.append(1)
        return False

    monkeypatch.setattr(database._engine.dialect, "do_ping", silent)
    assert await connection_of(database) == first
    assert not asked
    monkeypatch.setattr("todo.database._TRUSTED", -1)
    # The pool itself replaces the one that does not answer, and asks no new one.
    assert await connection_of(database) != first
    assert len(asked) == 1


async def test_what_follows_a_query_on_its_connection_is_a_transaction(
    database: Database,
) -> None:
    first = await connection_of(database)
    async with database.transaction() as session:
        assert await session.scalar(CONNECTION) == first
        began = await session.scalar(select(func.now()))
        assert await session.scalar(select(func.now())) == began


async def test_whoever_comes_first_is_served_first(database: Database) -> None:
    order: list[int] = []

    async def ask(number: int) -> None:
        await database.read(ONE)
        order.append(number)

    async with database.transaction():
        asking = [asyncio.create_task(ask(number)) for number in range(20)]
        await asyncio.sleep(0.01)
    # These come while the others wait.
    asking += [asyncio.create_task(ask(number)) for number in range(20, 40)]
    await asyncio.gather(*asking)
    assert order == list(range(40))


async def test_who_waits_too_long_is_told_that_it_passes(settings: Settings) -> None:
    values = {"database_pool_size": 1, "database_pool_overflow": 0, "database_timeout": 0.2}
    impatient = Database(make_settings(**settings.model_dump() | values))
    try:
        async with impatient.transaction():
            with pytest.raises(DatabaseUnavailableError):
                await impatient.read(ONE)
        # Nobody's turn is lost by it.
        impatient._patience = PATIENCE
        assert await asyncio.gather(*(impatient.read(ONE) for _ in range(5)))
    finally:
        await impatient.close()
