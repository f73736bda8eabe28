"""Everything that is kept about one user, and its deletion."""

from datetime import datetime

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from todo.auth import UnauthorizedError, User
from todo.database import Database
from todo.models import (
    Conversation,
    DeletedTodo,
    DeletedUser,
    IdempotencyKey,
    Todo,
    TodoCounter,
    Usage,
)

# Made once, since each addition asks the second and the third.
_LOCK = func.hashtextextended(bindparam("owner"), 0)
_ALONE = select(func.pg_advisory_xact_lock(_LOCK))
_SHARED = select(func.pg_advisory_xact_lock_shared(_LOCK))
DELETED_AT = select(col(DeletedUser.deleted_at)).where(
    col(DeletedUser.user_id) == bindparam("owner")
)
"""When the data of `owner` was deleted, if it was."""


class AccountDeletedError(UnauthorizedError):
    """The token is from before its user's data was deleted."""


async def outlive_deletion(session: AsyncSession, user: User) -> None:
    """Keep a deletion of the user's data waiting until this transaction, which adds to it, ends.

    Raises AccountDeletedError for a token from before a deletion: what it adds would stay for good.
    """
    await hold_deletion(session, user)
    refuse_deleted(user, await session.scalar(DELETED_AT, {"owner": user.id}))


async def hold_deletion(session: AsyncSession, user: User) -> None:
    """Keep a deletion waiting. A statement after this one has to look at DELETED_AT.

    It is another, since it has to see what was committed while the lock was waited for.
    """
    await session.execute(_SHARED, {"owner": user.id})


def refuse_deleted(user: User, deleted_at: datetime | None) -> None:
    """Raise AccountDeletedError for a token from before a deletion."""
    if deleted_at and user.issued_at <= deleted_at.timestamp():
        raise AccountDeletedError("the account was deleted; sign in again")


async def delete_data(database: Database, user: User) -> None:
    """Delete all of a user's rows; messages go with their conversations.

    That it happened is remembered for a day, longer than any token is good for.
    """
    now = func.clock_timestamp()
    async with database.transaction() as session:
        await session.execute(_ALONE, {"owner": user.id})
        for table in (Conversation, Todo, DeletedTodo, TodoCounter, Usage, IdempotencyKey):
            await session.execute(delete(table).where(col(table.user_id) == user.id))
        await session.execute(
            insert(DeletedUser)
            .values(user_id=user.id, deleted_at=now)
            .on_conflict_do_update(
                index_elements=[col(DeletedUser.user_id)], set_={"deleted_at": now}
            )
        )
