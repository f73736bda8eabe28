"""What can be done in a chat, whoever understands the words."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from todo import metrics
from todo.chat.clock import Clock
from todo.models import Priority
from todo.schemas import Action, Title, TodoRead, ToolName
from todo.todos import TodoNotFoundError, TodoStore

# What a model is given at once; it may ask for the todos after these.
_PAGE = 50

_TITLE: TypeAdapter[str] = TypeAdapter(Title)
_PRIORITY: TypeAdapter[str] = TypeAdapter(Priority)

NO_DUE = "none"
"""What takes a due date away."""


class ToolError(Exception):
    """A tool could not do what was asked. Its text is for the user."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Some of the todos, and how many there are."""

    todos: list[TodoRead]
    more: bool
    open: int
    completed: int


class Toolbox:
    """The tools over one user's todos, and a record of what they did.

    After `most_calls` they only say that it is enough.
    """

    def __init__(self, todos: TodoStore, *, most_calls: int, clock: Clock | None = None) -> None:
        self._todos = todos
        self.clock = clock or Clock()
        self._most_calls = most_calls
        self._calls = 0
        self.actions: list[Action] = []
        self.failure: Exception | None = None
        """What ended a tool that is not for the model to mend."""

    @property
    def changes(self) -> list[Action]:
        """What was done to the list."""
        return [action for action in self.actions if action.todo]

    async def add_todo(
        self, title: str, *, due: str | None = None, priority: str | None = None
    ) -> TodoRead:
        """Add a todo; raise ToolError for what cannot be kept."""
        self._count_call()
        todo = await self._todos.add(
            _title(title), due_at=self._due(due), priority=_priority(priority or "normal")
        )
        return self._record("add_todo", TodoRead.model_validate(todo))

    async def list_todos(
        self, *, completed: bool | None = None, containing: str | None = None, after: int = 0
    ) -> Listed:
        """List the todos after a number, or only those of them that fit."""
        self._count_call()
        page = await self._todos.page(
            limit=_PAGE, after=after, completed=completed, containing=containing
        )
        counts = await self._todos.count()
        self._acted(Action(tool="list_todos"))
        return Listed(
            todos=[TodoRead.model_validate(todo) for todo in page.todos],
            more=page.next_number is not None,
            open=counts.open,
            completed=counts.completed,
        )

    async def complete_todo(self, number: int) -> TodoRead:
        """Mark a todo as done; raise ToolError when there is none of that number."""
        self._count_call()
        try:
            todo = await self._todos.update_number(number, completed=True)
        except TodoNotFoundError:
            raise _no_such(number) from None
        return self._record("complete_todo", TodoRead.model_validate(todo))

    async def edit_todo(
        self,
        number: int,
        *,
        title: str | None = None,
        due: str | None = None,
        priority: str | None = None,
    ) -> TodoRead:
        """Change what is given of a todo; raise ToolError for what cannot be kept."""
        self._count_call()
        changes: dict[str, object] = {}
        if title is not None:
            changes["title"] = _title(title)
        if due is not None:
            changes["due_at"] = self._due(due)
        if priority is not None:
            changes["priority"] = _priority(priority)
        if not changes:
            raise ToolError("Say what to change: the title, the due date or the priority.")
        try:
            todo = await self._todos.update_number(number, **changes)
        except TodoNotFoundError:
            raise _no_such(number) from None
        return self._record("edit_todo", TodoRead.model_validate(todo))

    async def restore_todo(self, number: int) -> TodoRead:
        """Bring back a deleted todo; raise ToolError when it cannot be brought back."""
        self._count_call()
        try:
            todo = await self._todos.restore_number(number)
        except TodoNotFoundError:
            raise ToolError(
                f"No todo {str(number)[:20]} was deleted within the last day."
            ) from None
        return self._record("restore_todo", TodoRead.model_validate(todo))

    async def delete_todo(self, number: int) -> TodoRead:
        """Delete a todo and give what it was; raise ToolError when there is none."""
        self._count_call()
        try:
            todo = await self._todos.delete_number(number)
        except TodoNotFoundError:
            raise _no_such(number) from None
        return self._record("delete_todo", TodoRead.model_validate(todo))

    def _due(self, written: str | None) -> datetime | None:
        if written is None or written.strip().lower() in {"", NO_DUE}:
            return None
        try:
            return self.clock.read(written.strip())
        except ValueError:
            raise ToolError(
                "A due date is written as 2026-11-27 or 2026-11-27T17:00, in the user's own time."
            ) from None

    def _count_call(self) -> None:
        if self._calls >= self._most_calls:
            raise ToolError(f"That is enough: one answer may use tools {self._most_calls} times.")
        self._calls += 1

    def _record(self, tool: ToolName, todo: TodoRead) -> TodoRead:
        self._acted(Action(tool=tool, todo=todo))
        return todo

    def _acted(self, action: Action) -> None:
        self.actions.append(action)
        metrics.TOOL_CALLS.labels(action.tool).inc()


def _title(title: str) -> str:
    try:
        return _TITLE.validate_python(title)
    except ValidationError:
        raise ToolError("A title has 1 to 200 characters that can be seen.") from None


def _priority(priority: str) -> str:
    try:
        return _PRIORITY.validate_python(priority)
    except ValidationError:
        raise ToolError("A priority is low, normal or high.") from None


def _no_such(number: int) -> ToolError:
    # A model may name a number as long as its answer.
    return ToolError(f"There is no todo {str(number)[:20]}.")
