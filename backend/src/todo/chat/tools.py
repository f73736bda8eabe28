"""What can be done in a chat, whoever understands the words."""

from pydantic import TypeAdapter, ValidationError

from todo.schemas import Action, Title, TodoRead, ToolName
from todo.todos import TodoNotFoundError, TodoStore

_TITLE: TypeAdapter[str] = TypeAdapter(Title)


class ToolError(Exception):
    """A tool could not do what was asked. Its text is for the user."""


class Toolbox:
    """The tools over one user's todos, and a record of what they did."""

    def __init__(self, todos: TodoStore) -> None:
        self._todos = todos
        self.actions: list[Action] = []

    async def add_todo(self, title: str) -> TodoRead:
        """Add a todo; raise ToolError for a title that cannot be kept."""
        try:
            valid = _TITLE.validate_python(title)
        except ValidationError:
            raise ToolError("A title has 1 to 200 characters.") from None
        return self._did("add_todo", TodoRead.model_validate(await self._todos.add(valid)))

    async def list_todos(self, *, completed: bool | None = None) -> list[TodoRead]:
        """List the todos, or only those that are (not) completed."""
        todos = await self._todos.all(completed=completed)
        self.actions.append(Action(tool="list_todos"))
        return [TodoRead.model_validate(todo) for todo in todos]

    async def complete_todo(self, number: int) -> TodoRead:
        """Mark a todo as done; raise ToolError when there is none of that number."""
        try:
            todo = await self._todos.complete(number)
        except TodoNotFoundError:
            raise _no_such(number) from None
        return self._did("complete_todo", TodoRead.model_validate(todo))

    async def delete_todo(self, number: int) -> TodoRead:
        """Delete a todo and give what it was; raise ToolError when there is none."""
        try:
            todo = await self._todos.delete_number(number)
        except TodoNotFoundError:
            raise _no_such(number) from None
        return self._did("delete_todo", TodoRead.model_validate(todo))

    def _did(self, tool: ToolName, todo: TodoRead) -> TodoRead:
        self.actions.append(Action(tool=tool, todo=todo))
        return todo


def _no_such(number: int) -> ToolError:
    return ToolError(f"There is no todo {number}.")
