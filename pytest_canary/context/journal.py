"""What happened on the way, for the stages to judge and the report to tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from pytest_canary.api.writes import Writes
from pytest_canary.context import rules
from pytest_canary.context.outcomes import BaselineOutcome, CheckResult, MigrationOutcome, Outcome
from pytest_canary.context.timeline import Timeline
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.wording import encodable, plural

if TYPE_CHECKING:
    from pytest_canary.api.read_back import ReadBack
    from pytest_canary.config.plan import Plan
    from pytest_canary.context.evidence import Failure
    from pytest_canary.core.findings import Finding
    from pytest_canary.delivery.delivered import Delivered
    from pytest_canary.release.diagnostics import Diagnostics
    from pytest_canary.release.migration import Migrated
    from pytest_canary.traffic import Traffic


@dataclass(frozen=True)
class Warned:
    """A finding that fails nothing, as its level is no error.

    Attributes:
        stage: where the walk stood.
        finding: without secrets.
    """

    stage: str
    finding: Finding

    @property
    def gist(self) -> Warned:
        """What tells it from others: times in evidence may be rounded another way each time."""
        return replace(self, finding=replace(self.finding, evidence=""))


Kind = TypeVar("Kind", bound=Outcome)


class Journal:
    """One rehearsal's journal: the report is made of it alone.

    Each entry is made by a method; nobody else changes what it has.

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
        headerless: whether the app has turned out to send no version header, which the settings
            did not promise.
        writes: all that was written, by checks and by the traffic.
        read_back: what became of the writes, when they were last looked for; None before.
        traffic: the load and all that it saw; None before it starts.
        diagnostics: what was collected last.
        pipelines: the project's own pipelines that were run, in their order.
        on_trial: the stages so far in which the canary is on trial: what it fails to answer then
            is for the verdict to weigh.
    """

    def __init__(self, plan: Plan, run: str = "", redactor: Redactor | None = None) -> None:
        self.plan = plan
        self.run = run
        self.timeline = Timeline()
        self.notes: dict[str, list[str]] = {}
        self.told: list[Warned] = []
        self.checks: list[CheckResult] = []
        self.failures: list[Failure] = []
        self.environment: dict[str, str] = {}
        self.redactor = redactor or Redactor()
        self.versions: dict[str, str] = {}
        self.headerless = False
        self.writes = Writes()
        self.read_back: ReadBack | None = None
        self.traffic: Traffic | None = None
        self.diagnostics: Diagnostics | None = None
        self.pipelines: list[Delivered] = []
        self.on_trial: list[str] = []
        self._outcomes: dict[type, Outcome] = {}
        self._tried: set[str] = set()

    def note(self, stage: str, text: str) -> None:
        """Add a figure to a stage's line, without secrets."""
        self.notes.setdefault(stage, []).append(self._show(text))

    def tell(self, stage: str, findings: Iterable[Finding]) -> None:
        """Take what rules have found, each finding as the level of its rule says.

        A warning goes onto the stage's line and is told in the end; what is off is in the report
        alone. Told again in the same words, neither counts twice.

        Args:
            stage: where the walk stands.
            findings: the code of each is the name of a rule of `context/rules.py`.

        Raises:
            FoundError: with those whose level is error.
        """
        errors = []
        for finding in findings:
            each = rules.with_level(finding, self.plan.settings)
            if each.level == "error":
                errors.append(each)
                continue
            told = Warned(stage, each.changed(self._show))
            if all(told.gist != each.gist for each in self.told):
                self.told.append(told)
        if errors:
            raise FoundError(errors)

    def _show(self, text: str) -> str:
        return encodable(self.redactor.redact(text))

    @property
    def warnings(self) -> list[Warned]:
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

    def has_tried(self, stage: str) -> bool:
        """Whether the way into a stage was tried."""
        return stage in self._tried

    def put_on_trial(self, stage: str) -> None:
        """Write down that the canary is on trial in a stage."""
        if stage not in self.on_trial:
            self.on_trial.append(stage)

    def keep_environment(self, found: Mapping[str, str]) -> None:
        """Write down what the run runs on, beside what is known of that."""
        self.environment |= found

    def keep_version(self, title: str, version: str | None) -> None:
        """Write down what a version calls itself.

        Args:
            title: "baseline" or "candidate".
            version: None where the app sends no header that the settings did not promise.
        """
        if version is None:
            self.headerless = True
        else:
            self.versions[title] = version

    def keep_traffic(self, traffic: Traffic) -> None:
        """Write down the load that runs from now on."""
        self.traffic = traffic

    def keep_read_back(self, found: ReadBack) -> None:
        """Write down what became of the writes, as they were just looked for."""
        self.read_back = found

    def keep_diagnostics(self, found: Diagnostics | None) -> None:
        """Write down what was just collected; None where nothing could be."""
        self.diagnostics = found

    def keep_pipeline(self, delivered: Delivered) -> None:
        """Write down how one of the project's own pipelines ran."""
        self.pipelines.append(delivered)

    def keep_check(self, result: CheckResult) -> None:
        """Write down how a check ended."""
        self.checks.append(result)

    def keep_failure(self, failure: Failure) -> None:
        """Write down an error with its evidence; in the place of what was known of it."""
        for place, known in enumerate(self.failures):
            if known.error is failure.error:
                self.failures[place] = failure
                return
        self.failures.append(failure)

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
            raise ReleaseError(f"the walk has not come to stage {kind.stage}; enter it first")
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

    @property
    def tells_versions(self) -> bool:
        """Whether a header tells which version answered."""
        return self.plan.tells_versions and not self.headerless

    @property
    def untold(self) -> str:
        """Why no header tells which version answered; empty where one does."""
        if self.headerless:
            return f"no answer has the header {self.plan.settings.api.version_header}"
        return "" if self.plan.tells_versions else "no api.version-header is set"

    def version(self, title: str) -> str:
        """What a version calls itself: "baseline" or "candidate".

        Raises:
            ReleaseError: nothing has told it.
        """
        found = self.versions.get(title)
        if found is None:
            why = f"the {title} has not answered yet; enter its stage first"
            if self.headerless:
                why = f"{self.untold}; let api.version-header name the one that the app sends"
            elif self.untold:
                why = f"{self.untold}; set it, where the app has one"
            raise ReleaseError(f"which version answers can't be told: {why}")
        return found

    def version_name(self, title: str) -> str:
        """What a version calls itself, or what it is to us."""
        version = self.versions.get(title)
        return f"release {version}" if version else f"the {title}"
