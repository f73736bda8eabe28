"""What Prometheus is told of this process.

A label takes one of few values that the code names: no path as it was asked, and nothing of a user.
"""

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import Scope

_REQUESTS = Counter("http_requests", "Requests that were answered.", ["method", "route", "status"])
_DURATION = Histogram(
    "http_request_duration_seconds",
    "From a request to the end of its answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
IN_PROGRESS = Gauge("http_requests_in_progress", "Requests that are being answered.")

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


def request_answered(scope: Scope, status: int, seconds: float) -> None:
    """Count a request by its route, once it has been answered."""
    # Whoever asks chooses the method's name, and where no route fits, the path.
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = getattr(scope.get("route"), "path_format", "none")
    _REQUESTS.labels(method, route, status).inc()
    _DURATION.labels(method, route).observe(seconds)
