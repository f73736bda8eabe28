"""Migrations: up, down, in step with the models, one at a time, and clear when they fail."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import asyncpg
import pytest

from conftest import BACKEND, Alembic, execute
from postgres import PASSWORD
from todo.migration import LOCK_KEY

TABLES = {
    "alembic_version",
    "conversation",
    "deleted_todo",
    "deleted_user",
    "idempotency_key",
    "message",
    "todo",
    "todo_counter",
    "usage",
}


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("+asyncpg", ""))


async def tables(url: str) -> set[str]:
    connection = await connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows}


def passed(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def failed(done: subprocess.CompletedProcess[str]) -> str:
    """Give the one line that says why."""
    told = done.stdout + done.stderr
    assert done.returncode != 0, told
    assert "Traceback" not in told
    assert PASSWORD not in told
    [line] = [line for line in told.splitlines() if "FAILED" in line]
    return line


async def test_up_and_down_and_up_again(empty_url: str, alembic: Alembic) -> None:
    passed(alembic(empty_url, "upgrade", "head"))
    assert await tables(empty_url) == TABLES
    passed(alembic(empty_url, "downgrade", "0002"))
    assert await tables(empty_url) == TABLES - {"deleted_todo"}
    passed(alembic(empty_url, "downgrade", "0001"))
    assert await tables(empty_url) == TABLES - {
        "deleted_todo",
        "deleted_user",
        "idempotency_key",
        "usage",
    }
    passed(alembic(empty_url, "downgrade", "base"))
    assert await tables(empty_url) == {"alembic_version"}
    passed(alembic(empty_url, "upgrade", "head"))
    assert await tables(empty_url) == TABLES


def test_each_migration_goes_forward_and_back_with_rows_in_it(
    empty_url: str, alembic: Alembic
) -> None:
    passed(alembic(empty_url, "upgrade", "0001"))
    execute(
        empty_url,
        "INSERT INTO todo (id, user_id, number, title) VALUES (gen_random_uuid(), 'a', 1, 'x')",
    )
    passed(alembic(empty_url, "upgrade", "0002"))
    execute(
        empty_url,
        "INSERT INTO usage (user_id, seconds) VALUES ('a', 60)",
        "INSERT INTO idempotency_key (user_id, key, digest) VALUES ('a', 'k', 'd')",
        "INSERT INTO deleted_user (user_id) VALUES ('b')",
    )
    passed(alembic(empty_url, "upgrade", "0003"))
    execute(
        empty_url,
        # As the version before writes it, while both run.
        "INSERT INTO todo (id, user_id, number, title) VALUES (gen_random_uuid(), 'a', 2, 'y')",
        "UPDATE todo SET due_at = now(), priority = 'high', version = 2 WHERE number = 1",
        "INSERT INTO deleted_todo (id, user_id, number, title)"
        " VALUES (gen_random_uuid(), 'a', 3, 'z')",
    )
    passed(alembic(empty_url, "upgrade", "0004"))
    execute(empty_url, "UPDATE todo SET title = 'w'", "DELETE FROM todo WHERE number = 2")
    passed(alembic(empty_url, "upgrade", "0005"))
    execute(
        empty_url,
        "INSERT INTO todo (id, user_id, number, title) VALUES (gen_random_uuid(), 'a', 4, 'Über')",
        "UPDATE todo SET tags = '{home}' WHERE folded = 'uber'",
    )
    passed(alembic(empty_url, "downgrade", "0004"))
    passed(alembic(empty_url, "downgrade", "0003"))
    execute(empty_url, "UPDATE todo SET title = 'v'")
    passed(alembic(empty_url, "downgrade", "0002"))
    passed(alembic(empty_url, "downgrade", "0001"))
    passed(alembic(empty_url, "upgrade", "head"))


def test_the_models_are_what_migrations_make(empty_url: str, alembic: Alembic) -> None:
    passed(alembic(empty_url, "upgrade", "head"))
    # The front end keeps tables of its own in the same database.
    execute(empty_url, 'CREATE TABLE "session" (id text PRIMARY KEY)')
    passed(alembic(empty_url, "check"))
    execute(empty_url, "ALTER TABLE message ALTER COLUMN content TYPE varchar(100)")
    assert "New upgrade operations" in failed(alembic(empty_url, "check"))


async def test_upgrades_at_the_same_time_are_safe(empty_url: str, alembic: Alembic) -> None:
    runs = (asyncio.to_thread(alembic, empty_url, "upgrade", "head") for _ in range(10))
    done = await asyncio.gather(*runs)
    for one in done:
        passed(one)
    applied = [one for one in done if "Running upgrade" in one.stdout + one.stderr]
    assert len(applied) == 1
    assert await tables(empty_url) == TABLES


async def test_another_migration_is_waited_for_and_not_for_ever(
    empty_url: str, alembic: Alembic
) -> None:
    holder = await connect(empty_url)
    await holder.execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
    line = failed(
        await asyncio.to_thread(alembic, empty_url, "upgrade", "head", MIGRATION_TIMEOUT="1")
    )
    assert "another migration held the lock for 1 s" in line
    assert await tables(empty_url) == set()

    waiting = asyncio.create_task(asyncio.to_thread(alembic, empty_url, "upgrade", "head"))
    await asyncio.sleep(1.5)
    assert not waiting.done()
    await holder.close()
    passed(await waiting)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Give a copy of the migrations with one more, which fails half-way."""
    shutil.copytree(BACKEND / "migrations", tmp_path / "migrations")
    ini = (BACKEND / "alembic.ini").read_text()
    (tmp_path / "alembic.ini").write_text(ini.replace("%(here)s/src", str(BACKEND / "src")))
    (tmp_path / "migrations/versions/9999_broken.py").write_text(
        "from alembic import op\n"
        "revision, down_revision, branch_labels, depends_on = '9999', '0005', None, None\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE half (id int)')\n"
        "    op.execute('ALTER TABLE nowhere ADD COLUMN x int')\n"
    )
    return tmp_path / "alembic.ini"


async def test_a_migration_that_fails_is_undone_and_says_why(
    empty_url: str, alembic: Alembic, broken: Path
) -> None:
    line = failed(alembic(empty_url, "upgrade", "head", ini=broken))
    assert 'relation "nowhere" does not exist' in line
    # What came before it is kept: each migration is a transaction of its own.
    assert await tables(empty_url) == TABLES
    passed(alembic(empty_url, "upgrade", "head"))


def test_a_release_that_was_rolled_back_to_starts_on_the_later_schema(
    empty_url: str, alembic: Alembic
) -> None:
    passed(alembic(empty_url, "upgrade", "head"))
    execute(
        empty_url,
        "ALTER TABLE todo ADD COLUMN colour text",
        "UPDATE alembic_version SET version_num = '9999'",
    )
    started = alembic(empty_url, "upgrade", "head")
    passed(started)
    assert "at 9999, which a later release made" in started.stdout + started.stderr
    # What else is asked for needs the later release's migrations.
    for other in (["downgrade", "0001"], ["upgrade", "0005"], ["check"]):
        assert "Can't locate revision identified by '9999'" in failed(alembic(empty_url, *other))


def test_a_revision_that_no_release_had_is_an_error(empty_url: str, alembic: Alembic) -> None:
    passed(alembic(empty_url, "upgrade", "head"))
    execute(empty_url, "UPDATE alembic_version SET version_num = '0000'")
    line = failed(alembic(empty_url, "upgrade", "head"))
    assert "Can't locate revision identified by '0000'" in line


def test_revisions_are_numbered_in_order() -> None:
    # By which a release knows that a schema is a later one's.
    names = [path.name for path in sorted((BACKEND / "migrations/versions").glob("*.py"))]
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    for name in names:
        text = (BACKEND / "migrations/versions" / name).read_text()
        assert f'revision = "{name[:4]}"' in text


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "DATABASE_URL: is required"),
        ("postgresql://u:Pl4nted-p%40ss%2Fword@db/todo", "must start with postgresql+asyncpg://"),
        (
            "postgresql+asyncpg://u:Pl4nted-p%40ss%2Fword@127.0.0.1:1/todo",
            "the database at 127.0.0.1:1 did not answer within 1 s",
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_named(alembic: Alembic, url: str, reason: str) -> None:
    assert reason in failed(alembic(url, "upgrade", "head", MIGRATION_TIMEOUT="1"))


def test_a_wrong_password_is_not_waited_for(empty_url: str, alembic: Alembic) -> None:
    line = failed(alembic(empty_url.replace("postgres:", "postgres:not", 1), "upgrade", "head"))
    assert "refused the connection" in line
    assert "password authentication failed" in line


def test_an_unknown_revision_is_one_line(empty_url: str, alembic: Alembic) -> None:
    assert "Can't locate revision" in failed(alembic(empty_url, "upgrade", "nowhere"))
