"""What can be done in a chat, whoever understands the words."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from todo import metrics
from todo.chat.clock import Clock
from todo.database import OutcomeUnknownError
from todo.models import LARGEST_NUMBER, Priority, Todo
from todo.schemas import MOST_TAGS, TAG_LENGTH, Action, Tags, Title, TodoRead, ToolName
from todo.todos import TodoNotFoundError, TodoStore, TooManyTagsError, TooManyTodosError, Wanted

# What a model is given at once; it may ask for the todos after these.
_PAGE = 50

_TITLE: TypeAdapter[str] = TypeAdapter(Title)
_PRIORITY: TypeAdapter[str] = TypeAdapter(Priority)
_TAGS: TypeAdapter[list[str]] = TypeAdapter(Tags)

NO_DUE = "none"
"""What takes a due date away."""


class ToolError(Exception):
    """A tool could not do what was asked. Its text is for the user."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Some of the todos that fit, and how many do, done or not."""

    todos: list[TodoRead]
    more: bool
    open: int
    completed: int


class Toolbox:
    """The tools over one user's todos, and a record of what they did, told to `tell` as well.

    After `most_calls` they only say that it is enough.
    """

    def __init__(
        self,
        todos: TodoStore,
        *,
        most_calls: int,
        clock: Clock | None = None,
        tell: Callable[[Action], None] = lambda _: None,
    ) -> None:
        self._todos = todos
        self.clock = clock or Clock()
        self._most_calls = most_calls
        self._tell = tell
        self._calls = 0
        self._acting: set[asyncio.Task[TodoRead]] = set()
        self.actions: list[Action] = []
        self.failure: Exception | None = None
        """What ended a tool that is not for the model to mend."""
        self.uncertain = False
        """Whether a tool may have done what it does not tell."""

    @property
    def changes(self) -> list[Action]:
        """What was done to the list."""
        return [action for action in self.actions if action.todo]

    async def add_todo(
        self,
        title: str,
        *,
        due: str | None = None,
        priority: str | None = None,
        tags: Sequence[str] = (),
    ) -> TodoRead:
        """Add a todo; raise ToolError for what cannot be kept."""
        self._count_call()
        todo = self._todos.add(
            _title(title),
            due_at=self._due(due),
            priority=_priority(priority or "normal"),
            tags=sorted(_tags(tags)),
        )
        return await self._act("add_todo", todo)

    async def list_todos(
        self,
        *,
        completed: bool | None = None,
        containing: str | None = None,
        tag: str | None = None,
        due_by: str | None = None,
        after: int = 0,
    ) -> Listed:
        """List the todos after a number, or only those of them that fit."""
        self._count_call()
        tags = _tags([tag] if tag else [])
        wanted = Wanted(search=containing, tag=next(iter(tags), None), due_by=self._due(due_by))
        cursor = str(min(max(after, 0), LARGEST_NUMBER))
        page = await self._todos.page(
            replace(wanted, completed=completed), limit=_PAGE, cursor=cursor
        )
        is_open, done = await self._todos.count(wanted)
        self._record(Action(tool="list_todos"))
        return Listed(
            todos=[*page.todos], more=page.next_cursor is not None, open=is_open, completed=done
        )

    async def complete_todo(self, number: int) -> TodoRead:
        """Mark a todo as done; raise ToolError when there is none of that number."""
        self._count_call()
        todo = self._todos.update_number(number, completed=True)
        return await self._act("complete_todo", todo, missing=_no_such(number))

    async def edit_todo(
        self,
        number: int,
        *,
        title: str | None = None,
        due: str | None = None,
        priority: str | None = None,
        completed: bool | None = None,
    ) -> TodoRead:
        """Change what is given of a todo; raise ToolError for what cannot be kept.

        What is blank is not given: models write that for null.
        """
        self._count_call()
        changes: dict[str, object] = {}
        if title and title.strip():
            changes["title"] = _title(title)
        if due and due.strip():
            changes["due_at"] = self._due(due)
        if priority and priority.strip():
            changes["priority"] = _priority(priority)
        if completed is not None:
            changes["completed"] = completed
        if not changes:
            raise ToolError(
                "Say what to change: the title, the due date, the priority or whether it is done."
            )
        todo = self._todos.update_number(number, **changes)
        return await self._act("edit_todo", todo, missing=_no_such(number))

    async def tag_todo(
        self, number: int, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> TodoRead:
        """Give a todo tags and take some from it; raise ToolError for what cannot be kept."""
        self._count_call()
        tagged = self._todos.tag_number(number, add=_tags(add), remove=_tags(remove))
        return await self._act("edit_todo", tagged, missing=_no_such(number))

    async def restore_todo(self, number: int) -> TodoRead:
        """Bring back a deleted todo; raise ToolError when it cannot be brought back."""
        self._count_call()
        missing = ToolError(f"No todo {str(number)[:20]} was deleted within the last day.")
        return await self._act("restore_todo", self._todos.restore_number(number), missing=missing)

    async def delete_todo(self, number: int) -> TodoRead:
        """Delete a todo and give what it was; raise ToolError when there is none."""
        self._count_call()
        todo = self._todos.delete_number(number)
        return await self._act("delete_todo", todo, missing=_no_such(number))

    async def settle(self) -> None:
        """Wait for what was begun when the answer was given up."""
        if self._acting:
            await asyncio.wait(self._acting)

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

    async def _act(
        self,
        tool: ToolName,
        work: Coroutine[object, object, Todo | TodoRead],
        *,
        missing: ToolError | None = None,
    ) -> TodoRead:
        # Given up half-way, it might be done without a word of it.
        acting = asyncio.create_task(self._act_to_the_end(tool, work, missing))
        self._acting.add(acting)
        acting.add_done_callback(self._ended)
        # It goes on when this is given up.
        await asyncio.wait({acting})
        return acting.result()

    def _ended(self, acting: asyncio.Task[TodoRead]) -> None:
        self._acting.discard(acting)
        # Nobody may be left to take it: what became of the answer is in `actions` and `uncertain`.
        if not acting.cancelled():
            acting.exception()

    async def _act_to_the_end(
        self,
        tool: ToolName,
        work: Coroutine[object, object, Todo | TodoRead],
        missing: ToolError | None,
    ) -> TodoRead:
        try:
            todo = TodoRead.model_validate(await work)
        except TodoNotFoundError:
            raise missing or ToolError("There is no such todo.") from None
        except TooManyTagsError:
            raise ToolError(f"A todo has at most {MOST_TAGS} tags.") from None
        except TooManyTodosError as error:
            raise ToolError(_sentence(str(error))) from None
        except OutcomeUnknownError:
            self.uncertain = True
            raise
        self._record(Action(tool=tool, todo=todo))
        return todo

    def _record(self, action: Action) -> None:
        self.actions.append(action)
        metrics.TOOL_CALLS.labels(action.tool).inc()
        self._tell(action)


def _sentence(detail: str) -> str:
    return f"{detail[0].upper()}{detail[1:]}."


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


def _tags(tags: Sequence[str]) -> set[str]:
    try:
        return set(_TAGS.validate_python([tag.strip() for tag in tags]))
    except ValidationError:
        raise ToolError(
            f"A tag is one word of at most {TAG_LENGTH} characters; a todo has at most {MOST_TAGS}."
        ) from None


def _no_such(number: int) -> ToolError:
    # A model may name a number as long as its answer.
    return ToolError(f"There is no todo {str(number)[:20]}.")
