"""One user's todos in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Text, Uuid, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from todo.account import DELETED_AT, hold_deletion, refuse_deleted
from todo.auth import User
from todo.database import Database
from todo.models import Todo, TodoCounter, metadata
from todo.schemas import TodoRead

LARGEST_NUMBER = 2**31 - 1

_TODOS = TypeAdapter(list[TodoRead])
_TABLE = metadata.tables["todo"]
# Made once: to say these anew costs as much as to ask them. They give rows and not objects.
_PAGE = (
    select(*(_TABLE.columns[name] for name in TodoRead.model_fields))
    .where(_TABLE.c.user_id == bindparam("owner"), _TABLE.c.number > bindparam("after"))
    .order_by(_TABLE.c.number)
    .limit(bindparam("most"))
)
_COUNTED = (
    insert(TodoCounter)
    .values(user_id=bindparam("owner"), last_number=1)
    .on_conflict_do_update(
        index_elements=[col(TodoCounter.user_id)],
        set_={"last_number": col(TodoCounter.last_number) + 1},
    )
    .returning(col(TodoCounter.last_number))
    .cte("counted")
)
# The counter's row stays locked until the commit: two additions cannot draw one number.
_ADDED = (
    insert(_TABLE)
    .from_select(
        ["id", "user_id", "number", "title"],
        select(
            bindparam("id", type_=Uuid()),
            bindparam("owner", type_=Text()),
            _COUNTED.c.last_number,
            bindparam("title", type_=Text()),
        ),
        # The rest is the database's own.
        include_defaults=False,
    )
    .returning(*(_TABLE.columns[name] for name in TodoRead.model_fields))
    .cte("added")
)
_ADDED_UNLESS_DELETED = select(_ADDED, DELETED_AT.scalar_subquery().label("deleted_at"))


class TodoNotFoundError(Exception):
    """This user has no such todo; that another one might is not told."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some todos by number. The next page is after `next_number`, unless this is the last."""

    todos: Sequence[TodoRead]
    next_number: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many todos there are."""

    open: int
    completed: int


class TodoStore:
    """The todos of the user it is made for: no method takes a user, so none can take another's."""

    def __init__(self, database: Database, user: User) -> None:
        self._database = database
        self._user = user

    async def page(
        self,
        *,
        limit: int,
        after: int = 0,
        completed: bool | None = None,
        containing: str | None = None,
    ) -> Page:
        """Give the first todos after a number that are (not) completed and contain some text."""
        query = _PAGE
        if completed is not None:
            query = query.where(_TABLE.c.completed == completed)
        if containing:
            query = query.where(_TABLE.c.title.icontains(containing, autoescape=True))
        found = await self._database.read(
            query,
            {
                "owner": self._user.id,
                "after": max(0, min(after, LARGEST_NUMBER)),
                # One more tells whether there is a next page.
                "most": limit + 1,
            },
        )
        todos = _TODOS.validate_python(found[:limit])
        return Page(todos, todos[-1].number if len(found) > limit else None)

    async def count(self) -> Counts:
        """Count the todos."""
        query = select(
            func.count().filter(~col(Todo.completed)), func.count().filter(col(Todo.completed))
        ).where(self._own)
        ((is_open, completed),) = await self._database.read(query)
        return Counts(is_open, completed)

    async def add(self, title: str) -> TodoRead:
        """Add a todo under the user's next number."""
        async with self._database.transaction() as session:
            await hold_deletion(session, self._user)
            todo = {"id": uuid4(), "owner": self._user.id, "title": title}
            row = (await session.execute(_ADDED_UNLESS_DELETED, todo)).one()
            refuse_deleted(self._user, row.deleted_at)
            return TodoRead.model_validate(row)

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
        return col(Todo.user_id) == self._user.id

    @staticmethod
    def _numbered(number: int) -> ColumnElement[bool]:
        if not 1 <= number <= LARGEST_NUMBER:
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
