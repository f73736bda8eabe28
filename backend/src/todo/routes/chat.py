"""Talking about todos."""

from fastapi import APIRouter, Response

from todo.chat.exchange import ChatFailedError
from todo.dependencies import ExchangeDep, IdempotencyDep, KeyHeader
from todo.idempotency import IdempotencyStore, KeptAnswer
from todo.problems import answer_to, described, repeated
from todo.schemas import ChatReply, ChatRequest

router = APIRouter(
    prefix="/api/chat",
    tags=["chat"],
    responses=described(400, 401, 404, 409, 410, 413, 422, 429, 500, 502, 503, 504),
)


@router.post("", summary="Say something", response_model=ChatReply)
async def chat(
    exchange: ExchangeDep,
    answers: IdempotencyDep,
    body: ChatRequest,
    key: KeyHeader = None,
) -> ChatReply | Response:
    """Answer a message, acting on the user's todos when it asks for that.

    An exchange is kept once it is complete. What tools did before a failure stays done, and is
    told. A failure that did nothing is not kept for its key: a retry asks again.
    """
    if key is None:
        return await exchange.answer(body)
    if kept := await answers.claim(key, body.model_dump_json()):
        return repeated(kept)
    return await _answer_once(exchange, answers, body, key)


async def _answer_once(
    exchange: ExchangeDep, answers: IdempotencyStore, body: ChatRequest, key: str
) -> ChatReply:
    try:
        reply = await exchange.answer(body)
    except ChatFailedError as error:
        if error.actions:
            failed = answer_to(error)
            await answers.keep(key, KeptAnswer(failed.status_code, bytes(failed.body).decode()))
        else:
            await answers.release(key)
        raise
    except Exception:
        await answers.release(key)
        raise
    await answers.keep(key, KeptAnswer(200, reply.model_dump_json()))
    return reply
