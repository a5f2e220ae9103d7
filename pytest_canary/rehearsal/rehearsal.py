"""One rehearsal, from stage to stage, each entered once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary import stages
from pytest_canary.context.outcomes import CleanupOutcome, PreflightOutcome
from pytest_canary.context.stage import Check, Stage, Step
from pytest_canary.context.workspace import Workspace
from pytest_canary.core.errors import CanaryError, NotApplicable, ReleaseError
from pytest_canary.rehearsal.expect import Expect
from pytest_canary.rehearsal.summary import summarize

if TYPE_CHECKING:
    from collections import Counter
    from types import TracebackType

    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.api.client import Api
    from pytest_canary.cluster.kind import Cluster
    from pytest_canary.config.options import Options
    from pytest_canary.config.plan import Plan
    from pytest_canary.context.context import Context
    from pytest_canary.context.evidence import Failure
    from pytest_canary.context.journal import Journal
    from pytest_canary.database.database import Database
    from pytest_canary.preflight.inspection import Inspection
    from pytest_canary.release.release import Release
    from pytest_canary.traffic import Traffic

Load = Callable[[str], Stage[object]]


class Rehearsal:
    """Moves from stage to stage; a stage that is entered twice is entered once.

        with Rehearsal.of(Path.cwd(), Options(baseline="shop:1.4")) as rehearsal:
            rehearsal.enter("canary")
            rehearsal.expect.replicas("canary", 1)

    The plugin's own: `workspace`, `load`, `journal`, `inspection`, `context`, `make`, `check`,
    `has_tried`, `keep_evidence`.

    Args:
        workspace: what it stands on.
        load: finds a stage by its name.
        entered: the stages that lie behind it already.
    """

    def __init__(
        self, workspace: Workspace, load: Load = stages.load, entered: Iterable[str] = ()
    ) -> None:
        self.workspace = workspace
        self.load = load
        self._made: dict[Step, CanaryError | None] = {load(name).entry: None for name in entered}

    @classmethod
    def of(cls, project: Path, options: Options | None = None) -> Rehearsal:
        """A rehearsal of the project in a folder, with a run of its own.

        Args:
            project: has the settings, the Dockerfile and the manifests.
            options: what the command line says otherwise.

        Raises:
            SettingsError: with every mistake in the settings.
        """
        from pytest_canary.cluster.run import Run
        from pytest_canary.rehearsal.planning import load_settings, make_plan

        plan = make_plan(load_settings(project), options)
        return cls(Workspace(plan, project, Run.start(project)))

    def __enter__(self) -> Rehearsal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Delete everything that was made, or leave it for a look, as `Options.keep` says."""
        keep = self.plan.options.keep
        if self.begun and (keep == "always" or (keep == "on-failure" and kind)):
            self.keep()
            self.workspace.run.release()
        else:
            self.clean_up()
        self.workspace.report_folder.release()

    # What it is about.

    @property
    def plan(self) -> Plan:
        """What is rehearsed."""
        return self.workspace.plan

    @property
    def journal(self) -> Journal:
        """What happened."""
        return self.workspace.journal

    @property
    def inspection(self) -> Inspection:
        """What the static check has found in the manifests.

        Raises:
            ReleaseError: the stage `preflight` was not entered yet.
        """
        return self.journal.outcome(PreflightOutcome).inspection

    @property
    def context(self) -> Context:
        """The cluster, the release, the database, the app.

        Raises:
            ClusterError: there is no cluster yet.
        """
        return self.workspace.context

    @property
    def expect(self) -> Expect:
        """What asserts, with the stages' own sentences."""
        return Expect(self.workspace)

    # What there is once the cluster is up; before, each raises a ClusterError that says so.

    @property
    def cluster(self) -> Cluster:
        """The kind cluster."""
        return self.context.cluster

    @property
    def release(self) -> Release:
        """The release: `release.kubectl("get", "pods")`, `release.exec("canary", ["date"])`."""
        return self.context.release

    @property
    def database(self) -> Database:
        """The database in the cluster: `database.query("select …")`."""
        return self.context.database

    @property
    def api(self) -> Api:
        """The client of the app's API, through the Service; from the stage `baseline` on."""
        return self.context.api

    def pod_api(self, track: str) -> Api:
        """The client of the app's API at one ready pod of a track, past the Service.

        Args:
            track: "canary" or "stable".

        Raises:
            ReleaseError: no pod of it is ready.
        """
        return self.context.pod_api(track)

    @property
    def traffic(self) -> Traffic:
        """The load that runs from the baseline to the rollback: `traffic.lost`."""
        return self.context.app.traffic

    @property
    def verdict(self) -> Verdict:
        """What canary and baseline came to, side by side: `verdict.text`.

        Raises:
            ReleaseError: there is none, as the stage `verdict` was not entered yet or nothing was
                compared.
            NotApplicable: nobody could tell the two versions apart.
        """
        from pytest_canary.context.expect_outcomes import verdict

        return verdict(self.context)

    def sample(self, *titles: str) -> Counter[str]:
        """How many of 300 new connections each version answers, by what it calls itself.

        Without a header, by its title, as the kind node counts them; then the traffic's count too.

        Args:
            titles: who should answer: "baseline", "candidate" or both.

        Raises:
            ApiError: a connection failed, or its answer was not as promised.
            ReleaseError: nobody can tell who answers, or one of them has not answered yet.
            NotApplicable: the node was to tell, and can't.
        """
        from pytest_canary.context.sampling import sample

        return sample(self.context, *titles)

    @property
    def kubeconfig(self) -> Path:
        """The run's own kubeconfig."""
        return self.workspace.run.kubeconfig

    # Where it stands.

    def enter(self, name: str) -> None:
        """Make the transitions up to a stage, the earlier stages' first; a final one has none.

        Raises:
            CanaryError: one of them failed; the same error again, every time.
        """
        if name not in self.plan.stages:
            raise ReleaseError(
                f"the walk ends before stage {name}, at {self.plan.options.until}; "
                "see --canary-until"
            )
        last = self.load(name)
        if last.final:
            self.make(last.entry, last)
            return
        for each in self.plan.stages[: self.plan.stages.index(name) + 1]:
            stage = self.load(each)
            if stage.skips(self.plan):
                continue
            self.journal.begin(each)
            # Without a canary everybody has the candidate, and nobody is to lose a request.
            if self.plan.has_canary and stage.on_trial:
                self.journal.put_on_trial(each)
            self.make(stage.entry, stage)

    def make(self, step: Step, stage: Stage[object]) -> None:
        """Make a step the first time it is asked for, and what comes before it.

        Args:
            step: the stage's entry, or what changes the cluster between two of its checks.
            stage: the stage that it leads to, or belongs to.

        Raises:
            CanaryError: it failed; the same error again, every time.
        """
        if step.after and step.after is not stage.entry:
            self.make(step.after, stage)
        if step not in self._made:
            try:
                with self._in_transition(stage, step.name):
                    step.make(self.workspace)
                self._made[step] = None
            except CanaryError as error:
                self._made[step] = error
        failure = self._made[step]
        if failure:
            raise failure

    def check(self, check: Check, stage: Stage[object]) -> None:
        """Come to where a check of a stage is made, and make it.

        Raises:
            CanaryError: the way there failed, or what the check asserts does not hold.
            NotApplicable: the stage is not walked.
        """
        if why := stage.skips(self.plan):
            raise NotApplicable(why)
        try:
            self._come_to(stage)
        except CanaryError:
            # A cleanup that fails has removed something all the same.
            if not (stage.final and check.test and self.journal.find(CleanupOutcome)):
                raise
        if check.after:
            self.make(check.after, stage)
        if check.test:
            check.test(self.workspace)

    def _come_to(self, stage: Stage[object]) -> None:
        if stage.automatic:
            self.make(stage.entry, stage)
        else:
            self.enter(stage.name)

    @contextlib.contextmanager
    def _in_transition(self, stage: Stage[object], transition: str) -> Iterator[None]:
        """Let the timeline and the traffic know where the walk stands."""
        self._enter_phase(stage, transition)
        try:
            with self.journal.timeline.record_passage(transition, stage.name):
                yield
        finally:
            self._enter_phase(stage, "")

    def _enter_phase(self, stage: Stage[object], transition: str) -> None:
        if self.workspace.is_up and not stage.final:
            self.workspace.context.enter_phase(stage.name, transition)

    def entered(self, name: str) -> bool:
        """Whether the transition to a stage was tried, and did not fail."""
        entry = self.load(name).entry
        return entry in self._made and self._made[entry] is None

    def has_tried(self, name: str) -> bool:
        """Whether the transition to a stage was tried, however it ended."""
        return self.load(name).entry in self._made

    @property
    def begun(self) -> bool:
        """Whether anything was made yet."""
        return self.workspace.inventory is not None

    # The end.

    def keep_evidence(self, stage: str, error: BaseException) -> Failure:
        """Keep the evidence of a failure, before anything else changes; once for each error."""
        return self.workspace.keep_evidence(stage, error)

    def keep(self) -> None:
        """Leave everything in place, for a look or for `--canary-reap`."""
        self.workspace.stop_background()
        self.workspace.run.note(kept=True)
        if self.workspace.cluster_run:
            self.workspace.cluster_run.release()

    def clean_up(self) -> None:
        """Delete everything that the run made, without walking the stages before.

        Raises:
            CanaryError: something could not be deleted.
        """
        self.enter("cleanup")

    def summary(self) -> str:
        """What was walked, in one line."""
        return summarize(self.journal)
