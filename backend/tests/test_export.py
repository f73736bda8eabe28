"""A user gets all that is kept about them, nothing of others, whole or not at all."""

import contextlib
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import create_async_engine

from conftest import rows_of, run
from todo.auth import User
from todo.database import Database, DatabaseUnavailableError
from todo.export import SECTIONS, export
from todo.models import metadata
from todo.settings import Settings

_VALUES: dict[type, Any] = {
    str: "planted",
    int: 4711,
    bool: True,
    list: ["planted"],
    datetime: datetime(2026, 11, 26, tzinfo=UTC),
}
# What a constraint wants.
_CHOSEN = {"role": "user", "priority": "high"}


def _row(table: Table, user: str, ids: dict[str, UUID]) -> dict[str, Any]:
    """Make a row that has a value in every column."""
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.computed is not None:
            continue
        kind = column.type.python_type
        if column.foreign_keys:
            (reference,) = column.foreign_keys
            row[column.name] = ids[reference.column.table.name]
        elif column.name == "user_id":
            row[column.name] = user
        elif column.name in _CHOSEN:
            row[column.name] = _CHOSEN[column.name]
        elif kind is UUID:
            row[column.name] = ids[table.name]
        else:
            row[column.name] = f"planted {user}" if kind in (str, object) else _VALUES[kind]
    return row


async def _plant(settings: Settings, *users: str) -> dict[str, dict[str, UUID]]:
    """Put a row of each user into every table."""
    made = {user: {name: uuid4() for name in metadata.tables} for user in users}
    engine = create_async_engine(settings.url)
    async with engine.begin() as connection:
        for index, user in enumerate(users):
            for table in metadata.sorted_tables:
                row = _row(table, user, made[user])
                if table.name == "message":
                    row["id"] += index
                await connection.execute(insert(table).values(row))
    await engine.dispose()
    return made


async def test_every_table_is_exported(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, settings: Settings
) -> None:
    made = await _plant(settings, "alice", "bob")
    assert set(metadata.tables) == {section.table for section in SECTIONS}, (
        "a table is not exported: name it in todo.export.SECTIONS, and delete it in todo.account"
    )
    for client, user in ((alice, "alice"), (bob, "bob")):
        answer = await client.get("/api/me")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        exported = answer.json()
        assert list(exported) == [section.name for section in SECTIONS]
        for section in SECTIONS:
            (row,) = exported[section.name]
            columns = metadata.tables[section.table].columns
            assert set(row) == {c.name for c in columns if c.computed is None} - {"user_id"}
            assert None not in row.values()
            if "id" in row and section.table != "message":
                assert row["id"] == str(made[user][section.table])
        other = {"alice": "bob", "bob": "alice"}[user]
        assert f"planted {user}" in answer.text
        assert f"planted {other}" not in answer.text


async def test_every_table_is_deleted(alice: httpx2.AsyncClient, settings: Settings) -> None:
    """But for the one that remembers the deletion."""
    await _plant(settings, "alice")
    assert (await alice.delete("/api/me")).status_code == 204
    assert await rows_of(settings, "alice") == {"deleted_user": 1}


async def test_who_has_nothing_gets_empty_arrays(alice: httpx2.AsyncClient) -> None:
    answer = await alice.get("/api/me")
    assert answer.json() == {section.name: [] for section in SECTIONS}


async def test_what_a_user_did_is_in_it(alice: httpx2.AsyncClient) -> None:
    title = 'a "quoted" title, ünïcode 🎉, </script>'
    todo = (await alice.post("/api/todos", json={"title": title})).json()
    await alice.post("/api/todos", json={"title": "goes"})
    await alice.post("/api/chat", json={"message": "delete 2"})
    exported = (await alice.get("/api/me")).json()
    assert [each["title"] for each in exported["todos"]] == [title]
    assert datetime.fromisoformat(exported["todos"][0]["created_at"]).tzinfo
    assert exported["todos"][0]["id"] == todo["id"]
    assert [each["title"] for each in exported["deleted_todos"]] == ["goes"]
    (conversation,) = exported["conversations"]
    said = [each["content"] for each in exported["messages"]]
    assert said[0] == "delete 2"
    assert {each["conversation_id"] for each in exported["messages"]} == {conversation["id"]}
    assert exported["usage"]


@pytest.mark.parametrize("count", [499, 500, 501, 10_000])
async def test_as_many_todos_as_there_are_take_the_memory_of_one_page(
    alice: httpx2.AsyncClient, settings: Settings, count: int
) -> None:
    await run(
        settings,
        "INSERT INTO todo (id, user_id, number, title) SELECT gen_random_uuid(), 'alice', n, "
        f"repeat('x', 200) FROM generate_series(1, {count}) AS n",
    )
    numbers = [todo["number"] for todo in (await alice.get("/api/me")).json()["todos"]]
    assert numbers == list(range(1, count + 1))

    database = Database(settings)
    try:
        tracemalloc.start()
        parts = [len(part) async for part in export(database, User("alice", 0))]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        await database.close()
    assert sum(parts) > count * 300
    assert max(parts) < 300_000
    assert peak < 8_000_000


async def test_messages_of_many_conversations_are_all_there(
    alice: httpx2.AsyncClient, settings: Settings
) -> None:
    await run(
        settings,
        "INSERT INTO conversation (id, user_id) "
        "SELECT gen_random_uuid(), 'alice' FROM generate_series(1, 30)",
    )
    await run(
        settings,
        "INSERT INTO message (conversation_id, role, content) "
        "SELECT id, 'user', n FROM conversation, generate_series(1, 41) AS n",
    )
    messages = (await alice.get("/api/me")).json()["messages"]
    assert len({message["id"] for message in messages}) == len(messages) == 30 * 41


async def test_nobody_gets_anything_without_a_token(anyone: httpx2.AsyncClient) -> None:
    assert (await anyone.get("/api/me")).status_code == 401


async def test_a_database_that_is_away_is_told_in_place_of_an_answer(
    app: FastAPI, alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(*_: object) -> list[object]:
        raise DatabaseUnavailableError("ConnectionError")

    monkeypatch.setattr(app.state.services.database, "read", read)
    answer = await alice.get("/api/me")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_database_that_goes_away_halfway_ends_the_answer_without_an_end(
    app: FastAPI, alice: httpx2.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _plant(settings, "alice")
    database = app.state.services.database
    read, times = database.read, 0

    async def read_twice(query: object) -> object:
        nonlocal times
        times += 1
        if times > 2:
            raise DatabaseUnavailableError("ConnectionError")
        return await read(query)

    monkeypatch.setattr(database, "read", read_twice)
    received = b""
    with contextlib.suppress(DatabaseUnavailableError):
        async with alice.stream("GET", "/api/me") as answer:
            async for part in answer.aiter_bytes():
                received += part
    with pytest.raises(json.JSONDecodeError):
        json.loads(received)
