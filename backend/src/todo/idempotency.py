"""Answers that are kept for a retry: what was asked under one key is done once."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Delete, Select, Update, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from todo.account import outlive_deletion
from todo.auth import User
from todo.database import Database
from todo.models import IdempotencyKey, metadata
from todo.sweep import spare

_TABLE = metadata.tables["idempotency_key"]
# Of one user; whoever sends more within a day has the oldest answers forgotten.
_MOST_KEYS = 1000


class KeyReusedError(Exception):
    """The key came with another request before."""


class StillAnsweringError(Exception):
    """The request of this key is being answered; a later retry finds the answer."""


class NoAnswerError(Exception):
    """Nothing is kept for the key: it never came, or its request did nothing."""


class AnswerInterruptedError(Exception):
    """The process that answered the request of this key ended before it had an answer."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What the first request was answered."""

    status: int
    body: str


class IdempotencyStore:
    """The keys of the user it is made for. An answer takes at most `longest`."""

    def __init__(self, database: Database, user: User, *, longest: timedelta) -> None:
        self._database = database
        self._user = user
        self._longest = longest

    async def once(
        self, key: str, request: str, do: Callable[[AsyncSession], Awaitable[KeptAnswer]]
    ) -> KeptAnswer:
        """Give the answer that is kept for a key, or do what is asked and keep its answer.

        What is done and its answer are committed together: a retry finds both, or neither.
        Raises what `claim` does.
        """
        async with self._database.transaction() as session:
            kept = await self._claim(session, key, request)
            if kept is None:
                kept = await do(session)
                await session.execute(self._keeping(key, kept))
        return kept

    async def claim(self, key: str, request: str) -> KeptAnswer | None:
        """Give the answer that is kept for a key, or None when the caller is to make it.

        Raises KeyReusedError, StillAnsweringError and AnswerInterruptedError.
        """
        async with self._database.transaction() as session:
            return await self._claim(session, key, request)

    async def read(self, key: str) -> KeptAnswer:
        """Give the answer that is kept for a key.

        Raises NoAnswerError, StillAnsweringError and AnswerInterruptedError.
        """
        async with self._database.transaction() as session:
            found = (await session.execute(self._kept(key))).one_or_none()
        if found is None:
            raise NoAnswerError
        kept, age = found
        return self._answer(kept, age)

    async def keep(self, key: str, answer: KeptAnswer) -> None:
        """Keep the answer for retries."""
        await self._write(self._keeping(key, answer))

    async def release(self, key: str) -> None:
        """Let a retry do what was asked, since nothing was done."""
        await self._write(delete(IdempotencyKey).where(self._is(key)))

    async def _claim(self, session: AsyncSession, key: str, request: str) -> KeptAnswer | None:
        digest = hashlib.sha256(request.encode()).hexdigest()
        now = func.clock_timestamp()
        claimed = (
            insert(IdempotencyKey)
            .values(user_id=self._user.id, key=key, digest=digest, began_at=now)
            .on_conflict_do_nothing()
            .returning(col(IdempotencyKey.key))
        )
        await outlive_deletion(session, self._user)
        await session.execute(spare(_TABLE, self._user.id, _MOST_KEYS))
        if await session.scalar(claimed):
            return None
        found = (await session.execute(self._kept(key))).one_or_none()
        # None when the first request failed, and gave the key back, just now.
        if found is None:
            raise StillAnsweringError
        kept, age = found
        if kept.digest != digest:
            raise KeyReusedError
        return self._answer(kept, age)

    async def _write(self, statement: Update | Delete) -> None:
        async with self._database.transaction() as session:
            await session.execute(statement)

    def _keeping(self, key: str, answer: KeptAnswer) -> Update:
        return (
            update(IdempotencyKey)
            .where(self._is(key))
            .values(status=answer.status, body=answer.body)
        )

    def _kept(self, key: str) -> Select[IdempotencyKey, timedelta]:
        age = func.clock_timestamp() - col(IdempotencyKey.began_at)
        return select(IdempotencyKey, age).where(self._is(key))

    def _answer(self, kept: IdempotencyKey, age: timedelta) -> KeptAnswer:
        if kept.status is None or kept.body is None:
            raise StillAnsweringError if age < self._longest else AnswerInterruptedError
        return KeptAnswer(kept.status, kept.body)

    def _is(self, key: str) -> ColumnElement[bool]:
        return (col(IdempotencyKey.user_id) == self._user.id) & (col(IdempotencyKey.key) == key)
