"""What a session shows beside pytest's dots: the header, the end of a stage's line, the summary."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import pytest

from pytest_canary.core.errors import FoundError
from pytest_canary.core.wording import plural
from pytest_canary.plugin.items import StageTest, stage_of
from pytest_canary.plugin.progress import Progress
from pytest_canary.plugin.pytest_internals import WARNINGS_PROPERTY, Screen
from pytest_canary.plugin.state import SessionOutcome

if TYPE_CHECKING:
    from pytest_canary.plugin.recorder import Recorder
    from pytest_canary.rehearsal.rehearsal import Rehearsal

# Where a stage's time begins, as long as its dots leave room.
COLUMN = 32


@dataclass(frozen=True)
class Line:
    """One line of the summary.

    Attributes:
        text: what it says.
        color: how.
        ours: what stands before the text and is shown as it is, such as a name or a path.
    """

    text: str
    color: Literal["", "red", "yellow", "green"] = ""
    ours: str = ""


class Summary(Protocol):
    """What a session says of itself as it begins, and of how it went as it ends."""

    def header(self) -> str:
        """One line that says what the session is about."""

    def lines(self) -> Iterator[Line]:
        """What came of it; the last lines before pytest's own."""


class Terminal:
    """Writes to pytest's screen.

    Args:
        screen: where pytest writes.
        rehearsal: has the stages' figures.
        outcome: has the stages' times.
        summary: what begins and ends the session.
    """

    def __init__(
        self, screen: Screen, rehearsal: Rehearsal, outcome: SessionOutcome, summary: Summary
    ) -> None:
        self._screen = screen
        self._rehearsal = rehearsal
        self._outcome = outcome
        self._summary = summary
        # The stages' lines end with their time and figures; percentages would be in the way.
        screen.hide_percentages()

    def pytest_report_header(self) -> str:
        """One line that says what the session is about."""
        return self._summary.header()

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Show that a warning was told with a check that passed."""
        if report.when == "call" and report.passed and is_warned(report):
            return "passed", "w", ("WARNED", {"yellow": True})
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """End a stage's line with its time and figures."""
        result = yield
        if isinstance(item, StageTest) and (
            not isinstance(nextitem, StageTest) or stage_of(nextitem) != stage_of(item)
        ):
            self._end_stage(stage_of(item))
        return result

    def _end_stage(self, stage: str) -> None:
        lead = ""
        if self._screen.verbose:
            self._screen.end_line()
            lead = f"canary/{stage}"
        pad = " " * max(1, COLUMN - self._screen.column - len(lead))
        figures = "; ".join(self._rehearsal.journal.line(stage))
        seconds = self._outcome.seconds.get(stage, 0.0)
        took = f"{lead}{pad}{seconds:6.1f} s"
        self._screen.write(f"  {figures}" if figures else "", ours=took)

    def pytest_terminal_summary(self) -> None:
        """The warnings, and what came of it."""
        self._tell_warnings()
        for line in self._summary.lines():
            markup = {line.color: True} if line.color else {}
            self._screen.write_line(line.text, ours=f"canary: {line.ours}", **markup)

    def _tell_warnings(self) -> None:
        warnings = self._rehearsal.journal.warnings
        if warnings:
            count = plural(len(warnings), "warning")
            self._screen.write_title(f"canary: {count}", yellow=True)
        for each in warnings:
            self._screen.write_line(each.finding.sentence, yellow=True, bold=True)
            for line in each.finding.details.splitlines():
                self._screen.write_line(f"    {line}")


class UnderWay:
    """Shows what a walk is in, and what it waits for.

    Args:
        screen: where pytest writes.
        rehearsal: knows whose cluster it is.
        progress: what stands behind the dots, and has to make room for the next.
    """

    def __init__(self, screen: Screen, rehearsal: Rehearsal, progress: Progress) -> None:
        self._screen = screen
        self._rehearsal = rehearsal
        self._progress = progress

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Say in whose cluster something is going to be made, before anything is; -q or not."""
        target = self._rehearsal.plan.target
        if target and not session.config.option.collectonly:
            from pytest_canary.rendering.renderers import renderer_of

            plan, processes = self._rehearsal.plan, self._rehearsal.workspace.processes
            renderer = renderer_of(plan, plan.settings.root, processes=processes)
            public = "; its Service of type LoadBalancer may get a public address"
            public = public if "LoadBalancer" in str(renderer.shared_objects("").values) else ""
            self._screen.write_line(f"canary: the walk is in {target.text}{public}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self) -> None:
        """Make room for the dot."""
        if self._progress.clear():
            self._screen.begin_line_anew()

    def pytest_unconfigure(self) -> None:
        """Give the terminal back."""
        self._progress.close()


def is_warned(report: pytest.CollectReport | pytest.TestReport) -> bool:
    """Whether a warning was told while the test ran."""
    return any(name == WARNINGS_PROPERTY for name, _ in getattr(report, "user_properties", ()))


def open_progress(screen: Screen) -> Progress:
    """Show progress behind what pytest writes, whatever it captures meanwhile."""
    return Progress(os.dup(1), lambda: screen.column)


class RehearsalSummary:
    """What `--canary` says.

    Args:
        rehearsal: what is rehearsed.
        outcome: how it went.
        recorder: has the report's page, and whether the release may be promoted.
    """

    def __init__(self, rehearsal: Rehearsal, outcome: SessionOutcome, recorder: Recorder) -> None:
        self._rehearsal = rehearsal
        self._outcome = outcome
        self._recorder = recorder

    def header(self) -> str:
        """What is rehearsed, and where each part comes from."""
        plan = self._rehearsal.plan
        image = plan.options.node_image or "kind's own node image"
        where = plan.options.context or image
        settings, run = plan.settings.source, self._rehearsal.journal.run
        return f"canary: {plan.title}; {where}; settings: {settings}; run {run}"

    def lines(self) -> Iterator[Line]:
        """The rehearsal in one line, or what failed first; and where the rest is to be seen."""
        outcome = self._outcome
        if outcome.kept:
            yield Line(
                f"run {self._rehearsal.journal.run} is kept; look at it with "
                f"KUBECONFIG={self._rehearsal.kubeconfig}, remove it with pytest --canary-reap"
            )
        if outcome.failures:
            yield from self._failures()
        elif outcome.passed:
            yield Line(self._rehearsal.summary(), "green")
        elif outcome.checks:
            yield Line(f"{outcome.held} of the walk's {outcome.checks} checks were made, and held")
        if outcome.finished and outcome.stop_code is not None:
            yield Line(
                f"{outcome.stopped_by} came in the cleanup, which went on to its end; "
                f"the exit code is {outcome.stop_code}"
            )
        if outcome.decided:
            yield Line(self._recorder.promotion(passed=outcome.failed is None).sentence)
        if self._recorder.page:
            yield Line("", ours=str(self._recorder.page))

    def _failures(self) -> Iterator[Line]:
        failed, rollback_failed = self._outcome.failed, self._outcome.rollback_failed
        if failed:
            yield Line(failed.sentence, "red", ours=f"failed at {failed.node_id}: ")
        if rollback_failed:
            where = f"and so did the rollback, at {rollback_failed.node_id}: "
            yield Line(rollback_failed.sentence, "red", ours=where)
        elif self._outcome.rolls_back and self._rehearsal.journal.notes.get("rollback"):
            yield Line("; ".join(self._rehearsal.journal.notes["rollback"]))
        if self._outcome.cleanup_failed:
            yield Line(f"the cleanup failed: {self._outcome.cleanup_failed.sentence}", "red")


class CheckSummary:
    """What `--canary-check` says.

    Args:
        check: what was found.
        outcome: how it went.
    """

    def __init__(self, check: Rehearsal, outcome: SessionOutcome) -> None:
        self._check = check
        self._outcome = outcome

    def header(self) -> str:
        """What is checked."""
        plan = self._check.plan
        return f"canary: {plan.title}; settings: {plan.settings.source}"

    def lines(self) -> Iterator[Line]:
        """What was found, in one line."""
        held, checks = self._outcome.held, self._outcome.checks
        journal, settings = self._check.journal, self._check.plan.settings
        warned = plural(len(journal.warnings), "warning") if journal.warnings else ""
        if self._outcome.failed:
            errors = [failure.error for failure in journal.failures]
            found = sum(len(each.findings) for each in errors if isinstance(each, FoundError))
            told = [plural(max(found, 1), "error"), warned, f"{held} of {checks} checks hold"]
            yield Line(", ".join(filter(None, told)), "red")
        elif self._outcome.passed:
            if warned:
                yield Line(f"no error, {warned}", "yellow")
            else:
                pipeline = self._check.plan.pipeline
                named = [*settings.files.manifests, *([pipeline] if pipeline else [])]
                # A folder's name alone may be any overlay's.
                *first, last = [
                    os.path.relpath(each, settings.root) if each.is_dir() else each.name
                    for each in named
                ]
                listed = f"{', '.join(first)} and {last}" if first else last
                yield Line(f"nothing wrong found in {listed}", "green")
        elif checks:
            yield Line(f"{held} of {checks} checks were made, and hold")
