"""Alembic's entry: runs the revisions on the connection that `addressbook.schema` opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
