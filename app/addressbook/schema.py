"""The schema's revisions: where the database stands, and the way up and down."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from addressbook.database import UNAVAILABLE, connect_args, reason, url
from addressbook.settings import DatabaseSettings

TURN = 0x0ADD2E55  # the advisory lock that migrations of this app take
TURN_LIMIT = "60s"  # how long to wait for another pod's migration
LOCK_LIMIT = "3s"  # how long to wait for a table: whoever waits for it makes the traffic wait too


class SchemaError(Exception):
    """A command could not do its work; the message is one sentence."""


def ping(settings: DatabaseSettings) -> str:
    """Return a line that says which server answers; raise SchemaError when none does."""
    with _connection(settings, "ping") as connection:
        version = connection.scalar(text("SHOW server_version"))
        return f"{settings} answers: PostgreSQL {version}, schema {_revision(connection)}"


def migrate(settings: DatabaseSettings, release: int) -> str:
    """Bring the schema to this release's revision; return a line such as `0001 -> 0002`.

    Safe to repeat, and for two pods at once: the second waits for the first and finds the work
    done. All of it happens in one transaction, or none. A newer schema is left alone, as an old
    release that is rolled back to has to live with it. Raises SchemaError.
    """
    with _connection(settings, "migrate") as connection:
        config = _config(connection)
        before, head = _locked_revision(connection), _head(config)
        if before == head:
            return f"schema {head} is up to date"
        if before.isdigit() and before > head:
            return f"schema {before} is newer than release {release} knows; nothing to do"
        command.upgrade(config, "head")
        return f"{before} -> {head}"


def downgrade(settings: DatabaseSettings, revision: str, release: int) -> str:
    """Take the schema back to `revision`; return a line such as `0002 -> 0001`.

    What only the newer schema stored is lost. Raises SchemaError.
    """
    with _connection(settings, "downgrade") as connection:
        config = _config(connection)
        before = _locked_revision(connection)
        known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        if before not in (*known, "base"):
            raise SchemaError(f"schema {before} is not one that release {release} can take back")
        if revision not in (*known, "base") or (revision != "base" and revision > before):
            raise SchemaError(f"{revision} is no revision below {before} of release {release}")
        command.downgrade(config, revision)
        return f"{before} -> {revision}"


@contextmanager
def _connection(settings: DatabaseSettings, name: str) -> Iterator[Connection]:
    """Yield a connection in a transaction, and put every error into one sentence."""
    engine = create_engine(
        url(settings),
        poolclass=NullPool,
        connect_args=connect_args(settings, f"addressbook {name}"),
    )
    try:
        with engine.begin() as connection:
            yield connection
    except UNAVAILABLE as error:
        raise SchemaError(f"{settings} does not answer: {reason(error)}") from error
    except (SQLAlchemyError, CommandError) as error:
        raise SchemaError(f"{settings}: {reason(error)}") from error


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _head(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise SchemaError("this release brings no migrations")
    return head


def _locked_revision(connection: Connection) -> str:
    """Wait for the turn, then return the revision, which nobody else can change any more."""
    connection.execute(text(f"SET LOCAL lock_timeout = '{TURN_LIMIT}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_LIMIT}'"))
    return _revision(connection)


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or "base"
