"""A user's todos."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from todo.dependencies import IdempotencyDep, KeyHeader, TodosDep
from todo.idempotency import KeptAnswer
from todo.models import LARGEST_NUMBER, Todo
from todo.order import Sort
from todo.problems import described, repeated
from todo.schemas import (
    MOST_AT_ONCE,
    Tag,
    TodoCreate,
    TodoPage,
    TodoRead,
    TodosCleared,
    TodosRestore,
    TodoSummary,
    TodoUpdate,
)
from todo.todos import Wanted

router = APIRouter(
    prefix="/api/todos", tags=["todos"], responses=described(400, 401, 413, 422, 503)
)


# Todos of a page, unless the request says how many, and the most that it may ask for.
_PAGE = 100
_LARGEST_PAGE = 500


@router.get("", summary="List todos", response_model=TodoPage | list[TodoRead])
async def list_todos(
    todos: TodosDep,
    *,
    completed: Annotated[bool | None, Query(description="Only those that are (not) done.")] = None,
    search: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Only those whose title contains each word, whose number it is or, where "
            "it begins with a #, that have the tag.",
        ),
    ] = None,
    tag: Annotated[Tag | None, Query(description="Only those that have it.")] = None,
    sort: Annotated[Sort, Query(description="The order; `number` if not given.")] = "number",
    limit: Annotated[
        int | None,
        Query(ge=1, le=_LARGEST_PAGE, description=f"Todos of a page; {_PAGE} if not given."),
    ] = None,
    cursor: Annotated[
        str | None,
        Query(
            pattern="^[A-Za-z0-9_-]{1,512}$",
            description="Where the page begins: a `next_cursor` of the same order.",
        ),
    ] = None,
) -> object:
    """List the user's todos, those that are asked for and in the order asked for, page by page.

    Without `limit` and `cursor` the answer is a plain array of the first 500, as it was before
    there were pages.
    """
    wanted = Wanted(completed=completed, search=search, tag=tag)
    if limit is None and cursor is None:
        return (await todos.page(wanted, limit=_LARGEST_PAGE, sort=sort)).todos
    page = await todos.page(wanted, limit=limit or _PAGE, sort=sort, cursor=cursor)
    return {"todos": page.todos, "next_cursor": page.next_cursor}


@router.get("/summary", summary="Count todos")
async def summarize_todos(todos: TodosDep) -> TodoSummary:
    """Count the todos that are open and those that are done, and how many have each tag."""
    return await todos.summary()


@router.post(
    "",
    summary="Add a todo",
    status_code=201,
    response_model=TodoRead,
    responses=described(409, 410),
)
async def add_todo(
    todos: TodosDep, answers: IdempotencyDep, body: TodoCreate, key: KeyHeader = None
) -> TodoRead | Response:
    """Add a todo under the user's next number."""
    if key is None:
        return await todos.add(**body.model_dump())

    async def add(session: AsyncSession) -> KeptAnswer:
        added = await todos.add_within(session, **body.model_dump())
        return KeptAnswer(201, added.model_dump_json())

    return repeated(await answers.once(key, f"add {body.model_dump_json()}", add))


@router.delete(
    "",
    summary="Delete what is done",
    response_model=TodosCleared,
    responses=described(409, 410),
)
async def clear_completed(
    todos: TodosDep,
    answers: IdempotencyDep,
    completed: Annotated[Literal["true"], Query(description="Only those that are done.")],
    key: KeyHeader = None,
) -> TodosCleared | Response:
    """Delete the todos that are done, 1000 at once; for a day they can be restored together."""
    del completed  # Without it, nothing is deleted.
    if key is None:
        return _cleared(await todos.clear_completed())

    async def clear(session: AsyncSession) -> KeptAnswer:
        cleared = _cleared(await todos.clear_completed_within(session))
        return KeptAnswer(200, cleared.model_dump_json())

    return repeated(await answers.once(key, "clear completed", clear))


def _cleared(ids: Sequence[UUID]) -> TodosCleared:
    return TodosCleared(ids=list(ids), more=len(ids) == MOST_AT_ONCE)


@router.post("/restore", summary="Restore todos", response_model=list[TodoRead])
async def restore_todos(todos: TodosDep, body: TodosRestore) -> Sequence[Todo]:
    """Bring back todos that were deleted within the last day, all or none.

    One that is there stays as it is. The answer has all that are there, by number; the others of
    the ids were deleted earlier, or never there.
    """
    return await todos.restore_all(body.ids)


@router.patch(
    "/{todo_id:uuid}",
    summary="Change a todo",
    response_model=TodoRead,
    responses=described(404, 409),
)
async def update_todo(todos: TodosDep, todo_id: UUID, body: TodoUpdate) -> Todo:
    """Change the title, whether it is completed, when it is due, its priority or its tags."""
    return await todos.update(todo_id, version=body.version, **body.changes())


@router.delete(
    "/{todo_id:uuid}", summary="Delete a todo", status_code=204, responses=described(404, 409)
)
async def delete_todo(
    todos: TodosDep,
    todo_id: UUID,
    version: Annotated[
        int | None, Query(ge=1, le=LARGEST_NUMBER, description="The version that is deleted.")
    ] = None,
) -> None:
    """Delete a todo; its number is not given again, and for a day it can be restored."""
    await todos.delete(todo_id, version=version)


@router.post(
    "/{todo_id:uuid}/restore",
    summary="Restore a todo",
    response_model=TodoRead,
    responses=described(404),
)
async def restore_todo(todos: TodosDep, todo_id: UUID) -> Todo:
    """Bring back a todo that was deleted within the last day; one that is there stays as it is."""
    return await todos.restore(todo_id)
