"""What is promised for a day is gone soon after, whoever it was of and whether they come again."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from conftest import replica, rows_of, run
from issuer import SigningKey
from todo.database import Database
from todo.settings import Settings
from todo.sweep import sweep

HELD = text("SELECT FROM deleted_todo WHERE number = 1 FOR UPDATE")
USERS = ("alice", "bob")
ROWS = 2500


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    made = Database(settings)
    yield made
    await made.close()


async def leave(settings: Settings, user: str, age: str, numbers: str) -> None:
    """Leave rows of that age that a user has no more use for."""
    at = f"now() - interval '{age}'"
    await run(
        settings,
        "INSERT INTO deleted_todo (id, user_id, number, title, deleted_at)"
        f" SELECT gen_random_uuid(), '{user}', n, 'x', {at} FROM generate_series({numbers}) n",
    )
    await run(
        settings,
        "INSERT INTO idempotency_key (user_id, key, digest, began_at)"
        f" SELECT '{user}', 'key-' || n, 'x', {at} FROM generate_series({numbers}) n",
    )
    await run(settings, f"INSERT INTO deleted_user VALUES ('{user}-{age}', {at})")


async def left(settings: Settings) -> list[dict[str, int]]:
    return [
        await rows_of(settings, user)
        for user in (
            *USERS,
            *(f"{user}-{age}" for user in USERS for age in ("25 hours", "23 hours")),
        )
    ]


async def test_a_day_is_kept_and_no_more(database: Database, settings: Settings) -> None:
    for user in USERS:
        await leave(settings, user, "25 hours", f"1, {ROWS}")
        await leave(settings, user, "23 hours", f"{ROWS + 1}, {ROWS + 3}")
    await run(
        settings,
        "INSERT INTO todo (id, user_id, number, title, created_at)"
        " VALUES (gen_random_uuid(), 'alice', 1, 'x', now() - interval '1 year')",
    )
    # As many replicas do at the same time.
    await asyncio.gather(*(sweep(database) for _ in range(10)))
    kept = {"deleted_todo": 3, "idempotency_key": 3}
    assert await left(settings) == [
        kept | {"todo": 1},
        kept,
        *[{}, {"deleted_user": 1}] * 2,
    ]


async def test_rows_that_somebody_holds_are_left_for_the_next_time(
    database: Database, settings: Settings
) -> None:
    await leave(settings, "alice", "25 hours", "1, 2")
    async with database.transaction() as session:
        await session.execute(HELD)
        async with asyncio.timeout(600):
            await sweep(database)
        assert (await rows_of(settings, "alice"))["deleted_todo"] == 1
    await sweep(database)
    assert await rows_of(settings, "alice") == {}


async def test_the_application_sweeps_now_and_then_until_it_ends(
    settings: Settings,
    key: SigningKey,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    times = asyncio.Queue[None]()

    async def failing(_: Database) -> None:
        times.put_nowait(None)
        raise RuntimeError("no")

    monkeypatch.setattr("todo.sweep._LONGEST_PAUSE", 0.01)
    with monkeypatch.context() as patched:
        patched.setattr("todo.sweep.sweep", failing)
        async with replica(settings, key.token()) as client:
            # A failure is told, and is not the last time.
            for _ in range(3):
                await times.get()
            assert (await client.get("/health")).status_code == 200
        while not times.empty():
            times.get_nowait()
        await asyncio.sleep(0.1)
        assert times.empty()
    assert "what is older than a day was not deleted: RuntimeError" in caplog.text

    await leave(settings, "alice", "25 hours", "1, 2")
    async with replica(settings, key.token()):
        while await rows_of(settings, "alice"):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
