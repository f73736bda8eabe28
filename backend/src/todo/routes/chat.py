"""The chat over HTTP."""

import logging
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, status
from pydantic import BaseModel, ConfigDict, StringConstraints

from todo.auth import UserId
from todo.chat import (
    Assistant,
    AssistantUnavailableError,
    ConversationNotFoundError,
    history,
    open_conversation,
    remember,
)
from todo.database import Session
from todo.routes.todos import TodoView
from todo.todos import TodoList
from todo.tools import Toolbox, ToolName

router = APIRouter(prefix="/api", tags=["chat"])
log = logging.getLogger("todo.chat")


class ChatRequest(BaseModel):
    """What the user says; without a conversation, a new one begins."""

    model_config = ConfigDict(extra="forbid")

    message: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    conversation_id: UUID | None = None


class ActionView(BaseModel):
    """One thing that was done."""

    tool: ToolName
    todo: TodoView | None


class ChatReply(BaseModel):
    """The answer, and what was done on the way to it."""

    conversation_id: UUID
    reply: str
    actions: list[ActionView]


@router.post("/chat")
async def chat(request: Request, said: ChatRequest, session: Session, user_id: UserId) -> ChatReply:
    """Answer a message, with the user's own todos as its only means."""
    assistant: Assistant = request.app.state.assistant
    try:
        conversation = await open_conversation(session, user_id, said.conversation_id)
    except ConversationNotFoundError:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such conversation.") from None
    tools = Toolbox(TodoList(session, user_id))
    try:
        reply = await assistant(await history(session, conversation), said.message, tools)
    except AssistantUnavailableError as error:
        log.warning("the model did not answer: %s", error)
        raise HTTPException(
            status.HTTP_502_BAD_GATEWAY, "The assistant did not answer. Try again."
        ) from error
    await remember(session, conversation, said.message, reply)
    return ChatReply(
        conversation_id=conversation.id,
        reply=reply,
        actions=[
            ActionView(
                tool=action.tool,
                todo=None if action.todo is None else TodoView.model_validate(action.todo),
            )
            for action in tools.actions
        ],
    )
