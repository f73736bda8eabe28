"""One message and its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from todo import metrics
from todo.chat.clock import Clock
from todo.chat.responder import (
    AssistantBusyError,
    AssistantTimeoutError,
    AssistantUnavailableError,
    Responder,
)
from todo.chat.tools import Toolbox
from todo.conversations import ConversationStore
from todo.schemas import Action, ChatReply, ChatRequest
from todo.todos import TodoStore
from todo.usage import LimitExceededError, UsageStore

# What a failure is counted as; a class stands before what it is a kind of.
_OUTCOMES: Mapping[type[Exception], str] = {
    LimitExceededError: "limited",
    AssistantBusyError: "busy",
    AssistantTimeoutError: "late",
    AssistantUnavailableError: "unavailable",
}


class ChatFailedError(Exception):
    """There is no answer; what was done before stays done."""

    def __init__(self, cause: Exception, actions: Sequence[Action]) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause
        self.actions = actions


@dataclass(frozen=True, slots=True)
class Exchange:
    """What it takes to answer one message of one user."""

    responder: Responder
    todos: TodoStore
    most_tool_calls: int
    usage: UsageStore
    conversations: ConversationStore

    async def answer(self, request: ChatRequest) -> ChatReply:
        """Answer a message; raise ConversationNotFoundError or ChatFailedError."""
        asked = request.conversation_id
        tools = Toolbox(
            self.todos, most_calls=self.most_tool_calls, clock=Clock.of(request.time_zone)
        )
        history = await self.conversations.history(asked) if asked else []
        try:
            await self.usage.count_message()
            reply = await self.responder.reply(request.message, history, tools, self.usage)
            conversation_id = await self.conversations.record(
                asked, message=request.message, reply=reply
            )
        except Exception as error:
            metrics.ANSWERS.labels(_outcome(error)).inc()
            raise ChatFailedError(error, tools.changes) from error
        metrics.ANSWERS.labels("answered").inc()
        return ChatReply(conversation_id=conversation_id, reply=reply, actions=tools.actions)


def _outcome(error: Exception) -> str:
    return next((told for kind, told in _OUTCOMES.items() if isinstance(error, kind)), "failed")
