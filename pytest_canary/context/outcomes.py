"""What came of each check and of each stage's transition; typed by stage.

An outcome's `stage` is the one that has to be entered for it to be there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from pytest_canary.core.errors import DatabaseError, FoundError

if TYPE_CHECKING:
    from pytest_canary.analysis.comparison import Comparison
    from pytest_canary.analysis.statistics import Share
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.core.background import Background
    from pytest_canary.core.findings import Finding
    from pytest_canary.database.backup import Backup
    from pytest_canary.k8s.history import Moment
    from pytest_canary.k8s.rollout import Rollout
    from pytest_canary.preflight.inspection import Inspection
    from pytest_canary.release.migration import Migrated
    from pytest_canary.release.migration_trials import MigrationTrials
    from pytest_canary.release.refused_migration import Refused


@dataclass(frozen=True)
class CheckResult:
    """How one check ended.

    Attributes:
        sentence: what was to hold; a team's own test is called by its node ID.
        result: how.
        ended: seconds since the walk began; `seconds` before that, it started.
        message, evidence: why it failed, or was skipped.
        automatic: whether it belongs to the rollback after a failure.
    """

    stage: str
    sentence: str
    result: Literal["passed", "failed", "skipped"]
    seconds: float
    ended: float
    message: str = ""
    evidence: str = ""
    automatic: bool = False


@dataclass
class PreflightOutcome:
    """What the static check has found."""

    stage: ClassVar[str] = "preflight"
    inspection: Inspection


@dataclass
class ClusterOutcome:
    """What was brought up.

    Attributes:
        images: the two versions' names on the nodes, by "baseline" and "candidate".
        seconds: how long each part took, by name.
        history: what the Deployments' replicas go through, from then on.
        watched_from: the beginning of its seconds, by `time.monotonic`.
        apply_failures: what is wrong with how the apply script fails.
    """

    stage: ClassVar[str] = "cluster"
    images: dict[str, str]
    seconds: dict[str, float]
    history: Sequence[Moment]
    watched_from: float
    apply_failures: list[Finding] = field(default_factory=list)


@dataclass
class BaselineOutcome:
    """What the baseline's migration did; None where there is nothing to migrate."""

    stage: ClassVar[str] = "baseline"
    migrated: Migrated | None = None


@dataclass
class CanaryOutcome:
    """Who answered behind the Service.

    Attributes:
        began: when the canary was about to come, by the traffic's clock; None without traffic.
        rows: how many had been written by then.
        sample: connections, by the version that answered them.
        connections: how many the share was measured on.
        share: the canary's part of them.
        trials: of the migration that comes next; None where none does, or its own pods migrate.
    """

    stage: ClassVar[str] = "canary"
    began: float | None = None
    rows: int = 0
    sample: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    share: Share | None = None
    trials: MigrationTrials | None = None


@dataclass
class MigrationOutcome:
    """What the candidate's migration did, and the backup from before it.

    Attributes:
        migrated: None where there is nothing to migrate.
        backup: what came of it: a backup, or why there is none; None where none was tried.
        blocking: what the migration did that takes long on many rows.
        refused: the same migration on a database that refuses it; None where it is not tried.
    """

    stage: ClassVar[str] = "migration"
    migrated: Migrated | None = None
    backup: Backup | DatabaseError | FoundError | None = None
    blocking: list[Finding] = field(default_factory=list)
    refused: Background[Refused] | None = None


@dataclass
class VerdictOutcome:
    """The verdict.

    Attributes:
        verdict: None where nothing was compared.
        absent: why nobody could tell the two apart; empty where somebody could.
    """

    stage: ClassVar[str] = "verdict"
    verdict: Verdict | None = None
    absent: str = ""


@dataclass
class UpdateOutcome:
    """When the baseline was about to be updated, where there is no canary.

    Attributes:
        began: by the observer's clock.
    """

    stage: ClassVar[str] = "verdict"
    began: float


@dataclass
class StableOutcome:
    """How the promotion went.

    Attributes:
        rollouts: what its rollout went through.
        late: how the canary did from its verdict to its end; empty where there was none.
    """

    stage: ClassVar[str] = "stable"
    rollouts: list[Rollout]
    late: Sequence[Comparison] = ()


@dataclass
class RollbackOutcome:
    """What a rollback left.

    Attributes:
        not_undone: what it has not undone in the database, a sentence each.
        down: what the down-migration did; None where there was none.
    """

    stage: ClassVar[str] = "rollback"
    not_undone: list[str] = field(default_factory=list)
    down: Migrated | None = None

    @property
    def summary(self) -> str:
        """What was not undone, in a few words."""
        first, *others = self.not_undone or ["nothing"]
        return f"not undone: {first}" + (f", and {len(others)} more" if others else "")


@dataclass
class CleanupOutcome:
    """What is left of the run, by kind; nothing where all is gone. Absent where nobody knows."""

    stage: ClassVar[str] = "cleanup"
    left: dict[str, tuple[object, ...]] = field(default_factory=dict)


Outcome = (
    PreflightOutcome
    | ClusterOutcome
    | BaselineOutcome
    | CanaryOutcome
    | MigrationOutcome
    | VerdictOutcome
    | UpdateOutcome
    | StableOutcome
    | RollbackOutcome
    | CleanupOutcome
)
