"""The agent: a scripted model in place of OpenAI, everything else real."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call

from conftest import PATIENCE, Connect, make_settings
from issuer import SigningKey
from todo.app import create_app
from todo.chat.agent import AgentResponder
from todo.chat.responder import Responder
from todo.database import DatabaseUnavailableError
from todo.settings import Settings
from todo.todos import TodoStore

KEY = "sk-pl4nted-k3y"


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def responder(model: ScriptedModel) -> Responder:
    return AgentResponder(model, timeout=PATIENCE, max_turns=3)


def call(tool: str, /, **arguments: object) -> list[Any]:
    return [function_call(tool, arguments, call_id=f"call-{tool}")]


def say(text: str) -> list[Any]:
    return [assistant_message(text)]


async def chat(client: httpx2.AsyncClient, message: str, **more: object) -> httpx2.Response:
    return await client.post("/api/chat", json={"message": message, **more})


def told(model: ScriptedModel) -> str:
    """Give all that the model was last shown."""
    assert model.last_call
    return str(model.last_call.input)


async def test_tools_act_for_the_signed_in_user(connect: Connect, model: ScriptedModel) -> None:
    alice, bob = connect("alice"), connect("bob")
    model.extend([call("add_todo", title="buy milk"), say("Added buy milk as 1.")])
    answer = (await chat(alice, "please buy milk")).json()
    [todo] = (await alice.get("/api/todos")).json()
    assert answer["reply"] == "Added buy milk as 1."
    assert answer["actions"] == [{"tool": "add_todo", "todo": todo}]
    assert (await bob.get("/api/todos")).json() == []

    model.extend([call("complete_todo", number=1), say("Done.")])
    assert (await chat(bob, "complete alice's todo")).json()["actions"] == []
    assert "There is no todo 1." in told(model)

    model.extend([call("complete_todo", number=1), call("list_todos", completed=True), say("Ok.")])
    await chat(alice, "complete it")
    assert "buy milk" in told(model)
    model.extend([call("delete_todo", number=1), say("Gone.")])
    await chat(alice, "delete it")
    assert (await alice.get("/api/todos")).json() == []
    model.assert_complete()


async def test_no_tool_takes_a_user(alice: httpx2.AsyncClient, model: ScriptedModel) -> None:
    model.enqueue(say("Hello."))
    await chat(alice, "hello")
    assert model.last_call
    tools = {tool.name: tool.params_json_schema for tool in model.last_call.tools}  # type: ignore[union-attr]
    assert {name: sorted(schema["properties"]) for name, schema in tools.items()} == {
        "add_todo": ["title"],
        "list_todos": ["completed"],
        "complete_todo": ["number"],
        "delete_todo": ["number"],
    }


@pytest.mark.parametrize(
    ("tool", "arguments", "explanation"),
    [
        ("add_todo", {"title": " "}, "A title has 1 to 200 characters."),
        ("add_todo", {"title": "x" * 201}, "A title has 1 to 200 characters."),
        ("add_todo", {"title": "nul\x00"}, "A title has 1 to 200 characters."),
        ("complete_todo", {"number": 10**30}, "There is no todo 1000"),
        ("delete_todo", {"number": -1}, "There is no todo -1."),
    ],
)
async def test_the_model_is_told_what_a_tool_could_not_do(
    alice: httpx2.AsyncClient,
    model: ScriptedModel,
    tool: str,
    arguments: dict[str, object],
    explanation: str,
) -> None:
    model.extend([call(tool, **arguments), say("Sorry.")])
    answer = await chat(alice, "do it")
    assert (answer.status_code, answer.json()["actions"]) == (200, [])
    assert explanation in told(model)


async def test_the_model_sees_its_own_conversation_alone(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend([say("Hello."), say("Milk."), say("New.")])
    first = (await chat(alice, "remember milk")).json()["conversation_id"]
    await chat(alice, "what was it?", conversation_id=first)
    assert model.last_call
    assert model.last_call.input == [
        {"role": "user", "content": "remember milk"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "what was it?"},
    ]
    await chat(alice, "another thing")
    assert "milk" not in told(model)


async def test_nothing_is_kept_on_the_models_side(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.enqueue(say("Hello."))
    await chat(alice, "hello")
    assert model.last_call
    assert model.last_call.model_settings.store is False
    assert model.last_call.tracing.is_disabled()


async def test_an_agent_that_goes_in_circles_is_ended(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend([call("list_todos", completed=None)] * 5)
    answer = await chat(alice, "list")
    assert answer.status_code == 502
    assert "did not come to an end" in answer.json()["detail"]
    assert len(model.calls) == 3


@pytest.mark.parametrize("tool", ["drop_database", "add_todos"])
async def test_a_tool_that_does_not_exist_fails_the_answer(
    alice: httpx2.AsyncClient, model: ScriptedModel, tool: str
) -> None:
    model.extend([call(tool), say("Done.")])
    assert (await chat(alice, "do it")).status_code == 502


async def test_a_lost_database_is_not_blamed_on_the_model(
    alice: httpx2.AsyncClient, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr(TodoStore, "add", lost)
    model.extend([call("add_todo", title="x"), say("Done.")])
    answer = await chat(alice, "add x")
    assert answer.status_code == 503
    assert "database" in answer.json()["detail"]


async def test_a_failed_answer_leaves_no_conversation(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend([ModelStep.raise_error(RuntimeError("boom")), say("Hello.")])
    assert (await chat(alice, "lost words")).status_code == 500
    await chat(alice, "hello")
    assert "lost words" not in told(model)


async def test_a_model_that_takes_too_long_is_given_up(
    settings: Settings,
    key: SigningKey,
) -> None:
    async def slow(*_: object) -> Any:  # noqa: ANN401
        await asyncio.sleep(PATIENCE)

    model = ScriptedModel([ModelStep.respond(slow)])
    app = create_app(settings, responder=AgentResponder(model, timeout=0.1, max_turns=3))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app),
            base_url="http://backend",
            headers={"Authorization": f"Bearer {key.token()}"},
        ) as client,
    ):
        answer = await chat(client, "hello")
    assert answer.status_code == 504
    assert answer.json()["detail"] == "the assistant did not answer within 0.1 seconds"


class OpenAI:
    """A server in OpenAI's place that always fails, and quotes the key as the real one does."""

    def __init__(self, status: int) -> None:
        self.authorization: str | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.authorization = self.headers["Authorization"]
                self.rfile.read(int(self.headers["Content-Length"]))
                body = f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()
                self.send_response(status)
                # Not waited for: how often to try again is the client's affair.
                self.send_header("x-should-retry", "false")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def openai(request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    fake = OpenAI(request.param)
    threading.Thread(target=fake.server.serve_forever, args=(0.01,), daemon=True).start()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


@pytest.mark.parametrize(
    ("openai", "detail"),
    [
        (500, "the assistant's service failed; try again later"),
        (401, "the assistant's service refused the key of this installation"),
        (429, "the assistant's service is over its limit; try again later"),
    ],
    indirect=["openai"],
)
async def test_openais_failures_are_told_without_its_words(
    settings: Settings,
    key: SigningKey,
    openai: OpenAI,
    detail: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    values = settings.model_dump() | {"openai_api_key": KEY, "openai_base_url": openai.url}
    app = create_app(make_settings(**values))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app),
            base_url="http://backend",
            headers={"Authorization": f"Bearer {key.token()}"},
            timeout=PATIENCE,
        ) as client,
    ):
        answer = await chat(client, "hello")
    assert openai.authorization == f"Bearer {KEY}"
    assert (answer.status_code, answer.json()["detail"]) == (502, detail)
    assert KEY not in answer.text
    assert KEY not in caplog.text
