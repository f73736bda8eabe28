"""A conversation: what was said before, the answer, and what was done."""

from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from todo import commands
from todo.models import Conversation, Message
from todo.settings import Settings
from todo.tools import Toolbox

REMEMBERED = 20
"""How many of the last messages a model is shown again."""


class ConversationNotFoundError(Exception):
    """The user has no such conversation."""


class AssistantUnavailableError(Exception):
    """The assistant did not answer."""


class Assistant(Protocol):
    """Answers a message with the tools of the user who wrote it."""

    async def __call__(self, history: list[tuple[str, str]], message: str, tools: Toolbox) -> str:
        """Gives the answer; `history` has (role, content), oldest first."""


async def command_assistant(_history: list[tuple[str, str]], message: str, tools: Toolbox) -> str:
    """Answers with the command parser."""
    return await commands.answer(message, tools)


def choose_assistant(settings: Settings) -> Assistant:
    """Gives the agent where there is a key, and otherwise the command parser."""
    if settings.openai_api_key is None:
        return command_assistant
    from todo import agent  # noqa: PLC0415  # takes a second to load, and only this needs it

    model = agent.openai_model(settings.openai_model, settings.openai_api_key.get_secret_value())

    async def model_assistant(history: list[tuple[str, str]], message: str, tools: Toolbox) -> str:
        return await agent.answer(model, history, message, tools)

    return model_assistant


async def open_conversation(
    session: AsyncSession, user_id: str, conversation_id: UUID | None
) -> Conversation:
    """Gives the user's conversation, or a new one when none is named."""
    if conversation_id is None:
        conversation = Conversation(user_id=user_id)
        session.add(conversation)
        await session.commit()
        return conversation
    found = await session.scalar(
        select(Conversation).where(
            col(Conversation.id) == conversation_id, col(Conversation.user_id) == user_id
        )
    )
    if found is None:
        raise ConversationNotFoundError
    return found


async def history(session: AsyncSession, conversation: Conversation) -> list[tuple[str, str]]:
    """Gives the last messages, oldest first."""
    last = await session.scalars(
        select(Message)
        .where(col(Message.conversation_id) == conversation.id)
        .order_by(col(Message.id).desc())
        .limit(REMEMBERED)
    )
    return [(message.role, message.content) for message in reversed(last.all())]


async def remember(
    session: AsyncSession, conversation: Conversation, message: str, reply: str
) -> None:
    """Adds one exchange to the conversation."""
    session.add(Message(conversation_id=conversation.id, role="user", content=message))
    # Flushed apart, so that the ids are in the order in which it was said.
    await session.flush()
    session.add(Message(conversation_id=conversation.id, role="assistant", content=reply))
    await session.commit()
