"""The API is what openapi.json says, whatever it is sent: schemathesis makes the requests."""

import re
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import httpx2
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, assume, settings

from conftest import BACKEND
from issuer import SigningKey
from todo.app import create_app
from todo.settings import Settings

# Neither reads nor keeps what failed before; its place may not be writable.
settings.register_profile("default", database=None)

# A stream of events has no end: its own tests read it.
schema = schemathesis.openapi.from_path(BACKEND / "openapi.json").exclude(path="/api/events")
_KEY = re.compile(r"[\x21-\x7e]{1,220}")
_EVERY_SECOND_ID = re.compile("[0-9a-f-]{35}[0-7]")


@schema.hook
def filter_query(context: schemathesis.HookContext, query: dict[str, object] | None) -> bool:
    """Leave out what no description speaks of.

    A parameter that no route has is ignored, as a client may be a newer one. Of one that is given
    more than once the last counts, as FastAPI reads it: none of ours is a list.
    """
    assert context.operation
    query = query or {}
    return set(query) <= {parameter.name for parameter in context.operation.query} and not any(
        isinstance(value, list) for value in query.values()
    )


@pytest.fixture
def origin(settings: Settings) -> Iterator[str]:
    """Serve the application, and give where."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the application did not start"
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def existing(origin: str, token: str) -> dict[str, str]:
    """Give what is there, by the parameters that name it."""
    with httpx2.Client(base_url=origin, headers={"Authorization": f"Bearer {token}"}) as client:
        todo = client.post("/api/todos", json={"title": "buy milk"}).json()
        reply = client.post("/api/chat", json={"message": "list"}).json()
    return {"todo_id": todo["id"], "conversation_id": reply["conversation_id"]}


@pytest.fixture
def token(key: SigningKey) -> str:
    return key.token()


@schema.parametrize()
# The same requests each time: a test that fails now and then is believed by nobody.
@settings(
    settings.get_profile("default"),
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_api_is_what_it_says(
    case: schemathesis.Case[Any], origin: str, token: str, existing: dict[str, str]
) -> None:
    assert case.meta
    # Another key for each: what comes with another request under the same one is refused.
    if _KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] += uuid4().hex
    # Every second name is one of something that is there.
    for name, value in case.path_parameters.items():
        if _EVERY_SECOND_ID.fullmatch(str(value)):
            case.path_parameters[name] = existing.get(name, value)
    # Of a key with "%7f" in it schemathesis sends the one character that these three stand for.
    key = unquote(str(case.path_parameters.get("key", "")))
    assume(not key or case.meta.generation.mode.is_negative or _KEY.fullmatch(key))
    # What a page begins with is told by the page before it. A wrong one may be all that is wrong.
    if case.operation.path == "/api/todos" and case.meta.generation.mode.is_positive:
        case.query.pop("cursor", None)
    case.call_and_validate(base_url=origin, headers={"Authorization": f"Bearer {token}"})
