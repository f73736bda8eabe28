"""A model's server that has no Responses API: the agent asks it by Chat Completions."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx2
import pytest

from conftest import make_settings, replica
from endpoint import Endpoint, Quiet
from issuer import SigningKey
from todo.chat.agent import AgentResponder
from todo.settings import Settings


class Server(Endpoint):
    """Answers by its script, and keeps what it was asked."""

    def __init__(self, *script: bytes) -> None:
        self.asked: list[dict[str, Any]] = []
        answers = iter(script)
        outer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append({"path": self.path} | json.loads(body))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                self.wfile.write(next(answers))

        super().__init__(Handler)


def chunk(delta: dict[str, object], **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return event(choices=[choice | more])


def event(**body: object) -> bytes:
    of = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "small"}
    return b"data: %s\n\n" % json.dumps(of | body).encode()


def ended(reason: str, read: int = 0, written: int = 0) -> bytes:
    cost = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    usage = event(choices=[], usage=cost) if read else b""
    return chunk({}, finish_reason=reason) + usage + b"data: [DONE]\n\n"


def called(name: str, arguments: str) -> bytes:
    """Call a tool, its arguments in two pieces."""
    half = len(arguments) // 2
    begin = {"index": 0, "id": "call-1", "type": "function"}
    first = begin | {"function": {"name": name, "arguments": arguments[:half]}}
    rest = {"index": 0, "function": {"arguments": arguments[half:]}}
    return chunk({"role": "assistant", "tool_calls": [first]}) + chunk({"tool_calls": [rest]})


def said(*words: str) -> bytes:
    return b"".join(chunk({"content": word}) for word in words)


@asynccontextmanager
async def asking(
    settings: Settings, key: SigningKey, server: Server
) -> AsyncIterator[httpx2.AsyncClient]:
    model = {
        "openai_api": "chat_completions",
        "openai_api_key": "a-key",
        "openai_base_url": f"{server.origin}/v1",
        # At OpenAI one that is asked for more.
        "openai_model": "gpt-5",
    }
    with server:
        async with replica(make_settings(**settings.model_dump() | model), key.token()) as client:
            yield client


async def say(client: httpx2.AsyncClient, message: str) -> httpx2.Response:
    return await client.post("/api/chat", json={"message": message})


async def test_tools_act_and_what_it_cost_is_counted(settings: Settings, key: SigningKey) -> None:
    server = Server(
        called("add_todo", '{"title": "buy milk", "tags": ["shop"]}')
        + ended("tool_calls", 300, 20),
        said("Added ", "buy milk.") + ended("stop", 400, 5),
    )
    async with asking(settings, key, server) as client:
        answer = (await say(client, "buy milk")).json()
        [todo] = (await client.get("/api/todos")).json()
        used = (await client.get("/api/me")).json()["usage"][-1]
    assert answer["reply"] == "Added buy milk."
    assert answer["actions"] == [{"tool": "add_todo", "todo": todo}]
    assert (todo["title"], todo["tags"]) == ("buy milk", ["shop"])
    assert (used["input_tokens"], used["output_tokens"]) == (700, 25)


async def test_it_is_asked_for_nothing_that_openai_alone_knows(
    settings: Settings, key: SigningKey
) -> None:
    server = Server(said("Hello.") + ended("stop"))
    async with asking(settings, key, server) as client:
        assert (await say(client, "hello")).json()["reply"] == "Hello."
    [asked] = server.asked
    assert asked["path"] == "/v1/chat/completions"
    assert asked["model"] == "gpt-5"
    assert asked["max_tokens"] == 2000
    assert asked["stream_options"] == {"include_usage": True}
    assert asked["messages"][-1] == {"role": "user", "content": "hello"}
    assert asked.keys().isdisjoint({"store", "prompt_cache_key", "metadata", "verbosity"})
    assert "reasoning_effort" not in asked


def test_openai_itself_is_asked_as_it_wants_to_be() -> None:
    settings = make_settings(openai_api="chat_completions", openai_api_key="a-key")
    asks = AgentResponder.over_openai(settings)._agent.model_settings
    assert asks.store is False
    # Its models that think refuse the name that others know.
    assert asks.max_tokens is None
    assert asks.extra_args == {"max_completion_tokens": 2000}
    assert asks.reasoning
    assert asks.reasoning.effort == "none"


async def test_the_conversation_goes_on(settings: Settings, key: SigningKey) -> None:
    server = Server(said("Hello.") + ended("stop"), said("As before.") + ended("stop"))
    async with asking(settings, key, server) as client:
        first = (await say(client, "hello")).json()
        again = {"message": "again", "conversation_id": first["conversation_id"]}
        assert (await client.post("/api/chat", json=again)).json()["reply"] == "As before."
    assert [turn["content"] for turn in server.asked[-1]["messages"][1:]] == [
        "hello",
        "Hello.",
        "again",
    ]


async def test_an_answer_that_its_server_cut_off_ends_with_a_sign_of_it(
    settings: Settings, key: SigningKey
) -> None:
    server = Server(
        said("First, ") + ended("length", 10, written=2000),
        said("All of it.") + ended("stop", 10, written=1999),
        # It has another limit, and was not cut off.
        said("And more.") + ended("stop", 10, written=2001),
    )
    async with asking(settings, key, server) as client:
        replies = [(await say(client, "tell")).json()["reply"] for _ in range(3)]
    assert replies == ["First, …", "All of it.", "And more."]


NOTHING = (200, "The assistant gave an empty answer.")
FAILED = (502, "the assistant's service failed; try again later")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html><h1>It works!</h1></html>", NOTHING),
        (b"", NOTHING),
        (b"data: [DONE]\n\n", NOTHING),
        (event(choices=None), NOTHING),
        (ended("stop"), NOTHING),
        (b"data: {\n\n", FAILED),
        (b"data: null\n\n", FAILED),
        (event(choices=[None]), FAILED),
        (event(error={"message": "bad key a-key"}), FAILED),
        (chunk({"content": 7}), FAILED),
        (chunk({"tool_calls": [{"index": 0, "function": None}]}) + ended("tool_calls"), FAILED),
        (ended("length"), FAILED),
    ],
    ids=lambda value: str(value)[-60:],
)
async def test_nonsense_is_told_as_the_services_fault(
    settings: Settings, key: SigningKey, body: bytes, told: tuple[int, str]
) -> None:
    async with asking(settings, key, Server(body)) as client:
        answer = await say(client, "hello")
    said = answer.json()
    assert (answer.status_code, said.get("reply") or said.get("detail")) == told
