"""What happened on the way, for the stages to judge and the report to tell; typed by stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from pytest_canary.api.writes import Writes
from pytest_canary.context import rules
from pytest_canary.context.timeline import Timeline
from pytest_canary.core.errors import DatabaseError, FoundError, ReleaseError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.wording import encodable, plural

if TYPE_CHECKING:
    from pytest_canary.analysis.comparison import Comparison
    from pytest_canary.analysis.statistics import Share
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.api.read_back import ReadBack
    from pytest_canary.config.plan import Plan
    from pytest_canary.context.evidence import Failure
    from pytest_canary.core.findings import Finding
    from pytest_canary.database.backup import Backup
    from pytest_canary.k8s.history import Moment
    from pytest_canary.k8s.rollout import Rollout
    from pytest_canary.preflight.inspection import Inspection
    from pytest_canary.release.diagnostics import Diagnostics
    from pytest_canary.release.migration import Migrated
    from pytest_canary.traffic import Traffic


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


@dataclass(frozen=True)
class Told:
    """A finding that fails nothing, as its level is no error.

    Attributes:
        stage: where the walk stood.
        finding: without secrets.
    """

    stage: str
    finding: Finding


@dataclass
class PreflightOutcome:
    """What the static check has found."""

    inspection: Inspection


@dataclass
class ClusterOutcome:
    """What was brought up.

    Attributes:
        images: the two versions' names on the nodes, by "baseline" and "candidate".
        seconds: how long each part took, by name.
        history: what the Deployments' replicas go through, from then on.
        watched_from: the beginning of its seconds, by `time.monotonic`.
    """

    images: dict[str, str]
    seconds: dict[str, float]
    history: Sequence[Moment]
    watched_from: float


@dataclass
class BaselineOutcome:
    """What the baseline's migration did; None where there is nothing to migrate."""

    migrated: Migrated | None = None


@dataclass
class CanaryOutcome:
    """Who answered behind the Service.

    Attributes:
        began: when the canary was about to come, by the traffic's clock; None without traffic.
        sample: connections, by the version that answered them.
        connections: how many the share was measured on.
        share: the canary's part of them.
    """

    began: float | None = None
    sample: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    share: Share | None = None


@dataclass
class MigrationOutcome:
    """What the candidate's migration did, and the backup from before it.

    Attributes:
        migrated: None where there is nothing to migrate.
        backup: what came of it: a backup, or why there is none; None where none was tried.
        blocking: what the migration did that takes long on many rows.
    """

    migrated: Migrated | None = None
    backup: Backup | DatabaseError | FoundError | None = None
    blocking: list[Finding] = field(default_factory=list)


@dataclass
class VerdictOutcome:
    """The verdict.

    Attributes:
        verdict: None where nothing was compared.
        absent: why nobody could tell the two apart; empty where somebody could.
    """

    verdict: Verdict | None = None
    absent: str = ""


@dataclass
class StableOutcome:
    """How the promotion went.

    Attributes:
        rollouts: what its rollout went through.
        late: how the canary did from its verdict to its end; None where nobody could tell.
    """

    rollouts: list[Rollout]
    late: Comparison | None = None


@dataclass
class RollbackOutcome:
    """What a rollback left.

    Attributes:
        not_undone: what it has not undone in the database, a sentence each.
        down: what the down-migration did; None where there was none.
    """

    not_undone: list[str] = field(default_factory=list)
    down: Migrated | None = None

    @property
    def summary(self) -> str:
        """What was not undone, in a few words."""
        first, *others = self.not_undone or ["nothing"]
        return f"not undone: {first}" + (f", and {len(others)} more" if others else "")


@dataclass
class CleanupOutcome:
    """What is left of the run, by kind; nothing where all is gone."""

    left: dict[str, tuple[object, ...]] = field(default_factory=dict)


Outcome = (
    PreflightOutcome
    | ClusterOutcome
    | BaselineOutcome
    | CanaryOutcome
    | MigrationOutcome
    | VerdictOutcome
    | StableOutcome
    | RollbackOutcome
    | CleanupOutcome
)
Kind = TypeVar("Kind", bound=Outcome)


class Journal:
    """One rehearsal's journal: the report is made of it alone.

    Args:
        plan: what is rehearsed.
        run: the run's id; empty where nothing is made.
        redactor: knows the words that no screen, log or report may show.

    Attributes:
        timeline: when what happened.
        notes: figures that are worth a place on a stage's line, by stage.
        told: the findings that failed nothing: warnings, and what is off.
        checks: how each ended.
        failures: the errors, with the evidence that was kept.
        environment: what the run ran on, by name.
        versions: what each version calls itself, by "baseline" and "candidate".
        writes: all that was written, by checks and by the traffic.
        read_back: what became of the writes, when they were last looked for; None before.
        traffic: the load and all that it saw; None before it starts.
        diagnostics: what was collected last.
        on_trial: the stages so far in which the canary is on trial: what it fails to answer then
            is for the verdict to weigh.
    """

    def __init__(self, plan: Plan, run: str = "", redactor: Redactor | None = None) -> None:
        self.plan = plan
        self.run = run
        self.timeline = Timeline()
        self.notes: dict[str, list[str]] = {}
        self.told: list[Told] = []
        self.checks: list[CheckResult] = []
        self.failures: list[Failure] = []
        self.environment: dict[str, str] = {}
        self.redactor = redactor or Redactor()
        self.versions: dict[str, str] = {}
        self.writes = Writes()
        self.read_back: ReadBack | None = None
        self.traffic: Traffic | None = None
        self.diagnostics: Diagnostics | None = None
        self.on_trial: list[str] = []
        self._outcomes: dict[type, Outcome] = {}
        self._tried: set[str] = set()

    def note(self, stage: str, text: str) -> None:
        """Add a figure to a stage's line, without secrets."""
        self.notes.setdefault(stage, []).append(self._shown(text))

    def tell(self, stage: str, findings: Iterable[Finding]) -> None:
        """Take what rules have found, each finding as the level of its rule says.

        A warning goes onto the stage's line and is told in the end; what is off is in the report
        alone. Told again, neither counts twice.

        Args:
            stage: where the walk stands.
            findings: the code of each is the name of a rule of `context/rules.py`.

        Raises:
            FoundError: with those whose level is error.
        """
        errors = []
        for finding in findings:
            each = rules.levelled(finding, self.plan.settings)
            if each.level == "error":
                errors.append(each)
                continue
            told = Told(stage, each.changed(self._shown))
            if told not in self.told:
                self.told.append(told)
        if errors:
            raise FoundError(errors)

    def _shown(self, text: str) -> str:
        return encodable(self.redactor.redact(text))

    @property
    def warnings(self) -> list[Told]:
        """What was found, and fails nothing."""
        return [each for each in self.told if each.finding.level == "warning"]

    def line(self, stage: str) -> list[str]:
        """What a stage's line says: its figures, then its warnings by their rules."""
        codes = [each.finding.code for each in self.warnings if each.stage == stage]
        listed = ", ".join(dict.fromkeys(codes))
        warned = [f"{plural(len(codes), 'warning')}: {listed}"] if codes else []
        return [*self.notes.get(stage, []), *warned]

    def begin(self, stage: str) -> None:
        """Write down that the way into a stage was tried, however it ends."""
        self._tried.add(stage)

    def tried(self, stage: str) -> bool:
        """Whether the way into a stage was tried."""
        return stage in self._tried

    def keep(self, outcome: Outcome) -> None:
        """Write down what came of a stage's transition."""
        self._outcomes[type(outcome)] = outcome

    def find(self, kind: type[Kind]) -> Kind | None:
        """What came of a stage; None where it was not entered."""
        found = self._outcomes.get(kind)
        return found if isinstance(found, kind) else None

    def outcome(self, kind: type[Kind]) -> Kind:
        """What came of a stage.

        Raises:
            ReleaseError: it was not entered.
        """
        found = self.find(kind)
        if found is None:
            stage = kind.__name__.removesuffix("Outcome").lower()
            raise ReleaseError(f"the walk has not come to stage {stage}; enter it first")
        return found

    @property
    def migrations(self) -> dict[str, Migrated]:
        """The migrations so far, by the version whose they are."""
        baseline, candidate = self.find(BaselineOutcome), self.find(MigrationOutcome)
        found = {
            "baseline": baseline.migrated if baseline else None,
            "candidate": candidate.migrated if candidate else None,
        }
        return {title: migrated for title, migrated in found.items() if migrated}

    def version(self, title: str) -> str:
        """What a version calls itself: "baseline" or "candidate".

        Raises:
            ReleaseError: nothing has told it.
        """
        found = self.versions.get(title)
        if found is None:
            why = (
                f"the {title} has not answered yet; enter its stage first"
                if self.plan.tells_versions
                else "no api.version-header is set; set it, where the app has one"
            )
            raise ReleaseError(f"which version answers can't be told: {why}")
        return found

    def version_name(self, title: str) -> str:
        """What a version calls itself, or what it is to us."""
        version = self.versions.get(title)
        return f"release {version}" if version else f"the {title}"
