"""Everything that is kept about one user, as JSON: a page at a time, however much there is."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Row, Select, select, tuple_

from todo.auth import User
from todo.database import Database
from todo.models import metadata

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one table, ordered by columns that together are unique for a user."""

    name: str
    table: str
    order: tuple[str, ...]


SECTIONS = (
    Section("todos", "todo", ("number",)),
    Section("deleted_todos", "deleted_todo", ("number",)),
    Section("todo_counters", "todo_counter", ("last_number",)),
    Section("conversations", "conversation", ("id",)),
    Section("messages", "message", ("conversation_id", "id")),
    Section("usage", "usage", ("seconds",)),
    Section("idempotency_keys", "idempotency_key", ("key",)),
    Section("deletions", "deleted_user", ("deleted_at",)),
)
"""All that there is. A message is of whose its conversation is."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Export",
    "properties": {
        section.name: {"type": "array", "items": {"type": "object"}} for section in SECTIONS
    },
    "required": [section.name for section in SECTIONS],
}


async def export(database: Database, user: User) -> AsyncGenerator[bytes]:
    """Give the parts of a JSON object, one array for each section.

    No connection is held between two pages, so who reads slowly keeps it from nobody. The first
    part comes after the first page: a database that is away is told in place of an answer.
    """
    opening = b"{"
    for section in SECTIONS:
        opening += to_json(section.name) + b":["
        async for page in _pages(database, user, section):
            yield opening + b",".join(to_json(row._asdict()) for row in page)
            opening = b","
        if opening == b",":
            opening = b""
        opening += b"],"
    yield opening[:-1] + b"}"


async def _pages(
    database: Database, user: User, section: Section
) -> AsyncGenerator[list[Row[Any]]]:
    table = metadata.tables[section.table]
    # Who asks knows who they are; what is made of other columns says nothing new.
    kept = [c for c in table.columns if c.name != "user_id" and c.computed is None]
    order = [table.columns[name] for name in section.order]
    query = select(*kept).where(_owned(section.table, user)).order_by(*order).limit(_PAGE)
    page: list[Row[Any]] = list(await database.read(query))
    while page:
        yield page
        if len(page) < _PAGE:
            return
        last_row = page[-1]._asdict()
        last = [last_row[name] for name in section.order]
        page = list(await database.read(_after(query, order, last)))


def _after(query: Select[Any], order: list[Any], last: list[Any]) -> Select[Any]:
    return query.where(tuple_(*order) > tuple_(*last))


def _owned(name: str, user: User) -> ColumnElement[bool]:
    table = metadata.tables[name]
    if "user_id" in table.columns:
        return table.c.user_id == user.id
    conversation = metadata.tables["conversation"]
    own = select(conversation.c.id).where(conversation.c.user_id == user.id)
    return table.c.conversation_id.in_(own)
