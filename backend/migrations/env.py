"""Where Alembic meets the database: one migration at a time, whoever else starts one."""

import asyncio
import logging

from alembic import command, context
from alembic.util import CommandError
from sqlalchemy import Connection

from todo.logs import configure_logging
from todo.migration import MigrationError, exclusively
from todo.models import metadata
from todo.settings import DatabaseSettings, SettingsError

_log = logging.getLogger("todo.migration")


def ours(_: object, name: str | None, kind: str, reflected: bool, __: object) -> bool:
    # The front end keeps the tables of its sign-in in the same database.
    return not (kind == "table" and reflected and name not in metadata.tables)


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        # What has succeeded stays when a later one fails, and no lock outlives its own migration.
        transaction_per_migration=True,
        include_object=ours,
        compare_server_default=True,
    )
    if (revision := later_revision()) and asked_for_head():
        _log.info(
            "the database is at %s, which a later release made; this one works with it", revision
        )
        return
    with context.begin_transaction():
        context.run_migrations()


def later_revision() -> str | None:
    """Give the database's revision if it comes after all that are here: revisions are numbered."""
    newest = context.script.get_current_head() or ""
    return next(
        (found for found in context.get_context().get_current_heads() if found > newest), None
    )


def asked_for_head() -> bool:
    """Say whether this is `alembic upgrade head`, with which each pod starts."""
    options = context.config.cmd_opts
    return options is not None and options.cmd[0] is command.upgrade and options.revision == "head"


def main() -> None:
    if context.is_offline_mode():
        raise CommandError("--sql is not supported: a migration here holds a lock while it runs")
    try:
        settings = DatabaseSettings.load()
        configure_logging(settings.log_level, settings.secrets)
        # It repeats the line that Alembic prints when it fails.
        logging.getLogger("alembic.util.messaging").disabled = True
        asyncio.run(
            exclusively(settings.url, migrate, tls=settings.tls, timeout=settings.migration_timeout)
        )
    except SettingsError as error:
        raise CommandError(str(error)) from None
    except MigrationError as error:
        # Alembic prints a CommandError as one line and exits with a status other than 0.
        raise CommandError(str(error)) from error


main()
