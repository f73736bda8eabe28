"""A user's todos."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from todo.dependencies import TodosDep
from todo.models import Todo
from todo.problems import described
from todo.schemas import TodoCreate, TodoRead, TodoUpdate

router = APIRouter(prefix="/api/todos", tags=["todos"], responses=described(401, 422, 503))


@router.get("", summary="List todos", response_model=list[TodoRead])
async def list_todos(
    todos: TodosDep,
    completed: Annotated[bool | None, Query(description="Only those that are (not) done.")] = None,
) -> object:
    """List the user's todos by number."""
    return await todos.all(completed=completed)


@router.post("", summary="Add a todo", status_code=201, response_model=TodoRead)
async def add_todo(todos: TodosDep, body: TodoCreate) -> Todo:
    """Add a todo under the user's next number."""
    return await todos.add(body.title)


@router.patch(
    "/{todo_id}", summary="Change a todo", response_model=TodoRead, responses=described(404)
)
async def update_todo(todos: TodosDep, todo_id: UUID, body: TodoUpdate) -> Todo:
    """Change the title, whether it is completed, or both."""
    return await todos.update(todo_id, **body.model_dump(exclude_none=True))


@router.delete("/{todo_id}", summary="Delete a todo", status_code=204, responses=described(404))
async def delete_todo(todos: TodosDep, todo_id: UUID) -> None:
    """Delete a todo; its number is not given again."""
    await todos.delete(todo_id)
