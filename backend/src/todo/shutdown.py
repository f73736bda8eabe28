"""Learning early that the process is to end."""

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def noticed(ending: asyncio.Event) -> Generator[None]:
    """Set `ending` as soon as the server is asked to end.

    It tells the application only after the last connection has closed, and a stream of events has
    no end of its own. Outside the main thread no signal can be noticed, by the server neither.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(ending.set)
        handlers[number](number, frame)

    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            handlers[number] = handler
            signal.signal(number, handle)
    try:
        yield
    finally:
        for caught, before in handlers.items():
            signal.signal(caught, before)
