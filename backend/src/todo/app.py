"""Putting the application together."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
from fastapi import FastAPI
from fastapi.routing import APIRoute

from todo import __version__, problems
from todo.auth import Authenticator
from todo.body import BodyLimit
from todo.changes import Changes
from todo.chat.commands import CommandResponder
from todo.chat.lazy import LazyResponder
from todo.chat.responder import Responder
from todo.database import Database
from todo.dependencies import Services
from todo.keys import KeySet
from todo.logs import AccessLog
from todo.openapi import describe
from todo.routes import chat, conversations, events, health, me, metrics, todos
from todo.settings import Settings
from todo.shutdown import noticed
from todo.sweep import sweeping
from todo.tasks import Tasks


def create_app(settings: Settings, *, responder: Responder | None = None) -> FastAPI:
    """Make the application; `responder` replaces what the settings would choose."""
    answering = responder or (
        LazyResponder(settings) if settings.openai_api_key else CommandResponder()
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                httpx2.AsyncClient(timeout=settings.keys_timeout)
            )
            database = Database(settings)
            stack.push_async_callback(database.close)
            await stack.enter_async_context(sweeping(database))
            changes = Changes(settings)
            stack.push_async_callback(changes.close)
            ending = asyncio.Event()
            stack.enter_context(noticed(ending))
            await answering.start()
            stack.push_async_callback(answering.close)
            # Before what they use is closed.
            tasks = Tasks()
            stack.push_async_callback(tasks.close)
            app.state.services = Services(
                settings=settings,
                database=database,
                authenticator=Authenticator(
                    KeySet(client, settings.auth_jwks_url),
                    issuer=settings.auth_issuer,
                    audience=settings.auth_audience,
                ),
                responder=answering,
                tasks=tasks,
                changes=changes,
                ending=ending,
            )
            yield

    app = FastAPI(
        title="Todo chatbot",
        summary="A user's todos, and a chat that manages them.",
        version=__version__,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        # The description is public; pages that load scripts from elsewhere need not be served.
        docs_url="/docs" if settings.environment == "development" else None,
        redoc_url=None,
    )
    for module in (health, metrics, todos, chat, conversations, events, me):
        app.include_router(module.router)
    problems.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(AccessLog)
    describe(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
