"""A user's conversations."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from todo.dependencies import ConversationsDep
from todo.problems import described
from todo.schemas import ConversationPage, ConversationRead

router = APIRouter(
    prefix="/api/conversations",
    tags=["conversations"],
    responses=described(400, 401, 413, 422, 503),
)

# What a page has, unless the request says how many, and the most that it may ask for.
_PAGE = 30
_LARGEST_PAGE = 100

type Limit = Annotated[
    int, Query(ge=1, le=_LARGEST_PAGE, description=f"How many a page has; {_PAGE} if not given.")
]
type Cursor = Annotated[
    str | None,
    Query(pattern="^[0-9]{1,19}$", description="Where the page begins: a `next_cursor`."),
]


@router.get("", summary="List conversations", response_model=ConversationPage)
async def list_conversations(
    conversations: ConversationsDep, limit: Limit = _PAGE, cursor: Cursor = None
) -> object:
    """List the user's conversations, the one that was used last first, a page at a time."""
    page = await conversations.page(limit=limit, before=_id(cursor))
    return {"conversations": page.conversations, "next_cursor": _cursor(page.next_id)}


@router.get(
    "/{conversation_id}",
    summary="Read a conversation",
    response_model=ConversationRead,
    responses=described(404),
)
async def read_conversation(
    conversations: ConversationsDep,
    conversation_id: UUID,
    limit: Limit = _PAGE,
    cursor: Cursor = None,
) -> object:
    """Give a conversation with its latest messages, oldest first; a cursor leads further back."""
    found = await conversations.transcript(conversation_id, limit=limit, before=_id(cursor))
    return {
        "id": found.summary.id,
        "title": found.summary.title,
        "created_at": found.summary.created_at,
        "updated_at": found.summary.updated_at,
        "messages": found.messages,
        "next_cursor": _cursor(found.next_id),
    }


@router.delete(
    "/{conversation_id}",
    summary="Delete a conversation",
    status_code=204,
    responses=described(404),
)
async def delete_conversation(conversations: ConversationsDep, conversation_id: UUID) -> None:
    """Delete a conversation and its messages for good; what was done to todos stays done."""
    await conversations.delete(conversation_id)


def _id(cursor: str | None) -> int | None:
    return None if cursor is None else int(cursor)


def _cursor(message_id: int | None) -> str | None:
    return None if message_id is None else str(message_id)
