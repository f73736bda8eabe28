"""The signed-in user."""

from fastapi import APIRouter

from todo.account import forget
from todo.dependencies import ServicesDep, UserDep
from todo.problems import described

router = APIRouter(prefix="/api/me", tags=["me"], responses=described(401, 503))


@router.delete("", summary="Delete all my data", status_code=204)
async def delete_me(app: ServicesDep, user: UserDep) -> None:
    """Delete the user's todos and conversations for good."""
    await forget(app.database, user.id)
