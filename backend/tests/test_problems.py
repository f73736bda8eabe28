"""Failures are told in one form, with nothing of the inside in them."""

import io
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from issuer import SigningKey
from test_metrics import counting
from todo import routes
from todo.app import create_app
from todo.idempotency import IdempotencyStore
from todo.logs import JsonFormatter
from todo.settings import Settings
from todo.todos import TodoStore


def assert_problem(answer: httpx2.Response, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert isinstance(answer.json()["detail"], str)


type Faults = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    """Give the lines of the log that have a traceback."""
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    handler.setFormatter(JsonFormatter(["hunter2"]))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])

    def faults() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in logged.getvalue().splitlines()]
        return [line for line in lines if "exception" in line]

    return faults


async def broken(*_: object, **__: object) -> None:
    raise RuntimeError("password=hunter2 at /app/src/todo")


def assert_found(answer: httpx2.Response, faults: Faults) -> None:
    """Find the one fault by the answer's id."""
    [fault] = faults()
    assert fault["request_id"] == answer.headers["x-request-id"]
    assert fault["exception"].endswith("RuntimeError: password=*** at /app/src/todo")
    assert "hunter2" not in answer.text


async def test_an_unknown_error_tells_nothing_but_where_the_log_has_it(
    alice: httpx2.AsyncClient, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TodoStore, "page", broken)
    answer = await alice.get("/api/todos")
    assert_problem(answer, 500)
    assert answer.json()["detail"] == "something went wrong on our side"
    assert_found(answer, faults)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_an_unknown_error_of_a_chat_is_logged_once(
    alice: httpx2.AsyncClient, faults: Faults, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    monkeypatch.setattr(IdempotencyStore, "keep", broken)
    headers = {"Accept": accept, "Idempotency-Key": "key-1"}
    answer = await alice.post("/api/chat", json={"message": "add milk"}, headers=headers)
    assert "something went wrong on our side" in answer.text
    assert_found(answer, faults)


async def test_an_answer_that_is_cut_off_is_a_failure_in_the_log(
    alice: httpx2.AsyncClient, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(*_: object) -> AsyncIterator[bytes]:
        yield b"{"
        await broken()

    monkeypatch.setattr(routes.me, "export", cut_off)
    count = await counting(alice)
    answer = await alice.get("/api/me")
    assert answer.text == "{"
    assert_found(answer, faults)
    labels = {"method": "GET", "route": "/api/me", "status": "500"}
    assert await count.added("http_requests_total", **labels) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("PUT", "/api/todos", 405), ("POST", "/health", 405)],
)
async def test_what_is_not_there(
    anyone: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    assert_problem(await anyone.request(method, path), status)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/todos", "DELETE, GET, POST"),
        ("/api/todos/e3e70682-c209-4cac-a29f-6fbed82c07cd", "DELETE, PATCH"),
        ("/api/chat", "POST"),
        ("/health", "GET"),
    ],
)
async def test_a_method_that_is_not_there_is_answered_by_those_that_are(
    anyone: httpx2.AsyncClient, path: str, allowed: str
) -> None:
    answer = await anyone.request("OPTIONS", path)
    assert_problem(answer, 405)
    assert answer.headers["allow"] == allowed


async def test_each_wrong_field_is_named(alice: httpx2.AsyncClient) -> None:
    answer = await alice.post("/api/chat", json={"message": 1, "conversation_id": "x"})
    assert_problem(answer, 422)
    assert [one["field"] for one in answer.json()["errors"]] == ["message", "conversation_id"]


async def test_many_wrong_fields_are_not_answered_by_more(alice: httpx2.AsyncClient) -> None:
    answer = await alice.post("/api/todos", json={f"k{n}": n for n in range(3000)})
    assert_problem(answer, 422)
    assert len(answer.json()["errors"]) == 20
    assert len(answer.text) < 4000


@pytest.mark.parametrize("deep", ["[" * 30_000, '{"title":' * 5_000])
async def test_a_deep_body_is_refused(alice: httpx2.AsyncClient, deep: str) -> None:
    answer = await alice.post(
        "/api/todos", content=deep, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/todos", None),
        ("POST", "/api/todos", {"title": "x"}),
        ("POST", "/api/chat", {"message": "list"}),
        ("DELETE", "/api/me", None),
    ],
)
@pytest.mark.parametrize("fault", ["no server", "wrong password", "no database"])
async def test_a_lost_database_is_told_as_passing(
    settings: Settings, key: SigningKey, method: str, path: str, body: object, fault: str
) -> None:
    url = settings.database_url.get_secret_value()
    urls = {
        "no server": "postgresql+asyncpg://u:p@127.0.0.1:1/todo",
        "wrong password": url.replace("postgres:", "postgres:not", 1),
        "no database": url.replace("/migrated", "/nowhere", 1),
    }
    app = create_app(settings.model_validate(settings.model_dump() | {"database_url": urls[fault]}))
    answer = await ask(app, key, method, path, body)
    assert_problem(answer, 503)
    assert answer.headers["retry-after"]


async def ask(
    app: FastAPI, key: SigningKey, method: str, path: str, body: object
) -> httpx2.Response:
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://backend",
            headers={"Authorization": f"Bearer {key.token()}"},
        ) as client,
    ):
        return await client.request(method, path, json=body)


async def test_each_answer_has_a_request_id(anyone: httpx2.AsyncClient) -> None:
    ids = {(await anyone.get("/health")).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
