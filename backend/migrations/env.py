"""Where Alembic meets the database: one migration at a time, whoever else starts one."""

import asyncio
import logging

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection

from todo.logs import configure_logging
from todo.migration import MigrationError, exclusively
from todo.models import metadata
from todo.settings import DatabaseSettings, SettingsError


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
    with context.begin_transaction():
        context.run_migrations()


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
