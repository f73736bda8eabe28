"""One user's todos in the database."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Insert,
    Table,
    bindparam,
    delete,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from todo.account import DELETED_AT, hold_deletion, outlive_deletion, refuse_deleted
from todo.auth import User
from todo.database import Database
from todo.models import LARGEST_NUMBER, DeletedTodo, Todo, TodoCounter, metadata
from todo.order import Sort, cursor_after, ordered
from todo.schemas import MOST_AT_ONCE, MOST_TAGS, TagCount, TodoRead, TodoSummary
from todo.sweep import DAY, spare
from todo.text import folded, without_controls

_MOST_WORDS = 10
_MOST_COUNTED = 100

_TODOS = TypeAdapter(list[TodoRead])
_TABLE = metadata.tables["todo"]
_DELETED = metadata.tables["deleted_todo"]
_DETAILS = frozenset(Todo.model_fields)
# Made once: to say these anew costs as much as to ask them. They give rows and not objects.
_PAGE = (
    select(*(_TABLE.columns[name] for name in TodoRead.model_fields))
    .where(_TABLE.c.user_id == bindparam("owner"))
    .limit(bindparam("most"))
)
_PAGE_BY_NUMBER = ordered(_PAGE, "number", "0")
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
# What an addition is given: columns, and the names of their values.
_GIVEN = {
    "id": "id",
    "user_id": "owner",
    "title": "title",
    "due_at": "due_at",
    "priority": "priority",
    "tags": "tags",
}
# The counter's row stays locked until the commit: two additions cannot draw one number.
_ADDED = (
    insert(_TABLE)
    .from_select(
        ["number", *_GIVEN],
        select(
            _COUNTED.c.last_number,
            *(
                bindparam(name, type_=_TABLE.columns[column].type)
                for column, name in _GIVEN.items()
            ),
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


class TooManyTodosError(Exception):
    """The user has as many todos as one may. Its text is for the user."""

    def __init__(self, most: int) -> None:
        super().__init__(f"you have {most} todos, the most that there may be; delete some first")


class TooManyTagsError(Exception):
    """The todo would have more tags than one may."""


class TodoChangedError(Exception):
    """The todo is not what it was in the version that was to be changed."""

    def __init__(self, current: Todo) -> None:
        super().__init__(current.version)
        self.current = current


@dataclass(frozen=True, slots=True)
class Page:
    """Some todos in order, and where the next page begins, unless this is the last."""

    todos: Sequence[TodoRead]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which todos are asked for."""

    completed: bool | None = None
    search: str | None = None
    """Words that a title contains, in any order; or a number, or with a # a tag."""
    tag: str | None = None
    due_by: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Give what a todo has to be."""
        # No title has what Postgres takes for no text.
        words = without_controls(self.search or "").split()
        found = [_has(word) for word in words[:_MOST_WORDS]]
        if self.completed is not None:
            found.append(_TABLE.c.completed == self.completed)
        if self.tag is not None:
            found.append(_TABLE.c.tags.contains([self.tag]))
        if self.due_by is not None:
            found.append(_TABLE.c.due_at <= self.due_by)
        return found


def _has(word: str) -> ColumnElement[bool]:
    bare = word.removeprefix("#")
    found: list[ColumnElement[bool]] = []
    if bare == word or not bare:
        found.append(_TABLE.c.folded.contains(folded(word), autoescape=True))
    else:
        found.append(_TABLE.c.tags.contains([bare.lower()]))
    if bare.isascii() and bare.isdecimal() and int(bare) <= LARGEST_NUMBER:
        found.append(_TABLE.c.number == int(bare))
    return or_(*found)


EVERYTHING = Wanted()


class Details(TypedDict, total=False):
    """What a todo may have beside its title."""

    due_at: datetime | None
    priority: str
    tags: Sequence[str]


class TodoStore:
    """The todos of the user it is made for: no method takes a user, so none can take another's.

    There are at most `most` of them.
    """

    def __init__(self, database: Database, user: User, *, most: int) -> None:
        self._database = database
        self._user = user
        self._most = most

    async def page(
        self,
        wanted: Wanted = EVERYTHING,
        *,
        limit: int,
        sort: Sort = "number",
        cursor: str | None = None,
    ) -> Page:
        """Give the todos that are wanted, in order, from where a cursor says; raise CursorError."""
        first = sort == "number" and cursor is None
        query = _PAGE_BY_NUMBER if first else ordered(_PAGE, sort, cursor)
        if conditions := wanted.conditions():
            # Not of none: a statement that is another each time is read through each time.
            query = query.where(*conditions)
        # One more tells whether there is a next page.
        found = await self._database.read(query, {"owner": self._user.id, "most": limit + 1})
        more = len(found) > limit
        todos = _TODOS.validate_python(found[:limit])
        return Page(todos, cursor_after(found[limit - 1], sort) if more else None)

    async def count(self, wanted: Wanted = EVERYTHING) -> tuple[int, int]:
        """Count the todos that are wanted: those that are open, and those that are done."""
        query = select(
            func.count().filter(~col(Todo.completed)), func.count().filter(col(Todo.completed))
        ).where(self._own, *wanted.conditions())
        ((is_open, completed),) = await self._database.read(query)
        return is_open, completed

    async def summary(self) -> TodoSummary:
        """Count the todos, and those of each tag."""
        is_open, completed = await self.count()
        each = select(func.unnest(col(Todo.tags)).label("tag")).where(self._own).subquery()
        counted = (
            select(each.c.tag, func.count())
            .group_by(each.c.tag)
            .order_by(func.count().desc(), each.c.tag)
            .limit(_MOST_COUNTED)
        )
        tags = [TagCount(tag=tag, count=count) for tag, count in await self._database.read(counted)]
        return TodoSummary(open=is_open, completed=completed, tags=tags)

    async def add(self, title: str, **more: Unpack[Details]) -> TodoRead:
        """Add a todo under the user's next number; raise TooManyTodosError."""
        async with self._database.transaction() as session:
            await hold_deletion(session, self._user)
            return await self.add_within(session, title, **more)

    async def add_within(
        self, session: AsyncSession, title: str, **more: Unpack[Details]
    ) -> TodoRead:
        """Add a todo in a transaction that keeps a deletion of the user's data waiting.

        Raises TooManyTodosError.
        """
        todo = {
            "id": uuid4(),
            "owner": self._user.id,
            "title": title,
            "due_at": more.get("due_at"),
            "priority": more.get("priority", "normal"),
            "tags": list(more.get("tags", ())),
        }
        row = (await session.execute(_ADDED_UNLESS_DELETED, todo)).one()
        refuse_deleted(self._user, row.deleted_at)
        # There are never more todos than numbers.
        if row.number > self._most:
            await self._refuse_more(session)
        return TodoRead.model_validate(row)

    async def update(self, todo_id: UUID, *, version: int | None = None, **changes: object) -> Todo:
        """Set the given columns of a todo, if it still is of that version.

        Raises TodoNotFoundError and TodoChangedError.
        """
        return await self._change(col(Todo.id) == todo_id, version, **changes)

    async def update_number(self, number: int, **changes: object) -> Todo:
        """Set the given columns of the todo of that number; raise TodoNotFoundError."""
        return await self._change(self._numbered(number), None, **changes)

    async def tag_number(self, number: int, *, add: Set[str], remove: Set[str]) -> Todo:
        """Give the todo of that number tags, and take some from it.

        Raises TodoNotFoundError and TooManyTagsError.
        """
        query = select(Todo).where(self._own, self._numbered(number)).with_for_update()
        async with self._database.transaction() as session:
            todo = (await session.scalars(query)).one_or_none()
            if todo is None:
                raise TodoNotFoundError
            tags = sorted((set(todo.tags) | add) - remove)
            if len(tags) > MOST_TAGS:
                raise TooManyTagsError
            todo.tags, todo.version = tags, todo.version + 1
            todo.updated_at = await session.scalar(select(func.now())) or todo.updated_at
        return todo

    async def delete(self, todo_id: UUID, *, version: int | None = None) -> Todo:
        """Delete a todo, if it still is of that version, and give what it was.

        Raises TodoNotFoundError and TodoChangedError.
        """
        return await self._delete(col(Todo.id) == todo_id, version)

    async def delete_number(self, number: int) -> Todo:
        """Delete the todo of that number and give what it was; raise TodoNotFoundError."""
        return await self._delete(self._numbered(number), None)

    async def restore(self, todo_id: UUID) -> Todo:
        """Bring back a todo that was deleted within the last day.

        One that is back already is given as it is. Raises TodoNotFoundError and TooManyTodosError.
        """
        return await self._restore(col(DeletedTodo.id) == todo_id, col(Todo.id) == todo_id)

    async def restore_number(self, number: int) -> Todo:
        """Bring back the deleted todo of that number.

        Raises TodoNotFoundError, for one that is there too, and TooManyTodosError.
        """
        if not 1 <= number <= LARGEST_NUMBER:
            raise TodoNotFoundError
        return await self._restore(col(DeletedTodo.number) == number, false())

    async def clear_completed(self) -> Sequence[UUID]:
        """Delete the completed todos, the first `MOST_AT_ONCE` of them, and give their ids."""
        async with self._database.transaction() as session:
            await outlive_deletion(session, self._user)
            return await self.clear_completed_within(session)

    async def clear_completed_within(self, session: AsyncSession) -> Sequence[UUID]:
        """Do so in a transaction that outlives a deletion of the user's data."""
        picked = (
            select(_TABLE.c.id)
            .where(_TABLE.c.user_id == self._user.id, _TABLE.c.completed)
            .order_by(_TABLE.c.number)
            .limit(MOST_AT_ONCE)
            .with_for_update()
            .cte("picked")
        )
        gone = delete(_TABLE).where(_TABLE.c.id == picked.c.id).returning(*_kept_of(_TABLE))
        await session.execute(spare(_DELETED, self._user.id, self._most))
        moved = _moved(gone.cte("gone"), _DELETED).returning(_DELETED.c.id)
        return (await session.scalars(moved)).all()

    async def restore_all(self, ids: Sequence[UUID]) -> Sequence[Todo]:
        """Bring back those that were deleted within the last day, and give all that are there.

        Raises TooManyTodosError.
        """
        gone = (
            delete(_DELETED)
            .where(_DELETED.c.user_id == self._user.id, _DELETED.c.id.in_(ids))
            .where(_DELETED.c.deleted_at >= func.now() - DAY)
            .returning(*_kept_of(_DELETED))
            .cte("gone")
        )
        there = select(Todo).where(self._own, col(Todo.id).in_(ids)).order_by(col(Todo.number))
        async with self._database.transaction() as session:
            await outlive_deletion(session, self._user)
            await self._hold_additions(session)
            await session.execute(_moved(gone, _TABLE, version=gone.c.version + 1))
            await self._refuse_more(session)
            return (await session.scalars(there)).all()

    @property
    def _own(self) -> ColumnElement[bool]:
        return col(Todo.user_id) == self._user.id

    @property
    def _own_deleted(self) -> ColumnElement[bool]:
        return col(DeletedTodo.user_id) == self._user.id

    @staticmethod
    def _numbered(number: int) -> ColumnElement[bool]:
        if not 1 <= number <= LARGEST_NUMBER:
            raise TodoNotFoundError
        return col(Todo.number) == number

    async def _change(
        self, which: ColumnElement[bool], version: int | None, **changes: object
    ) -> Todo:
        statement = (
            update(Todo)
            .where(self._own, which, *_of(version))
            .values(**changes, version=col(Todo.version) + 1, updated_at=func.now())
            .returning(Todo)
        )
        async with self._database.transaction() as session:
            todo = (await session.scalars(statement)).one_or_none()
            if todo is None:
                raise await self._miss(session, which)
        return todo

    async def _delete(self, which: ColumnElement[bool], version: int | None) -> Todo:
        statement = delete(Todo).where(self._own, which, *_of(version)).returning(Todo)
        async with self._database.transaction() as session:
            await outlive_deletion(session, self._user)
            todo = (await session.scalars(statement)).one_or_none()
            if todo is None:
                raise await self._miss(session, which)
            await session.execute(spare(_DELETED, self._user.id, self._most))
            session.add(DeletedTodo(**todo.model_dump()))
        return todo

    async def _restore(self, deleted: ColumnElement[bool], there: ColumnElement[bool]) -> Todo:
        recent = col(DeletedTodo.deleted_at) >= func.now() - DAY
        statement = (
            delete(DeletedTodo).where(self._own_deleted, deleted, recent).returning(DeletedTodo)
        )
        async with self._database.transaction() as session:
            await outlive_deletion(session, self._user)
            await self._hold_additions(session)
            gone = (await session.scalars(statement)).one_or_none()
            if gone is None:
                query = select(Todo).where(self._own, there)
                todo = (await session.scalars(query)).one_or_none()
            else:
                todo = Todo(**gone.model_dump(exclude={"deleted_at"}))
                todo.version += 1
                session.add(todo)
                await session.flush()
                await self._refuse_more(session)
        if todo is None:
            raise TodoNotFoundError
        return todo

    async def _hold_additions(self, session: AsyncSession) -> None:
        """Keep whoever adds to the user's todos waiting, as an addition does by its number."""
        counter = select(TodoCounter).where(col(TodoCounter.user_id) == self._user.id)
        await session.execute(counter.with_for_update())

    async def _refuse_more(self, session: AsyncSession) -> None:
        # Another statement: it has to see what others added while the counter was locked.
        count = await session.scalar(select(func.count()).where(self._own))
        if count and count > self._most:
            raise TooManyTodosError(self._most)

    async def _miss(self, session: AsyncSession, which: ColumnElement[bool]) -> Exception:
        """Give why a change met nothing: the todo is another by now, or not there."""
        current = (await session.scalars(select(Todo).where(self._own, which))).one_or_none()
        if current is None:
            return TodoNotFoundError()
        # The error ends the transaction, which would take what was read with it.
        session.expunge(current)
        return TodoChangedError(current)


def _kept_of(table: Table) -> list[Column[Any]]:
    """Give the columns that a todo has, deleted or not."""
    return [column for column in table.columns if column.name in _DETAILS]


def _moved(found: CTE, table: Table, **changes: ColumnElement[Any]) -> Insert:
    """Put todos from one table into another."""
    values = {name: changes.get(name, found.c[name]) for name in _DETAILS}
    return insert(table).from_select([*values], select(*values.values()), include_defaults=False)


def _of(version: int | None) -> list[ColumnElement[bool]]:
    return [] if version is None else [col(Todo.version) == version]
