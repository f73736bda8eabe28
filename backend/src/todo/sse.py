"""Server-sent events."""

from collections.abc import AsyncIterator, Callable

from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Receive, Scope, Send

MEDIA_TYPE = "text/event-stream"
PATIENCE = 15.0
"""Seconds without an event after which a comment is sent: a proxy ends what says nothing."""

PING = KEEPALIVE_COMMENT
# Neither compressed nor gathered on the way, by Next.js, nginx or a network of caches.
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


def event(name: str, data: str) -> bytes:
    """Give an event as it is sent; `data` is JSON."""
    return format_sse_event(event=name, data_str=data)


class EventStream(StreamingResponse):
    """Sends events until there are no more; `closed` is called then, or when the reader leaves."""

    media_type = MEDIA_TYPE

    def __init__(self, events: AsyncIterator[bytes], *, closed: Callable[[], None]) -> None:
        super().__init__(events, headers=_HEADERS)
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._closed()
