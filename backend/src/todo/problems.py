"""Every failure as application/problem+json, with nothing of the inside in it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todo.auth import UnauthorizedError
from todo.changes import TooManyWatchersError
from todo.chat.exchange import ChatFailedError
from todo.chat.responder import (
    AssistantBusyError,
    AssistantTimeoutError,
    AssistantUnavailableError,
)
from todo.conversations import ConversationNotFoundError
from todo.database import DatabaseUnavailableError
from todo.idempotency import (
    AnswerInterruptedError,
    KeptAnswer,
    KeyReusedError,
    NoAnswerError,
    StillAnsweringError,
)
from todo.keys import KeysUnavailableError
from todo.order import CursorError
from todo.schemas import Action, FieldProblem, Problem, TodoRead
from todo.todos import TodoChangedError, TodoNotFoundError, TooManyTodosError
from todo.usage import LimitExceededError

MEDIA_TYPE = "application/problem+json"

# Seconds after which a passing fault is worth another try.
_RETRY = 2
# Seconds after which a window may have been closed.
_LATER = 30
# A body of many wrong fields is not answered by a longer one.
_MOST_FIELDS = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failure:
    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: list[FieldProblem] | None = None
    todo: TodoRead | None = None


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Give the OpenAPI `responses` of a route that may fail with these statuses."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer each kind of error in its own way."""

    def answer(request: Request, error: Exception) -> JSONResponse:
        answered = answer_to(error)
        if answered.status_code == 405:
            # The route that was looked at first knows its own method alone.
            answered.headers["Allow"] = _allowed(app, request)
        return answered

    kinds: list[type[Exception]] = [ChatFailedError, *_FAILURES]
    kinds.remove(Exception)
    for kind in kinds:
        app.add_exception_handler(kind, answer)
    app.add_middleware(UnexpectedErrors)


class UnexpectedErrors:
    """ASGI middleware: logs an error that nobody expects, and tells it as a 500.

    FastAPI's own handler of such errors is around every middleware, where the request has no id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. An answer that has begun is cut off."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:
            if begun:
                _log.exception("an answer was cut off")
                raise
            await answer_to(error)(scope, receive, send)


def _allowed(app: FastAPI, request: Request) -> str:
    """Give what a path has: one of its own is before one with a name in its place."""
    paths = app.openapi()["paths"]
    asked = request.url.path
    found = (
        [paths[asked]]
        if asked in paths
        else [
            operations for path, operations in paths.items() if compile_path(path)[0].match(asked)
        ]
    )
    return ", ".join(sorted(method.upper() for operations in found for method in operations))


def answer_to(error: BaseException) -> JSONResponse:
    """Give the answer that tells a failure; the log has what nobody expected."""
    answer = _answer(error)
    if answer.status_code == 500:
        _log.error("a request failed", exc_info=error)
    return answer


def kept_answer_to(error: BaseException) -> KeptAnswer:
    """Give what a retry is told of a failure."""
    answer = _answer(error)
    return KeptAnswer(answer.status_code, bytes(answer.body).decode())


def _answer(error: BaseException) -> JSONResponse:
    actions: Sequence[Action] | None = None
    if isinstance(error, ChatFailedError):
        actions = error.actions
        error = error.cause
    # The nearest of its classes that is known.
    failure = next(_FAILURES[kind](error) for kind in type(error).mro() if kind in _FAILURES)
    problem = Problem(
        title=HTTPStatus(failure.status).phrase,
        status=failure.status,
        detail=failure.detail,
        errors=failure.errors,
        actions=None if actions is None else list(actions),
        todo=failure.todo,
        retry_after=int(failure.headers["Retry-After"])
        if "Retry-After" in failure.headers
        else None,
    )
    # Of what is inside, a null says something.
    content = {
        name: value for name, value in problem.model_dump(mode="json").items() if value is not None
    }
    return JSONResponse(
        content,
        failure.status,
        headers=failure.headers,
        media_type=MEDIA_TYPE,
    )


def repeated(kept: KeptAnswer) -> Response:
    """Give an answer that was kept, a failure among them, as it was."""
    media_type = MEDIA_TYPE if kept.status >= 400 else "application/json"
    return Response(kept.body, kept.status, media_type=media_type)


def _after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}


def _invalid(error: RequestValidationError) -> _Failure:
    # The input is left out: it is the sender's, and may be anything.
    errors = [
        FieldProblem(
            field=".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0]),
            message=str(problem["msg"]).removeprefix("Value error, "),
        )
        for problem in error.errors()[:_MOST_FIELDS]
    ]
    return _Failure(422, "; ".join(f"{one.field}: {one.message}" for one in errors), errors=errors)


_FAILURES: dict[type[Exception], Callable[[Any], _Failure]] = {
    UnauthorizedError: lambda error: _Failure(401, str(error), {"WWW-Authenticate": "Bearer"}),
    TodoNotFoundError: lambda _: _Failure(404, "there is no such todo"),
    TodoChangedError: lambda error: _Failure(
        409,
        "the todo was changed meanwhile; look at what it is now, and change that",
        todo=TodoRead.model_validate(error.current),
    ),
    # No 409, after which a client asks again under the same key.
    TooManyTodosError: lambda error: _Failure(422, str(error)),
    ConversationNotFoundError: lambda _: _Failure(404, "there is no such conversation"),
    NoAnswerError: lambda _: _Failure(404, "no answer is kept for this Idempotency-Key"),
    # A 409, or no answer: ask again under the same key. Every other refusal needs a new one.
    KeyReusedError: lambda _: _Failure(
        422, "this Idempotency-Key came with another request; make a new one"
    ),
    StillAnsweringError: lambda _: _Failure(
        409, "the request of this Idempotency-Key is still being answered", _after(_RETRY)
    ),
    AnswerInterruptedError: lambda _: _Failure(
        410,
        "the answer of this Idempotency-Key was interrupted; look at the list for what was done, "
        "and ask again under a new one",
    ),
    LimitExceededError: lambda error: _Failure(429, str(error), _after(error.retry_after)),
    TooManyWatchersError: lambda _: _Failure(
        429, "you watch in too many windows; close one", _after(_LATER)
    ),
    AssistantBusyError: lambda error: _Failure(429, str(error), _after(error.retry_after)),
    AssistantTimeoutError: lambda error: _Failure(504, str(error)),
    AssistantUnavailableError: lambda error: _Failure(502, str(error)),
    DatabaseUnavailableError: lambda _: _Failure(
        503, "the database does not answer; try again later", _after(_RETRY)
    ),
    CursorError: lambda _: _Failure(422, "the cursor is of another order, or of none"),
    KeysUnavailableError: lambda _: _Failure(
        503,
        "sign-in cannot be checked, since the front end does not answer; try again later",
        _after(_RETRY),
    ),
    RequestValidationError: _invalid,
    HTTPException: lambda error: _Failure(
        error.status_code, str(error.detail), error.headers or {}
    ),
    Exception: lambda _: _Failure(500, "something went wrong on our side"),
}
