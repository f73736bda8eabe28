"""The small command parser that answers in development, without a model."""

import re
from collections.abc import Awaitable, Callable

from todo.tools import Toolbox

HELP = (
    'Tell me "add buy milk", "list", "complete 1", "delete 1" or "help". '
    "Numbers are those in your list."
)

_Handler = Callable[[Toolbox, re.Match[str]], Awaitable[str]]


async def _add(tools: Toolbox, match: re.Match[str]) -> str:
    return await tools.add_todo(match["title"])


async def _list(tools: Toolbox, _match: re.Match[str]) -> str:
    return await tools.list_todos()


async def _complete(tools: Toolbox, match: re.Match[str]) -> str:
    return await tools.complete_todo(int(match["number"]))


async def _delete(tools: Toolbox, match: re.Match[str]) -> str:
    return await tools.delete_todo(int(match["number"]))


_NUMBER = r"(?:todo\s+|task\s+)?#?(?P<number>\d{1,9})"
_COMMANDS: list[tuple[re.Pattern[str], _Handler]] = [
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), handler)
    for pattern, handler in [
        (r"(?:add|new|remember|remind me to)\s*:?\s+(?P<title>\S.*)", _add),
        (r"(?:list|show)(?:\s+(?:my|all))*(?:\s+(?:todos|tasks))?[.?!]*", _list),
        (rf"(?:complete|done|finish|check(?:\s+off)?)\s+{_NUMBER}[.!]*", _complete),
        (rf"(?:delete|remove)\s+{_NUMBER}[.!]*", _delete),
    ]
]


async def answer(message: str, tools: Toolbox) -> str:
    """Does what the message asks for, through the agent's own tools, and says what was done."""
    said = message.strip()
    for pattern, handler in _COMMANDS:
        match = pattern.fullmatch(said)
        if match:
            return await handler(tools, match)
    if said.lower().rstrip("?!.") == "help":
        return HELP
    return f"I did not understand that. {HELP}"
