"""A user's todos over HTTP: what can be done, what is refused, and that nobody else is touched."""

import asyncio
from uuid import uuid4

import httpx2
import pytest


async def add(client: httpx2.AsyncClient, title: str = "buy milk") -> dict[str, object]:
    answer = await client.post("/api/todos", json={"title": title})
    assert answer.status_code == 201, answer.text
    todo: dict[str, object] = answer.json()
    return todo


async def titles(client: httpx2.AsyncClient, query: str = "") -> list[str]:
    answer = await client.get(f"/api/todos{query}")
    assert answer.status_code == 200
    return [todo["title"] for todo in answer.json()]


async def test_a_todo_lives_from_add_to_delete(alice: httpx2.AsyncClient) -> None:
    todo = await add(alice, "  buy milk ")
    assert set(todo) == {"id", "number", "title", "completed", "created_at", "updated_at"}
    assert (todo["number"], todo["title"], todo["completed"]) == (1, "buy milk", False)

    path = f"/api/todos/{todo['id']}"
    done = (await alice.patch(path, json={"completed": True})).json()
    assert done["completed"] is True
    assert done["updated_at"] > done["created_at"]
    assert (await alice.patch(path, json={"title": "buy oats"})).json() == {
        **done,
        "title": "buy oats",
        "updated_at": (await alice.get("/api/todos")).json()[0]["updated_at"],
    }
    assert (await alice.delete(path)).status_code == 204
    assert (await alice.delete(path)).status_code == 404
    assert await titles(alice) == []


async def test_todos_are_listed_by_number_and_can_be_filtered(alice: httpx2.AsyncClient) -> None:
    todos = [await add(alice, title) for title in ("c", "a", "b")]
    await alice.patch(f"/api/todos/{todos[0]['id']}", json={"completed": True})
    assert await titles(alice) == ["c", "a", "b"]
    assert await titles(alice, "?completed=true") == ["c"]
    assert await titles(alice, "?completed=false") == ["a", "b"]


async def test_a_number_is_never_given_twice(alice: httpx2.AsyncClient) -> None:
    first = await add(alice)
    await alice.delete(f"/api/todos/{first['id']}")
    assert (await add(alice))["number"] == 2


async def test_numbers_do_not_race(alice: httpx2.AsyncClient, bob: httpx2.AsyncClient) -> None:
    added = await asyncio.gather(*(add(alice, str(i)) for i in range(25)), add(bob))
    assert sorted(todo["number"] for todo in added[:-1]) == list(range(1, 26))  # type: ignore[type-var]
    assert added[-1]["number"] == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "title: Field required"),
        ({"title": ""}, "title: String should have at least 1 character"),
        ({"title": " \t\n"}, "title: String should have at least 1 character"),
        ({"title": "x" * 201}, "title: String should have at most 200 characters"),
        ({"title": "nul\x00"}, "title: must not contain a NUL character"),
        ({"title": 7}, "title: Input should be a valid string"),
        ({"title": "x", "user_id": "bob"}, "user_id: Extra inputs are not permitted"),
        ([], "body: "),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_what_cannot_be_added(alice: httpx2.AsyncClient, body: object, told: str) -> None:
    answer = await alice.post("/api/todos", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]
    assert await titles(alice) == []


@pytest.mark.parametrize("raw", [b"{", b"", b'{"title": "\\ud800"}', b'{"title": "\xff"}'])
async def test_what_is_no_json_is_refused(alice: httpx2.AsyncClient, raw: bytes) -> None:
    answer = await alice.post(
        "/api/todos", content=raw, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", [{}, {"title": None}, {"number": 5}, {"completed": "perhaps"}])
async def test_a_change_must_change_something(alice: httpx2.AsyncClient, body: object) -> None:
    todo = await add(alice)
    assert (await alice.patch(f"/api/todos/{todo['id']}", json=body)).status_code == 422


async def test_a_title_of_200_characters_of_any_script_fits(alice: httpx2.AsyncClient) -> None:
    assert (await add(alice, "牛" * 200))["title"] == "牛" * 200


async def test_another_users_todo_is_as_good_as_none(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient
) -> None:
    todo = await add(alice, "alice's secret")
    path, nowhere = f"/api/todos/{todo['id']}", f"/api/todos/{uuid4()}"
    for method, body in (("PATCH", {"completed": True}), ("DELETE", None)):
        theirs = await bob.request(method, path, json=body)
        none = await bob.request(method, nowhere, json=body)
        # The same to the byte: that the todo exists is not told either.
        assert (theirs.status_code, theirs.text) == (404, none.text)
    assert await titles(bob) == []
    assert (await alice.get("/api/todos")).json() == [todo]


async def test_a_user_can_be_forgotten_alone(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient
) -> None:
    await add(bob, "stays")
    conversation = (await alice.post("/api/chat", json={"message": "add goes"})).json()
    assert (await alice.delete("/api/me")).status_code == 204
    assert (await alice.delete("/api/me")).status_code == 204
    assert await titles(alice) == []
    assert await titles(bob) == ["stays"]
    again = {"message": "list", "conversation_id": conversation["conversation_id"]}
    assert (await alice.post("/api/chat", json=again)).status_code == 404
