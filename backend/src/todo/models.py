"""The tables. Every row belongs to one user, named by the `sub` of their token."""

from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Index,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

type Role = Literal["user", "assistant"]
type Priority = Literal["low", "normal", "high"]

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

metadata = SQLModel.metadata

_NOW = {"server_default": func.now(), "nullable": False}
_ZERO = {"server_default": "0"}


PRIORITIES: tuple[Priority, ...] = ("high", "normal", "low")
LARGEST_NUMBER = 2**31 - 1

_PRIORITIES = "priority IN ('low', 'normal', 'high')"
# As migration 0005 has it, in Postgres' own spelling.
_FOLDED = (
    "lower(regexp_replace(pg_catalog.normalize((title)::text, 'NFD'::text),"
    " '[\\u0300-\\u036f]'::text, ''::text, 'g'::text))"
)


class _TodoColumns(SQLModel):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str = Field(sa_type=Text)
    number: int
    title: str = Field(max_length=200)
    completed: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW
    )
    updated_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW
    )
    due_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    priority: str = Field(
        default="normal", sa_type=Text, sa_column_kwargs={"server_default": "normal"}
    )
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    tags: list[str] = Field(
        default_factory=list, sa_type=ARRAY(Text), sa_column_kwargs={"server_default": "{}"}
    )


class Todo(_TodoColumns, table=True):
    """Something a user wants done; `version` counts its changes."""

    __table_args__ = (
        UniqueConstraint("user_id", "number"),
        CheckConstraint(_PRIORITIES, name="priority"),
    )


# For queries alone: it is the database's own, and no part of what a todo is.
metadata.tables["todo"].append_column(Column("folded", Text, Computed(_FOLDED, persisted=True)))


class DeletedTodo(_TodoColumns, table=True):
    """A todo that was deleted, for as long as that can be undone."""

    __tablename__ = "deleted_todo"
    __table_args__ = (
        UniqueConstraint("user_id", "number"),
        CheckConstraint(_PRIORITIES, name="priority"),
    )

    deleted_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW
    )


class TodoCounter(SQLModel, table=True):
    """The last number given to a user's todos: a row of its own, so that none is given twice."""

    __tablename__ = "todo_counter"

    user_id: str = Field(sa_type=Text, primary_key=True)
    last_number: int


class Conversation(SQLModel, table=True):
    """A chat of one user."""

    __table_args__ = (Index(None, "user_id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str = Field(sa_type=Text)
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW
    )


class Message(SQLModel, table=True):
    """One side's turn in a conversation; ids order the turns."""

    __table_args__ = (
        CheckConstraint("role IN ('user', 'assistant')", name="role"),
        Index(None, "conversation_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    conversation_id: UUID = Field(foreign_key="conversation.id", ondelete="CASCADE")
    role: str = Field(sa_type=Text)
    content: str = Field(sa_type=Text)
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW
    )


class Usage(SQLModel, table=True):
    """What a user has used of the chat since a window of so many seconds began."""

    user_id: str = Field(sa_type=Text, primary_key=True)
    seconds: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    began_at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW)
    messages: int = Field(default=0, sa_column_kwargs=_ZERO)
    turns: int = Field(default=0, sa_column_kwargs=_ZERO)
    input_tokens: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=_ZERO)
    output_tokens: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=_ZERO)


class IdempotencyKey(SQLModel, table=True):
    """A request under a key of the client's, and its answer once there is one."""

    __tablename__ = "idempotency_key"

    user_id: str = Field(sa_type=Text, primary_key=True)
    key: str = Field(sa_type=Text, primary_key=True)
    digest: str = Field(sa_type=Text)
    began_at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW)
    status: int | None = None
    body: str | None = Field(default=None, sa_type=Text)


class DeletedUser(SQLModel, table=True):
    """That a user's data was deleted, for as long as a token from before may be about."""

    __tablename__ = "deleted_user"

    user_id: str = Field(sa_type=Text, primary_key=True)
    deleted_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=_NOW
    )
