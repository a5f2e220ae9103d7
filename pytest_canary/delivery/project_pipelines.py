"""The project's pipelines, one run after the other, on the run's own cluster."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from pytest_canary.cluster.account import ACCOUNT_KUBECONFIG
from pytest_canary.cluster.container_engine import ContainerEngine, Image
from pytest_canary.cluster.run import JOBS, Run, label_of
from pytest_canary.cluster.teardown import remove_containers
from pytest_canary.config.plan import Plan
from pytest_canary.config.revision import Revision
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.delivery.delivered import Delivered
from pytest_canary.delivery.failures import failure, stopped_result
from pytest_canary.delivery.job_logs import with_logs_kept
from pytest_canary.delivery.last_good import Recalled, last_good
from pytest_canary.delivery.pipeline_run import PipelineRun, seconds
from pytest_canary.delivery.promotions import CHANGED
from pytest_canary.delivery.provided import described_secrets, with_known_values
from pytest_canary.delivery.pushed_images import Load, PushedImages
from pytest_canary.delivery.role_pipelines import CALLED, RolePipelines
from pytest_canary.delivery.running_commands import RunningCommands
from pytest_canary.delivery.snapshot import take_snapshot
from pytest_canary.delivery.workflow import workflow_of
from pytest_canary.jobs.asks import Ask, Asks
from pytest_canary.jobs.environment import Workflow
from pytest_canary.jobs.programs import Programs, install_programs
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.jobs.runner import Runner
from pytest_canary.pipelines.roles import Role
from pytest_canary.registry.registry import Registry

StartRegistry = Callable[[Iterable[Mapping[str, str]]], Registry]
"""Starts a run's registry, for who has one of these secrets' users and passwords."""

ADVICE = (
    "let it run by pipeline.allowed, or put a program of its name into the folder that "
    "pipeline.stand-ins names"
)

# By which the engine's own program finds it, beside its address.
_ENGINE = ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION")


class ProjectPipelines:
    """Runs the four pipelines of a release.

    Args:
        plan: what is rehearsed.
        pipelines: the four.
        run: owns what they make.
        engine: has the images that they build.
        processes: those of the run; its redactor learns what the jobs' secrets hold.
        waiter: waits, and tells how far they are.
        revision: the branch or tag that they run for.
        logs: the folder in which what its jobs have printed is kept, made when there is something.
        keep: told each that has ended.
        start_registry: starts the registry that their jobs push to, for who has these secrets;
            None where what they push is loaded into the node.

    Attributes:
        registry: that one.

    Raises:
        ClusterError: the registry does not serve.
        ReleaseError: git can't make a commit of the project.
        SettingsError: what is allowed, or stands in, is not there.
    """

    def __init__(
        self,
        plan: Plan,
        pipelines: RolePipelines,
        run: Run,
        engine: ContainerEngine,
        processes: Processes,
        waiter: Waiter,
        revision: Revision,
        logs: Callable[[], Path],
        keep: Callable[[Delivered], None],
        start_registry: StartRegistry | None = None,
    ) -> None:
        self._pipelines = pipelines
        self._settings = plan.settings.pipeline
        self._run = run
        self._engine = engine
        self._processes = processes
        self._waiter = waiter
        self._logs = logs
        self._keep = keep
        self._folder = run.folder / JOBS
        snapshot = take_snapshot(plan.settings.root, self._folder / "repository", processes)
        folder = self._folder / "programs"
        stand_ins = self._settings.stand_ins
        self._programs: Programs = install_programs(
            folder,
            allowed=self._settings.allowed,
            stand_ins=plan.settings.root / stand_ins if stand_ins else None,
            advice=ADVICE,
            kubeconfig=run.folder / ACCOUNT_KUBECONFIG,
            kubectl=run.folder / "bin" / "kubectl",
            repository=snapshot.path,
            engine={
                **{name: os.environ[name] for name in _ENGINE if name in os.environ},
                "DOCKER_HOST": engine.endpoint,
                "CANARY_LABEL": label_of(run.id),
                "CANARY_POSTGRES": plan.settings.database.image if plan.has_database else "",
                # Where Semaphore's own listens, and jobs look for it.
                "CANARY_POSTGRES_PORT": "5432",
            },
        )
        self._asks = Asks(folder)
        commit = plan.baseline.commit
        self._live_commit = commit.id if commit else ""
        self._workflow = workflow_of(plan.settings, snapshot, revision)
        self._secrets = described_secrets(self._settings, plan.settings.environment)
        self.registry = start_registry and start_registry(
            [*(each.variables for each in self._secrets.values()), self._workflow.more]
        )
        if self.registry:
            self.registry.offer(folder)
        self.images = PushedImages(engine, run)
        self._running: PipelineRun | None = None
        self._refused: list[Finding] = []
        self._count = 0
        self.last: Delivered | None = None

    def file(self, role: Role) -> str:
        """The file of one, as it is told."""
        return self._pipelines.file(role)

    # What they make.

    @property
    def build_seconds(self) -> float:
        """How long the first pipeline may take, by its own limit.

        Raises:
            SettingsError: it has something that can't be rehearsed.
        """
        return seconds(self._pipelines.begin("build", self._workflow).definition.minutes)

    def build(self) -> Image:
        """Run the first pipeline, and find the image that it has built.

        Raises:
            FoundError: it does not pass.
            ReleaseError: it pushes no image, or several that may be the app's.
        """
        self.keep_end("build", self.start("build", "").finish(self.answer))
        identity, part = self._workflow.identity, self._settings.image
        return self.images.find(self._pipelines.file("build"), identity, part)

    def put_on(self, node: str, load: Load, known: Mapping[str, str], live: str = "") -> None:
        """Let images go to a cluster from now on, the ones that were pushed before included.

        Args:
            node: the cluster's.
            load: puts an image there; nothing is, where the node pulls from the run's registry.
            known: the variables that the run has values for.
            live: the name of the live version's image, which the registry has had; empty for none.

        Raises:
            ClusterError: the node can't be told of the registry.
            ImageError: an image can't be put there.
        """
        self._secrets = with_known_values(self._secrets, known)
        if self.registry:
            self.registry.tell(node)
            image = self._engine.find(live) if live else None
            if image:
                self.registry.publish(image, live)
        else:
            self.images.put_on(load)

    def recall(self, live: str, promoted: str) -> Recalled:
        """Let the images of the live version's own workflow be where that has left them.

        Args:
            live: the name of the live version's image.
            promoted: the name by which the stable pipeline has deployed the candidate.

        Raises:
            FoundError: the registry does not take them.
            ImageError: they can't be put on the node.
        """
        found = last_good(self._workflow, {*self.images.built, promoted}, self._live_commit)
        image, why = self._engine.find(live), self._pipelines.why_once("stable", self._live_commit)
        if not why and (promoted not in found.names or image is None):
            why = f"{promoted} tells no workflow"
        if why or image is None:
            return Recalled(why=why)
        for name in found.names.values():
            if self.registry:
                self.registry.publish(image, name)
            else:
                self.images.give(Image(image.id, name))
        return Recalled(found.workflow, found.names[promoted])

    # Running.

    def start(self, role: Role, promoted_by: str, own: Workflow | None = None) -> PipelineRun:
        """Begin a pipeline; whoever follows it answers what it asks.

        Args:
            role: which.
            promoted_by: who has promoted to it; empty for nobody.
            own: another workflow than the candidate's, for which it runs.

        Raises:
            SettingsError: it has something that can't be rehearsed.
        """
        if self._running:
            raise ReleaseError(
                f"{self._running.name} has not ended, and {CALLED[role]} would begin"
            )
        self._count += 1
        folder = self._folder / f"{self._count}-{role}"
        folder.mkdir(mode=0o700)
        begun = self._pipelines.begin(role, self._workflow)
        workflow = replace(
            own or self._workflow,
            pipeline=str(uuid.uuid4()),
            promoted_by=promoted_by,
            parameters=begun.parameters,
        )
        running = RunningCommands(self._waiter.measure)
        make_runner = partial(
            Runner,
            begun.definition,
            workflow,
            folder=folder,
            processes=self._processes,
            programs=self._programs,
            secrets=self._secrets,
            functions=CHANGED,
            measure=running.measure,
            run_job=begun.run_job,
        )
        minutes = begun.definition.minutes
        run = PipelineRun(CALLED[role], make_runner, self._asks, self._waiter, minutes, running)
        self._running = run
        return run

    def keep_end(self, role: Role, result: PipelineResult) -> PipelineResult:
        """Keep what came of a pipeline.

        Raises:
            FoundError: it does not pass.
        """
        result, misses = self._come_to_end(role, result)
        found = misses or failure(CALLED[role], self._pipelines.file(role), result)
        refused = self._newly_refused()
        if found or refused:
            raise FoundError([each for each in (found, *refused) if each])
        return result

    def give_up(self, role: Role) -> None:
        """End what runs, and take it for failed: so it would have ended, if later."""
        result = self._running.stop() if self._running else None
        self._running = None
        if result:
            self._come_to_end(role, stopped_result(result))

    def _come_to_end(
        self, role: Role, result: PipelineResult
    ) -> tuple[PipelineResult, Finding | None]:
        """Keep what came of a pipeline; what is wrong with that, whatever its jobs came to."""
        self._running = None
        remove_containers(self._run.id, self._engine)
        file, automatic = self._pipelines.file(role), self._pipelines.automatic
        result = with_logs_kept(result, self._logs() / f"{self._count}-{role}")
        misses = self._pipelines.end(role, result)
        starts = self._pipelines.starts_rollback(role, result, self._workflow)
        self.last = Delivered(role, file, result, starts, automatic)
        self._keep(self.last)
        return result, misses

    def _newly_refused(self) -> list[Finding]:
        """What the registry has refused the jobs since this was last asked."""
        found = self.registry.findings() if self.registry else []
        new = [each for each in found if each not in self._refused]
        self._refused += new
        return new

    def stop(self) -> None:
        """End what runs; fine where nothing does."""
        if self._running:
            self._running.stop()
            self._running = None

    def answer(self, ask: Ask) -> Literal["answered", "hold"]:
        """Answer what a job asks: nothing is held."""
        self.images.answer(ask)
        return "answered"
