"""What one user may use of the chat, whichever replica they meet."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from agents.usage import Usage

from conftest import PATIENCE, make_settings, replica, run
from issuer import SigningKey
from test_agent import JSON, STREAM, OpenAI, ask, called, delta, message, response, streamed
from todo.chat.agent import AgentResponder
from todo.chat.responder import Responder
from todo.settings import Settings

type Limited = Callable[..., Settings]


@pytest.fixture
def limited(settings: Settings) -> Limited:
    """Give the settings with limits of a test's own."""
    return lambda **limits: make_settings(**settings.model_dump() | limits)


async def say(client: httpx2.AsyncClient, message: str = "help") -> httpx2.Response:
    return await client.post("/api/chat", json={"message": message})


def assert_limited(answer: httpx2.Response, what: str, seconds: int) -> None:
    assert answer.status_code == 429, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == f"you have reached the limit of {what}"
    assert 1 <= int(answer.headers["retry-after"]) <= seconds


async def test_messages_are_limited_across_replicas_and_for_each_user_alone(
    limited: Limited, key: SigningKey
) -> None:
    settings = limited(chat_messages_per_minute=5)
    async with (
        replica(settings, key.token("alice")) as one,
        replica(settings, key.token("alice")) as other,
        replica(settings, key.token("bob")) as bob,
    ):
        answers = await asyncio.gather(*(say(client) for client in [one, other] * 15))
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 25
        assert_limited(await say(other), "5 messages a minute", 60)
        assert (await say(bob)).status_code == 200
        # Everything but the chat goes on.
        assert (await one.get("/api/todos")).status_code == 200


async def test_a_window_ends(limited: Limited, key: SigningKey) -> None:
    settings = limited(chat_messages_per_minute=1, chat_messages_per_day=2)
    later = "UPDATE usage SET began_at = began_at - interval '61 seconds'"
    async with replica(settings, key.token()) as alice:
        assert (await say(alice)).status_code == 200
        assert_limited(await say(alice), "1 messages a minute", 60)
        await run(settings, later)
        assert (await say(alice)).status_code == 200
        await run(settings, later)
        assert_limited(await say(alice), "2 messages a day", 24 * 60 * 60)


def over(model: ScriptedModel) -> Responder:
    return AgentResponder(model, timeout=PATIENCE, max_turns=8)


def listing(cost: Usage) -> ModelStep:
    arguments = {"completed": None, "containing": None, "after_number": None}
    return ModelStep([function_call("list_todos", arguments, call_id="call")], usage=cost)


def ending() -> list[Any]:
    return [assistant_message("Done.")]


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ({"chat_turns_per_day": 2}, "2 questions to the model a day"),
        ({"chat_input_tokens_per_day": 2000}, "2000 tokens read by the model a day"),
        ({"chat_output_tokens_per_day": 20}, "20 tokens written by the model a day"),
    ],
)
async def test_the_model_is_not_asked_beyond_a_limit(
    limited: Limited, key: SigningKey, limits: dict[str, int], what: str
) -> None:
    cost = Usage(requests=1, input_tokens=1000, output_tokens=10, total_tokens=1010)
    model = ScriptedModel([listing(cost), listing(cost), listing(cost), ending()])
    settings = limited(**limits)
    async with replica(settings, key.token(), over(model)) as alice:
        # Within an answer, and then for the next one.
        assert_limited(await say(alice), what, 24 * 60 * 60)
        assert len(model.calls) == 2
        assert_limited(await say(alice), what, 24 * 60 * 60)
        assert len(model.calls) == 2


async def test_a_server_that_lies_about_its_cost_breaks_nothing(
    limited: Limited, key: SigningKey
) -> None:
    lies = [
        Usage(requests=1, input_tokens=-5, output_tokens=10**30, total_tokens=0) for _ in range(2)
    ]
    model = ScriptedModel([ModelStep(ending(), usage=lie) for lie in lies])
    async with replica(limited(), key.token(), over(model)) as alice:
        assert (await say(alice)).status_code == 200
        assert (await say(alice)).status_code == 429


def ended(kind: str, *output: object, **changes: object) -> bytes:
    told = {"id": "r", "object": "response", "model": "m", "output": output} | changes
    return streamed(delta("As I said"), {"type": f"response.{kind}", "response": told})


async def used(settings: Settings, key: SigningKey, openai: OpenAI) -> tuple[int, int]:
    """Give the tokens that the user has read and written after a message."""
    await ask(settings, key, openai)
    async with replica(settings, key.token()) as alice:
        of_a_day = (await alice.get("/api/me")).json()["usage"][-1]
    return of_a_day["input_tokens"], of_a_day["output_tokens"]


COST = {"input_tokens": 700, "output_tokens": 2000, "total_tokens": 2700}
NOTHING = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
AT_LEAST = 1000 // 4
"""Tokens of what a model is always told: the instructions and the tools."""


@pytest.mark.parametrize(
    "body",
    [
        ended("incomplete", usage=COST),
        ended("failed", usage=COST, error={"code": "server_error", "message": "no"}),
        ended("completed", message("As I said"), usage=COST),
    ],
    ids=lambda body: body[-120:-60],
)
async def test_what_a_server_tells_is_counted_however_the_answer_ends(
    settings: Settings, key: SigningKey, body: bytes
) -> None:
    with OpenAI(200, body, STREAM) as openai:
        assert await used(settings, key, openai) == (700, 2000)


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (ended("incomplete"), 3),
        (ended("incomplete", usage=None), 3),
        (ended("incomplete", usage="many"), 3),
        (ended("failed", usage=NOTHING, error={"code": "server_error", "message": "no"}), 3),
        (streamed(delta("As I said"), {"type": "error", "message": "no"}), 3),
        (streamed(delta("As I said")), 3),
        (streamed(*[delta("As I said")] * 1000), 2250),
        (ended("incomplete").replace(b"\n\n", b"\n\n" + streamed(delta("word ")) * 1000, 1), 1250),
        (streamed(delta("As I said") | {"type": "response.reasoning_text.delta"}), 3),
        (response(message("fine" * 1000)), 1000),
        (response(message("fine" * 1000), usage=NOTHING), 1000),
        (response(message("fine" * 1000), usage={"input_tokens": -1}), 1000),
        (response(called("list_todos", "{}")), 1),
        (b"<html><h1>It works!</h1></html>", 0),
    ],
    ids=lambda value: str(value)[-60:],
)
async def test_what_a_server_does_not_tell_is_guessed(
    settings: Settings, key: SigningKey, body: bytes, written: int
) -> None:
    with OpenAI(200, body, STREAM) as openai:
        read, wrote = await used(settings, key, openai)
    assert read >= AT_LEAST
    assert wrote >= written


@pytest.mark.parametrize("status", [400, 401, 429, 503])
async def test_what_a_server_refuses_costs_nothing(
    settings: Settings, key: SigningKey, status: int
) -> None:
    with OpenAI(status, b"{}", JSON) as openai:
        assert await used(settings, key, openai) == (0, 0)


async def test_a_server_that_is_not_there_costs_nothing(
    settings: Settings, key: SigningKey
) -> None:
    with OpenAI(200, b"", STREAM) as openai:
        pass
    assert await used(settings, key, openai) == (0, 0)


async def test_a_server_that_tells_no_cost_is_limited_too(
    limited: Limited, key: SigningKey
) -> None:
    settings = limited(chat_output_tokens_per_day=2000)
    with OpenAI(200, response(message("x" * 4000)), STREAM) as openai:
        answers = [await ask(settings, key, openai) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert_limited(answers[-1], "2000 tokens written by the model a day", 24 * 60 * 60)


async def test_an_answer_whose_connection_is_lost_is_counted(
    settings: Settings, key: SigningKey
) -> None:
    with OpenAI(200, streamed(delta("As I said")), STREAM, missing=1000) as openai:
        read, wrote = await used(settings, key, openai)
    assert read >= AT_LEAST
    assert wrote == 3
