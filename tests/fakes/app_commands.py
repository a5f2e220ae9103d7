"""What the app's commands do to the database in memory, wherever they are run."""

from collections.abc import Callable

from fakes import objects
from fakes.app import App
from fakes.cluster import Namespace
from fakes.database import SCHEMAS, PostgreSQL
from fakes.engine import IMAGES
from fakes.network import release_of
from fakes.objects import Object

from pytest_canary.config.settings import Settings

READY = {"type": "Ready", "status": "True"}


class AppCommands:
    """The migration, the way back and the ping: a code and an output of each.

    Args:
        settings: tell the commands, and how the app migrates.
        namespace: runs them in pods.
        app: holds the rows.

    Attributes:
        migrate, down: of a release and a database.
        migrate_refused: how migrate ends on a database that refuses it.
        ping: of any.
        lingers: seconds from the last word of a pod of the run's own to its end.
        postgres: the database.
    """

    def __init__(self, settings: Settings, namespace: Namespace, app: App) -> None:
        self._settings, self._namespace, self._app = settings, namespace, app
        self.postgres = PostgreSQL(settings.database.name, self._contents)
        self.migrate: Callable[[str, str], tuple[int, str]] = self.migrate_all
        self.migrate_refused: Callable[[str, str], tuple[int, str]] = lambda *_: (1, "")
        self.down: Callable[[str, str], tuple[int, str]] = self.take_down
        self.ping = (0, "the database answers")
        self.lingers = 0

    def migrate_all(self, release: str, database: str) -> tuple[int, str]:
        """The whole migration of a release."""
        before = self.postgres.schemas[database]
        self.postgres.schemas[database] = before | SCHEMAS[release]
        return 0, f"schema {len(before)} -> {len(self.postgres.schemas[database])}"

    def fail_on_empty(self, release: str, database: str) -> tuple[int, str]:
        """The same, but on the database that the harness makes for this: nothing is in it yet."""
        if database.startswith("canary_fresh"):
            return 3, ""
        return self.migrate_all(release, database)

    def take_down(self, release: str, database: str) -> tuple[int, str]:
        """The way back from a release's migration."""
        assert release == "2", "the baseline knows no way down"
        self.postgres.schemas[database] = SCHEMAS["1"]
        return 0, ""

    def one_off(self, pod: Object) -> Object:
        """A pod that runs one command to its end."""
        container = pod["spec"]["containers"][0]
        variables = {item["name"]: item.get("value") for item in container.get("env", [])}
        run = self.down if container["command"] == self._settings.commands.down else self.migrate
        database = str(variables.get("DB_SCHEMA", self._settings.database.name))
        if database in self.postgres.read_only:
            run = self.migrate_refused
        code, output = run(release_of(pod), database)
        if pod["metadata"].get("ownerReferences"):
            self._namespace.said[pod["metadata"]["name"]] = output
        if self._settings.migration.way == "start" and run == self.migrate and not code:
            return pod | {"status": {"phase": "Running", "conditions": [READY]}}
        end = {"exitCode": code, "finishedAt": f"2026-01-01T00:00:{self.lingers:02}Z"}
        ended = {"name": container["name"], "state": {"terminated": end}}
        phase = "Failed" if code else "Succeeded"
        return pod | {"status": {"phase": phase, "containerStatuses": [ended]}}

    def starts(self, pod: Object) -> Object:
        """A pod of the app's, once what migrates in it has."""
        app = pod["spec"]["containers"][0]["image"] in IMAGES.values()
        if not app or self._settings.migration.way not in ("init-container", "start"):
            return pod
        code, output = self.migrate(release_of(pod), self._settings.database.name)
        name = pod["metadata"]["name"]
        self._namespace.said[name] = output
        made = objects.unready(pod) if code else pod
        end = {"terminated": {"exitCode": code}}
        if self._settings.migration.way == "init-container":
            made["status"]["initContainerStatuses"] = [{"name": "migrate", "state": end}]
        elif code:
            made["status"]["containerStatuses"][0] |= {"restartCount": 2, "lastState": end}
        return made

    def run(
        self, pod: Object, command: list[str], heard: Callable[[str], None] | None
    ) -> tuple[int, str, str]:
        """A command in a container of the app's or of the database's: code, output, stdout."""
        if command[0] in ("psql", "sh"):
            return self.postgres.run(command, heard)
        if command == self._settings.commands.ping:
            code, output = self.ping
        else:
            assert command == self._settings.commands.migrate, command
            code, output = self.migrate(release_of(pod), self._settings.database.name)
        return code, output, output

    def _contents(self) -> dict[str, tuple[int, str]]:
        rows = self._app.rows
        return {
            "public.person": (len(rows), f"{hash(str(rows))}"),
            "public.alembic_version": (1, "4711"),
        }
