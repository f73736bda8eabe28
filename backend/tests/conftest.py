"""What tests share: one Postgres, tables that start out empty, users who are signed in."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI

from issuer import AUDIENCE, ISSUER, JwksServer, SigningKey
from postgres import PASSWORD, Server
from todo.app import create_app
from todo.chat.responder import Responder
from todo.models import metadata
from todo.settings import Settings

BACKEND = Path(__file__).parents[1]

# Seconds: longer than anything takes on a busy machine. It ends what hangs, and measures nothing.
PATIENCE = 600

type Connect = Callable[[str], httpx2.AsyncClient]
type Alembic = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@contextmanager
def running() -> Iterator[Server]:
    """Give a Postgres that nobody else uses."""
    # Not pytest's own folder: a socket's path has at most about 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="todo-postgres-"))
    postgres = Server(folder)
    try:
        postgres.start()
        yield postgres
        postgres.stop()
    finally:
        shutil.rmtree(folder)


def url_of(postgres: Server) -> str:
    """Give its URL, up to the database's name."""
    user = f"postgres:{quote(PASSWORD, safe='')}"
    return f"postgresql+asyncpg://{user}@127.0.0.1:{postgres.port}/{{}}"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Give the URL of a Postgres, up to the database's name."""
    with running() as postgres:
        yield url_of(postgres)


@pytest.fixture
def own_server() -> Iterator[Server]:
    """Give a Postgres that a test may stop."""
    with running() as postgres:
        yield postgres


def execute(url: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""

    async def execute() -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())


@pytest.fixture
def alembic() -> Alembic:
    """Give `alembic` as the image runs it, with nothing but DATABASE_URL in the environment."""
    return run_alembic


def bare(**environment: str) -> dict[str, str]:
    """Give a program's environment: of this process' own only what has its lines counted too."""
    counted = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {"PATH": os.defpath, **counted, **environment}


def run_alembic(
    database_url: str, *arguments: str, ini: Path = BACKEND / "alembic.ini", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", "-c", str(ini), *arguments],
        env=bare(DATABASE_URL=database_url, **environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.fixture
def empty_url(server: str) -> Iterator[str]:
    """Give the URL of a database without tables."""
    name = f"empty_{uuid4().hex}"
    execute(server.format("postgres"), f"CREATE DATABASE {name}")
    yield server.format(name)
    execute(server.format("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_url(server: str) -> str:
    """Give the URL of a database that the migrations have made."""
    execute(server.format("postgres"), "CREATE DATABASE migrated")
    url = server.format("migrated")
    done = run_alembic(url, "upgrade", "head")
    assert done.returncode == 0, done.stdout + done.stderr
    return url


@pytest.fixture
def database_url(migrated_url: str) -> str:
    """Give the URL of a database with the tables of the latest migration, and nothing in them."""
    # A hundredth of the time that TRUNCATE takes for tables of a few rows.
    execute(migrated_url, "; ".join(f"DELETE FROM {t}" for t in metadata.sorted_tables[::-1]))
    return migrated_url


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return SigningKey()


@pytest.fixture
def jwks(key: SigningKey) -> Iterator[JwksServer]:
    with JwksServer(key) as running:
        yield running


@pytest.fixture
def settings(database_url: str, jwks: JwksServer) -> Settings:
    return make_settings(database_url=database_url, auth_jwks_url=jwks.url)


@pytest.fixture
def own_settings(own_server: Server, jwks: JwksServer) -> Settings:
    """Give settings with a Postgres that a test may stop."""
    url = url_of(own_server).format("postgres")
    done = run_alembic(url, "upgrade", "head")
    assert done.returncode == 0, done.stdout + done.stderr
    return make_settings(database_url=url, auth_jwks_url=jwks.url)


def make_settings(**values: object) -> Settings:
    defaults: dict[str, object] = {
        "database_url": "postgresql+asyncpg://todo:todo@localhost/todo",
        "auth_jwks_url": "http://localhost:3000/api/auth/jwks",
        "auth_issuer": ISSUER,
        "auth_audience": AUDIENCE,
        "environment": "development",
        "database_timeout": PATIENCE,
        "health_timeout": PATIENCE,
        "keys_timeout": PATIENCE,
        "agent_timeout": PATIENCE,
    }
    return Settings.model_validate(defaults | values)


@pytest.fixture
def responder() -> Responder | None:
    """Give what answers in chat; a test module may replace it."""
    return None


@pytest.fixture(scope="session")
def routes() -> FastAPI:
    """Give an application that is never started: its routes take longer than most tests."""
    return create_app(make_settings())


@pytest.fixture
async def app(
    routes: FastAPI, settings: Settings, responder: Responder | None
) -> AsyncIterator[FastAPI]:
    """Give the application, started. What differs from one to another is what its start makes."""
    started = create_app(settings, responder=responder)
    async with started.router.lifespan_context(routes):
        yield routes


@asynccontextmanager
async def replica(
    settings: Settings, token: str, responder: Responder | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of an application of its own, which shares nothing but what settings name."""
    app = create_app(settings, responder=responder)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://backend",
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
        ) as client,
    ):
        yield client


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection to the database that the settings name."""
    connection = await asyncpg.connect(
        settings.database_url.get_secret_value().replace("+asyncpg", "")
    )
    try:
        yield connection
    finally:
        await connection.close()


async def run(settings: Settings, statement: str) -> None:
    """Run a statement in the database that the settings name."""
    async with connected(settings) as connection:
        await connection.execute(statement)


async def rows_of(settings: Settings, user: str) -> dict[str, int]:
    """Count a user's rows in every table that has any."""
    owned = [name for name, table in metadata.tables.items() if "user_id" in table.columns]
    async with connected(settings) as connection:
        counts = {
            name: await connection.fetchval(
                f'SELECT count(*) FROM "{name}" WHERE user_id = $1', user
            )
            for name in owned
        }
    return {name: count for name, count in counts.items() if count}


@pytest.fixture
async def anyone(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client that is not signed in."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://backend") as client:
        yield client


@pytest.fixture
async def connect(app: FastAPI, key: SigningKey) -> AsyncIterator[Connect]:
    """Give a function that signs a user in."""
    async with AsyncExitStack() as stack:

        def connect(user: str) -> httpx2.AsyncClient:
            client = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app, raise_app_exceptions=False),
                base_url="http://backend",
                headers={"Authorization": f"Bearer {key.token(user)}"},
            )
            stack.push_async_callback(client.aclose)
            return client

        yield connect


@pytest.fixture
def alice(connect: Connect) -> httpx2.AsyncClient:
    return connect("alice")


@pytest.fixture
def bob(connect: Connect) -> httpx2.AsyncClient:
    return connect("bob")
