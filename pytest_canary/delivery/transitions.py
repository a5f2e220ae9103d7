"""A release's transitions as the project's own pipelines make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.delivery.canary_pipeline import CanaryPipeline
from pytest_canary.delivery.deployed import Deployed
from pytest_canary.delivery.doomed import DoomedRollout
from pytest_canary.delivery.pipeline_migration import PipelineMigration
from pytest_canary.delivery.pipeline_run import PipelineRun
from pytest_canary.delivery.project_pipelines import ProjectPipelines
from pytest_canary.delivery.promoted_again import PromotedAgain
from pytest_canary.delivery.role_pipelines import AUTOMATIC, BY_HAND, CALLED
from pytest_canary.delivery.standing import Standing
from pytest_canary.jobs.asks import Ask
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.pipelines.roles import Role
from pytest_canary.release.diagnostics import Diagnostics
from pytest_canary.release.migration import Fresh, Migrated
from pytest_canary.release.migration_trials import MigrationTrials
from pytest_canary.release.transitions import Again
from pytest_canary.rendering.version import Version

# What `kubectl delete` may have in the place of a Deployment's name.
_SELECTING = ("-f", "-l", "-k", "--all", "--selector", "--filename", "--kustomize")


@dataclass(frozen=True)
class OwnSteps:
    """What the harness does itself, beside what the pipelines do.

    Attributes:
        wait_for_service: returns when the watches know the Services as they are.
        spoil: leaves the canary pods that can't start.
        diagnostics: collects what helps to find out why.
    """

    wait_for_service: Callable[[], None]
    spoil: Callable[[], None]
    diagnostics: Callable[[], Diagnostics]


class PipelineTransitions:
    """Runs the canary, stable and rollback pipelines, each when its transition comes.

    Args:
        pipelines: the project's.
        standing: the Deployments that they leave.
        deployed: what they have deployed, and why that fails.
        canary: the canary pipeline.
        migration: what it makes of the database.
        again: promotes a version that was live before.
        watch: looks after what a run of the stable pipeline deploys.
        own: what the harness does beside them.
    """

    def __init__(
        self,
        pipelines: ProjectPipelines,
        standing: Standing,
        deployed: Deployed,
        canary: CanaryPipeline,
        migration: PipelineMigration,
        again: PromotedAgain,
        watch: Callable[[PipelineRun], DoomedRollout],
        own: OwnSteps,
    ) -> None:
        self._pipelines = pipelines
        self._standing = standing
        self._deployed = deployed
        self._canary = canary
        self._migration = migration
        self._again = again
        self._watch = watch
        self._own = own
        # By which name the stable pipeline has deployed the candidate.
        self._promoted = ""

    def canary(self, version: Version) -> None:
        """Run the canary pipeline until it migrates.

        Raises:
            FoundError: it does not pass, or the canary does not come up.
            ReleaseError: it has run to its end and deployed no canary.
        """
        result = self._canary.start()
        if result is not None:
            self._end("canary", CANARY, result, version)
        deployed = self._standing.deployment(CANARY)
        if deployed is None:
            raise ReleaseError(
                f"{CALLED['canary']} came {'to its end' if result else 'to its `kubectl exec`'} "
                f"and deployed no {self._standing.name(CANARY)}; name the Deployments as `name` in "
                "the settings says"
            )
        learnt = self._deployed.version(deployed, version, "canary")
        self._standing.wait_until_settled(CANARY, learnt)
        self._own.wait_for_service()
        self._deployed.expect_pulled(CANARY)

    def begin_trials(self) -> MigrationTrials:
        """In pods of their own, like the canary's.

        Raises:
            ReleaseError: none of them is ready.
        """
        return self._migration.begin_trials()

    def migrate(self, *, fresh: Fresh | None, ready: Callable[[], object]) -> Migrated:
        """Let the canary pipeline go on to its end, and look at the schema before and after.

        Raises:
            FoundError: it ends before it has migrated.
            ReleaseError: nothing in it migrates.
        """
        return self._migration.migrate(fresh=fresh, ready=ready)

    def go_on(self) -> None:
        """Let the canary pipeline go on to its end, where nothing is migrated.

        Raises:
            FoundError: a command in a pod hangs.
        """
        self._canary.go_on()

    def expect_passed(self) -> None:
        """Return where the canary pipeline has passed.

        Raises:
            FoundError: it has not.
        """
        self._canary.expect_passed()

    def promote(self, version: Version, last: Callable[[], None]) -> None:
        """Run the stable pipeline.

        Raises:
            FoundError: it does not pass, or stable does not come up.
        """
        name, judged = self._standing.name(CANARY), False

        def answer(ask: Ask) -> Literal["answered", "hold"]:
            nonlocal judged
            if not judged and _deletes(ask, name):
                judged = True
                last()
            return self._pipelines.answer(ask)

        run = self._pipelines.start("stable", BY_HAND)
        result = run.finish(answer, self._watch(run).expect_hope)
        self._end("stable", STABLE, result, version)
        if not judged:
            last()
        deployed = self._standing.deployment(STABLE)
        if deployed is not None:
            version = self._deployed.version(deployed, version, "stable")
            self._promoted = version.image
        self._standing.wait_until_settled(STABLE, version)
        self._deployed.expect_pulled(STABLE)

    def expect_kept(self, version: Version) -> None:
        """Return where the registry still has a version's image, all of it.

        Raises:
            FoundError: it hasn't, or can't be asked.
        """
        if self._pipelines.registry:
            self._pipelines.registry.digest(version.image)

    def promote_again(self, version: Version) -> Again:
        """Run the stable pipeline for the workflow that has released a version; or do it here.

        Raises:
            FoundError: the version does not come up.
        """
        return self._again.promote(version, self._promoted)

    def spoil(self) -> None:
        """Leave the canary pods that can't start, as only of such ones a rollback is worth trying.

        Raises:
            ReleaseError: kubectl fails.
        """
        self._own.spoil()

    def roll_back(self, diagnostics: Diagnostics | None = None) -> Diagnostics:
        """Run the rollback pipeline.

        Raises:
            FoundError: it does not pass.
        """
        self.stop()
        diagnostics = diagnostics or self._own.diagnostics()
        last = self._pipelines.last
        by = AUTOMATIC if last and last.starts_rollback else BY_HAND
        run = self._pipelines.start("rollback", by)
        self._pipelines.keep_end("rollback", run.finish(self._pipelines.answer))
        return diagnostics

    def stop(self) -> None:
        """End a pipeline that stands still."""
        self._canary.leave()
        self._pipelines.stop()

    def _end(self, role: Role, track: str, result: PipelineResult, version: Version) -> None:
        """Keep what came of a pipeline.

        Raises:
            FoundError: it does not pass; with why, where the cluster tells.
        """
        try:
            self._pipelines.keep_end(role, result)
        except FoundError as error:
            explained = self._deployed.explain(track, version, error)
            if explained is error:
                raise
            raise explained from error


def _deletes(ask: Ask, deployment: str) -> bool:
    """Whether kubectl is going to delete that Deployment, or may."""
    if ask.kind != "kubectl" or "delete" not in ask.arguments:
        return False
    return any(deployment in each or each.startswith(_SELECTING) for each in ask.arguments)
