"""The orders that todos are given in, page by page."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, case, func, literal, null, tuple_
from sqlalchemy.types import DateTime

from todo import text
from todo.models import LARGEST_NUMBER, PRIORITIES, metadata
from todo.schemas import bounded

type Sort = Literal["number", "newest", "title", "open", "due", "priority"]

_TABLE = metadata.tables["todo"]
# Of a title, so much decides: a cursor has no room for all of it.
_OF_A_TITLE = 60
_NEVER = literal("infinity").cast(DateTime(timezone=True))


class CursorError(ValueError):
    """No page begins there."""


@dataclass(frozen=True, slots=True)
class _Order:
    """By a key, and by number where that is the same."""

    key: ColumnElement[Any]
    written: Callable[[Any], object] = lambda key: key
    read: Callable[[Any], object] = lambda key: key


def _text(key: str) -> str:
    if text.without_controls(key) != key:
        raise ValueError("has what no title has")
    return key


def _moment(key: str) -> datetime:
    moment = datetime.fromisoformat(key)
    # How the driver gives "infinity".
    never = moment.replace(tzinfo=None) == datetime.max
    return moment.replace(tzinfo=UTC) if never else bounded(moment)


def _priority(key: int) -> int:
    if key not in range(len(PRIORITIES)):
        raise ValueError("is no priority")
    return key


_DUE = func.coalesce(
    # What is done is due no more, and what is due at no time comes last.
    case((~_TABLE.c.completed, _TABLE.c.due_at), else_=null()),
    _NEVER,
)
_ORDERS: dict[Sort, _Order] = {
    "title": _Order(func.left(_TABLE.c.folded, _OF_A_TITLE).collate("C"), read=_text),
    "open": _Order(_TABLE.c.completed, read=bool),
    "due": _Order(_DUE, written=datetime.isoformat, read=_moment),
    "priority": _Order(
        case({name: place for place, name in enumerate(PRIORITIES)}, value=_TABLE.c.priority),
        read=_priority,
    ),
}


def ordered(query: Select[Any], sort: Sort, cursor: str | None) -> Select[Any]:
    """Put todos in order, from where a cursor says; raise CursorError."""
    number = _TABLE.c.number
    if sort in {"number", "newest"}:
        if cursor is not None:
            after = _number(cursor)
            query = query.where(number > after if sort == "number" else number < after)
        return query.order_by(number if sort == "number" else number.desc())
    order = _ORDERS[sort]
    if cursor is not None:
        key, after = _place(cursor, sort)
        query = query.where(
            tuple_(order.key, number) > tuple_(literal(order.read(key), order.key.type), after)
        )
    return query.add_columns(order.key.label("key")).order_by(order.key, number)


def cursor_after(row: Any, sort: Sort) -> str:  # noqa: ANN401 - a row with its key
    """Say where the page after a row begins."""
    if sort in {"number", "newest"}:
        return str(row.number)
    place = json.dumps([sort, _ORDERS[sort].written(row.key), row.number], ensure_ascii=False)
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _number(cursor: str) -> int:
    if not (cursor.isdecimal() and len(cursor) <= len(str(LARGEST_NUMBER))):
        raise CursorError
    return min(int(cursor), LARGEST_NUMBER)


def _place(cursor: str, sort: Sort) -> tuple[object, int]:
    try:
        named, key, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        # Not of a range's members: a number with a fraction is looked for among all of them.
        if named != sort or type(number) is not int or not 0 <= number <= LARGEST_NUMBER:
            raise CursorError
        _ORDERS[sort].read(key)
    except (ValueError, TypeError, RecursionError):
        raise CursorError from None
    return key, number
