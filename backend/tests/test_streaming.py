"""An answer comes while it is made, and can be stopped; all that holds for one as JSON holds."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx2
import pytest
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from openai.types.responses import ResponseIncompleteEvent, ResponseTextDeltaEvent

from conftest import PATIENCE, Connect, make_settings, run
from endpoint import Endpoint, Quiet
from held import Held
from issuer import SigningKey
from streams import ACCEPT, Event, events, following, listening
from test_agent import delta, streamed
from todo.app import create_app
from todo.chat.agent import AgentResponder
from todo.chat.responder import Responder
from todo.database import DatabaseUnavailableError
from todo.settings import Settings
from todo.todos import TodoStore


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def responder(model: ScriptedModel) -> Responder:
    return AgentResponder(model, timeout=PATIENCE, max_turns=3)


ADD = [function_call("add_todo", {"title": "milk"}, call_id="call")]
BOOM = ModelStep.raise_error(RuntimeError("boom"))


async def ask(
    client: httpx2.AsyncClient, message: str = "add milk", key: str | None = None, **more: object
) -> httpx2.Response:
    headers = ACCEPT | ({"Idempotency-Key": key} if key else {})
    return await client.post("/api/chat", json={"message": message, **more}, headers=headers)


def words(told: list[Event]) -> str:
    return "".join(data["text"] for name, data in told if name == "text")


async def test_words_and_tools_are_told_as_they_come_and_the_whole_at_the_end(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend([[assistant_message("One moment."), *ADD], [assistant_message("Added milk.")]])
    answer = await ask(alice)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    # What would have Next.js, nginx or a cache hold it back.
    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    told = events(answer.text)
    [todo] = (await alice.get("/api/todos")).json()
    assert ("action", {"tool": "add_todo", "todo": todo}) in told
    assert words(told) == "One moment.\n\nAdded milk."
    name, reply = told[-1]
    assert name == "reply"
    assert reply == {
        "conversation_id": reply["conversation_id"],
        "reply": "One moment.\n\nAdded milk.",
        "actions": [{"tool": "add_todo", "todo": todo}],
        "stopped": False,
    }
    # The action stands between the words before it and those after.
    assert [name for name, _ in told].index("action") not in {0, len(told) - 2}


async def test_what_is_told_is_no_longer_than_what_is_kept_and_as_clean(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    step: list[Any] = [assistant_message("x")]
    step[0].content[0].text = "nul\x00 half \ud800 " + "x" * 50_000
    model.enqueue(step)
    told = events((await ask(alice)).text)
    assert words(told).startswith("nul half \ufffd xxx")
    assert len(words(told)) <= 4000
    assert len(told[-1][1]["reply"]) == 4000


@pytest.mark.parametrize("responder", [None])
async def test_without_a_model_commands_are_answered_the_same_way(
    alice: httpx2.AsyncClient,
) -> None:
    told = events((await ask(alice, "add milk")).text)
    assert [name for name, _ in told] == ["action", "text", "reply"]
    assert words(told) == told[-1][1]["reply"] == "Added 1: milk"


async def test_a_refusal_before_the_answer_is_one_as_ever(
    connect: Connect, model: ScriptedModel, settings: Settings
) -> None:
    alice = connect("alice")
    nowhere = "00000000-0000-0000-0000-000000000000"
    assert (await ask(alice, conversation_id=nowhere)).status_code == 404
    assert (await ask(alice, "")).status_code == 422
    model.enqueue([assistant_message("Hi.")])
    await ask(alice, "hi", "key-1")
    assert (await ask(alice, "other", "key-1")).status_code == 422
    await run(settings, "UPDATE usage SET messages = 1000")
    limited = await ask(alice, "hi", "key-2")
    assert limited.status_code == 429
    assert limited.headers["content-type"] == "application/problem+json"
    assert limited.json()["retry_after"] == int(limited.headers["retry-after"])
    # The key of a message that was refused is free.
    await run(settings, "UPDATE usage SET messages = 0")
    model.enqueue([assistant_message("Hi.")])
    assert (await ask(alice, "hi", "key-2")).status_code == 200


async def test_a_failure_is_told_with_what_was_done_and_kept(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend([ADD, BOOM])
    answer = await ask(alice, key="key-1")
    assert answer.status_code == 200
    told = events(answer.text)
    [todo] = (await alice.get("/api/todos")).json()
    done = {"tool": "add_todo", "todo": todo}
    assert [name for name, _ in told] == ["action", "problem"]
    assert (told[0][1], told[1][1]["status"], told[1][1]["actions"]) == (done, 502, [done])
    for again in (await ask(alice, key="key-1"), await alice.get("/api/chat/answers/key-1")):
        assert (again.status_code, again.json()) == (502, told[1][1])
    assert len(model.calls) == 2


async def test_a_kept_answer_is_given_as_json_and_read_without_asking(
    connect: Connect, model: ScriptedModel
) -> None:
    alice, bob = connect("alice"), connect("bob")
    model.enqueue([assistant_message("Hi.")])
    reply = events((await ask(alice, "hi", "key-1")).text)[-1][1]
    for again in (
        await ask(alice, "hi", "key-1"),
        await alice.get("/api/chat/answers/key-1"),
    ):
        assert (again.status_code, again.headers["content-type"]) == (200, "application/json")
        assert again.json() == reply
    for missing in (
        await bob.get("/api/chat/answers/key-1"),
        await alice.get("/api/chat/answers/key-2"),
    ):
        assert missing.status_code == 404
    assert len(model.calls) == 1


async def test_a_database_that_is_lost_meanwhile_is_a_problem_with_when_to_try_again(
    alice: httpx2.AsyncClient, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr(TodoStore, "add", lost)
    model.enqueue(ADD)
    [(name, problem)] = events((await ask(alice)).text)
    assert (name, problem["status"], problem["retry_after"]) == ("problem", 503, 2)


type Listen = Callable[[Responder], Any]


@pytest.fixture
async def listen(settings: Settings, key: SigningKey) -> AsyncIterator[Listen]:
    """Give a function that has an application with a responder listen, and gives its client."""
    async with AsyncExitStack() as stack:

        async def listen(responder: Responder) -> httpx2.AsyncClient:
            app = create_app(settings, responder=responder)
            return await stack.enter_async_context(listening(app, key.token()))

        yield listen


@asynccontextmanager
async def asking(client: httpx2.AsyncClient, key: str) -> AsyncIterator[AsyncIterator[Event]]:
    """Ask, and stop the answer at the end."""
    headers = ACCEPT | {"Idempotency-Key": key}
    body = {"message": "milk"}
    async with client.stream("POST", "/api/chat", json=body, headers=headers) as answer:
        assert answer.status_code == 200
        yield following(answer)


async def became(client: httpx2.AsyncClient, key: str) -> httpx2.Response:
    """Give what became of an answer, as soon as that is known."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await client.get(f"/api/chat/answers/{key}")
            if answer.status_code != 409:
                return answer
            assert answer.headers["retry-after"] == "2"
            await asyncio.sleep(0.01)


async def test_whoever_leaves_stops_the_answer_and_what_there_was_is_kept(listen: Listen) -> None:
    client = await listen(Held())
    async with asking(client, "key-1") as told:
        assert [(await anext(told))[0] for _ in range(2)] == ["action", "text"]
    answer = await became(client, "key-1")
    assert answer.status_code == 200
    reply = answer.json()
    assert (reply["reply"], reply["stopped"]) == ("Do …\nAdded 1: milk", True)
    [todo] = (await client.get("/api/todos")).json()
    assert reply["actions"] == [{"tool": "add_todo", "todo": todo}]
    kept = (await client.get(f"/api/conversations/{reply['conversation_id']}")).json()
    assert [message["content"] for message in kept["messages"]] == ["milk", reply["reply"]]


class Silent(Held):
    """Says nothing and does nothing."""

    async def reply(self, *_: Any, **__: Any) -> str:  # noqa: ANN401
        self.asked.set()
        await self.free.wait()
        return "Done."


async def test_an_answer_that_is_stopped_before_it_began_leaves_nothing(listen: Listen) -> None:
    held = Silent()
    client = await listen(held)
    async with asking(client, "key-1"):
        await held.asked.wait()
    assert (await became(client, "key-1")).status_code == 404
    assert (await client.get("/api/conversations")).json()["conversations"] == []
    held.free.set()
    assert (await ask(client, "milk", "key-1")).status_code == 200


async def test_a_tool_that_is_at_work_comes_to_its_end_and_is_told(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, on = asyncio.Event(), asyncio.Event()
    add = TodoStore.add

    async def slowly(*given: Any, **more: Any) -> object:  # noqa: ANN401
        begun.set()
        await on.wait()
        return await add(*given, **more)

    monkeypatch.setattr(TodoStore, "add", slowly)
    model = ScriptedModel([ADD, [assistant_message("Done.")]])
    client = await listen(AgentResponder(model, timeout=PATIENCE, max_turns=3))
    async with asking(client, "key-1"):
        await begun.wait()
    assert (await client.get("/api/chat/answers/key-1")).status_code == 409
    on.set()
    reply = (await became(client, "key-1")).json()
    # In words too: what comes after is told no more than these.
    assert (reply["reply"], reply["stopped"]) == ("Stopped.\nAdded 1: milk", True)
    assert [action["todo"]["title"] for action in reply["actions"]] == ["milk"]
    # Nothing was asked of the model any more.
    assert len(model.calls) == 1


async def test_one_that_asked_for_json_is_answered_though_it_leaves(listen: Listen) -> None:
    held = Held()
    client = await listen(held)
    request = client.post(
        "/api/chat", json={"message": "milk"}, headers={"Idempotency-Key": "key-1"}
    )
    leaving = asyncio.create_task(request)
    await held.asked.wait()
    leaving.cancel()
    await asyncio.wait({leaving})
    held.free.set()
    reply = (await became(client, "key-1")).json()
    assert (reply["reply"], reply["stopped"]) == ("Done.", False)


async def test_the_end_of_the_process_stops_an_answer_and_keeps_it(
    settings: Settings, key: SigningKey
) -> None:
    app = create_app(settings, responder=Held())
    async with (
        listening(app, key.token(), timeout_graceful_shutdown=1) as client,
        asking(client, "key-1") as told,
    ):
        await anext(told)
        app.state.server.should_exit = True
        with pytest.raises(httpx2.RemoteProtocolError):
            _ = [event async for event in told]
    async with listening(create_app(settings), key.token()) as client:
        reply = (await became(client, "key-1")).json()
    assert (reply["reply"], reply["stopped"]) == ("Do …\nAdded 1: milk", True)


async def test_a_silence_is_filled_so_that_nothing_on_the_way_ends_it(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("todo.sse.PATIENCE", 0.05)
    client = await listen(Silent())
    headers, body = ACCEPT, {"message": "milk"}
    async with client.stream("POST", "/api/chat", json=body, headers=headers) as answer:
        lines = answer.aiter_lines()
        assert [await anext(lines) for _ in range(6)] == [": ping", ""] * 3


class Dripping(Endpoint):
    """A server in OpenAI's place that says a word now and then, while it is listened to."""

    def __init__(self) -> None:
        self.left = threading.Event()
        outer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                try:
                    while not outer.left.wait(0.01):
                        self.wfile.write(streamed(delta("word ")))
                except OSError:
                    outer.left.set()

        super().__init__(Handler)
        self.url = f"{self.origin}/v1"

    def __exit__(self, *raised: object) -> None:
        self.left.set()
        super().__exit__(*raised)


def over(settings: Settings, openai: Dripping, **values: object) -> Settings:
    model = {"openai_api_key": "key", "openai_base_url": openai.url}
    return make_settings(**settings.model_dump() | model | values)


async def test_stopping_ends_the_models_request_and_counts_what_it_cost(
    settings: Settings, key: SigningKey
) -> None:
    with Dripping() as openai:
        app = create_app(over(settings, openai, chat_output_tokens_per_day=2))
        async with listening(app, key.token()) as client:
            async with asking(client, "key-1") as told:
                for _ in range(5):
                    assert await anext(told) == ("text", {"text": "word "})
            assert await asyncio.to_thread(openai.left.wait, PATIENCE)
            reply = (await became(client, "key-1")).json()
            assert reply["stopped"]
            assert reply["reply"].startswith("word word")
            # Five words and more are beyond two tokens: the next message meets the limit.
            limited = await ask(client, "more")
    assert limited.status_code == 429
    assert "tokens written" in limited.json()["detail"]


async def test_a_model_that_drips_ends_in_time(settings: Settings, key: SigningKey) -> None:
    with Dripping() as openai:
        app = create_app(over(settings, openai, agent_timeout=3))
        async with listening(app, key.token()) as client:
            told = events((await ask(client)).text)
        assert await asyncio.to_thread(openai.left.wait, PATIENCE)
    assert words(told).startswith("word ")
    assert (told[-1][0], told[-1][1]["status"]) == ("problem", 504)


async def test_an_answer_that_reached_the_most_that_a_model_may_write_is_kept(
    alice: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    async def cut_off(_: object) -> AsyncIterator[Any]:
        yield ResponseTextDeltaEvent.model_validate(delta("As I said"))
        construct: Any = ResponseIncompleteEvent.model_construct
        yield construct(type="response.incomplete", response=None)
        raise RuntimeError("incomplete")

    model.enqueue(ModelStep.stream(cut_off))
    told = events((await ask(alice)).text)
    assert (told[-1][0], told[-1][1]["reply"]) == ("reply", "As I said …")
    model.extend([[assistant_message("First, the milk."), *ADD], ModelStep.stream(cut_off)])
    told = events((await ask(alice)).text)
    assert told[-1][1]["reply"] == "First, the milk.\n\nAs I said …"
