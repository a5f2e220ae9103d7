"""The migration that the canary pipeline makes: what came of it, and of the schema."""

from __future__ import annotations

from collections.abc import Callable

from pytest_canary.config.migration_settings import CommandSettings
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.database.database import Database
from pytest_canary.database.lock_findings import describe_waits
from pytest_canary.database.lock_sampler import sample_locks
from pytest_canary.delivery.canary_pipeline import CanaryPipeline
from pytest_canary.delivery.pod_execs import last_exec
from pytest_canary.delivery.role_pipelines import CALLED
from pytest_canary.delivery.standing import Standing
from pytest_canary.manifests.version import CANARY
from pytest_canary.release.migration import Fresh, Migrated, explain
from pytest_canary.release.migration_trials import MigrationTrials, state_before
from pytest_canary.release.pod_commands import PodCommands


class PipelineMigration:
    """Looks at the database while the canary pipeline goes on from where it migrates.

    Args:
        pipeline: stands still there.
        standing: the Deployments that pipelines leave.
        pods: find the canary's, and try the migration.
        database: the live one.
        commands: what it runs in pods.
    """

    def __init__(
        self,
        pipeline: CanaryPipeline,
        standing: Standing,
        pods: PodCommands,
        database: Database,
        commands: CommandSettings,
    ) -> None:
        self._pipeline = pipeline
        self._standing = standing
        self._pods = pods
        self._database = database
        self._commands = commands

    def begin_trials(self) -> MigrationTrials:
        """Begin to try the migration before the pipeline makes it.

        Raises:
            ReleaseError: no canary pod is ready.
        """
        pod = self._pods.ready_pod(self._standing.name(CANARY))
        return MigrationTrials(self._pods, self._database, pod, self._commands.migrate).start()

    def migrate(self, *, fresh: Fresh | None, ready: Callable[[], object]) -> Migrated:
        """Let the pipeline go on to its end, and look at the schema before and after.

        Args:
            fresh: tells what its trials have come to, where another version is live.
            ready: returns when the migration may begin.

        Raises:
            FoundError: it ends before it has migrated.
            ReleaseError: nothing in it migrates.
        """
        deployment, words = self._standing.name(CANARY), self._commands.migrate
        pod = self._pods.ready_pod(deployment)
        known = self._standing.pods(CANARY)
        own = {deployment, *(each["metadata"]["name"] for each in known)}
        tried = fresh() if fresh else state_before(self._database)
        ready()
        locks = None
        if fresh:
            others = self._pods.addresses(but=deployment)
            with sample_locks(self._database, others, self._pods.deadline) as locks:
                try:
                    self._pipeline.go_on_until_ended(words)
                except FoundError as found:
                    raise explain(found, describe_waits(locks)) from found
        result, error = self._pipeline.go_on()
        after = self._database.schema()
        done = last_exec(result, words, own)
        if done is None:
            if error:
                raise error
            raise ReleaseError(
                f"{CALLED['canary']} has run to its end and called no `{' '.join(words)}`; let a "
                "job `kubectl exec` it in a canary pod, or name in commands.migrate what migrates"
            )
        return Migrated(
            last_exec(result, self._commands.ping, own) if self._commands.ping else None,
            done,
            tried.before,
            after,
            tried.schema,
            tried.noted,
            self._database.history(after),
            locks,
            pod,
        )
