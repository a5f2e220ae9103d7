"""The canary pipeline, which stands still where the migration begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from pytest_canary.config.migration_settings import CommandSettings
from pytest_canary.core.errors import CanaryError, FoundError, ReleaseError
from pytest_canary.delivery.doomed import DoomedRollout
from pytest_canary.delivery.pipeline_run import PipelineRun
from pytest_canary.delivery.pod_execs import ExecWatch, runs
from pytest_canary.delivery.project_pipelines import ProjectPipelines
from pytest_canary.delivery.role_pipelines import AUTOMATIC, CALLED
from pytest_canary.delivery.standing import Standing
from pytest_canary.jobs.asks import Ask
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.manifests.version import CANARY


class CanaryPipeline:
    """Runs it, as far as its first `kubectl exec` and then to its end.

    So the canary is looked at before the migration.

    Args:
        pipelines: the project's.
        standing: the Deployments that they leave.
        watch: looks after what a run of it deploys.
        commands: what it runs in pods.
        deadline: seconds that each of them may take.
    """

    def __init__(
        self,
        pipelines: ProjectPipelines,
        standing: Standing,
        watch: Callable[[PipelineRun], DoomedRollout],
        commands: CommandSettings,
        deadline: float,
    ) -> None:
        self._pipelines = pipelines
        self._standing = standing
        self._watch = watch
        self._commands = commands
        self._deadline = deadline
        self._held: PipelineRun | None = None
        self._error: CanaryError | None = None

    def start(self) -> PipelineResult | None:
        """Run it until it migrates; what came of it where it has ended before, else None.

        Raises:
            FoundError: the canary never comes up, though a command waits for it.
        """
        run = self._pipelines.start("canary", AUTOMATIC)
        self._held = run
        rollout = self._watch(run)

        def expect_hope() -> None:
            try:
                rollout.expect_hope()
            except FoundError:
                self._held = None
                raise

        result = run.follow(self._answer_until_exec, expect_hope)
        if result is not None:
            self._held = None
        return result

    def go_on(self) -> tuple[PipelineResult, CanaryError | None]:
        """What it comes to at its end, and how it has failed.

        Raises:
            FoundError: a command in a pod hangs.
            ReleaseError: it was not started.
        """
        run, last = self._held, self._pipelines.last
        if run is None:
            if last is None or last.role != "canary":
                raise ReleaseError(f"{CALLED['canary']} does not run; enter the stage canary first")
            return last.result, self._error
        watched = ExecWatch(self._commands, self._deadline)

        def answer(ask: Ask) -> Literal["answered", "hold"]:
            watched.hear(ask)
            return self._pipelines.answer(ask)

        return self._come_to_end(run.finish(answer, watched.expect_end))

    def go_on_until_ended(self, words: Sequence[str]) -> None:
        """Let it go on until a command in a pod has ended, or else to its end.

        Raises:
            FoundError: a command in a pod hangs.
        """
        if self._held is None:
            return
        watched, typed = ExecWatch(self._commands, self._deadline), " ".join(words)

        def answer(ask: Ask) -> Literal["answered", "hold"]:
            watched.hear(ask)
            if ask.kind == "ended" and runs(ask.arguments, typed):
                return "hold"
            return self._pipelines.answer(ask)

        result = self._held.follow(answer, watched.expect_end)
        if result is not None:
            self._come_to_end(result)

    def expect_passed(self) -> None:
        """Return where it has passed.

        Raises:
            FoundError: it has not.
        """
        if self._error:
            raise self._error
        last = self._pipelines.last
        if self._held or last is None or last.role != "canary":
            raise ReleaseError(f"{CALLED['canary']} has not come to its end; see the stage before")

    def leave(self) -> None:
        """Forget one that stands still; whoever stops the pipelines ends it."""
        self._held = None

    def _come_to_end(self, result: PipelineResult) -> tuple[PipelineResult, CanaryError | None]:
        self._held = None
        try:
            return self._pipelines.keep_end("canary", result), None
        except CanaryError as error:
            self._error = error
            return result, error

    def _answer_until_exec(self, ask: Ask) -> Literal["answered", "hold"]:
        # What runs in other pods before there is a canary, a backup or so, is no migration.
        if ask.kind == "kubectl" and "exec" in ask.arguments and self._standing.deployment(CANARY):
            return "hold"
        return self._pipelines.answer(ask)
