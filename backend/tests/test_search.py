"""A list of any length is searched, narrowed and put in order here, page by page; and tags."""

import base64
import json
from typing import Any

import httpx2
import pytest
from agents.testing import ScriptedModel, assistant_message, function_call

from conftest import PATIENCE, Connect, replica, run
from issuer import SigningKey
from todo.chat.agent import AgentResponder
from todo.order import Sort
from todo.settings import Settings

TODOS: list[dict[str, Any]] = [
    {"title": "Buy milk", "tags": ["shopping"], "due_at": "2026-12-01T10:00:00Z"},
    {"title": "call Émile", "priority": "high", "tags": ["home", "phone"]},
    {"title": "École: fees", "due_at": "2026-11-28T10:00:00Z", "priority": "low"},
    {"title": "apply 100%_off code", "tags": ["shopping"]},
    {"title": "Zebra", "due_at": "2026-11-27T10:00:00Z", "completed": True},
]


@pytest.fixture
async def ada(connect: Connect) -> httpx2.AsyncClient:
    """Give a user who has todos, and is not alone."""
    ada, bob = connect("ada"), connect("bob")
    await bob.post("/api/todos", json={"title": "Buy milk, Bob", "tags": ["shopping", "bobs"]})
    for todo in TODOS:
        new = {name: value for name, value in todo.items() if name != "completed"}
        added = (await ada.post("/api/todos", json=new)).json()
        assert added["tags"] == todo.get("tags", [])
        if "completed" in todo:
            await ada.patch(f"/api/todos/{added['id']}", json={"completed": True})
    return ada


async def numbers(client: httpx2.AsyncClient, **query: str) -> list[int]:
    """Give the numbers of all pages of two todos each."""
    found: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get("/api/todos", params={"limit": 2, **query, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [todo["number"] for todo in page["todos"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("number", [1, 2, 3, 4, 5]),
        ("newest", [5, 4, 3, 2, 1]),
        # Neither capitals nor accents decide.
        ("title", [4, 1, 2, 3, 5]),
        ("open", [1, 2, 3, 4, 5]),
        # What is done is due no more.
        ("due", [3, 1, 2, 4, 5]),
        ("priority", [2, 1, 4, 5, 3]),
    ],
)
async def test_each_order_holds_over_pages(
    ada: httpx2.AsyncClient, sort: Sort, order: list[int]
) -> None:
    assert await numbers(ada, sort=sort) == order
    whole = (await ada.get("/api/todos", params={"sort": sort})).json()
    assert [todo["number"] for todo in whole] == order


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "MILK buy"}, [1]),
        ({"search": "emile"}, [2]),
        ({"search": "ÉCOLE"}, [3]),
        ({"search": "%_"}, [4]),
        ({"search": "\\"}, []),
        ({"search": "3"}, [3]),
        ({"search": "#4"}, [4]),
        ({"search": "#Shopping"}, [1, 4]),
        ({"search": "#shopping milk"}, [1]),
        ({"search": "shopping"}, []),
        ({"search": "bob"}, []),
        ({"search": " "}, [1, 2, 3, 4, 5]),
        ({"search": "#"}, []),
        ({"search": "9" * 200}, []),
        ({"tag": "home"}, [2]),
        ({"tag": "#HOME"}, [2]),
        ({"tag": "bobs"}, []),
        ({"tag": "shopping", "sort": "title"}, [4, 1]),
        ({"completed": "true"}, [5]),
        ({"completed": "false", "sort": "newest", "search": "e"}, [4, 3, 2]),
    ],
)
async def test_what_is_asked_for_is_given_and_nothing_else(
    ada: httpx2.AsyncClient, query: dict[str, str], found: list[int]
) -> None:
    assert await numbers(ada, **query) == found


def made_up(place: str) -> dict[str, str]:
    sort: str = json.loads(place)[0]
    return {"sort": sort, "cursor": base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")}


@pytest.mark.parametrize(
    "query",
    [
        {"search": "x" * 201},
        {"sort": "colour"},
        {"tag": "two words"},
        {"tag": "x" * 31},
        {"sort": "title", "cursor": "5"},
        {"sort": "title", "cursor": "AAAA"},
        {"sort": "number", "cursor": "W10"},
        made_up('["title", null, "x"]'),
        made_up('["title", null, 1]'),
        made_up('["title", "x", 1.5]'),
        made_up('["title", "x", true]'),
        made_up('["title", "x", 2147483648]'),
        made_up('["title", "a\\u0000b", 1]'),
        made_up('["title", "\\ud800", 1]'),
        made_up('["due", "soon", 1]'),
        made_up('["due", 7, -1]'),
        made_up('["due", "0001-01-01T00:00:00+14:00", 1]'),
        made_up('["due", "9999-12-31T23:59:59-14:00", 1]'),
        made_up('["priority", 1e400, 1]'),
        made_up('["priority", 1000000000000, 1]'),
        made_up('["priority", "high", 1]'),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(
    ada: httpx2.AsyncClient, query: dict[str, str]
) -> None:
    answer = await ada.get("/api/todos", params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_cursor_is_for_its_order_alone_and_is_no_longer_than_a_url_takes(
    ada: httpx2.AsyncClient,
) -> None:
    for _ in range(3):
        await ada.post("/api/todos", json={"title": "\U0001d51e" * 200})
    page = (await ada.get("/api/todos?sort=title&limit=6")).json()
    assert len(page["next_cursor"]) < 512
    following = await ada.get(f"/api/todos?sort=title&limit=6&cursor={page['next_cursor']}")
    assert [todo["number"] for todo in following.json()["todos"]] == [7, 8]
    other = await ada.get(f"/api/todos?sort=due&cursor={page['next_cursor']}")
    assert other.status_code == 422


async def test_the_summary_counts_without_a_list(ada: httpx2.AsyncClient, connect: Connect) -> None:
    assert (await ada.get("/api/todos/summary")).json() == {
        "open": 4,
        "completed": 1,
        "tags": [
            {"tag": "shopping", "count": 2},
            {"tag": "home", "count": 1},
            {"tag": "phone", "count": 1},
        ],
    }
    nothing = {"open": 0, "completed": 0, "tags": []}
    assert (await connect("carol").get("/api/todos/summary")).json() == nothing


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], []),
        (["Work", "#home", "work"], ["home", "work"]),
        ([" work"], None),
        (["e\u0301t\u00e9"], ["\u00e9t\u00e9"]),
        (["买菜", "खाना"], ["खाना", "买菜"]),
        ([""], None),
        (["#"], None),
        (["two words"], None),
        (["a,b"], None),
        (["a#b"], None),
        (["\u200b"], None),
        (["nul\x00"], None),
        (["x" * 31], None),
        ([str(n) for n in range(11)], None),
        ("work", None),
        ([7], None),
    ],
)
async def test_tags_are_single_words_in_small_letters(
    alice: httpx2.AsyncClient, given: object, kept: list[str] | None
) -> None:
    todo = (await alice.post("/api/todos", json={"title": "x"})).json()
    for answer, status in (
        (await alice.post("/api/todos", json={"title": "x", "tags": given}), 201),
        (await alice.patch(f"/api/todos/{todo['id']}", json={"tags": given}), 200),
    ):
        if kept is None:
            assert answer.status_code == 422
        else:
            assert (answer.status_code, answer.json()["tags"]) == (status, kept)


async def test_tags_outlive_a_deletion(ada: httpx2.AsyncClient) -> None:
    [todo, *_] = (await ada.get("/api/todos")).json()
    await ada.delete(f"/api/todos/{todo['id']}")
    restored = (await ada.post(f"/api/todos/{todo['id']}/restore")).json()
    assert restored["tags"] == ["shopping"]
    assert await numbers(ada, search="milk") == [1]


async def say(client: httpx2.AsyncClient, message: str) -> str:
    answer = await client.post("/api/chat", json={"message": message})
    return str(answer.json()["reply"])


async def test_tags_are_given_and_taken_by_commands(ada: httpx2.AsyncClient) -> None:
    assert await say(ada, "tag 1 #Food #home") == "#food #home #shopping 1: Buy milk"
    assert await say(ada, "untag 1 #food #shopping") == "#home 1: Buy milk"
    assert await say(ada, "list #home") == (
        "☐ 1: Buy milk, due 2026-12-01 10:00, #home\n☐ 2: call Émile, high priority, #home #phone"
    )
    assert await say(ada, "untag 1 #home") == "No tags, 1: Buy milk"
    assert await say(ada, "tag 9 #home") == "There is no todo 9."
    many = " ".join(f"#t{n}" for n in range(10))
    assert await say(ada, f"tag 2 {many}") == "A todo has at most 10 tags."
    assert await say(ada, f"tag 2 #{'x' * 31}") == (
        "A tag is one word of at most 30 characters; a todo has at most 10."
    )


async def test_tags_are_given_and_taken_by_the_model(settings: Settings, key: SigningKey) -> None:
    model = ScriptedModel()
    responder = AgentResponder(model, timeout=PATIENCE, max_turns=5)

    def call(tool: str, **arguments: object) -> list[Any]:
        return [function_call(tool, arguments, call_id=f"{tool}-{arguments}")]

    listing = {"completed": None, "containing": "milk", "after_number": None, "tag": "food"}
    async with replica(settings, key.token(), responder) as alice:
        model.extend(
            [
                call("add_todo", title="milk", tags=["food"]),
                call("list_todos", **listing),
                call("tag_todo", number=1, add=["#Shopping"], remove=["food"]),
                call("tag_todo", number=1, add=["two words"]),
                [assistant_message("Done.")],
            ]
        )
        answer = (await alice.post("/api/chat", json={"message": "tag the milk #shopping"})).json()
        [todo] = (await alice.get("/api/todos")).json()
    assert (todo["tags"], todo["version"]) == (["shopping"], 2)
    assert [action["tool"] for action in answer["actions"]] == [
        "add_todo",
        "list_todos",
        "edit_todo",
    ]
    assert model.last_call
    told = str(model.last_call.input)
    assert '"tags": ["food"]' in told
    assert "A tag is one word" in told


async def test_what_the_version_before_writes_is_found_too(
    alice: httpx2.AsyncClient, settings: Settings
) -> None:
    await run(
        settings,
        "INSERT INTO todo (id, user_id, number, title) VALUES (gen_random_uuid(), 'alice', 1, 'É')",
    )
    assert await numbers(alice, search="e") == [1]
    assert (await alice.get("/api/todos")).json()[0]["tags"] == []
