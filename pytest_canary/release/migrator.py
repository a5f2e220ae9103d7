"""What migrates the database to a version, as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_canary.config.migration_settings import CommandSettings, MigrationSettings
from pytest_canary.config.track_deployments import TrackDeployment
from pytest_canary.database.database import Database
from pytest_canary.release.along import Along
from pytest_canary.release.hook_watch import HookWatch
from pytest_canary.release.job_manifest import (
    hook_of,
    job_among_manifests,
    load_job,
    own,
    pod_of,
)
from pytest_canary.release.job_run import JobRun
from pytest_canary.release.migration import Fresh, Migrated, Way, by_exec, migrate
from pytest_canary.release.migration_trials import MigrationTrials
from pytest_canary.release.pod_commands import PodCommands
from pytest_canary.rendering.version import Version


class Migrator:
    """Migrates the database.

    Args:
        pods: run commands, and watch what a Job makes.
        tracks: the Deployment of each.
        migration: what migrates.
        commands: what runs in the app's pods.
        deadline: seconds for a rollout.
        environment: the variables that the apply script and its templates see.
        announce: told what is about to be made, as kubectl calls it.
        hooks: watches over the Jobs that Helm runs.
    """

    def __init__(
        self,
        pods: PodCommands,
        tracks: Mapping[str, TrackDeployment],
        migration: MigrationSettings,
        commands: CommandSettings,
        deadline: float,
        environment: Mapping[str, str],
        announce: Callable[[str], None],
        hooks: HookWatch,
    ) -> None:
        self._pods = pods
        self._tracks = tracks
        self._migration, self._commands = migration, commands
        self._deadline = deadline
        self._environment = environment
        self._announce = announce
        self._hooks = hooks

    def migrate(
        self,
        database: Database,
        track: str,
        version: Version,
        *,
        fresh: Fresh | None,
        ready: Callable[[], object] = lambda: None,
    ) -> Migrated:
        """Migrate to a version; `migration.migrate` says how, and what it raises.

        Args:
            database: the live one.
            track: has the version's pods.
            version: the one whose migration it is.
            fresh: tells what its trials have come to, where another version is live.
            ready: returns when migrate may run.
        """
        wanted, ping = self._tracks[track], self._commands.ping
        way = self._way(wanted, version)
        return migrate(self._pods, database, wanted.name, way, ping=ping, fresh=fresh, ready=ready)

    def begin_trials(self, database: Database, track: str, version: Version) -> MigrationTrials:
        """Begin to try the migration to a version, before it is made.

        Args:
            database: the live one; nothing of this touches it.
            track: has the version's pods.
            version: the one whose migration it is.

        Raises:
            ReleaseError: no pod is ready.
        """
        way = self._way(self._tracks[track], version)
        return MigrationTrials(self._pods, database, way.pod, way.command).start()

    def along(
        self,
        database: Database,
        track: str,
        version: Version,
        deploy: Callable[[], None],
        *,
        fresh: bool,
        ready: Callable[[], object] = lambda: None,
    ) -> Migrated:
        """Deploy a version whose own pods migrate; `Along.migrate` says how, and what it raises.

        Args:
            database: the live one.
            track: gets the version's pods.
            version: the one whose migration it is.
            deploy: puts it there, and returns when its pods are ready.
            fresh: whether another version is live.
            ready: returns when the migration may begin.
        """
        migration, wanted = self._migration, self._tracks[track]
        job, by_hook = None, migration.way == "hook"
        if by_hook or migration.among_manifests:
            find = hook_of if by_hook else job_among_manifests
            job = find(version, wanted.name, wanted.replicas, self._environment)
        made = Along(
            self._pods,
            database,
            wanted.name,
            version.image,
            init=migration.way == "init-container",
            container=migration.container or "",
            deadline=self._deadline,
            job=job,
            hooks=self._hooks if by_hook else None,
        )
        ping = self._commands.ping
        return made.migrate(deploy, ping=ping, fresh=fresh, ready=ready)

    def _way(self, wanted: TrackDeployment, version: Version) -> Way:
        given = version, wanted.name, wanted.replicas, self._environment
        if version.job:
            job = load_job(version.job, *given)
        elif self._migration.among_manifests:
            job = own(job_among_manifests(*given))
        else:
            return by_exec(self._pods, wanted.name, self._commands.migrate)
        run = JobRun(self._pods, job, version.image, self._announce)
        return Way(pod_of(job), (), run.run)
