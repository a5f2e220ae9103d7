"""What a rehearsal stands on from its first moment: its plan, its run, its journal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary.context.builders import Builders
from pytest_canary.context.evidence import Evidence, failure_of
from pytest_canary.context.journal import Journal
from pytest_canary.context.report_folder import ReportFolder
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.measuring import Measure, measure_nothing
from pytest_canary.core.processes import Processes
from pytest_canary.core.secret_variables import secrets_of
from pytest_canary.core.waiting import Waiter

if TYPE_CHECKING:
    from pytest_canary.cluster.leftovers import Inventory
    from pytest_canary.cluster.run import Run
    from pytest_canary.config.plan import Plan
    from pytest_canary.config.settings import Settings
    from pytest_canary.context.context import Context
    from pytest_canary.context.evidence import Failure


class Workspace:
    """One rehearsal's own things.

    Args:
        plan: what is rehearsed.
        project: the folder that is rehearsed; messages tell paths from it.
        run: owns what is made; None where nothing is, as the manifests alone are looked at.
        waiter: waits, and tells how far things are; its listener hears no secrets.
        builders: make the parts that reach out of this process.
        redactor: learns the secrets, for whoever else shows something; None for one of its own.

    Attributes:
        processes: the commands that it runs, which end with it.
        journal: what happened.
        report_folder: where the report and the evidence go.
        evidence: keeps what there is of a failure.
        cluster_run: owns the cluster; None where the run does, or there is none.
        inventory: lists what the run has on this machine; None before anything was made.
    """

    def __init__(
        self,
        plan: Plan,
        project: Path,
        run: Run | None = None,
        *,
        waiter: Waiter | None = None,
        builders: Builders | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.plan = plan
        self.project = project
        self.builders = builders or Builders()
        redactor = redactor or Redactor()
        redactor.add(*_known_secrets(plan.settings))
        self.journal = Journal(plan, run.id if run else "", redactor)
        measure = self.journal.timeline.measure
        self.waiter = discreet(waiter or Waiter(), redactor, measure)
        self.processes = Processes(redactor, measure=measure)
        self.report_folder = ReportFolder(plan.options.report, self.journal.run)
        self.evidence = Evidence(self.report_folder)
        self.cluster_run: Run | None = None
        self.inventory: Inventory | None = None
        self._run = run
        self._context: Context | None = None

    @property
    def run(self) -> Run:
        """The run that owns what is made.

        Raises:
            ClusterError: nothing is to be made.
        """
        if self._run is None:
            raise ClusterError(
                "the manifests alone are looked at, so there is no run; use --canary"
            )
        return self._run

    @property
    def context(self) -> Context:
        """What there is once the cluster is up.

        Raises:
            ClusterError: it isn't.
        """
        if self._context is None:
            raise ClusterError("there is no cluster yet; the stage `cluster` makes it")
        return self._context

    @context.setter
    def context(self, context: Context) -> None:
        self._context = context

    @property
    def is_up(self) -> bool:
        """Whether there is a context."""
        return self._context is not None

    def keep_evidence(self, stage: str, error: BaseException) -> Failure:
        """Keep the evidence of a failure, before anything else changes; once for each error.

        Where it can't be written, the stage's line says so.
        """
        known = next((each for each in self.journal.failures if each.error is error), None)
        if known:
            return known
        redact = self.journal.redactor.redact
        # Known from now on, whatever goes wrong while its evidence is collected. Without a run,
        # the files would hold no more than that.
        failure = failure_of(stage, error, redact)
        self.journal.keep_failure(failure)
        up = self.is_up and stage != "cleanup"
        diagnostics = self.context.release.diagnostics() if up else None
        also = self.context.disturbances() if up else []
        if self._run:
            failure = self.evidence.keep(stage, error, diagnostics, redact, also)
            self.journal.keep_failure(failure)
        if failure.lost:
            self.journal.note(stage, f"its evidence can't be kept: {failure.lost}")
        self.journal.keep_diagnostics(diagnostics)
        return failure

    def stop_background(self) -> None:
        """End what runs in the background."""
        if self._context:
            with self.waiter.measure("step", "end traffic and watches"):
                self._context.stop()


def _known_secrets(settings: Settings) -> list[str]:
    """What is secret before anything is made: in the settings, and of what `apply.sh` sees.

    CI hands its own secrets to templates and scripts in this process's environment.
    """
    api = settings.api
    requests = [each for each in (api.write, api.read, api.bounded_read, *api.checks) if each]
    return [
        secret
        for variables in (
            os.environ,
            settings.environment,
            settings.image.build_args,
            *(request.headers for request in requests),
            *(request.form or {} for request in requests),
        )
        for secret in secrets_of(variables)
    ]


def discreet(waiter: Waiter, redactor: Redactor, measure: Measure = measure_nothing) -> Waiter:
    """One that waits alike, is measured, and tells no secrets, be it to its listener or late."""
    listener = waiter.listener

    def listen(what: str, seen: str) -> None:
        listener(redactor.redact(what), redactor.redact(seen))

    return Waiter(waiter.clock, listen, measure, redactor.redact)


def workspace_itself(workspace: Workspace) -> Workspace:
    """The subject of a stage that needs no cluster: the workspace itself."""
    return workspace


def existing_context(workspace: Workspace) -> Context:
    """The subject of a stage that looks at the cluster: its context.

    Raises:
        ClusterError: there is no cluster yet.
    """
    return workspace.context
