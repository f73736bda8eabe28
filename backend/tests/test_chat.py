"""A chat without a language model: the whole product, offline."""

from uuid import uuid4

import httpx2
import pytest

from conftest import Connect, run
from todo.settings import Settings


async def say(
    client: httpx2.AsyncClient, message: str, conversation: str | None = None
) -> dict[str, object]:
    answer = await client.post(
        "/api/chat", json={"message": message, "conversation_id": conversation}
    )
    assert answer.status_code == 200, answer.text
    reply: dict[str, object] = answer.json()
    return reply


async def test_a_todo_lives_from_add_to_delete(alice: httpx2.AsyncClient) -> None:
    added = await say(alice, "add buy milk")
    assert added["reply"] == "Added 1: buy milk"
    todos = (await alice.get("/api/todos")).json()
    assert added["actions"] == [{"tool": "add_todo", "todo": todos[0]}]

    listed = await say(alice, "list")
    assert listed["reply"] == "☐ 1: buy milk"
    assert listed["actions"] == [{"tool": "list_todos", "todo": None}]

    assert (await say(alice, "done 1"))["reply"] == "Completed 1: buy milk"
    assert (await say(alice, "list done"))["reply"] == "☑ 1: buy milk"
    assert (await say(alice, "list open"))["reply"] == "Nothing here."

    deleted = await say(alice, "delete 1")
    assert deleted["reply"] == "Deleted 1: buy milk"
    assert deleted["actions"] == [
        {"tool": "delete_todo", "todo": {**todos[0], **_done(deleted)}},
    ]
    assert (await alice.get("/api/todos")).json() == []


def _done(reply: dict[str, object]) -> dict[str, object]:
    actions = reply["actions"]
    assert isinstance(actions, list)
    return {
        "completed": True,
        "version": 2,
        "updated_at": actions[0]["todo"]["updated_at"],
    }


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("complete 7", "There is no todo 7."),
        ("delete 0", "There is no todo 0."),
        ("restore 7", "No todo 7 was deleted within the last day."),
        ("rename 7 to x", "There is no todo 7."),
        ("due 7 tomorrow", "There is no todo 7."),
        ("due 7 some day", "Say when as in “due 1 tomorrow at 5pm” or “due 1 2026-11-27”."),
        ("due 7 2026-02-30", "Say when as in “due 1 tomorrow at 5pm” or “due 1 2026-11-27”."),
        ("due 7 9999-12-31", "Say when as in “due 1 tomorrow at 5pm” or “due 1 2026-11-27”."),
        ("due 7 today at 25:00", "Say when as in “due 1 tomorrow at 5pm” or “due 1 2026-11-27”."),
        ("add " + "x" * 201, "A title has 1 to 200 characters that can be seen."),
    ],
)
async def test_what_cannot_be_done_is_said(
    alice: httpx2.AsyncClient, message: str, reply: str
) -> None:
    answer = await say(alice, message)
    assert (answer["reply"], answer["actions"]) == (reply, [])


@pytest.mark.parametrize(
    "body",
    [
        {"message": ""},
        {"message": "  "},
        {"message": "x" * 4001},
        {"message": "nul\x00"},
        {"message": "bell\x07"},
        {"message": "\u200b\u2060"},
        {"message": "list", "conversation_id": "1"},
        {"message": "list", "user_id": "bob"},
        {"message": "list", "time_zone": ""},
        {"message": "list", "time_zone": "../etc/passwd"},
        {"message": "list", "time_zone": "x" * 65},
        {},
    ],
    ids=lambda value: str(value)[:24],
)
async def test_what_is_no_message_is_refused(alice: httpx2.AsyncClient, body: object) -> None:
    assert (await alice.post("/api/chat", json=body)).status_code == 422


async def test_a_conversation_goes_on_under_its_id(alice: httpx2.AsyncClient) -> None:
    first = await say(alice, "help")
    again = await say(alice, "list", str(first["conversation_id"]))
    other = await say(alice, "list")
    assert again["conversation_id"] == first["conversation_id"] != other["conversation_id"]


async def test_a_chat_reaches_its_own_users_todos_alone(connect: Connect) -> None:
    alice, bob = connect("alice"), connect("bob")
    await say(alice, "add alice's secret")
    for message in ("list", "complete 1", "delete 1"):
        assert "secret" not in str(await say(bob, message))
    [todo] = (await alice.get("/api/todos")).json()
    assert todo["completed"] is False


async def test_another_users_conversation_is_as_good_as_none(connect: Connect) -> None:
    alice, bob = connect("alice"), connect("bob")
    theirs = (await say(alice, "help"))["conversation_id"]
    answers = [
        await bob.post("/api/chat", json={"message": "add x", "conversation_id": str(one)})
        for one in (theirs, uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    assert (await bob.get("/api/todos")).json() == []


async def test_a_long_list_is_shown_in_part(alice: httpx2.AsyncClient, settings: Settings) -> None:
    await run(
        settings,
        "INSERT INTO todo (id, user_id, number, title) SELECT gen_random_uuid(), 'alice', n, 'x'"
        " FROM generate_series(1, 120) n",
    )
    reply = str((await say(alice, "list"))["reply"]).splitlines()
    assert len(reply) == 51
    assert reply[-1] == "… and more: 120 open, 0 done in all."


async def test_a_todo_is_edited_and_brought_back_by_chat(alice: httpx2.AsyncClient) -> None:
    await say(alice, "add buy milk")
    assert (await say(alice, "rename 1 to buy oats"))["reply"] == "Renamed 1: buy oats"
    assert (await say(alice, "priority 1 HIGH"))["reply"] == "High priority, 1: buy oats"
    due = {"message": "due 1 2026-11-27 at 5pm", "time_zone": "Asia/Kolkata"}
    answer = (await alice.post("/api/chat", json=due)).json()
    assert answer["reply"] == "Due 2026-11-27 17:00, 1: buy oats"
    assert answer["actions"][0]["tool"] == "edit_todo"
    assert answer["actions"][0]["todo"]["due_at"] == "2026-11-27T11:30:00Z"
    assert (await say(alice, "list"))["reply"] == (
        "☐ 1: buy oats, due 2026-11-27 11:30, high priority"
    )
    await say(alice, "delete 1")
    assert (await say(alice, "restore 1"))["reply"] == "Restored 1: buy oats"
    assert (await say(alice, "due 1 none"))["reply"] == "No longer due, 1: buy oats"
    [todo] = (await alice.get("/api/todos")).json()
    assert (todo["title"], todo["due_at"], todo["priority"]) == ("buy oats", None, "high")


async def test_a_time_zone_that_nobody_knows_counts_as_utc(alice: httpx2.AsyncClient) -> None:
    await say(alice, "add x")
    due = {"message": "due 1 2026-11-27 at 17:00", "time_zone": "Mars/Olympus"}
    answer = (await alice.post("/api/chat", json=due)).json()
    assert answer["actions"][0]["todo"]["due_at"] == "2026-11-27T17:00:00Z"
