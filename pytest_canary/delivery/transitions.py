"""A release's transitions as the project's own pipelines make them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pytest_canary.core.errors import CanaryError, FoundError, ReleaseError
from pytest_canary.database.database import Database
from pytest_canary.database.lock_findings import describe_waits
from pytest_canary.database.lock_sampler import sampling
from pytest_canary.delivery.deployed import Deployed
from pytest_canary.delivery.doomed import DoomedRollout
from pytest_canary.delivery.pipeline_run import PipelineRun
from pytest_canary.delivery.pod_execs import ExecWatch, last_exec, runs
from pytest_canary.delivery.project_pipelines import ProjectPipelines
from pytest_canary.delivery.promoted_again import BY_HAND, PromotedAgain
from pytest_canary.delivery.role_pipelines import CALLED
from pytest_canary.jobs.asks import Ask
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.k8s.objects import app_container, pods_of
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.pipelines.roles import Role
from pytest_canary.release.diagnostics import Diagnostics
from pytest_canary.release.migration import Migrated, explain, fresh_schema
from pytest_canary.release.release import Release
from pytest_canary.release.transitions import Again
from pytest_canary.rendering.version import Version

# Who promotes where nobody presses.
AUTOMATIC = "auto-promotion"

# What `kubectl delete` may have in the place of a Deployment's name.
_SELECTING = ("-f", "-l", "-k", "--all", "--selector", "--filename", "--kustomize")


class PipelineTransitions:
    """Runs the canary, stable and rollback pipelines, each when its transition comes.

    The canary pipeline stands still before its first `kubectl exec`, where the migration begins, so
    that the canary is looked at before.

    Args:
        pipelines: the project's.
        release: looks at what they have done.
        database: the one that they migrate.
        learn: told what a version's image is called that they have deployed; the version by that.
    """

    def __init__(
        self,
        pipelines: ProjectPipelines,
        release: Release,
        database: Database,
        learn: Callable[[Version, str], Version],
    ) -> None:
        self._pipelines = pipelines
        self._release = release
        self._database = database
        self._deployed = Deployed(release, pipelines.images, learn)
        self._held: PipelineRun | None = None
        self._error: CanaryError | None = None
        # By which name the stable pipeline has deployed the candidate.
        self._promoted = ""

    def canary(self, version: Version) -> None:
        """Run the canary pipeline until it migrates.

        Raises:
            FoundError: it does not pass, or the canary does not come up.
            ReleaseError: it has run to its end and deployed no canary.
        """
        run = self._pipelines.start("canary", AUTOMATIC)
        self._held = run
        result = run.follow(self._answer_until_exec, self._hope("canary", CANARY, run))
        if result is not None:
            self._held = None
            self._end("canary", CANARY, result, version)
        deployed = self._release.namespace.deployment(self._release.name(CANARY))
        if deployed is None:
            raise ReleaseError(
                f"{CALLED['canary']} came {'to its end' if result else 'to its `kubectl exec`'} "
                f"and deployed no {self._release.name(CANARY)}; name the Deployments as `name` in "
                "the settings says"
            )
        learnt = self._deployed.version(deployed, version, "canary")
        self._release.rollouts.wait_until_settled(
            CANARY, self._release.settings.replicas.canary, learnt
        )
        self._release.wait_for_service()
        self._expect_pulled(CANARY)

    def migrate(self, *, fresh: bool, ready: Callable[[], object]) -> Migrated:
        """Let the canary pipeline go on to its end, and look at the schema before and after.

        Raises:
            FoundError: it ends before it has migrated.
            ReleaseError: nothing in it migrates.
        """
        pods, commands = self._release.pods, self._release.settings.commands
        deployment = self._release.name(CANARY)
        pod = pods.ready_pod(deployment)
        known = pods_of(self._release.observer.snapshot().pods.values(), deployment)
        own = {deployment, *(each["metadata"]["name"] for each in known)}
        before = self._database.schema()
        noted = self._database.history(before)
        expected = fresh_schema(pods, self._database, pod, commands.migrate) if fresh else None
        ready()
        locks = None
        if fresh:
            others = pods.addresses(but=deployment)
            with sampling(self._database, others, pods.deadline) as locks:
                try:
                    self._go_on_until_ended(commands.migrate)
                except FoundError as found:
                    raise explain(found, describe_waits(locks)) from found
        result, error = self._go_on()
        after = self._database.schema()
        done = last_exec(result, commands.migrate, own)
        if done is None:
            if error:
                raise error
            typed = " ".join(commands.migrate)
            raise ReleaseError(
                f"{CALLED['canary']} has run to its end and called no `{typed}`; let a job "
                "`kubectl exec` it in a canary pod, or name in commands.migrate what migrates"
            )
        return Migrated(
            last_exec(result, commands.ping, own) if commands.ping else None,
            done,
            before,
            after,
            expected,
            noted,
            self._database.history(after),
            locks,
            pod,
        )

    def go_on(self) -> None:
        """Let the canary pipeline go on to its end, where nothing is migrated.

        Raises:
            FoundError: a command in a pod hangs.
        """
        self._go_on()

    def expect_passed(self) -> None:
        """Return where the canary pipeline has passed.

        Raises:
            FoundError: it has not.
        """
        if self._error:
            raise self._error
        last = self._pipelines.last
        if self._held or last is None or last.role != "canary":
            raise ReleaseError(f"{CALLED['canary']} has not come to its end; see the stage before")

    def promote(self, version: Version, last: Callable[[], None]) -> None:
        """Run the stable pipeline.

        Raises:
            FoundError: it does not pass, or stable does not come up.
        """
        name, judged = self._release.name(CANARY), False

        def answer(ask: Ask) -> Literal["answered", "hold"]:
            nonlocal judged
            if not judged and _deletes(ask, name):
                judged = True
                last()
            return self._pipelines.answer(ask)

        run = self._pipelines.start("stable", BY_HAND)
        result = run.finish(answer, self._hope("stable", STABLE, run))
        self._end("stable", STABLE, result, version)
        if not judged:
            last()
        replicas = self._release.settings.replicas.stable
        deployed = self._release.namespace.deployment(self._release.name(STABLE))
        if deployed is not None:
            version = self._deployed.version(deployed, version, "stable")
            self._promoted = version.image
        self._release.rollouts.wait_until_settled(STABLE, replicas, version)
        self._expect_pulled(STABLE)

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
        again = PromotedAgain(self._pipelines, self._release, self._deployed, self._expect_pulled)
        return again.promote(version, self._promoted)

    def spoil(self) -> None:
        """Leave the canary pods that can't start, as only of such ones a rollback is worth trying.

        Raises:
            ReleaseError: kubectl fails.
        """
        name = self._release.name(CANARY)
        deployed = self._release.namespace.deployment(name)
        if deployed is None:
            return
        template = deployed["spec"]["template"]
        container = app_container(template, self._release.pods.versions)["name"]
        broken = [{"name": container, "command": ["/spoilt-by-the-rehearsal"]}]
        self._patch(name, {"spec": {"replicas": 0}})
        self._patch(name, {"spec": {"template": {"spec": {"containers": broken}}}})
        self._patch(name, {"spec": {"replicas": self._release.settings.replicas.canary}})

    def roll_back(self, diagnostics: Diagnostics | None = None) -> Diagnostics:
        """Run the rollback pipeline.

        Raises:
            FoundError: it does not pass.
        """
        self.stop()
        diagnostics = diagnostics or self._release.diagnostics()
        last = self._pipelines.last
        by = AUTOMATIC if last and last.starts_rollback else BY_HAND
        run = self._pipelines.start("rollback", by)
        self._pipelines.keep_end("rollback", run.finish(self._pipelines.answer))
        return diagnostics

    def stop(self) -> None:
        """End a pipeline that stands still."""
        self._held = None
        self._pipelines.stop()

    def _expect_pulled(self, track: str) -> None:
        """Return where a track's pods run what was pushed under their image's name.

        Raises:
            FoundError: one runs something else.
        """
        if self._pipelines.registry:
            pods = self._release.observer.snapshot().pods.values()
            found = self._pipelines.registry.moved(pods_of(pods, self._release.name(track)))
            if found:
                raise FoundError(found)

    # One pipeline.

    def _go_on(self) -> tuple[PipelineResult, CanaryError | None]:
        """What the canary pipeline comes to at its end, and how it has failed."""
        run, last = self._held, self._pipelines.last
        if run is None:
            if last is None or last.role != "canary":
                raise ReleaseError(f"{CALLED['canary']} does not run; enter the stage canary first")
            return last.result, self._error
        watched = ExecWatch(self._release)

        def answer(ask: Ask) -> Literal["answered", "hold"]:
            watched.hear(ask)
            return self._pipelines.answer(ask)

        return self._come_to_end(run.finish(answer, watched.expect_end))

    def _go_on_until_ended(self, words: Sequence[str]) -> None:
        """Let it go on until a command in a pod has ended, or else to its end."""
        if self._held is None:
            return
        watched, typed = ExecWatch(self._release), " ".join(words)

        def answer(ask: Ask) -> Literal["answered", "hold"]:
            watched.hear(ask)
            if ask.kind == "ended" and runs(ask.arguments, typed):
                return "hold"
            return self._pipelines.answer(ask)

        result = self._held.follow(answer, watched.expect_end)
        if result is not None:
            self._come_to_end(result)

    def _come_to_end(self, result: PipelineResult) -> tuple[PipelineResult, CanaryError | None]:
        self._held = None
        try:
            return self._pipelines.keep_end("canary", result), None
        except CanaryError as error:
            self._error = error
            return result, error

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

    def _hope(self, role: Role, track: str, run: PipelineRun) -> Callable[[], None]:
        """What ends a pipeline that waits for what never comes up, and tells why it doesn't."""
        has_built = self._pipelines.images.has_built
        rollout = DoomedRollout(self._release, track, has_built, run.running, CALLED[role])

        def expect_hope() -> None:
            try:
                rollout.expect_hope()
            except FoundError:
                self._held = None
                self._pipelines.give_up(role)
                raise

        return expect_hope

    def _answer_until_exec(self, ask: Ask) -> Literal["answered", "hold"]:
        # What runs in other pods before there is a canary, a backup or so, is no migration.
        if ask.kind == "kubectl" and "exec" in ask.arguments and self._release.exists(CANARY):
            return "hold"
        return self._pipelines.answer(ask)

    def _patch(self, name: str, patch: Mapping[str, object]) -> None:
        self._release.kubectl("patch", "deployment", name, "-p", json.dumps(patch))


def _deletes(ask: Ask, deployment: str) -> bool:
    """Whether kubectl is going to delete that Deployment, or may."""
    if ask.kind != "kubectl" or "delete" not in ask.arguments:
        return False
    return any(deployment in each or each.startswith(_SELECTING) for each in ask.arguments)
