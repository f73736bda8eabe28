"""One user's todos in the database."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from todo.database import Database
from todo.models import Todo, TodoCounter

_LARGEST_NUMBER = 2**31 - 1


class TodoNotFoundError(Exception):
    """This user has no such todo; that another one might is not told."""


class TodoStore:
    """The todos of the user it is made for: no method takes a user, so none can take another's."""

    def __init__(self, database: Database, user_id: str) -> None:
        self._database = database
        self._user_id = user_id

    async def all(self, *, completed: bool | None = None) -> Sequence[Todo]:
        """List the todos by number, or only those that are (not) completed."""
        query = select(Todo).where(self._own).order_by(col(Todo.number))
        if completed is not None:
            query = query.where(col(Todo.completed) == completed)
        async with self._database.transaction() as session:
            return (await session.scalars(query)).all()

    async def add(self, title: str) -> Todo:
        """Add a todo under the user's next number."""
        count = (
            insert(TodoCounter)
            .values(user_id=self._user_id, last_number=1)
            .on_conflict_do_update(
                index_elements=[col(TodoCounter.user_id)],
                set_={"last_number": col(TodoCounter.last_number) + 1},
            )
            .returning(col(TodoCounter.last_number))
        )
        async with self._database.transaction() as session:
            # The counter's row stays locked until the commit: two additions cannot draw one number.
            number = (await session.scalars(count)).one()
            todo = Todo(user_id=self._user_id, number=number, title=title)
            session.add(todo)
            await session.flush()
            await session.refresh(todo)
            return todo

    async def update(self, todo_id: UUID, **changes: object) -> Todo:
        """Set the given columns of a todo; raise TodoNotFoundError."""
        return await self._change(col(Todo.id) == todo_id, **changes)

    async def complete(self, number: int) -> Todo:
        """Mark the todo of that number as done; raise TodoNotFoundError."""
        return await self._change(self._numbered(number), completed=True)

    async def delete(self, todo_id: UUID) -> Todo:
        """Delete a todo and give what it was; raise TodoNotFoundError."""
        return await self._delete(col(Todo.id) == todo_id)

    async def delete_number(self, number: int) -> Todo:
        """Delete the todo of that number and give what it was; raise TodoNotFoundError."""
        return await self._delete(self._numbered(number))

    @property
    def _own(self) -> ColumnElement[bool]:
        return col(Todo.user_id) == self._user_id

    @staticmethod
    def _numbered(number: int) -> ColumnElement[bool]:
        if not 1 <= number <= _LARGEST_NUMBER:
            raise TodoNotFoundError
        return col(Todo.number) == number

    async def _change(self, which: ColumnElement[bool], **changes: object) -> Todo:
        statement = (
            update(Todo)
            .where(self._own, which)
            .values(**changes, updated_at=func.now())
            .returning(Todo)
        )
        async with self._database.transaction() as session:
            todo = (await session.scalars(statement)).one_or_none()
        if todo is None:
            raise TodoNotFoundError
        return todo

    async def _delete(self, which: ColumnElement[bool]) -> Todo:
        statement = delete(Todo).where(self._own, which).returning(Todo)
        async with self._database.transaction() as session:
            todo = (await session.scalars(statement)).one_or_none()
        if todo is None:
            raise TodoNotFoundError
        return todo
