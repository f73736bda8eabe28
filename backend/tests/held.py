"""A responder that answers when a test lets it."""

import asyncio
from collections.abc import Sequence

from todo.chat.responder import Say
from todo.chat.tools import Toolbox
from todo.models import Message
from todo.usage import UsageStore


class Held:
    """Answers when it is let go, after it added a todo, if it is to."""

    def __init__(self, *, adds: bool = True) -> None:
        self.asked = asyncio.Event()
        self.free = asyncio.Event()
        self._adds = adds

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def reply(
        self,
        message: str,
        history: Sequence[Message],
        tools: Toolbox,
        usage: UsageStore,
        say: Say,
    ) -> str:
        del history, usage
        if self._adds:
            await tools.add_todo(message)
        say("Do")
        self.asked.set()
        await self.free.wait()
        return "Done."
