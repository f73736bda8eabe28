"""What Prometheus is told of this process.

A label takes one of few values that the code names: no path as it was asked, and nothing of a user.
"""

import time

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REQUESTS = Counter("http_requests", "Requests that were answered.", ["method", "route", "status"])
_DURATION = Histogram(
    "http_request_duration_seconds",
    "From a request to the end of its answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_IN_PROGRESS = Gauge("http_requests_in_progress", "Requests that are being answered.")

POOL_SIZE = Gauge("todo_database_pool_size", "Connections that requests may use at once.")
POOL_IN_USE = Gauge("todo_database_pool_in_use", "Connections that requests use.")
POOL_WAITING = Gauge("todo_database_pool_waiting", "Requests that wait for a connection.")

ANSWERS = Counter("todo_chat_answers", "Chat messages by what came of them.", ["outcome"])
MODEL_CALLS = Counter("todo_chat_model_calls", "Calls of the language model.")
TOKENS = Counter("todo_chat_tokens", "Tokens that the model read and wrote.", ["direction"])
TOOL_CALLS = Counter("todo_chat_tool_calls", "Tools that did something in a chat.", ["tool"])
LIMITED = Counter(
    "todo_chat_limited", "Refusals since a user's limit was reached.", ["counter", "window"]
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestMetrics:
    """ASGI middleware: counts each request by its route, and takes its time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        _IN_PROGRESS.inc()
        try:
            await self._app(scope, receive, answer)
        finally:
            _IN_PROGRESS.dec()
            # Whoever asks chooses the method's name, and where no route fits, the path.
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path_format", "none")
            _REQUESTS.labels(method, route, status).inc()
            _DURATION.labels(method, route).observe(time.perf_counter() - started)
