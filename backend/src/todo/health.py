"""Whether the database answers, asked on a connection that no request uses."""

import asyncio
import logging
import time

import asyncpg

from todo.connection import connect
from todo.settings import Settings

_log = logging.getLogger(__name__)

# Seconds that a database may take to answer after it did. A process whose CPU is used up reads
# answers late; one that no longer gets any is told by then.
_PATIENCE = 10


class HealthCheck:
    """Asks one question at a time, for however many probes; a busy pod is not a lost database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: asyncpg.Connection | None = None
        self._asking: asyncio.Task[bool] | None = None
        self._answered = -float("inf")

    async def passes(self) -> bool:
        """Say within the health timeout whether the database answers."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        # Another probe may have asked anew by the time that this one goes on.
        asking = self._asking
        # Not cancelled when it is late: the next probe takes its answer.
        done, _ = await asyncio.wait({asking}, timeout=self._settings.health_timeout)
        if done:
            return asking.result()
        return time.monotonic() - self._answered < _PATIENCE

    async def close(self) -> None:
        """Close the connection."""
        if self._asking:
            self._asking.cancel()
            await asyncio.wait({self._asking})
        self._drop()

    async def _ask(self) -> bool:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(
                    self._settings, "todo-backend-health", patience=_PATIENCE
                )
            await self._connection.fetchval("SELECT 1")
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is no
            _log.warning("the database is unreachable: %s", type(error).__name__)
            self._drop()
            return False
        self._answered = time.monotonic()
        return True

    def _drop(self) -> None:
        if self._connection:
            self._connection.terminate()
            self._connection = None
