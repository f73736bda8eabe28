"""One user's conversations in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Row, Select, delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from todo.account import outlive_deletion
from todo.auth import User
from todo.database import Database
from todo.models import Conversation, IdempotencyKey, Message

_HISTORY = 20
_LONGEST_TITLE = 80
_LARGEST_ID = 2**63 - 1


class ConversationNotFoundError(Exception):
    """This user has no such conversation."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation without its messages. Its title is how its first message begins."""

    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime
    latest: int
    """The id of its latest message: conversations are ordered by it."""


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """Some conversations, the latest first. The next page is before `next_id`, if there is one."""

    conversations: Sequence[Summary]
    next_id: int | None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation with some of its messages, oldest first. Earlier ones are before `next_id`."""

    summary: Summary
    messages: Sequence[Message]
    next_id: int | None


class ConversationStore:
    """The conversations of the user it is made for."""

    def __init__(self, database: Database, user: User) -> None:
        self._database = database
        self._user = user

    async def page(self, *, limit: int, before: int | None = None) -> SummaryPage:
        """Give the conversations whose latest message is before a message, the latest first."""
        # One more tells whether there is a next page.
        query = self._summaries(before).limit(limit + 1)
        async with self._database.transaction() as session:
            found = [_summary(row) for row in await session.execute(query)]
        conversations = found[:limit]
        return SummaryPage(conversations, conversations[-1].latest if len(found) > limit else None)

    async def transcript(
        self, conversation_id: UUID, *, limit: int, before: int | None = None
    ) -> Transcript:
        """Give a conversation and its messages before one; raise ConversationNotFoundError."""
        one = self._summaries().where(col(Conversation.id) == conversation_id)
        async with self._database.transaction() as session:
            row = (await session.execute(one)).one_or_none()
            if row is None:
                raise ConversationNotFoundError
            found = await _latest(session, conversation_id, limit + 1, before)
        messages = found[-limit:]
        return Transcript(
            _summary(row), messages, messages[0].id if len(found) > limit and messages else None
        )

    async def history(self, conversation_id: UUID) -> Sequence[Message]:
        """Give the latest turns, oldest first; raise ConversationNotFoundError."""
        own = select(col(Conversation.id)).where(self._is(conversation_id))
        async with self._database.transaction() as session:
            if (await session.scalars(own)).one_or_none() is None:
                raise ConversationNotFoundError
            return await _latest(session, conversation_id, _HISTORY)

    async def record(self, conversation_id: UUID | None, *, message: str, reply: str) -> UUID:
        """Add one exchange, to a new conversation when none is given, and give its id.

        Raises ConversationNotFoundError when it was deleted meanwhile.
        """
        turns = (("user", message), ("assistant", reply))
        async with self._database.transaction() as session:
            await outlive_deletion(session, self._user)
            if conversation_id is None:
                conversation_id = uuid4()
                session.add(Conversation(id=conversation_id, user_id=self._user.id))
                await session.flush()
            else:
                # A deletion waits for this transaction, or has come before it.
                kept = select(col(Conversation.id)).where(self._is(conversation_id))
                if await session.scalar(kept.with_for_update(read=True, key_share=True)) is None:
                    raise ConversationNotFoundError
            for role, content in turns:
                session.add(Message(conversation_id=conversation_id, role=role, content=content))
                # One by one: ids are the order in which the turns are read again.
                await session.flush()
        return conversation_id

    async def delete(self, conversation_id: UUID) -> None:
        """Delete a conversation, its messages and its answers that are kept for a retry.

        Raises ConversationNotFoundError.
        """
        gone = delete(Conversation).where(self._is(conversation_id)).returning(col(Conversation.id))
        answers = delete(IdempotencyKey).where(
            col(IdempotencyKey.user_id) == self._user.id,
            col(IdempotencyKey.body).contains(f'"conversation_id":"{conversation_id}"'),
        )
        async with self._database.transaction() as session:
            if await session.scalar(gone) is None:
                raise ConversationNotFoundError
            await session.execute(answers)

    def _is(self, conversation_id: UUID) -> ColumnElement[bool]:
        return (col(Conversation.id) == conversation_id) & (
            col(Conversation.user_id) == self._user.id
        )

    def _summaries(self, before: int | None = None) -> Select[Any]:
        of_this = col(Message.conversation_id) == col(Conversation.id)
        latest = (
            select(col(Message.id), col(Message.created_at))
            .where(of_this)
            .order_by(col(Message.id).desc())
            .limit(1)
            .lateral("latest")
        )
        # Twice the length, since runs of blanks are yet to shrink.
        beginning = (
            select(func.left(col(Message.content), 2 * _LONGEST_TITLE))
            .where(of_this)
            .order_by(col(Message.id))
            .limit(1)
            .scalar_subquery()
        )
        return (
            select(
                col(Conversation.id),
                beginning.label("beginning"),
                col(Conversation.created_at),
                latest.c.created_at.label("updated_at"),
                latest.c.id.label("latest"),
            )
            .join(latest, true())
            .where(
                col(Conversation.user_id) == self._user.id,
                latest.c.id < _bounded(before),
            )
            .order_by(latest.c.id.desc())
        )


async def _latest(
    session: AsyncSession, conversation_id: UUID, limit: int, before: int | None = None
) -> Sequence[Message]:
    query = (
        select(Message)
        .where(
            col(Message.conversation_id) == conversation_id,
            col(Message.id) < _bounded(before),
        )
        .order_by(col(Message.id).desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()[::-1]


def _bounded(before: int | None) -> int:
    return _LARGEST_ID if before is None else min(before, _LARGEST_ID)


def _summary(row: Row[Any]) -> Summary:
    title = " ".join(row.beginning.split())
    if len(title) > _LONGEST_TITLE:
        title = title[: _LONGEST_TITLE - 1].rstrip() + "…"
    return Summary(row.id, title, row.created_at, row.updated_at, row.latest)
