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
