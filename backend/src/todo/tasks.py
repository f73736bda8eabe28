"""Work that goes on when the request that began it is gone."""

import asyncio
from collections.abc import Callable, Coroutine


class Tasks:
    """Keeps what was begun until it has ended; at the end of the process, asks all of it to."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[object], Callable[[], None]] = {}

    def start[Result](
        self, work: Coroutine[object, object, Result], *, stop: Callable[[], None]
    ) -> asyncio.Task[Result]:
        """Begin some work, which ends soon after `stop`."""
        task = asyncio.create_task(work)
        self._running[task] = stop
        task.add_done_callback(self._forget)
        return task

    async def close(self) -> None:
        """Stop everything, and wait for it."""
        for stop in self._running.values():
            stop()
        if self._running:
            await asyncio.wait(self._running)

    def _forget(self, task: asyncio.Task[object]) -> None:
        del self._running[task]
        # Whoever waited for it has been told; it may be that nobody did.
        if not task.cancelled():
            task.exception()
