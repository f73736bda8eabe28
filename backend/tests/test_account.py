"""Deleting all that a user has leaves nothing behind, whatever else is under way."""

import asyncio
import time

import httpx2
import pytest

from conftest import Connect, replica, rows_of
from held import Held
from issuer import SigningKey
from todo.settings import Settings


async def add(client: httpx2.AsyncClient, title: str = "x") -> int:
    return (await client.post("/api/todos", json={"title": title})).status_code


async def titles(client: httpx2.AsyncClient) -> list[str]:
    return [todo["title"] for todo in (await client.get("/api/todos")).json()]


async def test_a_users_data_is_deleted_and_nobody_elses(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, settings: Settings
) -> None:
    await add(bob, "stays")
    headers = {"Idempotency-Key": "key"}
    conversation = (
        await alice.post("/api/chat", json={"message": "add goes"}, headers=headers)
    ).json()
    await alice.post("/api/chat", json={"message": "delete 1"})
    await add(alice, "goes")
    assert len(await rows_of(settings, "alice")) == 6
    assert (await alice.delete("/api/me")).status_code == 204
    assert (await alice.delete("/api/me")).status_code == 204
    assert await titles(alice) == []
    assert await titles(bob) == ["stays"]
    again = {"message": "list", "conversation_id": conversation["conversation_id"]}
    assert (await alice.post("/api/chat", json=again)).status_code == 404
    assert await rows_of(settings, "alice") == {"deleted_user": 1}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/todos", {"title": "x"}),
        ("/api/chat", {"message": "add x"}),
        ("/api/chat", {"message": "help"}),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "key"}])
async def test_a_token_from_before_adds_nothing_and_one_from_after_does(
    connect: Connect,
    settings: Settings,
    key: SigningKey,
    path: str,
    body: dict[str, str],
    headers: dict[str, str],
) -> None:
    alice = connect("alice")
    assert (await alice.delete("/api/me")).status_code == 204
    answer = await alice.post(path, json=body, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "the account was deleted; sign in again"
    assert await rows_of(settings, "alice") == {"deleted_user": 1}
    later = key.token("alice", iat=int(time.time()) + 5)
    alice.headers["Authorization"] = f"Bearer {later}"
    assert (await alice.post(path, json=body, headers=headers)).is_success


async def test_requests_under_way_leave_no_rows(connect: Connect, settings: Settings) -> None:
    alice = connect("alice")
    for _ in range(5):
        adding = [asyncio.create_task(add(alice)) for _ in range(10)]
        saying = [
            asyncio.create_task(alice.post("/api/chat", json={"message": "add y"}))
            for _ in range(5)
        ]
        await asyncio.sleep(0.01)
        assert (await alice.delete("/api/me")).status_code == 204
        assert {await one for one in adding} <= {201, 401}
        assert {(await one).status_code for one in saying} <= {200, 401}
        assert await rows_of(settings, "alice") == {"deleted_user": 1}


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "key"}])
async def test_an_answer_that_comes_after_the_deletion_is_not_kept(
    settings: Settings, key: SigningKey, headers: dict[str, str]
) -> None:
    held = Held(adds=False)
    async with replica(settings, key.token(), held) as alice:
        answering = asyncio.create_task(
            alice.post("/api/chat", json={"message": "hello"}, headers=headers)
        )
        await held.asked.wait()
        await alice.delete("/api/me")
        held.free.set()
        assert (await answering).status_code == 401
    assert await rows_of(settings, "alice") == {"deleted_user": 1}
