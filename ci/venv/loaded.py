# Prints the file of each module that the server and a migration load: a fifth of what is installed, and all that a start has to
# wait for.
import sys

import alembic.autogenerate
import alembic.command
import alembic.config
import anyio._backends._asyncio
import httpcore2
import sqlalchemy.dialects.postgresql.asyncpg
import uvicorn.lifespan.on
import uvicorn.loops.asyncio
import uvicorn.protocols.http.auto

import todo.app
import todo.migration

for module in list(sys.modules.values()):
    file = getattr(module, "__file__", None) or ""
    if file.startswith("/app/") and file.endswith(".py"):
        print(file)
