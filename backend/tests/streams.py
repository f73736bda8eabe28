"""Reading server-sent events, and a server that sends them over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from conftest import PATIENCE

ACCEPT = {"Accept": "text/event-stream"}

type Event = tuple[str, Any]


def events(text: str) -> list[Event]:
    """Give the events of a whole stream; comments are none."""
    return [_event(block) for block in text.split("\n\n") if block.startswith("event: ")]


async def following(answer: httpx2.Response) -> AsyncIterator[Event]:
    """Give each event of an open stream as it comes."""
    block: list[str] = []
    async for line in answer.aiter_lines():
        if line:
            block.append(line)
        elif block:
            if block[0].startswith("event: "):
                yield _event("\n".join(block))
            block = []


def _event(block: str) -> Event:
    name, data = block.split("\n", 1)
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@asynccontextmanager
async def listening(app: FastAPI, token: str, **options: Any) -> AsyncIterator[httpx2.AsyncClient]:  # noqa: ANN401
    """Give a client of an application behind uvicorn, which notices who leaves."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, **options))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE):
        while not server.started:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
        ) as client:
            app.state.server = server
            yield client
    finally:
        server.should_exit = True
        await serving
