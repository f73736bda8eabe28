"""The signed-in user."""

from collections.abc import AsyncGenerator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from todo.account import delete_data
from todo.dependencies import ServicesDep, UserDep
from todo.export import SCHEMA, export
from todo.problems import described

router = APIRouter(prefix="/api/me", tags=["me"], responses=described(401, 413, 503))


@router.get(
    "",
    summary="Give all my data",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/json": {"schema": SCHEMA}}}},
)
async def export_me(app: ServicesDep, user: UserDep) -> StreamingResponse:
    """Give everything that is kept about the user: todos, deleted ones, conversations, usage."""
    parts = export(app.database, user)
    # A failure is an answer of its own for as long as there is none.
    first = await anext(parts)

    async def all_parts() -> AsyncGenerator[bytes]:
        yield first
        async for part in parts:
            yield part

    return StreamingResponse(all_parts(), media_type="application/json")


@router.delete("", summary="Delete all my data", status_code=204)
async def delete_me(app: ServicesDep, user: UserDep) -> None:
    """Delete the user's todos and conversations for good."""
    await delete_data(app.database, user)
