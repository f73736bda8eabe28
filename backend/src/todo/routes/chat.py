"""Talking about todos."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response

from todo import sse
from todo.chat.exchange import ChatFailedError, Exchange
from todo.chat.progress import Progress, Said, Step
from todo.database import DatabaseUnavailableError
from todo.dependencies import KEY_RULES, ExchangeDep, IdempotencyDep, KeyHeader, ServicesDep
from todo.idempotency import AnswerInterruptedError, IdempotencyStore, KeptAnswer
from todo.models import Message
from todo.problems import answer_to, described, kept_answer_to, repeated
from todo.schemas import ChatReply, ChatRequest, SaidWords

_log = logging.getLogger(__name__)

router = APIRouter(
    prefix="/api/chat",
    tags=["chat"],
    responses=described(400, 401, 404, 409, 410, 413, 422, 429, 500, 502, 503, 504),
)

_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer. Asked for as `text/event-stream`, it comes while it is made: "
        '`text` events (`{"text": …}`), `action` events (`Action`), and at the end one `reply` '
        "(`ChatReply`) or one `problem` (`Problem`). Whoever closes the connection stops it.",
        "content": {sse.MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}


@router.post("", summary="Say something", response_model=ChatReply, responses=_STREAMED)
async def chat(
    *,
    app: ServicesDep,
    exchange: ExchangeDep,
    answers: IdempotencyDep,
    body: ChatRequest,
    key: KeyHeader = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> ChatReply | Response:
    """Answer a message, acting on the user's todos when it asks for that.

    An exchange is kept once it is complete or was stopped. What tools did before a failure stays
    done, and is told. A failure that did nothing is not kept for its key: a retry asks again; after
    one that may have done something a retry is told so. An answer that is kept is given as JSON,
    and so is a refusal before the answer begins.
    """
    if key and (kept := await answers.claim(key, body.model_dump_json())):
        return repeated(kept)
    try:
        history = await exchange.accept(body)
    except BaseException:
        if key:
            await _if_it_can_be(answers.release(key))
        raise
    progress = Progress()
    answering = app.tasks.start(
        _answer(exchange, answers, body, history, key=key, progress=progress), stop=progress.stop
    )
    if sse.MEDIA_TYPE in accept:
        return sse.EventStream(_events(answering, progress), closed=progress.stop)
    # A request that is given up does not take the answer with it: a retry finds it.
    return await asyncio.shield(answering)


@router.get("/answers/{key}", summary="Read a kept answer", response_model=ChatReply)
async def read_answer(answers: IdempotencyDep, key: Annotated[str, Path(**KEY_RULES)]) -> Response:
    """Give the answer that is kept for an Idempotency-Key, and ask for none.

    A 404 says that nothing was said or done under it, a 409 that the answer is still being made.
    """
    return repeated(await answers.read(key))


async def _answer(
    exchange: Exchange,
    answers: IdempotencyStore,
    body: ChatRequest,
    history: Sequence[Message],
    *,
    key: str | None,
    progress: Progress,
) -> ChatReply:
    try:
        reply = await exchange.answer(body, history, progress)
        if key:
            await _if_it_can_be(answers.keep(key, KeptAnswer(200, reply.model_dump_json())))
    except ChatFailedError as error:
        if key and (error.actions or error.uncertain):
            failure = error if error.actions else AnswerInterruptedError()
            await _if_it_can_be(answers.keep(key, kept_answer_to(failure)))
        elif key:
            await _if_it_can_be(answers.release(key))
        raise
    else:
        return reply
    finally:
        progress.end()


async def _if_it_can_be(write: Awaitable[None]) -> None:
    """Write what a retry is to find. Without it the answer goes out all the same."""
    try:
        await write
    except DatabaseUnavailableError as error:
        _log.warning("what became of a message was not kept for a retry: %s", error)


async def _events(answering: asyncio.Task[ChatReply], progress: Progress) -> AsyncGenerator[bytes]:
    # At once, so that nothing on the way waits for a first byte.
    yield sse.PING
    async for step in progress.steps(patience=sse.PATIENCE):
        yield _event(step)
    try:
        reply = await answering
    except Exception as error:  # noqa: BLE001 - the status has gone out: the failure is an event
        yield sse.event("problem", bytes(answer_to(error).body).decode())
    else:
        yield sse.event("reply", reply.model_dump_json())


def _event(step: Step | None) -> bytes:
    match step:
        case None:
            return sse.PING
        case Said(text):
            return sse.event("text", SaidWords(text=text).model_dump_json())
        case _:
            return sse.event("action", step.model_dump_json())
