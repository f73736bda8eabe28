"""What probes ask."""

from fastapi import APIRouter, Response

from todo import __version__
from todo.dependencies import ServicesDep
from todo.schemas import Health

router = APIRouter(prefix="/health", tags=["health"])


@router.get("", summary="Is the process alive?")
async def live(app: ServicesDep) -> Health:
    """Answer 200 while the process serves: a lost database is told, but restarts nothing."""
    reachable = await app.database.reachable()
    return Health(status="ok", version=__version__, database="ok" if reachable else "unreachable")


@router.get(
    "/ready",
    summary="Can it take requests?",
    responses={503: {"model": Health, "description": "The database is unreachable"}},
)
async def ready(app: ServicesDep, response: Response) -> Health:
    """Answer 503 while the database is unreachable."""
    if await app.database.reachable():
        return Health(status="ok", version=__version__, database="ok")
    response.status_code = 503
    return Health(status="unavailable", version=__version__, database="unreachable")
