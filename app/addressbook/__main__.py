"""The commands: serve, ping, migrate and downgrade."""

import argparse
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from addressbook import RELEASE
from addressbook.settings import ServerSettings, SettingsError, database_settings, server_settings


def main() -> int:
    """Run one command; return 0, 1 when it failed, or 2 when it was called or set up wrongly."""
    parser = argparse.ArgumentParser(prog="python -m addressbook", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer HTTP requests until SIGTERM")
    commands.add_parser("ping", help="exit with 0 when the database answers")
    commands.add_parser("migrate", help=f"bring the schema to what release {RELEASE} needs")
    downgrade = commands.add_parser("downgrade", help="take the schema back to an older revision")
    downgrade.add_argument("revision", help="such as 0001, or base for an empty database")
    arguments = parser.parse_args()
    try:
        if arguments.command == "serve":
            return serve(server_settings())
        database = database_settings()
    except SettingsError as error:
        print(f"addressbook: {error}", file=sys.stderr)
        return 2

    # Each command imports only what it needs: start-up is waited for, at every step of a release.
    from addressbook import schema

    try:
        if arguments.command == "ping":
            print(schema.ping(database))
        elif arguments.command == "migrate":
            print(schema.migrate(database, RELEASE))
        else:
            print(schema.downgrade(database, arguments.revision, RELEASE))
    except schema.SchemaError as error:
        print(f"addressbook {arguments.command}: {error}", file=sys.stderr)
        return 1
    return 0


def serve(settings: ServerSettings) -> int:
    """Serve until SIGTERM or SIGINT; return 0 after a clean shutdown, 1 when the port is taken."""
    # The kernel spares process 1 every signal that it has no handler for: without this one, a pod
    # deleted while it is still importing would sit out its whole grace period.
    signal.signal(signal.SIGTERM, stop_before_start)
    from addressbook.server import run

    return run(settings, RELEASE)


def stop_before_start(_number: int, _frame: FrameType | None) -> NoReturn:
    """Exit at once, as nothing has been accepted yet.

    Not by an exception: Python ignores one that is raised while something is cleaned up, which each
    import does, and the signal would be lost with it.
    """
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
