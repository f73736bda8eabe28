"""The agent: a scripted model in place of OpenAI, everything else real."""

import asyncio
import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx2
import pytest
from agents import ModelSettings
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from agents.usage import Usage
from openai.types.responses import ResponseReasoningItem

from conftest import PATIENCE, Connect, make_settings, replica, run
from endpoint import Endpoint, Quiet
from issuer import SigningKey
from todo.app import create_app
from todo.chat.agent import AgentResponder
from todo.chat.responder import Responder
from todo.database import DatabaseUnavailableError
from todo.schemas import TodoRead
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


EVERYTHING = {"completed": None, "containing": None, "after_number": None}


def say(text: str) -> list[Any]:
    return [assistant_message(text)]


async def chat(client: httpx2.AsyncClient, message: str, **more: object) -> httpx2.Response:
    return await client.post("/api/chat", json={"message": message, **more})


def told(model: ScriptedModel) -> str:
    """Give all that the model was last shown."""
    assert model.last_call
    return str(model.last_call.input)


def listed(model: ScriptedModel) -> dict[str, Any]:
    """Give the page that a tool last gave the model."""
    assert model.last_call
    output: Any = model.last_call.input[-1]
    page: dict[str, Any] = json.loads(output["output"])
    return page


async def todo_id(client: httpx2.AsyncClient, number: int) -> str:
    todos = (await client.get("/api/todos")).json()
    return str(next(todo["id"] for todo in todos if todo["number"] == number))


def over_openai(**more: str) -> ModelSettings:
    settings = make_settings(openai_api_key="a-key", **more)
    return AgentResponder.over_openai(settings)._agent.model_settings


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

    model.extend(
        [
            call("complete_todo", number=1),
            call("list_todos", **EVERYTHING | {"completed": True}),
            say("Ok."),
        ]
    )
    await chat(alice, "complete it")
    assert "buy milk" in told(model)
    model.extend([call("delete_todo", number=1), say("Gone.")])
    await chat(alice, "delete it")
    assert (await alice.get("/api/todos")).json() == []
    model.assert_complete()


async def test_due_dates_are_in_the_users_time_zone(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend(
        [
            call("add_todo", title="milk", due="2026-11-27T17:00", priority="high"),
            call("edit_todo", number=1, title="oats"),
            say("Ok."),
        ]
    )
    await chat(alice, "milk, tomorrow at 5pm", time_zone="America/New_York")
    [todo] = (await alice.get("/api/todos")).json()
    assert (todo["title"], todo["due_at"], todo["priority"]) == (
        "oats",
        "2026-11-27T22:00:00Z",
        "high",
    )
    assert '"due": "2026-11-27 17:00", "priority": "high"' in told(model)
    assert model.last_call
    assert "in the time zone America/New_York." in str(model.last_call.system_instructions)
    model.extend([call("edit_todo", number=1, due="none"), say("Ok.")])
    await chat(alice, "no longer")
    assert (await alice.get("/api/todos")).json()[0]["due_at"] is None


async def test_what_is_blank_stays(alice: httpx2.AsyncClient, model: ScriptedModel) -> None:
    kept = {"due_at": "2026-11-27T17:00:00Z", "priority": "high"}
    await alice.post("/api/todos", json={"title": "milk", **kept})
    model.extend([call("edit_todo", number=1, title="oats", due="", priority=""), say("Ok.")])
    await chat(alice, "oats, not milk")
    [todo] = (await alice.get("/api/todos")).json()
    assert todo == todo | {"title": "oats", **kept}


async def test_what_is_done_can_be_open_again_and_is_not_restored(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    await alice.post("/api/todos", json={"title": "milk"})
    reopen = call("edit_todo", number=1, completed=False)
    model.extend(
        [
            call("complete_todo", number=1),
            call("restore_todo", number=1),
            reopen,
            say("It is open again."),
        ]
    )
    answer = (await chat(alice, "1 is done; no, it is not")).json()
    assert [action["tool"] for action in answer["actions"]] == ["complete_todo", "edit_todo"]
    assert not (await alice.get("/api/todos")).json()[0]["completed"]
    assert "No todo 1 was deleted" in told(model)


async def test_numbers_are_given_in_the_order_of_the_calls(
    alice: httpx2.AsyncClient, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, waits = TodoStore.add, iter([0.2, 0.1, 0])

    async def sooner_and_sooner(store: TodoStore, title: str, **more: Any) -> TodoRead:  # noqa: ANN401
        await asyncio.sleep(next(waits))
        return await add(store, title, **more)

    monkeypatch.setattr(TodoStore, "add", sooner_and_sooner)
    titles = ["milk", "eggs", "bread"]
    adding = [
        function_call("add_todo", {"title": title}, call_id=f"call-{title}") for title in titles
    ]
    model.extend([adding, say("Added.")])
    await chat(alice, "milk, eggs and bread")
    assert [todo["title"] for todo in (await alice.get("/api/todos")).json()] == titles


async def test_the_model_is_told_how_many_fit_what_it_asked_for(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    for title, due in [("milk", "2026-11-27T22:59:00Z"), ("milk", None), ("bread", None)]:
        await alice.post("/api/todos", json={"title": title, "due_at": due})
    await alice.patch(f"/api/todos/{await todo_id(alice, 2)}", json={"completed": True})
    model.extend([call("list_todos", **EVERYTHING | {"containing": "milk"}), say("Two.")])
    await chat(alice, "how much milk?")
    page = listed(model)
    assert (page["open"], page["completed"], len(page["todos"])) == (1, 1, 2)
    for due_by, numbers in [("2026-11-26", []), ("2026-11-27", [1]), ("2026-11-27T22:00", [])]:
        model.extend([call("list_todos", **EVERYTHING | {"due_by": due_by}), say("So many.")])
        await chat(alice, "what is due?")
        page = listed(model)
        assert [todo["number"] for todo in page["todos"]] == numbers
        assert (page["open"], page["completed"]) == (len(numbers), 0)


@pytest.mark.parametrize(
    ("thought", "sent"),
    [
        ({}, ["function_call", "function_call_output"]),
        ({"encrypted_content": "x"}, ["reasoning", "function_call", "function_call_output"]),
    ],
)
async def test_a_server_that_keeps_nothing_is_not_asked_for_what_was_thought(
    alice: httpx2.AsyncClient, model: ScriptedModel, thought: dict[str, str], sent: list[str]
) -> None:
    thinking = ResponseReasoningItem(id="rs_1", summary=[], type="reasoning", **thought)
    adding = function_call("add_todo", {"title": "milk"}, call_id="call-1", item_id="fc_1")
    model.extend([[thinking, adding], say("Added.")])
    await chat(alice, "milk")
    assert model.last_call
    asked: list[Any] = list(model.last_call.input)
    assert [item["type"] for item in asked[1:]] == sent
    # A call's own id stands for the pair of them.
    assert ("id" in asked[-2]) == bool(thought)


def test_a_model_that_thinks_unless_told_not_to_is_told() -> None:
    asks = over_openai(openai_model="gpt-5.6-luna")
    assert asks.reasoning
    assert asks.reasoning.effort == "none"
    assert asks.store is False
    assert asks.max_tokens
    # Of another nothing is known.
    assert over_openai(openai_model="llama").reasoning is None


async def test_no_tool_takes_a_user(alice: httpx2.AsyncClient, model: ScriptedModel) -> None:
    model.enqueue(say("Hello."))
    await chat(alice, "hello")
    assert model.last_call
    tools = {tool.name: tool.params_json_schema for tool in model.last_call.tools}  # type: ignore[union-attr]
    assert {name: sorted(schema["properties"]) for name, schema in tools.items()} == {
        "add_todo": ["due", "priority", "tags", "title"],
        "list_todos": ["after_number", "completed", "containing", "due_by", "tag"],
        "complete_todo": ["number"],
        "edit_todo": ["completed", "due", "number", "priority", "title"],
        "tag_todo": ["add", "number", "remove"],
        "delete_todo": ["number"],
        "restore_todo": ["number"],
    }


@pytest.mark.parametrize(
    ("tool", "arguments", "explanation"),
    [
        ("add_todo", {"title": " "}, "A title has 1 to 200 characters"),
        ("add_todo", {"title": "x" * 201}, "A title has 1 to 200 characters"),
        ("add_todo", {"title": "nul\x00"}, "A title has 1 to 200 characters"),
        ("add_todo", {"title": "\u200b"}, "A title has 1 to 200 characters"),
        ("add_todo", {"title": 7}, "The arguments do not fit the tool"),
        ("add_todo", {}, "The arguments do not fit the tool"),
        ("complete_todo", {"number": "one"}, "The arguments do not fit the tool"),
        ("complete_todo", {"number": None}, "The arguments do not fit the tool"),
        ("list_todos", {"completed": "perhaps"}, "The arguments do not fit the tool"),
        ("add_todo", {"title": "x", "due": "tomorrow"}, "A due date is written as 2026-11-27"),
        ("add_todo", {"title": "x", "due": "9999-12-31"}, "A due date is written as 2026-11-27"),
        ("add_todo", {"title": "x", "priority": "urgent"}, "A priority is low, normal or high."),
        ("edit_todo", {"number": 1}, "Say what to change"),
        ("edit_todo", {"number": 1, "title": " ", "due": "", "priority": ""}, "Say what to change"),
        ("edit_todo", {"number": 1, "title": "\u200b"}, "A title has 1 to 200 characters"),
        ("edit_todo", {"number": 1, "title": "x"}, "There is no todo 1."),
        ("edit_todo", {"number": 1, "due": 7}, "The arguments do not fit the tool"),
        ("restore_todo", {"number": 1}, "No todo 1 was deleted"),
        ("restore_todo", {"number": 10**11}, "No todo 100000000000 was deleted"),
        ("drop_database", {}, "not found"),
        ("add_todos", {"title": "x"}, "not found"),
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
    model.extend([call("list_todos", **EVERYTHING)] * 5)
    answer = await chat(alice, "list")
    assert answer.status_code == 502
    assert "did not come to an end" in answer.json()["detail"]
    assert len(model.calls) == 3


@pytest.mark.parametrize("arguments", ["{", "[1]", "null", "\x00", '"title"', "{'title': 'x'}"])
async def test_the_model_is_told_of_arguments_that_are_no_json(
    alice: httpx2.AsyncClient, model: ScriptedModel, arguments: str
) -> None:
    step = call("add_todo")
    step[0].arguments = arguments
    model.extend([step, say("Sorry.")])
    answer = await chat(alice, "do it")
    assert (answer.status_code, answer.json()["reply"]) == (200, "Sorry.")
    assert "The arguments do not fit the tool" in told(model)


async def test_the_model_is_given_a_page_and_counts(
    alice: httpx2.AsyncClient, model: ScriptedModel, settings: Settings
) -> None:
    await run(
        settings,
        "INSERT INTO todo (id, user_id, number, title, completed) SELECT gen_random_uuid(),"
        " 'alice', n, repeat('x', 190) || n, n % 10 = 0 FROM generate_series(1, 10000) n",
    )
    model.extend([call("list_todos", **EVERYTHING), say("Many.")])
    await chat(alice, "list")
    assert len(told(model)) < 20_000
    [listed] = [item for item in model.last_call.input if item.get("output")]  # type: ignore[union-attr]
    page = json.loads(listed["output"])
    assert (page["open"], page["completed"], page["more"]) == (9000, 1000, True)
    assert [todo["number"] for todo in page["todos"]] == list(range(1, 51))

    model.extend(
        [call("list_todos", completed=True, containing="X99", after_number=9950), say("Ok.")]
    )
    await chat(alice, "the last")
    [listed] = [item for item in model.last_call.input if item.get("output")]  # type: ignore[union-attr]
    page = json.loads(listed["output"])
    assert [todo["number"] for todo in page["todos"]] == [9960, 9970, 9980, 9990]
    assert page["more"] is False


async def test_tools_act_so_many_times_and_no_more(connect: Connect, model: ScriptedModel) -> None:
    alice = connect("alice")
    model.extend(
        [
            [function_call("add_todo", {"title": "x"}, call_id=f"call-{n}") for n in range(500)],
            say("Done."),
        ]
    )
    answer = (await chat(alice, "add 500")).json()
    assert len(answer["actions"]) == 20
    assert len((await alice.get("/api/todos")).json()) == 20
    assert "one answer may use tools 20 times" in told(model)


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("", "The assistant gave an empty answer."),
        (" \n", "The assistant gave an empty answer."),
        ("\x00", "The assistant gave an empty answer."),
        ("nul\x00 bell\x07", "nul bell"),
        ("half \ud800", "half \ufffd"),
        ("x" * 5_000_000, "x" * 3999 + "…"),
    ],
    ids=lambda value: repr(value)[:24],
)
async def test_an_answer_is_made_fit_to_be_kept(
    alice: httpx2.AsyncClient, model: ScriptedModel, said: str, reply: str
) -> None:
    # Around what says by itself that it is no text.
    step = say("")
    step[0].content[0].text = said
    # A server that tells no cost would have the longest of them use up the day.
    cost = Usage(requests=1, input_tokens=1, output_tokens=1, total_tokens=2)
    model.extend([ModelStep(step, usage=cost), say("Yes.")])
    first = (await chat(alice, "hello")).json()
    assert first["reply"] == reply
    await chat(alice, "again", conversation_id=first["conversation_id"])
    assert model.last_call
    assert model.last_call.input[1]["content"] == reply


async def test_a_model_may_look_for_what_is_no_text(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend([call("list_todos", **EVERYTHING | {"containing": "\x00"}), say("None.")])
    assert (await chat(alice, "list")).json()["reply"] == "None."


async def test_a_model_may_look_beyond_the_last_number(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend([call("list_todos", **EVERYTHING | {"after_number": 10**11}), say("None.")])
    assert (await chat(alice, "list")).json()["reply"] == "None."


async def test_a_failed_answer_tells_what_was_done(connect: Connect, model: ScriptedModel) -> None:
    alice = connect("alice")
    model.extend([call("add_todo", title="milk"), ModelStep.raise_error(RuntimeError("boom"))])
    answer = await chat(alice, "add milk")
    assert answer.status_code == 502
    [todo] = (await alice.get("/api/todos")).json()
    assert answer.json()["actions"] == [{"tool": "add_todo", "todo": todo}]


async def test_a_tools_own_fault_is_not_blamed_on_the_model(
    alice: httpx2.AsyncClient, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(TodoStore, "add", broken)
    model.extend([call("add_todo", title="x"), say("Done.")])
    answer = await chat(alice, "add x")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text


async def test_a_lost_database_is_not_blamed_on_the_model(
    alice: httpx2.AsyncClient, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object, **__: object) -> None:
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
    assert (await chat(alice, "lost words")).status_code == 502
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


class OpenAI(Endpoint):
    """A server in OpenAI's place that answers the same whatever it is asked.

    It closes the connection with so many bytes `missing`.
    """

    def __init__(
        self, status: int, body: bytes, headers: dict[str, str], *, missing: int = 0
    ) -> None:
        self.authorization: str | None = None
        self.requests = 0
        outer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.authorization = self.headers["Authorization"]
                outer.requests += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) + missing))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Handler)
        self.url = f"{self.origin}/v1"


JSON = {"Content-Type": "application/json"}
# As the real one does, it quotes the key.
REFUSAL = f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()


async def ask(settings: Settings, key: SigningKey, openai: OpenAI) -> httpx2.Response:
    values = settings.model_dump() | {"openai_api_key": KEY, "openai_base_url": openai.url}
    async with replica(make_settings(**values), key.token()) as client:
        return await chat(client, "hello")


@pytest.mark.parametrize(
    ("status", "headers", "told", "retry_after", "requests"),
    [
        (500, {}, (502, "the assistant's service failed; try again later"), None, 2),
        (401, {}, (502, "the assistant's service refused the key of this installation"), None, 1),
        (400, {}, (502, "the assistant's service failed; try again later"), None, 1),
        (429, {}, (429, "the assistant's service is over its limit; try again later"), "10", 1),
        (429, {"Retry-After": "20"}, (429, "the assistant's service is over"), "20", 1),
        (503, {"Retry-After": "0.5"}, (429, "the assistant's service is over"), "1", 1),
        (429, {"Retry-After": "1e999"}, (429, "the assistant's service is over"), "10", 1),
        (429, {"Retry-After": "nan"}, (429, "the assistant's service is over"), "10", 1),
        (429, {"Retry-After": "86400"}, (429, "the assistant's service is over"), "3600", 1),
        (429, {"Retry-After": "soon"}, (429, "the assistant's service is over"), "10", 1),
    ],
)
async def test_the_services_failures_are_told_at_once_without_its_words(
    settings: Settings,
    key: SigningKey,
    status: int,
    headers: dict[str, str],
    told: tuple[int, str],
    retry_after: str | None,
    requests: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with OpenAI(status, REFUSAL, JSON | headers) as openai:
        answer = await ask(settings, key, openai)
    assert openai.authorization == f"Bearer {KEY}"
    assert openai.requests == requests
    assert answer.status_code == told[0]
    assert answer.json()["detail"].startswith(told[1])
    assert answer.headers.get("retry-after") == retry_after
    assert KEY not in answer.text
    assert KEY not in caplog.text


def message(text: object) -> dict[str, object]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


def called(name: str, arguments: str) -> dict[str, object]:
    return {"type": "function_call", "name": name, "arguments": arguments, "call_id": "call"}


def streamed(*events: object) -> bytes:
    return b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)


def response(*output: object, **changes: object) -> bytes:
    body = {"id": "r", "object": "response", "model": "m", "output": output} | changes
    return streamed({"type": "response.completed", "sequence_number": 1, "response": body})


def delta(words: object) -> dict[str, object]:
    place = {"item_id": "m", "output_index": 0, "content_index": 0, "sequence_number": 0}
    return {"type": "response.output_text.delta", "delta": words, "logprobs": [], **place}


STREAM = {"Content-Type": "text/event-stream"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<html><h1>It works!</h1></html>", {"Content-Type": "text/html"}),
        (b"<html><h1>It works!</h1></html>", JSON),
        (b"{}", JSON),
        (b"null", JSON),
        (b'"text"', JSON),
        (b'{"output": null}', JSON),
        (b"", STREAM),
        (b"\x00", STREAM),
        (b": nothing\n\n", STREAM),
        (b"data: [DONE]\n\n", STREAM),
        (b"data: {\n\n", STREAM),
        (b"data: \xff\n\n", STREAM),
        (b"event: response.completed\n\n", STREAM),
        (streamed({}), STREAM),
        (streamed(None), STREAM),
        (streamed([]), STREAM),
        (streamed("text"), STREAM),
        (streamed({"type": 7}), STREAM),
        (streamed({"type": "response.completed"}), STREAM),
        (streamed({"type": "response.completed", "response": None}), STREAM),
        (streamed({"type": "error", "message": f"bad key {KEY}"}), STREAM),
        (streamed({"type": "response.failed", "response": {"error": None}}), STREAM),
        (streamed(delta("half an answ")), STREAM),
        (streamed(delta(7)) + response(message("fine")), STREAM),
        (streamed(delta(None)) + response(message("fine")), STREAM),
        (streamed(delta("\x00\ud800")) + response(message("fine")), STREAM),
        (response(output=None), STREAM),
        (response(output="text"), STREAM),
        (response(output={"a": 1}), STREAM),
        (response(None), STREAM),
        (response(7), STREAM),
        (response({"type": "function_call", "name": None, "arguments": 7, "call_id": 1}), STREAM),
        (response(called("add_todo", '{"title": "\\ud800"}')), STREAM),
        (response(called("add_todo", '{"title": "\ud800"}')), STREAM),
        (response(called("add_todo\x00", "\x00")), STREAM),
        (response({"type": "message", "content": None}), STREAM),
        (response(message(None)), STREAM),
        (response(message(7)), STREAM),
        (response(message(["x"])), STREAM),
        (response(message("fine"), usage="many"), STREAM),
        (response(message("fine"), usage={"input_tokens": -1, "output_tokens": "x"}), STREAM),
        (response(message("nul \x00, half \ud800")), STREAM),
        (response(), STREAM),
    ],
    ids=lambda value: str(value)[-60:],
)
async def test_nonsense_is_told_as_the_services_fault(
    settings: Settings, key: SigningKey, body: bytes, headers: dict[str, str]
) -> None:
    with OpenAI(200, body, headers) as openai:
        answer = await ask(settings, key, openai)
    assert KEY not in answer.text
    # What can be made sense of is an answer.
    assert answer.status_code in {200, 502}, answer.text
    if answer.status_code == 200:
        assert answer.json()["reply"] in {
            "fine",
            "nul , half \ufffd",
            "The assistant gave an empty answer.",
        }
    else:
        assert answer.json()["detail"].startswith("the assistant")
