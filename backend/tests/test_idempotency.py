"""A retry under the same Idempotency-Key does nothing twice and is answered the same."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from conftest import PATIENCE, Connect, make_settings, replica, rows_of, run
from held import Held
from issuer import SigningKey
from postgres import Server
from todo.chat.agent import AgentResponder
from todo.settings import Settings


async def say(
    client: httpx2.AsyncClient, message: str, key: str | None = "key-1", **more: object
) -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post("/api/chat", json={"message": message, **more}, headers=headers)


async def titles(client: httpx2.AsyncClient) -> list[str]:
    return [todo["title"] for todo in (await client.get("/api/todos")).json()]


async def test_a_retry_is_given_the_first_answer(connect: Connect) -> None:
    alice, bob = connect("alice"), connect("bob")
    first = await say(alice, "add milk")
    again = await say(alice, "add milk")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["content-type"] == first.headers["content-type"]
    assert await titles(alice) == ["milk"]
    # Another key is another message, and another user's key is their own.
    assert (await say(alice, "add milk", "key-2")).json()["actions"][0]["todo"]["number"] == 2
    assert (await say(bob, "add bread")).status_code == 200
    assert await titles(bob) == ["bread"]


async def test_without_a_key_each_message_is_its_own(alice: httpx2.AsyncClient) -> None:
    assert [(await say(alice, "add milk", None)).status_code for _ in range(2)] == [200, 200]
    assert await titles(alice) == ["milk", "milk"]


@pytest.mark.parametrize("more", [{"message": "add bread"}, {"conversation_id": None}])
async def test_a_key_belongs_to_one_request(
    alice: httpx2.AsyncClient, more: dict[str, object]
) -> None:
    first = (await say(alice, "help", None)).json()["conversation_id"]
    body: dict[str, Any] = {"message": "add milk", "conversation_id": first}
    assert (await say(alice, **body)).status_code == 200
    answer = await say(alice, **body | more)
    assert answer.status_code == 422
    assert "retry-after" not in answer.headers
    assert "came with another request" in answer.json()["detail"]
    assert await titles(alice) == ["milk"]


async def put(client: httpx2.AsyncClient, title: str, key: str | None) -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post("/api/todos", json={"title": title}, headers=headers)


async def test_what_is_done_is_cleared_once_for_a_key(connect: Connect) -> None:
    alice, bob = connect("alice"), connect("bob")

    async def done(client: httpx2.AsyncClient, title: str) -> str:
        added: str = (await put(client, title, None)).json()["id"]
        await client.patch(f"/api/todos/{added}", json={"completed": True})
        return added

    async def clear(client: httpx2.AsyncClient, key: str) -> httpx2.Response:
        headers = {"Idempotency-Key": key}
        return await client.delete("/api/todos", params={"completed": "true"}, headers=headers)

    milk, bread = await done(alice, "milk"), await done(bob, "bread")
    first = await clear(alice, "key-1")
    assert (first.status_code, first.json()) == (200, {"ids": [milk], "more": False})
    tea = await done(alice, "tea")
    again = await clear(alice, "key-1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["content-type"] == first.headers["content-type"]
    assert await titles(alice) == ["tea"], "a retry clears nothing that was done since"
    assert (await clear(alice, "key-2")).json()["ids"] == [tea]
    assert (await clear(bob, "key-1")).json()["ids"] == [bread]
    assert (await put(alice, "milk", "key-1")).status_code == 422, "the key is another request's"


async def test_a_todo_is_added_once_for_its_key(connect: Connect) -> None:
    alice, bob = connect("alice"), connect("bob")
    first, again = [await put(alice, "milk", "key-1") for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() == (await alice.get("/api/todos")).json()[0]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert [(await put(alice, "milk", key)).status_code for key in ("key-2", None)] == [201, 201]
    assert await titles(alice) == ["milk"] * 3
    assert (await put(bob, "milk", "key-1")).status_code == 201
    assert await titles(bob) == ["milk"]


async def test_a_key_of_a_todo_is_for_nothing_else(alice: httpx2.AsyncClient) -> None:
    await put(alice, "milk", "key-1")
    for answer in (await put(alice, "bread", "key-1"), await say(alice, "milk", "key-1")):
        assert answer.status_code == 422
        assert "came with another request" in answer.json()["detail"]
    assert await titles(alice) == ["milk"]


async def test_many_at_once_under_one_key_add_one_todo(alice: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*[put(alice, "milk", "key-1") for _ in range(8)])
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert 201 in {answer.status_code for answer in answers}
    assert await titles(alice) == ["milk"]


async def test_a_key_whose_todo_was_not_added_is_free_again(
    alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr("todo.todos.TodoStore.add_within", interrupted)
        assert (await put(alice, "milk", "key-1")).status_code == 500
    assert (await put(alice, "milk", "key-1")).status_code == 201
    assert await titles(alice) == ["milk"]


@contextmanager
def deaf(monkeypatch: pytest.MonkeyPatch, *lost: int) -> Iterator[None]:
    """Have the connection lost just after the commits of these places: what they did is done."""
    commit: Callable[..., None] = PGDialect_asyncpg.do_commit
    places = iter(range(1, 1000))

    def lose(dialect: Any, connection: Any) -> None:  # noqa: ANN401
        commit(dialect, connection)
        if next(places) in lost:
            raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(PGDialect_asyncpg, "do_commit", lose)
        yield


async def until_added(client: httpx2.AsyncClient, title: str, key: str) -> httpx2.Response:
    """Add a todo as a client does that asks again after what passes."""
    while (answer := await put(client, title, key)).status_code != 201:
        assert answer.status_code in {409, 503}, answer.text
        await asyncio.sleep(0.05)
    return answer


@pytest.mark.parametrize("lost", [(1,), (2,), (3,), (1, 2), (2, 3)])
async def test_a_todo_is_added_once_though_its_commit_is_not_heard_of(
    alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, lost: tuple[int, ...]
) -> None:
    with deaf(monkeypatch, *lost):
        answer = await until_added(alice, "milk", "key-1")
    assert answer.json() == (await alice.get("/api/todos")).json()[0]
    assert await titles(alice) == ["milk"]


async def interrupted(*_: object, **__: object) -> None:
    raise RuntimeError("the process was interrupted")


@pytest.mark.parametrize("name", ["x" * 256, "two words", "ümlaut"])
async def test_what_is_no_key_is_refused(alice: httpx2.AsyncClient, name: str) -> None:
    headers = {"Idempotency-Key": name.encode()}
    answer = await alice.post("/api/chat", json={"message": "add x"}, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert await titles(alice) == []


async def test_a_retry_while_it_is_answered_is_told_so_by_every_replica(
    settings: Settings, key: SigningKey
) -> None:
    held = Held()
    async with (
        replica(settings, key.token(), held) as one,
        replica(settings, key.token(), held) as other,
    ):
        first = asyncio.create_task(say(one, "milk"))
        await held.asked.wait()
        for client in (one, other):
            answer = await say(client, "milk")
            assert answer.status_code == 409
            assert answer.headers["retry-after"] == "2"
        held.free.set()
        assert (await first).status_code == 200
        assert (await say(other, "milk")).json() == (await first).json()
        assert await titles(one) == ["milk"]


async def test_what_a_lost_process_may_have_done_is_not_done_again(
    settings: Settings, key: SigningKey
) -> None:
    held = Held()
    async with replica(settings, key.token(), held) as alice:
        first = asyncio.create_task(say(alice, "milk"))
        await held.asked.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await run(settings, "UPDATE idempotency_key SET began_at = began_at - interval '1 hour'")
        for _ in range(2):
            answer = await say(alice, "milk")
            assert answer.status_code == 410
            assert "was interrupted" in answer.json()["detail"]
        assert await titles(alice) == ["milk"]


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
async def asker(
    settings: Settings, key: SigningKey, model: ScriptedModel
) -> AsyncIterator[httpx2.AsyncClient]:
    responder = AgentResponder(model, timeout=PATIENCE, max_turns=3)
    async with replica(settings, key.token(), responder) as client:
        yield client


BOOM = ModelStep.raise_error(RuntimeError("boom"))
ADD = [function_call("add_todo", {"title": "milk"}, call_id="call")]
DONE = [assistant_message("Done.")]


async def test_a_failure_that_did_something_is_kept(
    asker: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend([ADD, BOOM, DONE])
    first = await say(asker, "add milk")
    again = await say(asker, "add milk")
    assert first.status_code == again.status_code == 502
    assert again.json() == first.json()
    assert again.headers["content-type"] == "application/problem+json"
    assert again.json()["actions"][0]["todo"]["title"] == "milk"
    assert await titles(asker) == ["milk"]
    assert len(model.calls) == 2


@pytest.mark.parametrize(
    ("message", "lost", "statuses", "done"),
    [
        # The claim: whether it is another's is not known either.
        ("add milk", 1, [503, 409], (0, 0)),
        # What is counted before anything is done.
        ("add milk", 2, [503, 200], (1, 1)),
        ("add milk", 3, [503, 410], (1, 0)),
        # The conversation: that the todo was added is told.
        ("add milk", 4, [503, 503], (1, 1)),
        # The answer for a retry: it is there all the same.
        ("add milk", 5, [200, 200], (1, 1)),
        ("help", 3, [503, 410], (0, 1)),
    ],
)
async def test_what_a_chat_may_have_done_is_not_done_again(
    alice: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    message: str,
    lost: int,
    statuses: list[int],
    done: tuple[int, int],
) -> None:
    with deaf(monkeypatch, lost):
        answers = [await say(alice, message) for _ in range(2)]
    assert [answer.status_code for answer in answers] == statuses
    conversations = (await alice.get("/api/conversations")).json()["conversations"]
    assert (len(await titles(alice)), len(conversations)) == done
    if statuses[1] == 410:
        assert "look at the list for what was done" in answers[1].json()["detail"]
        assert answers[1].headers["content-type"] == "application/problem+json"


async def test_what_was_done_is_told_though_the_database_keeps_no_answer(
    alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The conversation, and the answer for a retry.
    with deaf(monkeypatch, 4, 5):
        answer = await say(alice, "add milk")
    assert answer.status_code == 503
    assert [action["todo"]["title"] for action in answer.json()["actions"]] == ["milk"]


async def test_after_a_failure_that_did_nothing_a_retry_asks_again(
    asker: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.extend([BOOM, ADD, DONE])
    failed = await say(asker, "add milk")
    assert (failed.status_code, failed.json()["actions"]) == (502, [])
    assert (await say(asker, "add milk")).status_code == 200
    assert await titles(asker) == ["milk"]


async def test_a_conversation_that_is_not_there_uses_up_no_key(asker: httpx2.AsyncClient) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"
    for _ in range(2):
        assert (await say(asker, "hi", conversation_id=nowhere)).status_code == 404


async def test_the_latest_answers_of_a_user_are_kept(
    alice: httpx2.AsyncClient,
    bob: httpx2.AsyncClient,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("todo.idempotency._MOST_KEYS", 3)
    await put(bob, "milk", "key-0")
    first = [(await put(alice, "milk", f"key-{n}")).json()["number"] for n in range(8)]
    assert (await rows_of(settings, "alice"))["idempotency_key"] <= 5
    again = [(await put(alice, "milk", f"key-{n}")).json()["number"] for n in (7, 6, 5, 0)]
    assert again == [*first[7:4:-1], 9]
    assert (await put(bob, "milk", "key-0")).json()["number"] == 1


async def test_nothing_is_lost_or_doubled_while_postgres_restarts(
    own_server: Server, own_settings: Settings, key: SigningKey
) -> None:
    over = asyncio.Event()
    answered: dict[str, object] = {}

    async def write(client: httpx2.AsyncClient, writer: int) -> None:
        number = 0
        while not over.is_set():
            title = f"{writer}-{number}"
            answered[title] = (await until_added(client, title, f"key-{title}")).json()
            number += 1

    async def more_answered() -> None:
        most = len(answered) + 100
        async with asyncio.timeout(PATIENCE):
            while len(answered) < most:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    # A key that stayed claimed would be told so soon.
    settings = make_settings(**own_settings.model_dump() | {"agent_timeout": 1})
    async with replica(settings, key.token()) as client:
        async with asyncio.TaskGroup() as writers:
            for writer in range(20):
                writers.create_task(write(client, writer))
            for _ in range(3):
                await more_answered()
                await asyncio.to_thread(own_server.stop)
                await asyncio.to_thread(own_server.start, again=True)
            await more_answered()
            over.set()
        kept = {}
        cursor: dict[str, str] = {}
        while True:
            page = (await client.get("/api/todos", params={"limit": "500"} | cursor)).json()
            for todo in page["todos"]:
                assert todo["title"] not in kept
                kept[todo["title"]] = todo
            if not page["next_cursor"]:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert kept == answered
