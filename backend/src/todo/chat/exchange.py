"""One message and its answer."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from todo import metrics, text
from todo.chat.clock import Clock
from todo.chat.progress import Progress
from todo.chat.responder import (
    AssistantBusyError,
    AssistantTimeoutError,
    AssistantUnavailableError,
    Responder,
)
from todo.chat.tools import Toolbox
from todo.conversations import ConversationStore
from todo.database import OutcomeUnknownError
from todo.models import Message
from todo.schemas import Action, ChatReply, ChatRequest, ToolName
from todo.todos import TodoStore
from todo.usage import LimitExceededError, UsageStore

_NOTHING_SAID = "Stopped."
# In the words that commands are answered in.
_DONE: Mapping[ToolName, str] = {
    "add_todo": "Added",
    "edit_todo": "Changed",
    "complete_todo": "Completed",
    "delete_todo": "Deleted",
    "restore_todo": "Restored",
}


class ChatFailedError(Exception):
    """There is no answer; what was done before stays done, and is told unless it is not known."""

    def __init__(self, cause: Exception, actions: Sequence[Action], *, uncertain: bool) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause
        self.actions = actions
        self.uncertain = uncertain
        """Whether more may be done than `actions` says."""


class StoppedError(Exception):
    """The answer was stopped before anything was said or done."""


# What a failure is counted as; a class stands before what it is a kind of.
_OUTCOMES: Mapping[type[Exception], str] = {
    LimitExceededError: "limited",
    AssistantBusyError: "busy",
    AssistantTimeoutError: "late",
    AssistantUnavailableError: "unavailable",
    StoppedError: "stopped",
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """What it takes to answer one message of one user."""

    responder: Responder
    todos: TodoStore
    most_tool_calls: int
    usage: UsageStore
    conversations: ConversationStore

    async def accept(self, request: ChatRequest) -> Sequence[Message]:
        """Count a message that is to be answered, and give what was said before it.

        Raises ConversationNotFoundError and ChatFailedError.
        """
        asked = request.conversation_id
        history = await self.conversations.history(asked) if asked else []
        try:
            await self.usage.count_message()
        except Exception as error:
            raise _failed(error) from error
        return history

    async def answer(
        self, request: ChatRequest, history: Sequence[Message], progress: Progress
    ) -> ChatReply:
        """Answer a message that was accepted, or as much of it as there is when it is stopped.

        Raises ChatFailedError.
        """
        tools = Toolbox(
            self.todos,
            most_calls=self.most_tool_calls,
            clock=Clock.of(request.time_zone),
            tell=progress.act,
        )
        replying = asyncio.create_task(
            self.responder.reply(request.message, history, tools, self.usage, progress.say)
        )
        try:
            stopped = not await _finished(replying, progress)
            await tools.settle()
            if not stopped:
                reply = replying.result()
            elif progress.said or tools.changes:
                reply = _until_then(progress.said, tools.changes)
            else:
                raise StoppedError  # noqa: TRY301
            conversation_id = await self.conversations.record(
                request.conversation_id, message=request.message, reply=reply
            )
        except Exception as error:
            uncertain = tools.uncertain or isinstance(error, OutcomeUnknownError)
            raise _failed(error, tools.changes, uncertain=uncertain) from error
        metrics.ANSWERS.labels("stopped" if stopped else "answered").inc()
        return ChatReply(
            conversation_id=conversation_id, reply=reply, actions=tools.actions, stopped=stopped
        )


def _until_then(said: str, changes: Sequence[Action]) -> str:
    """Say what there is of an answer that was stopped: what it did too, or it is done again."""
    reply = text.broken_off(said) if said else _NOTHING_SAID
    done = [
        f"{_DONE[made.tool]} {made.todo.number}: {made.todo.title}" for made in changes if made.todo
    ]
    return "\n".join([reply, *done])


def _failed(
    error: Exception, actions: Sequence[Action] = (), *, uncertain: bool = False
) -> ChatFailedError:
    outcomes = (told for kind, told in _OUTCOMES.items() if isinstance(error, kind))
    metrics.ANSWERS.labels(next(outcomes, "failed")).inc()
    return ChatFailedError(error, actions, uncertain=uncertain)


async def _finished(replying: asyncio.Task[str], progress: Progress) -> bool:
    """Wait for an answer or for whoever stops it; say whether it came to its end."""
    stopping = asyncio.create_task(progress.stopped())
    try:
        await asyncio.wait({replying, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        replying.cancel()
        await asyncio.wait({replying})
    return not replying.cancelled()
