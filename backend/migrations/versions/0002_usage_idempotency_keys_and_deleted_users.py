"""Usage, idempotency keys and deleted users."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def now(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def count(name: str, kind: type[sa.Integer]) -> sa.Column[Any]:
    return sa.Column(name, kind(), server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "usage",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), autoincrement=False, nullable=False),
        now("began_at"),
        count("messages", sa.Integer),
        count("turns", sa.Integer),
        count("input_tokens", sa.BigInteger),
        count("output_tokens", sa.BigInteger),
        sa.PrimaryKeyConstraint("user_id", "seconds", name="pk_usage"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        now("began_at"),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_key"),
    )
    op.create_table(
        "deleted_user",
        sa.Column("user_id", sa.Text(), nullable=False),
        now("deleted_at"),
        sa.PrimaryKeyConstraint("user_id", name="pk_deleted_user"),
    )


def downgrade() -> None:
    op.drop_table("deleted_user")
    op.drop_table("idempotency_key")
    op.drop_table("usage")
