"""What is counted, and that no label tells or grows with what users send."""

import asyncio
import re
from uuid import uuid4

import httpx2
import pytest
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from agents.usage import Usage
from fastapi import FastAPI
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families

from conftest import BACKEND, PATIENCE, Connect, make_settings, replica
from issuer import SigningKey
from todo import metrics
from todo.chat.agent import AgentResponder
from todo.chat.responder import (
    AssistantBusyError,
    AssistantTimeoutError,
    AssistantUnavailableError,
)
from todo.dependencies import Services
from todo.settings import Settings

type Labels = dict[str, str]
type Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(client: httpx2.AsyncClient) -> Samples:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


class Counting:
    """What has been added since it was made: the figures are the process's, and tests share one."""

    def __init__(self, client: httpx2.AsyncClient, before: Samples) -> None:
        self._client = client
        self._before = before

    async def added(self, name: str, **labels: str) -> float:
        now = await scrape(self._client)
        key = (name, frozenset(labels.items()))
        return now.get(key, 0) - self._before.get(key, 0)


async def counting(client: httpx2.AsyncClient) -> Counting:
    return Counting(client, await scrape(client))


# One value for every process that collects tests.
NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/api/todos", {"method": "GET", "route": "/api/todos", "status": "200"}),
        (
            "DELETE",
            f"/api/todos/{NOBODYS}",
            {"method": "DELETE", "route": "/api/todos/{todo_id}", "status": "404"},
        ),
        (
            "PATCH",
            f"/api/todos/{NOBODYS}",
            {"method": "PATCH", "route": "/api/todos/{todo_id}", "status": "422"},
        ),
        ("GET", "/health/ready", {"method": "GET", "route": "/health/ready", "status": "200"}),
        ("GET", "/wp-admin/7", {"method": "GET", "route": "none", "status": "404"}),
        ("BREW", "/nowhere", {"method": "other", "route": "none", "status": "404"}),
    ],
)
async def test_a_request_is_counted_by_its_route(
    alice: httpx2.AsyncClient, method: str, path: str, labels: Labels
) -> None:
    count = await counting(alice)
    await alice.request(method, path)
    assert await count.added("http_requests_total", **labels) == 1
    timed = {name: labels[name] for name in ("method", "route")}
    assert await count.added("http_request_duration_seconds_count", **timed) == 1
    assert 0 < await count.added("http_request_duration_seconds_sum", **timed) < PATIENCE


async def test_a_request_without_a_token_is_counted(anyone: httpx2.AsyncClient) -> None:
    count = await counting(anyone)
    await anyone.get("/api/todos")
    labels = {"method": "GET", "route": "/api/todos", "status": "401"}
    assert await count.added("http_requests_total", **labels) == 1


async def test_what_fails_inside_is_counted_as_500(
    app: FastAPI, alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = await counting(alice)
    monkeypatch.setattr(app.state, "services", None)
    assert (await alice.get("/api/todos")).status_code == 500
    labels = {"method": "GET", "route": "/api/todos", "status": "500"}
    assert await count.added("http_requests_total", **labels) == 1


async def test_what_is_going_on_is_told(
    app: FastAPI, alice: httpx2.AsyncClient, settings: Settings
) -> None:
    services: Services = app.state.services
    most = settings.database_pool_size
    async with asyncio.TaskGroup() as group:
        done = asyncio.Event()

        async def use() -> None:
            async with services.database.transaction():
                await done.wait()

        for _ in range(most):
            group.create_task(use())
        await until(alice, "todo_database_pool_in_use", most)
        listing = group.create_task(alice.get("/api/todos"))
        await until(alice, "todo_database_pool_waiting", 1)
        # The list, and this scrape.
        await until(alice, "http_requests_in_progress", 2)
        assert (await scrape(alice))["todo_database_pool_size", frozenset()] == most
        done.set()
        assert (await listing).status_code == 200
    await until(alice, "todo_database_pool_in_use", 0)
    await until(alice, "todo_database_pool_waiting", 0)
    await until(alice, "http_requests_in_progress", 1)


async def until(client: httpx2.AsyncClient, name: str, value: float) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await scrape(client))[name, frozenset()] != value:  # noqa: ASYNC110 - only a scrape tells
            await asyncio.sleep(0.01)


async def test_a_chat_is_counted_by_what_it_cost_and_did(
    settings: Settings, key: SigningKey
) -> None:
    cost = Usage(requests=1, input_tokens=1000, output_tokens=10, total_tokens=1010)
    arguments = {"completed": None, "containing": None, "after_number": None}
    model = ScriptedModel(
        [
            ModelStep([function_call("list_todos", arguments, call_id="call")], usage=cost),
            ModelStep([assistant_message("None.")], usage=cost),
        ]
    )
    responder = AgentResponder(model, timeout=PATIENCE, max_turns=8)
    limited = make_settings(**settings.model_dump() | {"chat_input_tokens_per_day": 2000})
    async with replica(limited, key.token(), responder) as alice:
        count = await counting(alice)
        assert (await alice.post("/api/chat", json={"message": "list"})).status_code == 200
        assert (await alice.post("/api/chat", json={"message": "list"})).status_code == 429
        assert await count.added("todo_chat_answers_total", outcome="answered") == 1
        assert await count.added("todo_chat_answers_total", outcome="limited") == 1
        assert await count.added("todo_chat_model_calls_total") == 2
        assert await count.added("todo_chat_tokens_total", direction="read") == 2000
        assert await count.added("todo_chat_tokens_total", direction="written") == 20
        assert await count.added("todo_chat_tool_calls_total", tool="list_todos") == 1
        refused = {"counter": "input_tokens", "window": "day"}
        assert await count.added("todo_chat_limited_total", **refused) == 1


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (AssistantBusyError("busy", 1), "busy"),
        (AssistantTimeoutError("late"), "late"),
        (AssistantUnavailableError("away"), "unavailable"),
        (KeyError("inside"), "failed"),
    ],
)
async def test_a_chat_without_an_answer_is_counted_by_why(
    app: FastAPI,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    outcome: str,
) -> None:
    async def fail(*_: object) -> str:
        raise failure

    monkeypatch.setattr(app.state.services.responder, "reply", fail)
    alice = connect("alice")
    count = await counting(alice)
    assert (await alice.post("/api/chat", json={"message": "list"})).is_error
    assert await count.added("todo_chat_answers_total", outcome=outcome) == 1


async def test_the_process_is_told(anyone: httpx2.AsyncClient) -> None:
    told = await scrape(anyone)
    assert told["process_resident_memory_bytes", frozenset()] > 0
    assert told["process_cpu_seconds_total", frozenset()] > 0


async def test_nothing_of_a_user_is_told(connect: Connect) -> None:
    mark = uuid4().hex
    client = connect(f"user-{mark}")
    todo = (await client.post("/api/todos", json={"title": f"title-{mark}"})).json()
    await client.post("/api/chat", json={"message": f"add message-{mark}"})
    await client.get(f"/api/todos?cursor={mark}")
    await client.get(f"/{mark}")
    await client.request(f"M{mark}", "/api/todos")
    text = (await client.get("/metrics")).text
    assert mark not in text
    assert todo["id"] not in text


def test_the_page_has_each_metric_with_its_labels() -> None:
    page = (BACKEND / "README.md").read_text()
    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            (family,) = metric.describe()
            name = family.name + ("_total" if isinstance(metric, Counter) else "")
            (row,) = [line for line in page.splitlines() if f"`{name}`" in line]
            told = re.findall(r"`(\w+)`", row.split("|")[2])
            assert told == list(metric._labelnames), name


async def test_series_do_not_grow_with_requests(alice: httpx2.AsyncClient) -> None:
    async def ask(number: int) -> None:
        await alice.delete(f"/api/todos/{uuid4()}")
        await alice.get(f"/nowhere/{number}")
        await alice.request(f"BREW{number}", f"/nowhere/{number}")

    await ask(0)
    before = await scrape(alice)
    for number in range(1, 20):
        await ask(number)
    assert (await scrape(alice)).keys() == before.keys()
