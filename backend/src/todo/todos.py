"""What can be done with todos: the one place, for REST, the command parser and the agent alike."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from todo.models import Conversation, Todo, TodoCounter

TITLE_LENGTH = 200


class TodoNotFoundError(Exception):
    """The user has no such todo. Another user's is no different from none."""


class TodoList:
    """The todos of one user. Each change is committed before it is reported."""

    def __init__(self, session: AsyncSession, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    async def all(self, *, completed: bool | None = None) -> list[Todo]:
        """Gives the todos, oldest first."""
        query = select(Todo).where(col(Todo.user_id) == self._user_id).order_by(col(Todo.number))
        if completed is not None:
            query = query.where(col(Todo.completed) == completed)
        return list((await self._session.scalars(query)).all())

    async def add(self, title: str) -> Todo:
        """Adds a todo with the user's next number."""
        # One statement, so that two adds at once get two numbers.
        numbered = (
            insert(TodoCounter)
            .values(user_id=self._user_id, last=1)
            .on_conflict_do_update(
                index_elements=[col(TodoCounter.user_id)], set_={"last": col(TodoCounter.last) + 1}
            )
            .returning(col(TodoCounter.last))
        )
        number = (await self._session.scalars(numbered)).one()
        todo = Todo(user_id=self._user_id, number=number, title=title)
        self._session.add(todo)
        await self._session.commit()
        return todo

    async def by_id(self, todo_id: UUID) -> Todo:
        """Gives one todo by its id."""
        return await self._one(select(Todo).where(col(Todo.id) == todo_id))

    async def by_number(self, number: int) -> Todo:
        """Gives one todo by the number that its user knows it by."""
        return await self._one(select(Todo).where(col(Todo.number) == number))

    async def change(
        self, todo: Todo, *, title: str | None = None, completed: bool | None = None
    ) -> Todo:
        """Changes what is given and leaves the rest."""
        if title is not None:
            todo.title = title
        if completed is not None:
            todo.completed = completed
        todo.updated_at = datetime.now(UTC)
        await self._session.commit()
        return todo

    async def delete(self, todo: Todo) -> None:
        """Deletes a todo; its number is not given again."""
        await self._session.delete(todo)
        await self._session.commit()

    async def forget_user(self) -> None:
        """Deletes everything that is the user's."""
        for table in (Conversation, Todo, TodoCounter):
            await self._session.execute(delete(table).where(col(table.user_id) == self._user_id))
        await self._session.commit()

    async def _one(self, query: Select[Todo]) -> Todo:
        found = await self._session.scalar(query.where(col(Todo.user_id) == self._user_id))
        if found is None:
            raise TodoNotFoundError
        return found
