"""What probes see, with the database there, gone, and hanging."""

import asyncio
import socket
import time
from collections.abc import Iterator

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI

from conftest import PATIENCE, make_settings
from todo import __version__
from todo.app import create_app
from todo.health import HealthCheck
from todo.settings import Settings

OK = {"status": "ok", "version": __version__, "database": "ok"}
LOST = {"version": __version__, "database": "unreachable"}


async def test_all_is_well(anyone: httpx2.AsyncClient) -> None:
    for path in ("/health", "/health/ready"):
        answer = await anyone.get(path)
        assert (answer.status_code, answer.json()) == (200, OK)


@pytest.fixture
def silent() -> Iterator[int]:
    """Give a port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def client_of(app: FastAPI) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(transport=transport, base_url="http://backend", timeout=PATIENCE)


async def probe(url: str) -> tuple[httpx2.Response, httpx2.Response]:
    app = create_app(make_settings(database_url=url, health_timeout=0.5))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://backend"
        ) as client,
    ):
        started = time.monotonic()
        live, ready = await client.get("/health"), await client.get("/health/ready")
        # Two answers, each given up after half a second, on a machine that may be busy. What waits
        # for the database itself waits ten times as long.
        assert time.monotonic() - started < PATIENCE / 10
        return live, ready


def test_a_probe_has_its_answer_before_it_gives_up() -> None:
    # The chart's probes wait for two seconds.
    assert Settings.model_fields["health_timeout"].default <= 1


async def test_a_lost_database_restarts_nothing_but_takes_no_requests() -> None:
    live, ready = await probe("postgresql+asyncpg://u:p@127.0.0.1:1/todo")
    assert (live.status_code, live.json()) == (200, {"status": "ok", **LOST})
    assert (ready.status_code, ready.json()) == (503, {"status": "unavailable", **LOST})


async def test_a_database_that_hangs_does_not_hang_the_probe(silent: int) -> None:
    live, ready = await probe(f"postgresql+asyncpg://u:p@127.0.0.1:{silent}/todo")
    assert (live.status_code, live.json()["database"]) == (200, "unreachable")
    assert ready.status_code == 503


async def test_a_wrong_password_is_unreachable_too(database_url: str) -> None:
    live, ready = await probe(database_url.replace("postgres:", "postgres:not", 1))
    assert (live.status_code, ready.status_code) == (200, 503)


async def test_a_busy_pool_is_no_lost_database(settings: Settings) -> None:
    values = {"database_pool_size": 1, "database_pool_overflow": 0, "health_timeout": 5}
    app = create_app(make_settings(**settings.model_dump() | values))
    async with (
        app.router.lifespan_context(app),
        client_of(app) as client,
        # Every connection is taken, for as long as this lasts.
        app.state.services.database.transaction(),
    ):
        answers = await asyncio.gather(*(client.get("/health/ready") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_probe_is_not_given_a_question_that_another_asks_after_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = HealthCheck(settings)
    first, never = asyncio.Event(), asyncio.Event()
    answers = iter((first, never))

    async def ask(_: HealthCheck) -> bool:
        await next(answers).wait()
        return True

    monkeypatch.setattr(HealthCheck, "_ask", ask)
    probe = asyncio.create_task(check.passes())
    await asyncio.sleep(0)

    async def ask_anew() -> None:
        assert check._asking
        await check._asking
        await check.passes()

    # It goes on as soon as the first question has its answer, and before the first probe does.
    other = asyncio.create_task(ask_anew())
    await asyncio.sleep(0)
    first.set()
    assert await probe is True
    never.set()
    await other
    await check.close()


async def test_a_late_answer_is_no_lost_database(settings: Settings) -> None:
    app = create_app(make_settings(**settings.model_dump() | {"health_timeout": 0.0001}))
    async with app.router.lifespan_context(app), client_of(app) as client:
        # Nothing has answered yet.
        assert (await client.get("/health/ready")).status_code == 503
        async with asyncio.timeout(PATIENCE):
            while (await client.get("/health/ready")).status_code != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def test_a_database_that_goes_is_lost_and_one_that_comes_back_is_found(
    settings: Settings, server: str
) -> None:
    app = create_app(settings)
    url = server.format("postgres").replace("+asyncpg", "")
    async with app.router.lifespan_context(app), client_of(app) as client:
        assert (await client.get("/health/ready")).status_code == 200
        operator = await asyncpg.connect(url)
        try:
            await operator.execute("ALTER DATABASE migrated ALLOW_CONNECTIONS false")
            await operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'migrated'"
            )
            assert (await client.get("/health/ready")).status_code == 503
        finally:
            await operator.execute("ALTER DATABASE migrated ALLOW_CONNECTIONS true")
            await operator.close()
        assert (await client.get("/health/ready")).status_code == 200
