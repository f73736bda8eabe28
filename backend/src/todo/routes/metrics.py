"""What Prometheus scrapes."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

router = APIRouter(tags=["metrics"])


@router.get("/metrics", summary="How is it doing?", response_class=PlainTextResponse)
async def metrics() -> PlainTextResponse:
    """Give what this process has counted since it started, in Prometheus' text format."""
    return PlainTextResponse(generate_latest(), media_type=CONTENT_TYPE_LATEST)
