"""The application: `uvicorn todo.main:app`."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from todo import __version__
from todo.auth import KeySet, Verifier
from todo.chat import choose_assistant
from todo.database import create_engine
from todo.routes import chat, health, todos
from todo.settings import Settings, SettingsError, get_settings


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    engine = create_engine(settings.database_url.get_secret_value())
    async with httpx.AsyncClient(timeout=5, follow_redirects=False) as client:
        app.state.engine = engine
        app.state.verifier = Verifier(
            KeySet(str(settings.auth_jwks_url), client),
            settings.auth_issuer,
            settings.auth_audience,
        )
        app.state.assistant = choose_assistant(settings)
        yield
    await engine.dispose()


def create_app(settings: Settings) -> FastAPI:
    """Gives the application for these settings."""
    app = FastAPI(
        title="Todo chatbot",
        version=__version__,
        lifespan=_lifespan,
        # Its own pages would load scripts from elsewhere; the document itself is public.
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    for module in (health, todos, chat):
        app.include_router(module.router)
    return app


def _from_environment() -> FastAPI:
    try:
        settings = get_settings()
    except SettingsError as error:
        # A traceback would bury the lines that say what to do.
        sys.exit("\n".join(f"todo: {line}" for line in str(error).splitlines()))
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(levelname)s %(name)s %(message)s"
    )
    # It logs each request's address, and the keys' is called often.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return create_app(settings)


def __getattr__(name: str) -> FastAPI:
    # Made when asked for, so that a test can import this module without an environment.
    if name != "app":
        raise AttributeError(name)
    return _from_environment()
