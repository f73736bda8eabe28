"""The tables."""

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import DateTime, UniqueConstraint
from sqlmodel import Field, SQLModel


def _now() -> datetime:
    return datetime.now(UTC)


def _moment() -> Any:  # noqa: ANN401  # what SQLModel's Field gives
    return Field(default_factory=_now, sa_type=DateTime(timezone=True), nullable=False)


class Todo(SQLModel, table=True):
    """One thing to do, of one user."""

    __tablename__: ClassVar[str] = "todo"
    __table_args__ = (UniqueConstraint("user_id", "number", name="todo_user_number"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str = Field(index=True, max_length=255)
    number: int
    title: str = Field(max_length=200)
    completed: bool = False
    created_at: datetime = _moment()
    updated_at: datetime = _moment()


class TodoCounter(SQLModel, table=True):
    """The last number that a user's todos were given. Numbers are never used again."""

    __tablename__: ClassVar[str] = "todo_counter"

    user_id: str = Field(primary_key=True, max_length=255)
    last: int


class Conversation(SQLModel, table=True):
    """One chat of one user."""

    __tablename__: ClassVar[str] = "conversation"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str = Field(index=True, max_length=255)
    created_at: datetime = _moment()


class Message(SQLModel, table=True):
    """What was said in a conversation, by the user or by the assistant."""

    __tablename__: ClassVar[str] = "message"

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: UUID = Field(
        foreign_key="conversation.id", index=True, ondelete="CASCADE", nullable=False
    )
    role: str = Field(max_length=16)
    content: str
    created_at: datetime = _moment()
