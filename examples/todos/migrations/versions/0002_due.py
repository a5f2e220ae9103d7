"""When each is due; empty for any time, so that version 1 goes on reading and writing."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("todo", sa.Column("due", sa.Date))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("todo", "due")
