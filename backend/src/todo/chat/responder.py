"""What answers a chat message."""

from collections.abc import Callable, Sequence
from typing import Protocol

from todo.chat.tools import Toolbox
from todo.models import Message
from todo.usage import UsageStore

type Say = Callable[[str], None]
"""Tells some more words of an answer while it is made."""


class AssistantUnavailableError(Exception):
    """The language model gave no usable answer. Its text may be told to the user."""


class AssistantTimeoutError(AssistantUnavailableError):
    """The language model took too long."""


class AssistantBusyError(AssistantUnavailableError):
    """The language model's service refused for now, and said when to try again."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Responder(Protocol):
    """Understands a message and answers it."""

    async def start(self) -> None:
        """Begin what takes long, without waiting for it."""

    async def reply(
        self,
        message: str,
        history: Sequence[Message],
        tools: Toolbox,
        usage: UsageStore,
        say: Say,
    ) -> str:
        """Answer the message, using the tools, and give the whole answer at the end.

        A task that is cancelled ends what it asked of a model.

        Raises AssistantUnavailableError, and LimitExceededError when the user's usage is spent.
        """
        ...

    async def close(self) -> None:
        """Let go of what `start` and `reply` opened."""
