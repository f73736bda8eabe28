"""Tags, and titles as they are searched and sorted."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Without capitals and accents, which who searches does not mean.
FOLDED = (
    "lower(regexp_replace(pg_catalog.normalize((title)::text, 'NFD'::text),"
    " '[\\u0300-\\u036f]'::text, ''::text, 'g'::text))"
)


def tags() -> sa.Column[Any]:
    return sa.Column("tags", ARRAY(sa.Text()), server_default="{}", nullable=False)


def upgrade() -> None:
    op.add_column("todo", tags())
    op.add_column("deleted_todo", tags())
    op.add_column("todo", sa.Column("folded", sa.Text(), sa.Computed(FOLDED, persisted=True)))


def downgrade() -> None:
    op.drop_column("todo", "folded")
    op.drop_column("deleted_todo", "tags")
    op.drop_column("todo", "tags")
