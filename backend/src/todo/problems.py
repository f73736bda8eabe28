"""Every failure as application/problem+json, with nothing of the inside in it."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from todo.auth import UnauthorizedError
from todo.chat.responder import AssistantTimeoutError, AssistantUnavailableError
from todo.conversations import ConversationNotFoundError
from todo.database import DatabaseUnavailableError
from todo.keys import KeysUnavailableError
from todo.schemas import FieldProblem, Problem
from todo.todos import TodoNotFoundError

MEDIA_TYPE = "application/problem+json"
_RETRY = {"Retry-After": "2"}


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Give the OpenAPI `responses` of a route that may fail with these statuses."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer each kind of error in its own way."""

    @app.exception_handler(UnauthorizedError)
    def unauthorized(_: Request, error: UnauthorizedError) -> JSONResponse:
        return _answer(401, str(error), headers={"WWW-Authenticate": "Bearer"})

    @app.exception_handler(TodoNotFoundError)
    def no_todo(_: Request, __: TodoNotFoundError) -> JSONResponse:
        return _answer(404, "there is no such todo")

    @app.exception_handler(ConversationNotFoundError)
    def no_conversation(_: Request, __: ConversationNotFoundError) -> JSONResponse:
        return _answer(404, "there is no such conversation")

    @app.exception_handler(AssistantTimeoutError)
    def assistant_late(_: Request, error: AssistantTimeoutError) -> JSONResponse:
        return _answer(504, str(error))

    @app.exception_handler(AssistantUnavailableError)
    def assistant_failed(_: Request, error: AssistantUnavailableError) -> JSONResponse:
        return _answer(502, str(error))

    @app.exception_handler(DatabaseUnavailableError)
    def no_database(_: Request, __: DatabaseUnavailableError) -> JSONResponse:
        return _answer(503, "the database does not answer; try again later", headers=_RETRY)

    @app.exception_handler(KeysUnavailableError)
    def no_keys(_: Request, __: KeysUnavailableError) -> JSONResponse:
        detail = "sign-in cannot be checked, since the front end does not answer; try again later"
        return _answer(503, detail, headers=_RETRY)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # The input is left out: it is the sender's, and may be anything.
        errors = [
            FieldProblem(
                field=".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0]),
                message=str(problem["msg"]).removeprefix("Value error, "),
            )
            for problem in error.errors()
        ]
        detail = "; ".join(f"{one.field}: {one.message}" for one in errors)
        return _answer(422, detail, errors=errors)

    @app.exception_handler(HTTPException)
    def refused(_: Request, error: HTTPException) -> JSONResponse:
        return _answer(error.status_code, str(error.detail), headers=error.headers)

    @app.exception_handler(Exception)
    def unknown(_: Request, __: Exception) -> JSONResponse:
        # The server logs it with its traceback.
        return _answer(500, "something went wrong on our side")


def _answer(
    status: int,
    detail: str,
    *,
    errors: list[FieldProblem] | None = None,
    headers: Any = None,  # noqa: ANN401 - Starlette's own type is a private alias
) -> JSONResponse:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
    return JSONResponse(
        problem.model_dump(exclude_none=True), status, headers=headers, media_type=MEDIA_TYPE
    )
