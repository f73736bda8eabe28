"""A user's todos over HTTP: what can be done, what is refused, and that nobody else is touched."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest

from conftest import connected, make_settings, replica, rows_of, run
from issuer import SigningKey
from todo.settings import Settings

MORE = ("due_at", "priority", "tags", "version", "created_at", "updated_at")


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
    assert set(todo) == {"id", "number", "title", "completed", *MORE}
    assert (todo["number"], todo["title"], todo["completed"]) == (1, "buy milk", False)

    path = f"/api/todos/{todo['id']}"
    done = (await alice.patch(path, json={"completed": True})).json()
    assert done["completed"] is True
    assert done["updated_at"] > done["created_at"]
    assert (await alice.patch(path, json={"title": "buy oats"})).json() == {
        **done,
        "title": "buy oats",
        "version": 3,
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
        ({"title": "nul\x00"}, "title: must not contain control characters"),
        ({"title": "bell\x07"}, "title: must not contain control characters"),
        ({"title": "\u200b\u2060\ufeff"}, "title: must contain something that can be seen"),
        ({"title": "\u3164\u2800"}, "title: must contain something that can be seen"),
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


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": None},
        {"number": 5},
        {"completed": "perhaps"},
        {"completed": 0},
        {"version": 1},
        {"priority": None},
        {"priority": "urgent"},
        {"due_at": "tomorrow"},
        {"due_at": "2026-11-27T17:00"},
        {"due_at": 1764262800},
        {"due_at": "0001-01-01T00:00:00+14:00"},
        {"due_at": "9999-12-31T23:59:59-14:00"},
        {"due_at": "2026-02-30T17:00:00Z"},
        {"title": "x", "version": 0},
        {"title": "x", "version": "1"},
        {"title": "x", "version": 2**31},
    ],
)
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


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("two\nlines\tand  more", "two lines and more"),
        ("pay\u202egpj.exe", "paygpj.exe"),
        ("z\u200bero \ufeffwidth", "zero width"),
        ("👩\u200d👧 ན\u200cན ❤\ufe0f", "👩\u200d👧 ན\u200cན ❤\ufe0f"),
        ("<b>'; DROP TABLE todo; --</b>", "<b>'; DROP TABLE todo; --</b>"),
    ],
)
async def test_a_title_is_one_line_that_can_be_seen(
    alice: httpx2.AsyncClient, given: str, kept: str
) -> None:
    todo = await add(alice, given)
    assert todo["title"] == kept
    path = f"/api/todos/{todo['id']}"
    assert (await alice.patch(path, json={"title": given})).json()["title"] == kept


async def pages(client: httpx2.AsyncClient, query: str) -> list[list[str]]:
    """Give the titles of every page, going on from each to the next."""
    found, cursor = [], ""
    while True:
        page = (await client.get(f"/api/todos?{query}{cursor}")).json()
        found.append([todo["title"] for todo in page["todos"]])
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_todos_come_in_pages(alice: httpx2.AsyncClient, bob: httpx2.AsyncClient) -> None:
    for title in "abcde":
        todo = await add(alice, title)
        if title in "bd":
            await alice.patch(f"/api/todos/{todo['id']}", json={"completed": True})
    await add(bob, "bob's")
    assert await pages(alice, "limit=2") == [["a", "b"], ["c", "d"], ["e"]]
    assert await pages(alice, "limit=5") == [["a", "b", "c", "d", "e"]]
    assert await pages(alice, "limit=1&completed=true") == [["b"], ["d"]]
    assert await pages(alice, "cursor=0") == [["a", "b", "c", "d", "e"]]
    assert await pages(alice, "cursor=9999999999") == [[]]
    assert await pages(bob, "limit=1") == [["bob's"]]


async def test_a_page_is_not_moved_by_what_changes_before_it(alice: httpx2.AsyncClient) -> None:
    todos = [await add(alice, title) for title in "abcd"]
    page = (await alice.get("/api/todos?limit=2")).json()
    await alice.delete(f"/api/todos/{todos[0]['id']}")
    await alice.delete(f"/api/todos/{todos[1]['id']}")
    rest = (await alice.get(f"/api/todos?limit=2&cursor={page['next_cursor']}")).json()
    assert [todo["title"] for todo in rest["todos"]] == ["c", "d"]


async def test_no_answer_has_every_one_of_many_todos(
    alice: httpx2.AsyncClient, settings: Settings
) -> None:
    await run(
        settings,
        "INSERT INTO todo (id, user_id, number, title) SELECT gen_random_uuid(), 'alice', n, 'x'"
        " FROM generate_series(1, 1000) n",
    )
    # As before there were pages.
    assert len((await alice.get("/api/todos")).json()) == 500
    page = (await alice.get("/api/todos?cursor=0")).json()
    assert (len(page["todos"]), page["next_cursor"]) == (100, "100")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "limit=x", "cursor=x", "cursor=-1", "cursor=", "cursor=99999999999"],
)
async def test_what_is_no_page_is_refused(alice: httpx2.AsyncClient, query: str) -> None:
    assert (await alice.get(f"/api/todos?{query}")).status_code == 422


async def test_a_todo_has_a_due_date_and_a_priority_from_its_start_or_later(
    alice: httpx2.AsyncClient,
) -> None:
    given = {"title": "x", "due_at": "2026-11-27T17:00:00+01:00", "priority": "high"}
    todo = (await alice.post("/api/todos", json=given)).json()
    assert (todo["due_at"], todo["priority"]) == ("2026-11-27T16:00:00Z", "high")
    path = f"/api/todos/{todo['id']}"
    moved = (await alice.patch(path, json={"due_at": "2026-12-01T09:30Z"})).json()
    assert (moved["due_at"], moved["priority"]) == ("2026-12-01T09:30:00Z", "high")
    kept = (await alice.patch(path, json={"priority": "low", "completed": None})).json()
    assert (kept["due_at"], kept["priority"]) == ("2026-12-01T09:30:00Z", "low")
    freed = (await alice.patch(path, json={"due_at": None})).json()
    assert (freed["due_at"], freed["priority"]) == (None, "low")
    assert (await alice.get("/api/todos")).json() == [freed]


async def test_a_stale_change_is_refused_with_what_is_there_now(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient
) -> None:
    todo = await add(alice)
    path = f"/api/todos/{todo['id']}"
    changed = (await alice.patch(path, json={"title": "buy oats", "version": 1})).json()
    assert changed["version"] == 2
    for stale in (
        await alice.patch(path, json={"title": "buy rye", "version": 1}),
        await alice.delete(f"{path}?version=1"),
    ):
        assert stale.status_code == 409
        assert stale.headers["content-type"] == "application/problem+json"
        assert stale.json()["todo"] == changed
        assert "was changed meanwhile" in stale.json()["detail"]
    assert (await alice.get("/api/todos")).json() == [changed]
    # Not even that it is another version is told to others.
    assert (await bob.patch(path, json={"title": "x", "version": 1})).status_code == 404
    assert (await alice.delete(f"{path}?version=2")).status_code == 204
    assert (await alice.patch(path, json={"title": "x", "version": 2})).status_code == 404


async def test_one_of_many_changes_of_one_version_is_made(alice: httpx2.AsyncClient) -> None:
    todo = await add(alice)
    path = f"/api/todos/{todo['id']}"
    answers = await asyncio.gather(
        *(alice.patch(path, json={"title": str(n), "version": 1}) for n in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    [made] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await alice.get("/api/todos")).json() == [made]


async def test_a_deletion_is_undone_within_a_day(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, settings: Settings
) -> None:
    given = {"title": "x", "due_at": "2026-11-27T16:00:00Z", "priority": "high"}
    todo = (await alice.post("/api/todos", json=given)).json()
    path = f"/api/todos/{todo['id']}"
    await alice.delete(path)
    assert (await bob.post(f"{path}/restore")).status_code == 404
    restored = await alice.post(f"{path}/restore")
    assert restored.json() == {**todo, "version": 2}
    # A retry is given what is there.
    assert (await alice.post(f"{path}/restore")).json() == {**todo, "version": 2}
    assert (await alice.get("/api/todos")).json() == [restored.json()]
    await alice.delete(path)
    await run(settings, "UPDATE deleted_todo SET deleted_at = deleted_at - interval '25 hours'")
    assert (await alice.post(f"{path}/restore")).status_code == 404


FULL = "you have 3 todos, the most that there may be; delete some first"


@pytest.fixture
async def few(settings: Settings, key: SigningKey) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of an application that lets a user have three todos."""
    values = settings.model_dump() | {"todos_per_user": 3}
    async with replica(make_settings(**values), key.token()) as client:
        yield client


async def test_a_user_has_so_many_todos_and_no_more(few: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(few.post("/api/todos", json={"title": f"{n}"}) for n in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [422] * 7
    [*_, refused] = sorted(answers, key=lambda answer: answer.status_code)
    assert refused.json()["detail"] == FULL
    # A refusal takes no number, and keeps nothing for its key.
    body, headers = {"title": "x"}, {"Idempotency-Key": "key"}
    assert (await few.post("/api/todos", json=body, headers=headers)).status_code == 422
    assert (
        await few.delete(f"/api/todos/{(await few.get('/api/todos')).json()[0]['id']}")
    ).is_success
    added = await few.post("/api/todos", json=body, headers=headers)
    assert (added.status_code, added.json()["number"]) == (201, 4)
    assert (await few.post("/api/todos", json=body)).status_code == 422


async def test_a_deletion_is_not_undone_beyond_the_most(few: httpx2.AsyncClient) -> None:
    first = await add(few)
    await few.delete(f"/api/todos/{first['id']}")
    others = [await add(few) for _ in range(3)]
    refused = await few.post(f"/api/todos/{first['id']}/restore")
    assert (refused.status_code, refused.json()["detail"]) == (422, FULL)
    await few.delete(f"/api/todos/{others[0]['id']}")
    assert (await few.post(f"/api/todos/{first['id']}/restore")).status_code == 200


@pytest.mark.parametrize("together", [False, True])
async def test_a_deletion_is_undone_after_the_additions_that_are_under_way(
    few: httpx2.AsyncClient, settings: Settings, together: bool
) -> None:
    deleted = await add(few)
    await few.delete(f"/api/todos/{deleted['id']}")
    for _ in range(2):
        await add(few)
    path, body = f"/api/todos/{deleted['id']}/restore", None
    if together:
        path, body = "/api/todos/restore", {"ids": [deleted["id"]]}
    async with connected(settings) as connection, connection.transaction():
        await connection.execute("SELECT FROM todo_counter FOR UPDATE")
        restoring = asyncio.create_task(few.post(path, json=body))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not (restoring.done() or await connection.fetchval(waiting)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await connection.execute(
            "INSERT INTO todo (id, user_id, number, title)"
            " SELECT gen_random_uuid(), user_id, 4, 'x' FROM todo_counter"
        )
    refused = await restoring
    assert (refused.status_code, refused.json()["detail"]) == (422, FULL)


async def test_the_chat_says_that_there_are_too_many(few: httpx2.AsyncClient) -> None:
    for _ in range(3):
        await add(few)
    answer = await few.post("/api/chat", json={"message": "add milk"})
    assert answer.json()["reply"] == (
        "You have 3 todos, the most that there may be; delete some first."
    )


async def test_the_deleted_todos_of_a_user_are_not_without_end(
    few: httpx2.AsyncClient, settings: Settings
) -> None:
    todos = []
    for _ in range(6):
        todos.append(await add(few))
        await few.delete(f"/api/todos/{todos[-1]['id']}")
    assert (await rows_of(settings, "alice"))["deleted_todo"] <= 5
    assert (await few.post(f"/api/todos/{todos[0]['id']}/restore")).status_code == 404
    for todo in todos[-3:]:
        assert (await few.post(f"/api/todos/{todo['id']}/restore")).status_code == 200


async def seed(settings: Settings, user: str, most: int) -> None:
    """Give a user todos, of which each second is done."""
    await run(
        settings,
        "INSERT INTO todo (id, user_id, number, title, completed, tags, priority)"
        f" SELECT gen_random_uuid(), '{user}', n, 'x' || n, n % 2 = 0, '{{home}}', 'high'"
        f" FROM generate_series(1, {most}) n",
    )


async def everything(client: httpx2.AsyncClient) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await client.get("/api/todos")).json()
    return found


async def test_what_is_done_is_deleted_and_restored_together(
    alice: httpx2.AsyncClient, bob: httpx2.AsyncClient, settings: Settings
) -> None:
    await seed(settings, "alice", 10)
    await seed(settings, "bob", 2)
    before, bobs = await everything(alice), await everything(bob)
    done = [todo for todo in before if todo["completed"]]
    cleared = (await alice.delete("/api/todos", params={"completed": "true"})).json()
    assert sorted(cleared["ids"]) == sorted(str(todo["id"]) for todo in done)
    assert cleared["more"] is False
    assert await everything(alice) == [todo for todo in before if not todo["completed"]]
    again = (await alice.delete("/api/todos", params={"completed": "true"})).json()
    assert again == {"ids": [], "more": False}
    assert await everything(bob) == bobs

    assert (await bob.post("/api/todos/restore", json={"ids": cleared["ids"]})).json() == []
    # One alone, and then all of them: the one stays as it is, and an unknown one is left out.
    one = await alice.post(f"/api/todos/{cleared['ids'][0]}/restore")
    ids = [*cleared["ids"], cleared["ids"][0], str(uuid4())]
    restored = await alice.post("/api/todos/restore", json={"ids": ids})
    assert restored.json() == [todo | {"version": 2} for todo in done]
    assert one.json() in restored.json()
    assert (await alice.post("/api/todos/restore", json={"ids": ids})).json() == restored.json()
    assert await everything(alice) == [
        todo | {"version": 2} if todo["completed"] else todo for todo in before
    ]


@pytest.mark.parametrize("query", ["", "?completed=false", "?completed=", "?completed=1"])
async def test_nothing_but_what_is_done_is_deleted_together(
    alice: httpx2.AsyncClient, settings: Settings, query: str
) -> None:
    await seed(settings, "alice", 2)
    assert (await alice.delete(f"/api/todos{query}")).status_code == 422
    assert len(await everything(alice)) == 2


async def test_as_many_are_restored_as_are_deleted_at_once(
    alice: httpx2.AsyncClient, settings: Settings
) -> None:
    await seed(settings, "alice", 2020)
    first, second = [
        (await alice.delete("/api/todos", params={"completed": "true"})).json() for _ in range(2)
    ]
    assert [len(first["ids"]), len(second["ids"])] == [1000, 10]
    assert [first["more"], second["more"]] == [True, False]
    for cleared in (first, second):
        answer = await alice.post("/api/todos/restore", json={"ids": cleared["ids"]})
        assert len(answer.json()) == len(cleared["ids"])
    assert (await alice.get("/api/todos/summary")).json()["completed"] == 1010
    many = {"ids": [*first["ids"], *second["ids"]]}
    assert (await alice.post("/api/todos/restore", json=many)).status_code == 422
    assert (await alice.post("/api/todos/restore", json={"ids": []})).status_code == 422


async def test_todos_are_restored_together_within_a_day_and_not_beyond_the_most(
    few: httpx2.AsyncClient, settings: Settings
) -> None:
    await seed(settings, "alice", 3)
    await run(settings, "INSERT INTO todo_counter VALUES ('alice', 3)")
    ids = (await few.delete("/api/todos", params={"completed": "true"})).json()["ids"]
    added = await add(few)
    refused = await few.post("/api/todos/restore", json={"ids": ids})
    assert (refused.status_code, refused.json()["detail"]) == (422, FULL)
    await few.delete(f"/api/todos/{added['id']}")
    await run(settings, "UPDATE deleted_todo SET deleted_at = deleted_at - interval '25 hours'")
    assert (await few.post("/api/todos/restore", json={"ids": ids})).json() == []


async def test_clearing_and_completing_at_once_lose_nothing(
    alice: httpx2.AsyncClient, settings: Settings
) -> None:
    await seed(settings, "alice", 40)
    before = {todo["id"] for todo in await everything(alice)}
    clear = [alice.delete("/api/todos", params={"completed": "true"}) for _ in range(5)]
    change = [
        alice.patch(f"/api/todos/{todo}", json={"completed": completed})
        for todo in before
        for completed in (True, False)
    ]
    answers = await asyncio.gather(*clear, *change)
    assert {answer.status_code for answer in answers} <= {200, 404}
    cleared = [todo for answer in answers[:5] for todo in answer.json()["ids"]]
    assert len(cleared) == len(set(cleared))
    left = {todo["id"] for todo in await everything(alice)}
    assert left | set(cleared) == before
    assert not left & set(cleared)
