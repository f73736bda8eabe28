"""Whether the process serves, and whether it can do its work."""

from typing import Literal

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel

from todo import __version__, database

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The state of this process."""

    status: Literal["ok", "unavailable"]
    version: str
    database: Literal["ok", "unreachable"]


async def _health(request: Request) -> Health:
    reachable = await database.is_reachable(request.app.state.engine)
    return Health(status="ok", version=__version__, database="ok" if reachable else "unreachable")


@router.get("/health")
async def alive(request: Request) -> Health:
    """Say that the process serves. It still does when the database is lost: a restart would not help."""
    return await _health(request)


@router.get(
    "/health/ready",
    responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": Health}},
)
async def ready(request: Request, response: Response) -> Health:
    """Say whether requests should be sent here: not while the database is out of reach."""
    health = await _health(request)
    if health.database != "ok":
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        health.status = "unavailable"
    return health
