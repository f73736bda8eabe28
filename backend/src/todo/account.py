"""Everything that is kept about one user."""

from sqlalchemy import delete
from sqlmodel import col

from todo.database import Database
from todo.models import Conversation, Todo, TodoCounter


async def forget(database: Database, user_id: str) -> None:
    """Delete all of a user's rows; messages go with their conversations."""
    async with database.transaction() as session:
        await session.execute(delete(Conversation).where(col(Conversation.user_id) == user_id))
        await session.execute(delete(Todo).where(col(Todo.user_id) == user_id))
        await session.execute(delete(TodoCounter).where(col(TodoCounter.user_id) == user_id))
