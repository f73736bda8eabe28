"""What one user has used of the chat, counted in the database for every replica together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from todo import metrics
from todo.account import outlive_deletion
from todo.auth import User
from todo.database import Database
from todo.models import Usage
from todo.settings import Settings

type Counter = Literal["messages", "turns", "input_tokens", "output_tokens"]

_MINUTE = 60
_DAY = 24 * 60 * 60


class LimitExceededError(Exception):
    """The user has used up a limit. Its text is for the user."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that a user may use within a window, which begins with its first use."""

    seconds: int
    counter: Counter
    most: int

    @property
    def window(self) -> Literal["minute", "day"]:
        """Say what it is counted over."""
        return "minute" if self.seconds == _MINUTE else "day"

    @property
    def text(self) -> str:
        """Say what is limited, to the user."""
        names: dict[Counter, str] = {
            "messages": "messages",
            "turns": "questions to the model",
            "input_tokens": "tokens read by the model",
            "output_tokens": "tokens written by the model",
        }
        return f"you have reached the limit of {self.most} {names[self.counter]} a {self.window}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit of an installation."""

    each: tuple[Limit, ...]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take the limits from the settings."""
        return cls(
            (
                Limit(_MINUTE, "messages", settings.chat_messages_per_minute),
                Limit(_DAY, "messages", settings.chat_messages_per_day),
                Limit(_DAY, "turns", settings.chat_turns_per_day),
                Limit(_DAY, "input_tokens", settings.chat_input_tokens_per_day),
                Limit(_DAY, "output_tokens", settings.chat_output_tokens_per_day),
            )
        )


class UsageStore:
    """The usage of the user it is made for."""

    def __init__(self, database: Database, user: User, limits: Limits) -> None:
        self._database = database
        self._user = user
        self._limits = limits.each

    async def count_message(self) -> None:
        """Count a message before it is answered; raise LimitExceededError."""
        await self._count(("messages", "turns", "input_tokens", "output_tokens"), {"messages": 1})

    async def count_turn(self) -> None:
        """Count a call of the model before it is made; raise LimitExceededError."""
        await self._count(("turns", "input_tokens", "output_tokens"), {"turns": 1})
        metrics.MODEL_CALLS.inc()

    async def count_tokens(self, *, read: int, written: int) -> None:
        """Count what a call of the model cost; the next one meets the limit."""
        metrics.TOKENS.labels("read").inc(read)
        metrics.TOKENS.labels("written").inc(written)
        await self._count((), {"input_tokens": read, "output_tokens": written})

    async def _count(self, limited: Sequence[Counter], used: dict[Counter, int]) -> None:
        windows = [
            {"user_id": self._user.id, "seconds": seconds}
            for seconds in sorted({limit.seconds for limit in self._limits})
        ]
        own = (
            select(Usage, func.clock_timestamp())
            .where(col(Usage.user_id) == self._user.id)
            .order_by(col(Usage.seconds))
        )
        # The rows stay locked until the commit: two replicas cannot give the last one twice.
        locked = own.with_for_update().execution_options(populate_existing=True)
        async with self._database.transaction() as session:
            # Without a lock first, so that a flood of one user holds no connections in a queue.
            for usage, now in await session.execute(own):
                self._refuse(usage, now, limited)
            await outlive_deletion(session, self._user)
            await session.execute(insert(Usage).values(windows).on_conflict_do_nothing())
            for usage, now in await session.execute(locked):
                self._refuse(usage, now, limited)
                if now >= _end(usage):
                    usage.began_at = now
                    usage.messages = usage.turns = usage.input_tokens = usage.output_tokens = 0
                for counter, amount in used.items():
                    setattr(usage, counter, getattr(usage, counter) + amount)

    def _refuse(self, usage: Usage, now: datetime, limited: Sequence[Counter]) -> None:
        if now >= _end(usage):
            return
        for limit in self._limits:
            spent = limit.counter in limited and getattr(usage, limit.counter) >= limit.most
            if limit.seconds == usage.seconds and spent:
                metrics.LIMITED.labels(limit.counter, limit.window).inc()
                wait = math.ceil((_end(usage) - now).total_seconds())
                raise LimitExceededError(limit.text, max(wait, 1))


def _end(usage: Usage) -> datetime:
    return usage.began_at + timedelta(seconds=usage.seconds)
