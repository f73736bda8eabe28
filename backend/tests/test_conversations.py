"""A user's conversations over HTTP: listed, read again, deleted, and nobody else's."""

import asyncio
from uuid import uuid4

import httpx2
import pytest

from conftest import Connect, replica, rows_of, run
from held import Held
from issuer import SigningKey
from todo.settings import Settings


async def say(client: httpx2.AsyncClient, message: str, conversation: str | None = None) -> str:
    """Say something and give the id of the conversation."""
    answer = await client.post(
        "/api/chat", json={"message": message, "conversation_id": conversation}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["conversation_id"])


async def titles(client: httpx2.AsyncClient, query: str = "") -> list[str]:
    answer = await client.get(f"/api/conversations{query}")
    assert answer.status_code == 200, answer.text
    return [conversation["title"] for conversation in answer.json()["conversations"]]


async def test_a_conversation_is_read_again_as_it_was(alice: httpx2.AsyncClient) -> None:
    conversation = await say(alice, "add buy milk")
    await say(alice, "list", conversation)
    read = (await alice.get(f"/api/conversations/{conversation}")).json()
    assert [(turn["role"], turn["content"]) for turn in read.pop("messages")] == [
        ("user", "add buy milk"),
        ("assistant", "Added 1: buy milk"),
        ("user", "list"),
        ("assistant", "☐ 1: buy milk"),
    ]
    assert read.pop("next_cursor") is None
    page = (await alice.get("/api/conversations")).json()
    assert page == {"conversations": [read], "next_cursor": None}
    assert (read["id"], read["title"]) == (conversation, "add buy milk")
    assert read["updated_at"] > read["created_at"]


async def test_the_one_that_was_used_last_is_first(alice: httpx2.AsyncClient) -> None:
    first = await say(alice, "list")
    await say(alice, "help")
    assert await titles(alice) == ["help", "list"]
    await say(alice, "help", first)
    assert await titles(alice) == ["list", "help"]


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("two\nlines  of\twords", "two lines of words"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("x" * 2000, "x" * 79 + "…"),
        ("<b>'; DROP TABLE message; --</b>", "<b>'; DROP TABLE message; --</b>"),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_a_title_is_how_the_first_message_begins(
    alice: httpx2.AsyncClient, message: str, title: str
) -> None:
    await say(alice, message)
    assert await titles(alice) == [title]


async def test_conversations_come_in_pages(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient
) -> None:
    for name in "abcde":
        await say(alice, name)
    await say(bob, "bob's")
    found, cursor = [], ""
    while cursor is not None:
        page = (await alice.get(f"/api/conversations?limit=2{cursor}")).json()
        found.append([conversation["title"] for conversation in page["conversations"]])
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert found == [["e", "d"], ["c", "b"], ["a"]]
    assert await titles(alice, "?limit=5") == list("edcba")
    assert await titles(alice, "?cursor=9999999999999999999") == list("edcba")
    assert await titles(bob) == ["bob's"]


async def test_messages_come_in_pages_the_latest_first(alice: httpx2.AsyncClient) -> None:
    conversation = await say(alice, "add a")
    for name in "bc":
        await say(alice, f"add {name}", conversation)
    found, cursor = [], ""
    while cursor is not None:
        path = f"/api/conversations/{conversation}?limit=4{cursor}"
        page = (await alice.get(path)).json()
        found.append([turn["content"] for turn in page["messages"]])
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert found == [
        ["add b", "Added 2: b", "add c", "Added 3: c"],
        ["add a", "Added 1: a"],
    ]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=-1", "cursor=", f"cursor={10**19}"],
)
# One value for every process that collects tests.
@pytest.mark.parametrize("path", ["", "/00000000-0000-4000-8000-000000000000"])
async def test_what_is_no_page_is_refused(alice: httpx2.AsyncClient, path: str, query: str) -> None:
    assert (await alice.get(f"/api/conversations{path}?{query}")).status_code == 422


async def test_another_users_conversation_is_as_good_as_none(connect: Connect) -> None:
    alice, bob = connect("alice"), connect("bob")
    path, nowhere = (
        f"/api/conversations/{await say(alice, 'list')}",
        f"/api/conversations/{uuid4()}",
    )
    for method in ("GET", "DELETE"):
        theirs, none = await bob.request(method, path), await bob.request(method, nowhere)
        assert (theirs.status_code, theirs.text) == (404, none.text)
    assert await titles(bob) == []
    assert await titles(alice) == ["list"]


async def test_a_deleted_conversation_leaves_nothing_but_what_it_did(
    alice: httpx2.AsyncClient, settings: Settings
) -> None:
    headers = {"Idempotency-Key": "key"}
    answer = await alice.post("/api/chat", json={"message": "add milk"}, headers=headers)
    conversation = answer.json()["conversation_id"]
    other = await say(alice, "help")
    path = f"/api/conversations/{conversation}"
    assert (await alice.delete(path)).status_code == 204
    assert (await alice.delete(path)).status_code == 404
    assert (await alice.get(path)).status_code == 404
    assert await titles(alice) == ["help"]
    assert (await alice.get("/api/todos")).json()[0]["title"] == "milk"
    rows = await rows_of(settings, "alice")
    assert "idempotency_key" not in rows
    assert rows["conversation"] == 1
    assert (await alice.get(f"/api/conversations/{other}")).status_code == 200


async def test_an_answer_into_a_deleted_conversation_tells_what_it_did(
    alice: httpx2.AsyncClient, settings: Settings, key: SigningKey
) -> None:
    conversation = await say(alice, "hello")
    held = Held()
    async with replica(settings, key.token(), held) as other:
        answering = asyncio.create_task(
            other.post("/api/chat", json={"message": "milk", "conversation_id": conversation})
        )
        await held.asked.wait()
        assert (await alice.delete(f"/api/conversations/{conversation}")).status_code == 204
        held.free.set()
        answer = await answering
        assert answer.status_code == 404
        assert answer.json()["actions"][0]["todo"]["title"] == "milk"
        assert await titles(alice) == []


async def test_many_conversations_are_listed_a_page_at_a_time(
    alice: httpx2.AsyncClient, settings: Settings
) -> None:
    await run(
        settings,
        "WITH made AS (INSERT INTO conversation (id, user_id) SELECT gen_random_uuid(), 'alice'"
        " FROM generate_series(1, 1000) RETURNING id) INSERT INTO message (conversation_id, role,"
        " content) SELECT id, 'user', 'x' FROM made",
    )
    page = (await alice.get("/api/conversations")).json()
    assert len(page["conversations"]) == 30
    assert page["next_cursor"]
