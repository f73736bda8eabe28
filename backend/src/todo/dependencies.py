"""What a route may ask for."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from todo.auth import Authenticator, UnauthorizedError, User
from todo.chat.responder import Responder
from todo.conversations import ConversationStore
from todo.database import Database
from todo.todos import TodoStore

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="A token that the front end signed (EdDSA).",
)


@dataclass(frozen=True, slots=True)
class Services:
    """What lives as long as the application."""

    database: Database
    authenticator: Authenticator
    responder: Responder


def services(request: Request) -> Services:
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


def todo_store(app: ServicesDep, user: UserDep) -> TodoStore:
    """Give the todos of the signed-in user."""
    return TodoStore(app.database, user.id)


def conversation_store(app: ServicesDep, user: UserDep) -> ConversationStore:
    """Give the conversations of the signed-in user."""
    return ConversationStore(app.database, user.id)


TodosDep = Annotated[TodoStore, Depends(todo_store)]
ConversationsDep = Annotated[ConversationStore, Depends(conversation_store)]
