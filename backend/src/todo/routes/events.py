"""What changes, told at once."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator

from fastapi import APIRouter, Response

from todo import sse
from todo.changes import Watcher
from todo.dependencies import ServicesDep, UserDep
from todo.problems import described

router = APIRouter(prefix="/api/events", tags=["events"], responses=described(401, 413, 429, 503))

# Seconds: whoever watches longer comes again, with a token of today.
_LONGEST = 600


@router.get(
    "",
    summary="Watch my data",
    status_code=200,
    response_class=sse.EventStream,
    responses={
        200: {
            "description": "`changed` events, each with the `kind` of data to read again: `todos`. "
            "The first comes at once. The stream ends after ten minutes, or with the process.",
            "content": {sse.MEDIA_TYPE: {"schema": {"type": "string"}}},
        }
    },
)
async def watch(app: ServicesDep, user: UserDep) -> Response:
    """Tell which of the user's data has changed, as soon as it has, until the client leaves."""
    watcher = app.changes.watch(user.id)
    return sse.EventStream(_events(watcher, app.ending), closed=watcher.close)


async def _events(watcher: Watcher, ending: asyncio.Event) -> AsyncGenerator[bytes]:
    until = time.monotonic() + _LONGEST
    end = asyncio.create_task(ending.wait())
    change = asyncio.create_task(watcher.changed())
    try:
        while not end.done() and time.monotonic() < until:
            await asyncio.wait(
                {end, change}, timeout=sse.PATIENCE, return_when=asyncio.FIRST_COMPLETED
            )
            if not change.done():
                yield sse.PING
                continue
            for kind in change.result():
                yield sse.event("changed", json.dumps({"kind": kind}))
            change = asyncio.create_task(watcher.changed())
    finally:
        end.cancel()
        change.cancel()
