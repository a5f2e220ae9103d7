"""A name to search by, without case and accents: release 2 fills it in.

It only expands: the column may be empty and has no default, so that release 1 goes on reading
and writing, and PostgreSQL need not touch the rows. To fill in the old rows and forbid the empty
ones is for a later release, when no pod of release 1 is left.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("person", sa.Column("search_name", sa.Text))


def downgrade() -> None:
    """Drop the column; release 2 does without it again."""
    op.drop_column("person", "search_name")
