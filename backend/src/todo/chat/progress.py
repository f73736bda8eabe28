"""What an answer has come to so far."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from todo.schemas import Action


@dataclass(frozen=True, slots=True)
class Said:
    """Some more words of the answer."""

    text: str


type Step = Said | Action


class Progress:
    """Tells whoever follows an answer what happens while it is made, and lets them stop it."""

    def __init__(self) -> None:
        self.said = ""
        self._stopped = asyncio.Event()
        self._steps: asyncio.Queue[Step | None] = asyncio.Queue()

    def say(self, text: str) -> None:
        """Tell some more words."""
        self.said += text
        self._steps.put_nowait(Said(text))

    def act(self, action: Action) -> None:
        """Tell what a tool did."""
        self._steps.put_nowait(action)

    def end(self) -> None:
        """Tell that nothing follows."""
        self._steps.put_nowait(None)

    def stop(self) -> None:
        """Ask for the end of it; once it has ended, this means nothing."""
        self._stopped.set()

    async def stopped(self) -> None:
        """Wait until somebody asks for the end."""
        await self._stopped.wait()

    async def steps(self, *, patience: float) -> AsyncGenerator[Step | None]:
        """Give each step as it happens, and None whenever none has for `patience` seconds."""
        while True:
            try:
                async with asyncio.timeout(patience):
                    step = await self._steps.get()
            except TimeoutError:
                yield None
                continue
            if step is None:
                return
            yield step
