"""Answers without a language model: a few commands, for development and for tests offline."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from todo.chat.clock import Clock
from todo.chat.responder import Say
from todo.chat.tools import NO_DUE, Listed, Toolbox, ToolError
from todo.models import Message
from todo.schemas import TodoRead
from todo.usage import UsageStore

HELP = (
    "I understand “add buy milk”, “list”, “list open”, “list done”, “complete 1”, “delete 1”, "
    "“restore 1”, “rename 1 to buy oats”, “due 1 tomorrow at 5pm”, “due 1 none”, "
    "“priority 1 high”, “tag 1 #shopping”, “untag 1 #shopping”, “list #shopping” and “help”."
)


@dataclass(frozen=True, slots=True)
class Add:
    """Add a todo of that title."""

    title: str


@dataclass(frozen=True, slots=True)
class List:
    """List all todos, or only those that are (not) completed or have a tag."""

    completed: bool | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Complete:
    """Mark the todo of that number as done."""

    number: int


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the todo of that number."""

    number: int


@dataclass(frozen=True, slots=True)
class Restore:
    """Bring back the deleted todo of that number."""

    number: int


@dataclass(frozen=True, slots=True)
class Rename:
    """Give the todo of that number another title."""

    number: int
    title: str


@dataclass(frozen=True, slots=True)
class Due:
    """Say when the todo of that number is due, in words."""

    number: int
    words: str


@dataclass(frozen=True, slots=True)
class Prioritize:
    """Give the todo of that number a priority."""

    number: int
    priority: str


@dataclass(frozen=True, slots=True)
class Retag:
    """Give the todo of that number tags, or take them from it."""

    number: int
    tags: tuple[str, ...]
    gives: bool


@dataclass(frozen=True, slots=True)
class Help:
    """Say what is understood."""


type Change = Complete | Delete | Restore | Rename | Due | Prioritize | Retag
type Command = Add | List | Change | Help


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text + r"\s*[.!?]*", re.IGNORECASE | re.DOTALL)


# [0-9], since \d takes digits of every script; and more than nine of them number no todo.
_NUMBER = r"\s+(?:(?:todo|task|number)\s+)?#?([0-9]{1,9})"
_ADD = re.compile(r"(?:add|new|remember)(?:\s+to\b|\s*:)?\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_LIST = _pattern(
    r"(?:list|show|todos|tasks)(?:\s+(?:all|me|my|the))*"
    r"(?:\s+(?:(open|pending)|(done|completed)))?(?:\s+(?:todos?|tasks?|list))?(?:\s+#([^\s#]+))?"
)
_COMPLETE = _pattern(r"(?:complete|done|finish|check)" + _NUMBER)
_DELETE = _pattern(r"(?:delete|remove|drop)" + _NUMBER)
_RESTORE = _pattern(r"(?:restore|undelete)" + _NUMBER)
_RENAME = re.compile(r"rename" + _NUMBER + r"\s+to\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_DUE = re.compile(r"due" + _NUMBER + r"\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_RETAG = re.compile(r"(un)?tag" + _NUMBER + r"((?:\s+#[^\s#]+)+)", re.IGNORECASE)
_PRIORITY = _pattern(r"priority" + _NUMBER + r"\s+(low|normal|high)")


def parse(message: str) -> Command:
    """Give the command that a message is; what is not understood asks for help."""
    text = message.strip()
    if match := _ADD.fullmatch(text):
        return Add(match[1])
    if match := _LIST.fullmatch(text):
        return List(True if match[2] else False if match[1] else None, match[3])
    if match := _COMPLETE.fullmatch(text):
        return Complete(int(match[1]))
    if match := _DELETE.fullmatch(text):
        return Delete(int(match[1]))
    return _edit(text)


def _edit(text: str) -> Command:
    if match := _RESTORE.fullmatch(text):
        return Restore(int(match[1]))
    if match := _RENAME.fullmatch(text):
        return Rename(int(match[1]), match[2])
    if match := _DUE.fullmatch(text):
        return Due(int(match[1]), match[2].rstrip(" .!?"))
    if match := _RETAG.fullmatch(text):
        return Retag(int(match[2]), tuple(match[3].split()), gives=not match[1])
    if match := _PRIORITY.fullmatch(text):
        return Prioritize(int(match[1]), match[2].lower())
    return Help()


class CommandResponder:
    """Answers by the commands alone."""

    async def start(self) -> None:
        """Nothing to begin."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def reply(
        self,
        message: str,
        history: Sequence[Message],
        tools: Toolbox,
        usage: UsageStore,
        say: Say,
    ) -> str:
        """Do what the message commands, and say so."""
        del history, usage  # A command needs no context, and asks no model.
        try:
            reply = await _obey(parse(message), tools)
        except ToolError as error:
            reply = str(error)
        say(reply)
        return reply


async def _obey(command: Command, tools: Toolbox) -> str:
    match command:
        case Add(title):
            todo = await tools.add_todo(title)
            return f"Added {todo.number}: {todo.title}"
        case List(completed, tag):
            listed = await tools.list_todos(completed=completed, tag=tag)
            return _listing(listed, tools.clock)
        case Help():
            return HELP
        case _:
            done, todo = await _change(command, tools)
            return f"{done} {todo.number}: {todo.title}"


async def _change(command: Change, tools: Toolbox) -> tuple[str, TodoRead]:  # noqa: PLR0911
    """Change a todo, and give what was done, in words, and what it is."""
    match command:
        case Complete(number):
            return "Completed", await tools.complete_todo(number)
        case Delete(number):
            return "Deleted", await tools.delete_todo(number)
        case Restore(number):
            return "Restored", await tools.restore_todo(number)
        case Rename(number, title):
            return "Renamed", await tools.edit_todo(number, title=title)
        case Due(number, words):
            todo = await tools.edit_todo(number, due=_due(words, tools.clock))
            when = f"Due {tools.clock.shown(todo.due_at)}," if todo.due_at else "No longer due,"
            return when, todo
        case Retag(number, tags, gives):
            given, taken = (tags, ()) if gives else ((), tags)
            todo = await tools.tag_todo(number, add=given, remove=taken)
            return _tagged(todo) or "No tags,", todo
        case Prioritize(number, priority):
            todo = await tools.edit_todo(number, priority=priority)
            return f"{todo.priority.capitalize()} priority,", todo


def _due(words: str, clock: Clock) -> str:
    if words.lower() == NO_DUE:
        return NO_DUE
    try:
        return clock.understand(words).isoformat()
    except ValueError:
        raise ToolError("Say when as in “due 1 tomorrow at 5pm” or “due 1 2026-11-27”.") from None


def _listing(listed: Listed, clock: Clock) -> str:
    rows = [_row(todo, clock) for todo in listed.todos]
    if listed.more:
        rows.append(f"… and more: {listed.open} open, {listed.completed} done in all.")
    return "\n".join(rows) or "Nothing here."


def _row(todo: TodoRead, clock: Clock) -> str:
    due = f", due {clock.shown(todo.due_at)}" if todo.due_at else ""
    priority = f", {todo.priority} priority" if todo.priority != "normal" else ""
    tags = f", {_tagged(todo)}" if todo.tags else ""
    return f"{'☑' if todo.completed else '☐'} {todo.number}: {todo.title}{due}{priority}{tags}"


def _tagged(todo: TodoRead) -> str:
    return " ".join(f"#{tag}" for tag in todo.tags)
