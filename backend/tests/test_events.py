"""What changes is told at once, to its user alone, and by whichever replica they watch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import pytest

from conftest import PATIENCE, connected, make_settings, run
from issuer import SigningKey
from postgres import Server
from streams import ACCEPT, Event, following, listening
from todo.app import create_app
from todo.settings import Settings

CHANGED = ("changed", {"kind": "todos"})
# Seconds within which what is on its way has come, and nothing more.
SOON = 0.5


class Told:
    """What a stream has told so far."""

    def __init__(self, answer: httpx2.Response) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read(answer))

    async def _read(self, answer: httpx2.Response) -> None:
        try:
            async for event in following(answer):
                self._queue.put_nowait(event)
        finally:
            self._queue.put_nowait(None)

    async def next(self) -> Event | None:
        """Give the next event, or None at the end."""
        async with asyncio.timeout(PATIENCE):
            return await self._queue.get()

    async def settle(self) -> list[Event | None]:
        """Give all that comes until nothing does."""
        told = []
        while True:
            try:
                async with asyncio.timeout(SOON):
                    told.append(await self._queue.get())
            except TimeoutError:
                return told

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.wait({self._reading})


@asynccontextmanager
async def watching(client: httpx2.AsyncClient) -> AsyncIterator[Told]:
    async with client.stream("GET", "/api/events", headers=ACCEPT) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store, no-transform"
        told = Told(answer)
        try:
            # At once, and perhaps again when the connection to Postgres is there.
            assert CHANGED in await told.settle()
            yield told
        finally:
            await told.close()


async def add(client: httpx2.AsyncClient, **more: str) -> dict[str, str]:
    todo: dict[str, str] = (await client.post("/api/todos", json={"title": "x"}, **more)).json()  # type: ignore[arg-type]
    return todo


async def test_each_change_is_told_to_its_user_alone(settings: Settings, key: SigningKey) -> None:
    async with (
        listening(create_app(settings), key.token("alice")) as alice,
        watching(alice) as told,
    ):
        path = f"/api/todos/{(await add(alice))['id']}"
        assert await told.next() == CHANGED
        await alice.patch(path, json={"completed": True})
        assert await told.next() == CHANGED
        await alice.delete(path)
        assert await told.next() == CHANGED
        await alice.post(f"{path}/restore")
        assert await told.next() == CHANGED
        await alice.post("/api/chat", json={"message": "add bread"})
        assert await told.next() == CHANGED
        # As the version before writes it, which tells nothing by itself.
        await run(settings, "UPDATE todo SET title = 'oats' WHERE number = 1")
        assert await told.next() == CHANGED
        await told.settle()
        # Another user's, what is read, and what was refused.
        bearer = {"Authorization": f"Bearer {key.token('bob')}"}
        await alice.post("/api/todos", json={"title": "x"}, headers=bearer)
        await alice.get("/api/todos")
        await alice.patch(path, json={"completed": True, "version": 1})
        await alice.delete("/api/me", headers=bearer)
        assert await told.settle() == []
        await alice.delete("/api/me")
        assert await told.next() == CHANGED


async def test_many_todos_that_change_together_are_told_once(
    alice: httpx2.AsyncClient, settings: Settings
) -> None:
    await run(
        settings,
        "INSERT INTO todo (id, user_id, number, title, completed)"
        " SELECT gen_random_uuid(), 'alice', n, 'x', true FROM generate_series(1, 100) n",
    )
    told: list[object] = []
    async with connected(settings) as listener:
        await listener.add_listener("todo_changes", lambda *given: told.append(given[-1]))
        ids = (await alice.delete("/api/todos", params={"completed": "true"})).json()["ids"]
        # What was told before an answer comes before it.
        await listener.execute("SELECT 1")
        assert len(told) == 1
        await alice.post("/api/todos/restore", json={"ids": ids})
        await listener.execute("SELECT 1")
        assert len(told) == 2


async def test_another_replica_tells_it_and_many_changes_are_few_events(
    settings: Settings, key: SigningKey
) -> None:
    async with (
        listening(create_app(settings), key.token()) as one,
        listening(create_app(settings), key.token()) as other,
        watching(other) as told,
    ):
        await add(one)
        assert await told.next() == CHANGED
        await told.settle()
        await run(
            settings,
            "INSERT INTO todo (id, user_id, number, title) SELECT gen_random_uuid(), 'alice', n,"
            " 'x' FROM generate_series(100, 1099) n",
        )
        assert await told.settle() == [CHANGED]


async def test_a_process_listens_by_one_connection_that_no_request_uses(
    settings: Settings, key: SigningKey
) -> None:
    # The only connection of the pool is left to requests.
    small = make_settings(**settings.model_dump() | {"database_pool_size": 1})
    async with (
        listening(create_app(small), key.token()) as alice,
        watching(alice) as first,
        watching(alice) as second,
    ):
        await add(alice)
        for told in (first, second):
            assert await told.next() == CHANGED
        assert (await alice.get("/health/ready")).status_code == 200
        assert await listeners(settings) == 1


async def listeners(settings: Settings) -> int:
    async with connected(settings) as connection:
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = 'todo-backend-changes'"
            )
        )


async def test_a_user_watches_so_often_and_no_more(settings: Settings, key: SigningKey) -> None:
    async with (
        listening(create_app(settings), key.token("alice")) as alice,
        AsyncExitStack() as stack,
    ):
        first = await stack.enter_async_context(AsyncExitStack())
        for place in (first, *[stack] * 9):
            await place.enter_async_context(alice.stream("GET", "/api/events"))
        refused = await alice.get("/api/events")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        bearer = {"Authorization": f"Bearer {key.token('bob')}"}
        await stack.enter_async_context(alice.stream("GET", "/api/events", headers=bearer))
        # Whoever leaves makes room.
        await first.aclose()
        async with asyncio.timeout(PATIENCE):
            while True:
                async with alice.stream("GET", "/api/events") as answer:
                    if answer.status_code == 200:
                        break
                await asyncio.sleep(0.01)


async def test_nobody_watches_without_a_token(settings: Settings) -> None:
    async with listening(create_app(settings), "nonsense") as nobody:
        assert (await nobody.get("/api/events")).status_code == 401


async def test_a_silence_is_filled_and_a_long_watch_ends(
    settings: Settings, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("todo.sse.PATIENCE", 0.05)
    monkeypatch.setattr("todo.routes.events._LONGEST", 1)
    async with (
        listening(create_app(settings), key.token()) as alice,
        alice.stream("GET", "/api/events") as answer,
    ):
        lines = [line async for line in answer.aiter_lines()]
    assert lines.count(": ping") > 3


async def test_a_postgres_that_restarts_is_heard_again(
    own_server: Server, own_settings: Settings, key: SigningKey
) -> None:
    async with (
        listening(create_app(own_settings), key.token()) as alice,
        watching(alice) as told,
    ):
        await asyncio.to_thread(own_server.stop)
        assert await told.settle() == []
        await asyncio.to_thread(own_server.start, again=True)
        # What was changed meanwhile may have been missed.
        assert await told.next() == CHANGED
        await add(alice)
        assert await told.next() == CHANGED
