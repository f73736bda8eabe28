"""The tools as a language model is given them."""

import json

from agents import RunContextWrapper, function_tool
from agents.exceptions import ModelBehaviorError

from todo.chat.tools import Listed, Toolbox, ToolError
from todo.schemas import TodoRead


def _explain(context: RunContextWrapper[Toolbox], error: Exception) -> str:
    """Tell the model what it can mend; anything else ends the run."""
    if isinstance(error, ToolError):
        return str(error)
    if isinstance(error, ModelBehaviorError):
        return "The arguments do not fit the tool; read its description and call it again."
    context.context.failure = error
    raise error


@function_tool(failure_error_function=_explain)
async def add_todo(
    context: RunContextWrapper[Toolbox],
    title: str,
    due: str | None = None,
    priority: str | None = None,
    tags: list[str] | None = None,
) -> str:
    """Add a todo to the user's list.

    Args:
        context: The user's tools.
        title: What is to be done, 1 to 200 characters.
        due: When it is due, on the user's own clock, as 2026-11-27T17:00 or 2026-11-27; or null.
        priority: low, normal or high; null for normal.
        tags: Tags, each one word, as shopping; or null.
    """
    todo = await context.context.add_todo(title, due=due, priority=priority, tags=tags or ())
    return _as_json(todo, context.context)


@function_tool(failure_error_function=_explain)
async def edit_todo(
    context: RunContextWrapper[Toolbox],
    *,
    number: int,
    title: str | None = None,
    due: str | None = None,
    priority: str | None = None,
    completed: bool | None = None,
) -> str:
    """Change a todo's title, due date or priority, or whether it is done; what is null stays.

    Args:
        context: The user's tools.
        number: The todo's number.
        title: What is to be done, 1 to 200 characters.
        due: When it is due, on the user's own clock, as 2026-11-27T17:00 or 2026-11-27; "none"
            takes the due date away.
        priority: low, normal or high.
        completed: false for one that is not done after all.
    """
    todo = await context.context.edit_todo(
        number, title=title, due=due, priority=priority, completed=completed
    )
    return _as_json(todo, context.context)


@function_tool(failure_error_function=_explain)
async def list_todos(
    context: RunContextWrapper[Toolbox],
    *,
    completed: bool | None,
    containing: str | None,
    after_number: int | None,
    tag: str | None = None,
    due_by: str | None = None,
) -> str:
    """List the user's todos by number, at most 50 at once.

    "open" and "completed" count all that fit, whether they are listed or not.

    Args:
        context: The user's tools.
        completed: true for completed ones only, false for open ones only, null for all.
        containing: Only those whose title contains each of these words as it is written, or that
            have this number, or this tag after a #; null for all.
        after_number: Only those after this number, for what did not fit before; null for all.
        tag: Only those that have this tag; null for all.
        due_by: Only those due by then, on the user's own clock, as 2026-11-27T17:00 or 2026-11-27,
            which is the day's end; null for all.
    """
    listed = await context.context.list_todos(
        completed=completed,
        containing=containing,
        tag=tag,
        due_by=due_by,
        after=after_number or 0,
    )
    return _page_as_json(listed, context.context)


@function_tool(failure_error_function=_explain)
async def tag_todo(
    context: RunContextWrapper[Toolbox],
    number: int,
    add: list[str] | None = None,
    remove: list[str] | None = None,
) -> str:
    """Give a todo tags, or take tags from it.

    Args:
        context: The user's tools.
        number: The todo's number.
        add: Tags to give it, each one word, as shopping; or null.
        remove: Tags to take from it; or null.
    """
    todo = await context.context.tag_todo(number, add=add or (), remove=remove or ())
    return _as_json(todo, context.context)


@function_tool(failure_error_function=_explain)
async def complete_todo(context: RunContextWrapper[Toolbox], number: int) -> str:
    """Mark a todo as done.

    Args:
        context: The user's tools.
        number: The todo's number.
    """
    return _as_json(await context.context.complete_todo(number), context.context)


@function_tool(failure_error_function=_explain)
async def delete_todo(context: RunContextWrapper[Toolbox], number: int) -> str:
    """Delete a todo; for a day it can be restored.

    Args:
        context: The user's tools.
        number: The todo's number.
    """
    return _as_json(await context.context.delete_todo(number), context.context)


@function_tool(failure_error_function=_explain)
async def restore_todo(context: RunContextWrapper[Toolbox], number: int) -> str:
    """Bring back a todo that was deleted within the last day.

    Args:
        context: The user's tools.
        number: The number that the todo had, and has again.
    """
    return _as_json(await context.context.restore_todo(number), context.context)


TOOLS = (add_todo, list_todos, complete_todo, edit_todo, tag_todo, delete_todo, restore_todo)
TOOLS_LENGTH = sum(
    len(tool.description) + len(json.dumps(tool.params_json_schema)) for tool in TOOLS
)


def _as_json(todo: TodoRead, tools: Toolbox) -> str:
    return json.dumps(_shown(todo, tools), ensure_ascii=False)


def _page_as_json(listed: Listed, tools: Toolbox) -> str:
    page = {
        "open": listed.open,
        "completed": listed.completed,
        "todos": [_shown(todo, tools) for todo in listed.todos],
        "more": listed.more,
    }
    return json.dumps(page, ensure_ascii=False)


def _shown(todo: TodoRead, tools: Toolbox) -> dict[str, object]:
    """Give what the model is told of a todo: as little as will do."""
    shown = todo.model_dump(include={"number", "title", "completed"})
    if todo.due_at:
        shown["due"] = tools.clock.shown(todo.due_at)
    if todo.priority != "normal":
        shown["priority"] = todo.priority
    if todo.tags:
        shown["tags"] = todo.tags
    return shown
