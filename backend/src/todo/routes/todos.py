"""Todos over REST."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, status
from pydantic import BaseModel, ConfigDict, StringConstraints

from todo.auth import UserId
from todo.database import Session
from todo.models import Todo
from todo.todos import TITLE_LENGTH, TodoList, TodoNotFoundError

router = APIRouter(prefix="/api", tags=["todos"])

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LENGTH)
]


class TodoView(BaseModel):
    """A todo as its user sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: int
    title: str
    completed: bool
    created_at: datetime
    updated_at: datetime


class NewTodo(BaseModel):
    """A todo to add."""

    model_config = ConfigDict(extra="forbid")

    title: Title


class TodoChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    completed: bool | None = None


def _todo_list(session: Session, user_id: UserId) -> TodoList:
    return TodoList(session, user_id)


Todos = Annotated[TodoList, Depends(_todo_list)]


async def _todo(todo_id: UUID, todos: Todos) -> Todo:
    try:
        return await todos.by_id(todo_id)
    except TodoNotFoundError:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such todo.") from None


OneTodo = Annotated[Todo, Depends(_todo)]


@router.get("/todos")
async def list_todos(todos: Todos, completed: bool | None = None) -> list[TodoView]:
    """List the user's todos, oldest first."""
    return [TodoView.model_validate(todo) for todo in await todos.all(completed=completed)]


@router.post("/todos", status_code=status.HTTP_201_CREATED)
async def add_todo(new: NewTodo, todos: Todos) -> TodoView:
    """Add a todo."""
    return TodoView.model_validate(await todos.add(new.title))


@router.patch("/todos/{todo_id}")
async def change_todo(change: TodoChange, todo: OneTodo, todos: Todos) -> TodoView:
    """Change a todo's title, or whether it is done."""
    changed = await todos.change(todo, title=change.title, completed=change.completed)
    return TodoView.model_validate(changed)


@router.delete("/todos/{todo_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_todo(todo: OneTodo, todos: Todos) -> None:
    """Delete a todo."""
    await todos.delete(todo)


@router.delete("/me", status_code=status.HTTP_204_NO_CONTENT, tags=["user"])
async def forget_me(todos: Todos) -> None:
    """Delete everything that is the user's."""
    await todos.forget_user()
