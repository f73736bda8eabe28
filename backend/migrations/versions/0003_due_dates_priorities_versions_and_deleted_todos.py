"""Due dates, priorities, versions and deleted todos."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PRIORITIES = "priority IN ('low', 'normal', 'high')"


def now(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def added() -> list[sa.Column[Any]]:
    return [
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("priority", sa.Text(), server_default="normal", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    ]


def upgrade() -> None:
    for column in added():
        op.add_column("todo", column)
    op.create_check_constraint(op.f("ck_todo_priority"), "todo", PRIORITIES)
    op.create_table(
        "deleted_todo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("completed", sa.Boolean(), server_default="false", nullable=False),
        now("created_at"),
        now("updated_at"),
        *added(),
        now("deleted_at"),
        sa.CheckConstraint(PRIORITIES, name=op.f("ck_deleted_todo_priority")),
        sa.PrimaryKeyConstraint("id", name="pk_deleted_todo"),
        sa.UniqueConstraint("user_id", "number", name="uq_deleted_todo_user_id_number"),
    )


def downgrade() -> None:
    op.drop_table("deleted_todo")
    op.drop_constraint(op.f("ck_todo_priority"), "todo", type_="check")
    for column in reversed(added()):
        op.drop_column("todo", column.name)
