"""One user's conversations in the database."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlmodel import col

from todo.account import outlive_deletion
from todo.auth import User
from todo.database import Database
from todo.models import Conversation, Message

_HISTORY = 20


class ConversationNotFoundError(Exception):
    """This user has no such conversation."""


class ConversationStore:
    """The conversations of the user it is made for."""

    def __init__(self, database: Database, user: User) -> None:
        self._database = database
        self._user = user

    async def history(self, conversation_id: UUID) -> Sequence[Message]:
        """Give the latest turns, oldest first; raise ConversationNotFoundError."""
        own = select(col(Conversation.id)).where(
            col(Conversation.id) == conversation_id, col(Conversation.user_id) == self._user.id
        )
        latest = (
            select(Message)
            .where(col(Message.conversation_id) == conversation_id)
            .order_by(col(Message.id).desc())
            .limit(_HISTORY)
        )
        async with self._database.transaction() as session:
            if (await session.scalars(own)).one_or_none() is None:
                raise ConversationNotFoundError
            return (await session.scalars(latest)).all()[::-1]

    async def record(self, conversation_id: UUID | None, *, message: str, reply: str) -> UUID:
        """Add one exchange, to a new conversation when none is given, and give its id."""
        turns = (("user", message), ("assistant", reply))
        async with self._database.transaction() as session:
            await outlive_deletion(session, self._user)
            if conversation_id is None:
                conversation_id = uuid4()
                session.add(Conversation(id=conversation_id, user_id=self._user.id))
                await session.flush()
            for role, content in turns:
                session.add(Message(conversation_id=conversation_id, role=role, content=content))
                # One by one: ids are the order in which the turns are read again.
                await session.flush()
        return conversation_id
