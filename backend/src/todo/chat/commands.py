"""Answers without a language model: a few commands, for development and for tests offline."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from todo.chat.tools import Listed, Toolbox, ToolError
from todo.models import Message
from todo.schemas import TodoRead
from todo.usage import UsageStore

HELP = (
    "I understand “add buy milk”, “list”, “list open”, “list done”, “complete 1”, “delete 1” "
    "and “help”."
)


@dataclass(frozen=True, slots=True)
class Add:
    """Add a todo of that title."""

    title: str


@dataclass(frozen=True, slots=True)
class List:
    """List all todos, or only those that are (not) completed."""

    completed: bool | None = None


@dataclass(frozen=True, slots=True)
class Complete:
    """Mark the todo of that number as done."""

    number: int


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the todo of that number."""

    number: int


@dataclass(frozen=True, slots=True)
class Help:
    """Say what is understood."""


type Command = Add | List | Complete | Delete | Help


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text + r"\s*[.!?]*", re.IGNORECASE | re.DOTALL)


# [0-9], since \d takes digits of every script; and more than nine of them number no todo.
_NUMBER = r"\s+(?:(?:todo|task|number)\s+)?#?([0-9]{1,9})"
_ADD = re.compile(r"(?:add|new|remember)(?:\s+to\b|\s*:)?\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_LIST = _pattern(
    r"(?:list|show|todos|tasks)(?:\s+(?:all|me|my|the))*"
    r"(?:\s+(?:(open|pending)|(done|completed)))?(?:\s+(?:todos?|tasks?|list))?"
)
_COMPLETE = _pattern(r"(?:complete|done|finish|check)" + _NUMBER)
_DELETE = _pattern(r"(?:delete|remove|drop)" + _NUMBER)


def parse(message: str) -> Command:
    """Give the command that a message is; what is not understood asks for help."""
    text = message.strip()
    if match := _ADD.fullmatch(text):
        return Add(match[1])
    if match := _LIST.fullmatch(text):
        return List(True if match[2] else False if match[1] else None)
    if match := _COMPLETE.fullmatch(text):
        return Complete(int(match[1]))
    if match := _DELETE.fullmatch(text):
        return Delete(int(match[1]))
    return Help()


class CommandResponder:
    """Answers by the commands alone."""

    async def start(self) -> None:
        """Nothing to begin."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def reply(
        self, message: str, history: Sequence[Message], tools: Toolbox, usage: UsageStore
    ) -> str:
        """Do what the message commands, and say so."""
        del history, usage  # A command needs no context, and asks no model.
        try:
            return await _obey(parse(message), tools)
        except ToolError as error:
            return str(error)


async def _obey(command: Command, tools: Toolbox) -> str:
    match command:
        case Add(title):
            todo = await tools.add_todo(title)
            return f"Added {todo.number}: {todo.title}"
        case List(completed):
            return _listing(await tools.list_todos(completed=completed))
        case Complete(number):
            todo = await tools.complete_todo(number)
            return f"Completed {todo.number}: {todo.title}"
        case Delete(number):
            todo = await tools.delete_todo(number)
            return f"Deleted {todo.number}: {todo.title}"
        case Help():
            return HELP


def _listing(listed: Listed) -> str:
    rows = [_row(todo) for todo in listed.todos]
    if listed.more:
        rows.append(f"… and more: {listed.open} open, {listed.completed} done in all.")
    return "\n".join(rows) or "Nothing here."


def _row(todo: TodoRead) -> str:
    return f"{'☑' if todo.completed else '☐'} {todo.number}: {todo.title}"
