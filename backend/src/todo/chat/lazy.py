"""The agent, without waiting for its import."""

import asyncio
from collections.abc import Sequence

from todo.chat.responder import Responder, Say
from todo.chat.tools import Toolbox
from todo.models import Message
from todo.settings import Settings
from todo.usage import UsageStore


class LazyResponder:
    """Loads the agent beside the running server.

    The Agents SDK takes seconds to import, on a small CPU share longer than a startup probe
    waits. Only a chat message that comes in meanwhile has to wait for it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loading: asyncio.Task[Responder] | None = None

    async def start(self) -> None:
        """Begin to load."""
        self._loading = asyncio.create_task(asyncio.to_thread(_load, self._settings))

    async def reply(
        self,
        message: str,
        history: Sequence[Message],
        tools: Toolbox,
        usage: UsageStore,
        say: Say,
    ) -> str:
        """Answer as soon as the agent is there."""
        if self._loading is None:
            await self.start()
        assert self._loading
        # A request that is given up must not take the loading with it.
        responder = await asyncio.shield(self._loading)
        return await responder.reply(message, history, tools, usage, say)

    async def close(self) -> None:
        """Close the agent, if it was ever there."""
        if self._loading:
            responder = await self._loading
            await responder.close()


def _load(settings: Settings) -> Responder:
    from todo.chat.agent import AgentResponder  # noqa: PLC0415 - the slow import that this is for

    return AgentResponder.over_openai(settings)
