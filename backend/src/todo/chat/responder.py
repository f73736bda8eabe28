"""What answers a chat message."""

from collections.abc import Sequence
from typing import Protocol

from todo.chat.tools import Toolbox
from todo.models import Message


class AssistantUnavailableError(Exception):
    """The language model gave no usable answer. Its text may be told to the user."""


class AssistantTimeoutError(AssistantUnavailableError):
    """The language model took too long."""


class Responder(Protocol):
    """Understands a message and answers it."""

    async def start(self) -> None:
        """Begin what takes long, without waiting for it."""

    async def reply(self, message: str, history: Sequence[Message], tools: Toolbox) -> str:
        """Answer the message, using the tools; raise AssistantUnavailableError."""
        ...

    async def close(self) -> None:
        """Let go of what `start` and `reply` opened."""
