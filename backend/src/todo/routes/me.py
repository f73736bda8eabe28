"""The signed-in user."""

from fastapi import APIRouter

from todo.account import delete_data
from todo.dependencies import ServicesDep, UserDep
from todo.problems import described

router = APIRouter(prefix="/api/me", tags=["me"], responses=described(401, 413, 503))


@router.delete("", summary="Delete all my data", status_code=204)
async def delete_me(app: ServicesDep, user: UserDep) -> None:
    """Delete the user's todos and conversations for good."""
    await delete_data(app.database, user)
