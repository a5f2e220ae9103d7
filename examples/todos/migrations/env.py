"""Alembic's entry: `alembic upgrade head`."""

from alembic import context
from sqlalchemy import create_engine
from todos import url

with create_engine(url(), connect_args={"connect_timeout": 5}).connect() as connection:
    # What waits for a lock keeps everybody waiting who comes after it.
    connection.exec_driver_sql("SET lock_timeout = '2s'")
    connection.commit()
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
