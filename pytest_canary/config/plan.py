"""What a run is going to do: decided before anything starts, from options, settings and git."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary.config import build_args
from pytest_canary.config.baseline import Baseline, find_baseline, is_candidate
from pytest_canary.config.options import STAGES, Options
from pytest_canary.config.pipeline_file import find_pipeline, find_roles
from pytest_canary.config.promotion_pipeline import take_over
from pytest_canary.config.rolling_update import expect_update
from pytest_canary.config.settings import Settings
from pytest_canary.config.target import Target, find_target
from pytest_canary.core.errors import SettingsError

if TYPE_CHECKING:
    from pytest_canary.pipelines.roles import Roles
    from pytest_canary.pipelines.service_roles import ServiceRoles


@dataclass(frozen=True)
class Plan:
    """One run, decided.

    The plugin's own: `target`, `roles`.

    Attributes:
        target: the cluster of somebody else's that is walked in; None for one of the run's own.
        notes: what whoever reads the outcome should know of it, a sentence each.
        pipeline: the pipeline that is looked at; None for none.
        roles: the pipelines, or the jobs of its file, that make the transitions; None where the
            harness makes them itself.
        uncompared: why a check can't know the baseline; empty where it does.
    """

    settings: Settings
    options: Options
    baseline: Baseline
    target: Target | None = None
    notes: tuple[str, ...] = ()
    pipeline: Path | None = None
    roles: Roles | ServiceRoles | None = None
    uncompared: str = ""

    @property
    def upgrade(self) -> bool:
        """Whether a baseline is live; a first release otherwise."""
        return self.baseline.kind != "none"

    @property
    def has_canary(self) -> bool:
        """Whether the candidate is on trial beside the baseline; else it takes its place."""
        return self.settings.replicas.canary > 0

    @property
    def compares(self) -> bool:
        """Whether the baseline has manifests of its own, or nobody can say."""
        return self.baseline.commit is not None or bool(self.uncompared)

    @property
    def has_database(self) -> bool:
        """Whether a database runs in the cluster."""
        return self.settings.database.image != "none"

    @property
    def migrates(self) -> bool:
        """Whether there is something to migrate, and something that does."""
        migrates = self.settings.commands.migrate or self.settings.migration.way != "exec"
        return self.has_database and bool(migrates)

    @property
    def migrates_first(self) -> bool:
        """Whether a version's migration is made by the time that its pods are ready."""
        first = self.settings.migration.first or not self.has_canary
        return self.migrates and (first or self.migrates_along)

    @property
    def migrates_along(self) -> bool:
        """Whether a version's own pods migrate as they come."""
        settings = self.settings
        return self.migrates and settings.migration.along(settings.files.renderer)

    @property
    def traffic(self) -> bool:
        """Whether requests are sent all along."""
        return self.settings.traffic.rate > 0

    @property
    def tells_versions(self) -> bool:
        """Whether a header tells which version answered."""
        return self.settings.api.version_header is not None

    @property
    def judges(self) -> bool:
        """Whether canary and baseline can be compared under load."""
        return self.upgrade and self.traffic

    @property
    def checks(self) -> bool:
        """Whether the settings name requests beside the one that writes and the one that reads."""
        api = self.settings.api
        return bool(api.checks) or api.bounded_read is not None

    @property
    def comes_to_verdict(self) -> bool:
        """Whether they will be compared: the walk goes so far."""
        return self.judges and "verdict" in self.stages

    @property
    def runs_pipelines(self) -> bool:
        """Whether the walk's transitions are what the project's own pipelines do."""
        return self.roles is not None

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that are walked, in order; cleanup is always the last, but for a check."""
        if self.options.check:
            return STAGES[:1]
        return tuple(
            stage
            for stage in STAGES
            if STAGES.index(stage) <= STAGES.index(self.options.until) or stage == "cleanup"
        )

    @property
    def title(self) -> str:
        """The header's first words."""
        if self.options.check:
            pipelines = " and pipelines" if self.pipeline else ""
            return f"{self.settings.name}, its manifests{pipelines} alone"
        scenario = "upgrade" if self.upgrade else "first release"
        return f"{self.settings.name}, {scenario}; baseline {self.baseline.text}"


def plan(settings: Settings, options: Options) -> Plan:
    """Put settings, options and git together.

    Raises:
        SettingsError: the baseline can't be made out, or is the candidate itself; or the context
            can't be made out; or there is no pipeline as it is named.
    """
    pipeline = find_pipeline(settings, options)
    if pipeline:
        settings = take_over(settings, pipeline)
    if not settings.replicas.canary:
        expect_update(settings)
    if options.check:
        return _check(settings, options, pipeline)
    if options.context and settings.files.renderer == "helm":
        raise SettingsError(
            f"--canary-context={options.context}: what Helm makes can't be told there from what "
            "others have; leave it out, or name what `helm template` makes in manifests.path"
        )
    target = find_target(options) if options.context else None
    roles = find_roles(settings, options, pipeline) if pipeline else None
    way = settings.migration.way
    if roles and way != "exec":
        raise SettingsError(
            f'{settings.source}: migration.by = "{way}": where pipelines make the transitions, a '
            'walk sees what they migrate by `kubectl exec` alone; say so by migration.by = "exec", '
            "or set pipeline.run = false"
        )
    if roles and not settings.replicas.canary:
        raise SettingsError(
            f"{settings.source}: replicas.canary = 0: the pipelines of a walk have a canary; set "
            "it to 1, or pipeline.run = false"
        )
    baseline = find_baseline(settings, options)
    if baseline.kind == "none" and not settings.replicas.canary:
        raise SettingsError(
            f"{settings.source}: replicas.canary = 0: a first release has nothing to update; name "
            "a baseline, or set it to 1"
        )
    made = Plan(settings, options, baseline, target, pipeline=pipeline, roles=roles)
    builds = options.image is None or made.baseline.commit
    notes = build_args.notes(settings.image.build_args) if builds else []
    notes += _known_migration(settings)
    return replace(made, notes=(*notes, *_same_commit(made)))


def _known_migration(settings: Settings) -> list[str]:
    """A note of what is taken for the migration, where nobody has said it."""
    migration = settings.migration
    if not migration.known:
        return []
    container = f"init container {migration.container}" if migration.container else ""
    hook = f"hook {migration.hook}" if migration.hook else ""
    what = container or hook or f"the Job of {settings.files.deployment.name}"
    return [f"{what} is taken for what migrates; migration.by says otherwise"]


def _check(settings: Settings, options: Options, pipeline: Path | None) -> Plan:
    """A check's plan: what git doesn't know of the baseline is no fault of the manifests."""
    try:
        return Plan(settings, options, find_baseline(settings, options), pipeline=pipeline)
    except SettingsError as error:
        none = Baseline("none", "", "--canary-check")
        return Plan(settings, options, none, pipeline=pipeline, uncompared=str(error))


def _same_commit(plan: Plan) -> list[str]:
    """A note where the candidate is built from the baseline's own commit.

    Raises:
        SettingsError: it is, and a header is to tell the two apart, which it never will.
    """
    baseline = plan.baseline
    if plan.options.image or not baseline.commit:
        return []
    if not is_candidate(plan.settings, baseline.commit):
        return []
    both = f"both are commit {baseline.commit.id[:12]}, and no file has changed since"
    if plan.tells_versions:
        raise SettingsError(
            f"baseline {baseline.text} is the candidate itself: {both}; "
            'name an earlier one, or "none"'
        )
    return [f"baseline {baseline.name} is the candidate itself: {both}"]
