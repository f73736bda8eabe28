"""What a route may ask for."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, TypedDict

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from todo.auth import Authenticator, UnauthorizedError, User
from todo.changes import Changes
from todo.chat.exchange import Exchange
from todo.chat.responder import Responder
from todo.conversations import ConversationStore
from todo.database import Database
from todo.idempotency import IdempotencyStore
from todo.settings import Settings
from todo.tasks import Tasks
from todo.todos import TodoStore
from todo.usage import Limits, UsageStore

# What the database may take before and after the model.
_AROUND_AN_ANSWER = timedelta(seconds=30)

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="A token that the front end signed (EdDSA).",
)


@dataclass(frozen=True, slots=True)
class Services:
    """What lives as long as the application."""

    settings: Settings
    database: Database
    authenticator: Authenticator
    responder: Responder
    tasks: Tasks
    changes: Changes
    ending: asyncio.Event
    """Set as soon as the process is asked to end."""


async def services(request: Request) -> Services:
    """Give the application's services."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]


async def current_user(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    app: ServicesDep,
) -> User:
    """Give the user whose token the request carries."""
    if credentials is None:
        raise UnauthorizedError("send a bearer token in the Authorization header")
    return await app.authenticator.user(credentials.credentials)


UserDep = Annotated[User, Depends(current_user)]


async def todo_store(app: ServicesDep, user: UserDep) -> TodoStore:
    """Give the todos of the signed-in user."""
    return TodoStore(app.database, user, most=app.settings.todos_per_user)


TodosDep = Annotated[TodoStore, Depends(todo_store)]


async def conversation_store(app: ServicesDep, user: UserDep) -> ConversationStore:
    """Give the conversations of the signed-in user."""
    return ConversationStore(app.database, user)


async def idempotency_store(app: ServicesDep, user: UserDep) -> IdempotencyStore:
    """Give the idempotency keys of the signed-in user."""
    longest = timedelta(seconds=app.settings.agent_timeout) + _AROUND_AN_ANSWER
    return IdempotencyStore(app.database, user, longest=longest)


async def exchange(app: ServicesDep, user: UserDep, todos: TodosDep) -> Exchange:
    """Give what answers a message of the signed-in user."""
    return Exchange(
        responder=app.responder,
        todos=todos,
        most_tool_calls=app.settings.agent_max_tool_calls,
        usage=UsageStore(app.database, user, Limits.of(app.settings)),
        conversations=ConversationStore(app.database, user),
    )


ConversationsDep = Annotated[ConversationStore, Depends(conversation_store)]
IdempotencyDep = Annotated[IdempotencyStore, Depends(idempotency_store)]
ExchangeDep = Annotated[Exchange, Depends(exchange)]


class _KeyRules(TypedDict):
    min_length: int
    max_length: int
    pattern: str


KEY_RULES: _KeyRules = {"min_length": 1, "max_length": 255, "pattern": r"^[\x21-\x7e]+$"}
KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        **KEY_RULES,
        description="Made by the client for each request. A retry under the same key does nothing "
        "twice, and is given the answer of the first request for a day.",
    ),
]
