"""What changes in the database, told to whoever watches: by Postgres' LISTEN and NOTIFY."""

import asyncio
import json
import logging
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg

from todo.connection import connect
from todo.settings import Settings

_log = logging.getLogger(__name__)

_CHANNEL = "todo_changes"
# A user's browser windows; each takes a socket here and in the front end.
_MOST_WATCHERS = 10
# Seconds. What drops connections in silence is noticed by a question now and then.
_PATIENCE = 10
_BETWEEN_QUESTIONS = 30.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0

KINDS = ("todos",)


class TooManyWatchersError(Exception):
    """The user watches as often as one may."""


class Watcher:
    """Learns which kinds of one user's data have changed since it last asked."""

    def __init__(self, leave: Callable[["Watcher"], None]) -> None:
        self._leave = leave
        self._there = asyncio.Event()
        # What changed before it began to watch is unknown to whoever reads it.
        self._kinds: set[str] = set()
        self.tell(*KINDS)

    def tell(self, *kinds: str) -> None:
        """Take note of a change."""
        self._kinds.update(kinds)
        self._there.set()

    async def changed(self) -> list[str]:
        """Wait for a change, and give every kind that changed."""
        await self._there.wait()
        self._there.clear()
        kinds, self._kinds = self._kinds, set()
        return sorted(kinds)

    def close(self) -> None:
        """Watch no longer."""
        self._leave(self)


class Changes:
    """One connection that listens for all users of this process; requests and pool go without it.

    While it is away nothing is told. Once it is back everybody is told that all may have changed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None

    def watch(self, user_id: str) -> Watcher:
        """Begin to watch a user's data; raise TooManyWatchersError."""
        if len(self._watchers.get(user_id, ())) >= _MOST_WATCHERS:
            raise TooManyWatchersError
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

        def leave(watcher: Watcher) -> None:
            self._watchers[user_id].discard(watcher)
            if not self._watchers[user_id]:
                del self._watchers[user_id]

        watcher = Watcher(leave)
        self._watchers[user_id].add(watcher)
        return watcher

    async def close(self) -> None:
        """Close the connection."""
        if self._listening:
            self._listening.cancel()
            await asyncio.wait({self._listening})

    async def _listen(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                async with _listening(self._settings, self._hear) as connection:
                    pause = _FIRST_PAUSE
                    for watchers in self._watchers.values():
                        for watcher in watchers:
                            watcher.tell(*KINDS)
                    await _lost(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                _log.warning("changes are not heard of: %s", type(error).__name__)
            # Not all replicas at once.
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _hear(self, _: object, __: int, ___: str, payload: str) -> None:
        told = json.loads(payload)
        for watcher in self._watchers.get(told["user_id"], ()):
            watcher.tell(told["kind"])


@asynccontextmanager
async def _listening(
    settings: Settings, hear: Callable[[object, int, str, str], None]
) -> AsyncGenerator[asyncpg.Connection]:
    connection = await connect(settings, "todo-backend-changes", patience=_PATIENCE)
    try:
        await connection.add_listener(_CHANNEL, hear)
        yield connection
    finally:
        connection.terminate()


async def _lost(connection: asyncpg.Connection) -> None:
    """Return or raise as soon as a connection is lost."""
    closed = asyncio.Event()
    connection.add_termination_listener(lambda _: closed.set())
    while not closed.is_set():
        await connection.execute("SELECT 1")
        with suppress(TimeoutError):
            async with asyncio.timeout(_BETWEEN_QUESTIONS):
                await closed.wait()
