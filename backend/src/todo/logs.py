"""One JSON object per line on stdout, without secrets."""

import json
import logging
import re
import sys
import time
from collections.abc import Iterable
from contextvars import ContextVar
from urllib.parse import quote, quote_plus
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todo import metrics

_log = logging.getLogger("todo.access")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_BUILT_IN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_MASK = "***"
# A value this short would mask ordinary words, and guards nothing.
_SHORTEST_SECRET = 4
# A secret of letters alone that is shorter may be a word: "todo" is masked where it stands alone,
# and not in /api/todos or in the name of a module.
_LONGEST_WORD = 15


class JsonFormatter(logging.Formatter):
    """Writes a record as one line, and masks the given secrets wherever they turn up."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        forms = {
            form
            for secret in secrets
            if len(secret) >= _SHORTEST_SECRET
            for form in (secret, quote(secret, safe=""), quote_plus(secret))
        }
        # Longest first, so that a URL is masked before the password inside it.
        patterns = [_pattern(form) for form in sorted(forms, key=len, reverse=True)]
        self._secrets = re.compile("|".join(patterns)) if patterns else None

    def format(self, record: logging.LogRecord) -> str:
        """Give the record as JSON, with what was passed in `extra`."""
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        # Nothing of the program's own: a masked level would be no level.
        told: dict[str, object] = {"message": record.getMessage()}
        if request_id := _request_id.get():
            line["request_id"] = request_id
        told.update((key, value) for key, value in vars(record).items() if key not in _BUILT_IN)
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        line.update((key, self._masked(value)) for key, value in told.items())
        return json.dumps(line, default=str)

    def _masked(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._secrets.sub(_MASK, str(value)) if self._secrets else str(value)


def _pattern(secret: str) -> str:
    pattern = re.escape(secret)
    if secret.isalpha() and len(secret) <= _LONGEST_WORD:
        return rf"(?<![\w/.-]){pattern}(?![\w/-]|\.\w)"
    return pattern


def configure_logging(level: str, secrets: Iterable[str] = ()) -> None:
    """Send everything that is logged, uvicorn's lines too, through one handler."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    # AccessLog says the same, with a duration and without query strings.
    logging.getLogger("uvicorn.access").disabled = True
    # These two log each request's URL at info.
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


class AccessLog:
    """ASGI middleware: a request id in each answer; a line and the metrics of each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log and count how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid4().hex
        token = _request_id.set(request_id)
        started = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            with metrics.IN_PROGRESS.track_inprogress():
                await self._app(scope, receive, answer)
        except Exception:
            # Of an answer that was cut off, whatever it began with.
            status = 500
            raise
        finally:
            seconds = time.perf_counter() - started
            metrics.request_answered(scope, status, seconds)
            # Probes and scrapes come every few seconds and would drown the rest.
            quiet = scope["path"].startswith(("/health", "/metrics")) and status < 400
            _log.log(
                logging.DEBUG if quiet else logging.INFO,
                "%s %s %d",
                scope["method"],
                scope["path"],
                status,
                extra={"status": status, "ms": round(seconds * 1000, 1)},
            )
            _request_id.reset(token)
