"""What a chat may do. The user is bound before a word is read: no tool takes one."""

from dataclasses import dataclass, field
from typing import Literal

from todo.models import Todo
from todo.todos import TITLE_LENGTH, TodoList, TodoNotFoundError

ToolName = Literal["add_todo", "list_todos", "complete_todo", "delete_todo"]


@dataclass(frozen=True)
class Action:
    """One thing that was done in answer to a message."""

    tool: ToolName
    todo: Todo | None = None


@dataclass
class Toolbox:
    """The tools of one user in one turn, and what they did. Each gives a sentence to say."""

    todos: TodoList
    actions: list[Action] = field(default_factory=list)

    async def add_todo(self, title: str) -> str:
        """Add a todo to the user's list."""
        title = " ".join(title.split())
        if not 1 <= len(title) <= TITLE_LENGTH:
            return f"A title has 1 to {TITLE_LENGTH} characters."
        todo = await self.todos.add(title)
        self.actions.append(Action("add_todo", todo))
        return f"Added {todo.number}: {todo.title}"

    async def list_todos(self) -> str:
        """List the user's todos with their numbers."""
        todos = await self.todos.all()
        self.actions.append(Action("list_todos"))
        if not todos:
            return "Your list is empty."
        return "\n".join(f"{t.number}. [{'x' if t.completed else ' '}] {t.title}" for t in todos)

    async def complete_todo(self, number: int) -> str:
        """Mark the todo with that number as done."""
        try:
            todo = await self.todos.change(await self.todos.by_number(number), completed=True)
        except TodoNotFoundError:
            return f"There is no todo {number} in your list."
        self.actions.append(Action("complete_todo", todo))
        return f"Done {todo.number}: {todo.title}"

    async def delete_todo(self, number: int) -> str:
        """Delete the todo with that number."""
        try:
            todo = await self.todos.by_number(number)
            await self.todos.delete(todo)
        except TodoNotFoundError:
            return f"There is no todo {number} in your list."
        self.actions.append(Action("delete_todo", todo))
        return f"Deleted {todo.number}: {todo.title}"
