"""One rehearsal as a part of a pytest session: what the hooks do with `--canary`."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import threading
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import pytest

from pytest_canary import stages
from pytest_canary.config import settings_file
from pytest_canary.config.messages import nearest
from pytest_canary.config.options import STAGES
from pytest_canary.config.plan import Plan, plan
from pytest_canary.core.errors import CanaryError, SettingsError
from pytest_canary.manifests.rules import RULES
from pytest_canary.plugin import fixtures, options
from pytest_canary.plugin.items import Stage, StageTest, told
from pytest_canary.plugin.progress import Progress
from pytest_canary.plugin.recorder import Recording, sentence_of

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from pytest_canary.cluster.run import Run
    from pytest_canary.rehearsal.rehearsal import Walk

# What only a walk needs is imported where a walk begins: a check has a second for everything.

# A failure in one of these leads to the book's rollback.
ROLLED_BACK = ("canary", "migration", "verdict", "stable")

FIXTURES = ("addressbook", "canary_cluster", "database", "release", "traffic", "canary_walk")


def reap() -> int:
    """`--canary-reap`: remove what earlier runs kept or left; 0, or 1 where something stays."""
    from pytest_canary.cluster import teardown
    from pytest_canary.cluster.engine import Engine

    try:
        removed = teardown.reap(Engine(), kept=True, tell=lambda text: print(f"canary: {text}"))
    except CanaryError as error:
        print(f"canary: {error}", file=sys.stderr)
        return 1
    print(f"canary: runs removed: {removed}" if removed else "canary: nothing was left")
    return 0


def project(config: pytest.Config) -> Path:
    """The folder that is rehearsed: pytest's rootdir where an ini-file fixes it.

    Without one pytest guesses, and takes the value of an option, such as --kind-bin, for a path.
    """
    return config.rootpath if config.inipath else config.invocation_params.dir


def read_plan(config: pytest.Config) -> Plan:
    """The plan that options, settings and git make.

    Raises:
        pytest.UsageError: with every mistake; pytest exits with code 4.
    """
    given, mistakes = options.read(vars(config.option))
    try:
        found = settings_file.load(project(config), config.option.canary_config, rules=list(RULES))
    except SettingsError as error:
        mistakes += str(error).splitlines()
    if given is None or mistakes:
        raise pytest.UsageError(*mistakes)
    try:
        return plan(found, given)
    except SettingsError as error:
        raise pytest.UsageError(*str(error).splitlines()) from None


class Session:
    """The hooks of a session with `--canary`."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.plan = read_plan(config)
        self.progress: Progress | None = None
        self._begin()
        self.recording = Recording(config, self.walk)
        self._walked = False
        self.failed: tuple[str, str] | None = None
        self.unrescued: tuple[str, str] | None = None
        self.kept = False
        self._seconds: dict[str, float] = {}
        self._planned = self._held = 0
        self._failed_in = ""
        self._rescue: list[StageTest] = []
        self._handlers: dict[signal.Signals, Any] = {}
        self._reporter: TerminalReporter | None = config.pluginmanager.get_plugin(
            "terminalreporter"
        )
        if self._reporter:
            # The stages' lines end with their time and figures; percentages would be in the way.
            self._reporter._show_progress_info = False
            self.progress = Progress(os.dup(1), lambda: self._writer.width_of_current_line)
        self._catch_signals()

    def _begin(self) -> None:
        """Make what the stages stand on."""
        from pytest_canary.cluster.run import Run
        from pytest_canary.rehearsal.rehearsal import Walk

        self.run: Run = Run.start(project(self.config))
        self.walk: Walk = Walk(self.plan, self.run, self._tell)

    @property
    def _writer(self) -> Any:
        assert self._reporter  # noqa: S101 (only asked where there is one)
        return self._reporter._tw

    def _tell(self, what: str, seen: str) -> None:
        if self.progress:
            self.progress(what, seen)

    # From outside.

    def _catch_signals(self) -> None:
        """Let SIGTERM and SIGHUP end the session as Ctrl-C does, so that everything is removed."""
        if threading.current_thread() is not threading.main_thread():
            return

        def stop(number: int, _: object) -> None:
            name = self.recording.stopped_by = signal.Signals(number).name
            pytest.exit(f"canary: {name}; removing what the run made", returncode=128 + number)

        for each in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(each) != signal.SIG_IGN:  # as nohup has it
                self._handlers[each] = signal.signal(each, stop)

    def pytest_keyboard_interrupt(self) -> None:
        """Remember who ended the session before its time, for the report."""
        self.recording.stopped_by = self.recording.stopped_by or "Ctrl-C"

    # Collecting.

    def pytest_report_header(self) -> str:
        """One line that says what is rehearsed, and where each part comes from."""
        chosen = self.plan.options.node_image or "kind's own node image"
        where = self.plan.options.context or chosen
        source = self.plan.settings.source
        return f"canary: {self.plan.title}; {where}; settings: {source}; run {self.run.record.run}"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> Generator[None]:
        """Add the stages before -k and -m choose, and put all in the walk's order after them."""
        own, others = self._marked(items)
        walked = [Stage.of(session, stage, self.walk) for stage in self.plan.stages]
        checks = [item for stage in walked for item in stage.collect()]
        self._planned = len(checks)
        if self._reporter:
            self._reporter._numcollected += len(checks)
        items[:] = [*checks, *own]
        if others:
            self.config.hook.pytest_deselected(items=others)
        yield
        # A stage's own tests first, then the team's; in the order that they were written.
        # A stage's own are made in one order only, whatever -p or --ff would like.
        places: dict[pytest.Item, int] = {check: place for place, check in enumerate(checks)}
        items.sort(key=lambda item: (STAGES.index(stage_of(item)), places.get(item, len(places))))

    def _marked(self, items: list[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
        own, others, mistakes = [], [], []
        for item in items:
            marker = item.get_closest_marker("canary")
            if marker is None:
                others.append(item)
                used = [name for name in FIXTURES if name in self._ours(item)]
                if used:
                    mistakes.append(
                        f"{item.nodeid} uses {used[0]} and names no stage; mark it, for example "
                        '@pytest.mark.canary("stable")'
                    )
                continue
            if len(marker.args) != 1 or marker.kwargs or marker.args[0] not in STAGES:
                wrong = ", ".join(repr(each) for each in marker.args) or "nothing"
                near = nearest(str(marker.args[0]) if marker.args else "", STAGES)
                mistakes.append(
                    f"{item.nodeid}: @pytest.mark.canary takes one stage, not {wrong}{near}"
                )
            elif marker.args[0] in self.plan.stages:
                own.append(item)
            else:
                others.append(item)
        if mistakes:
            raise pytest.UsageError(*mistakes)
        return own, others

    def _ours(self, item: pytest.Item) -> set[str]:
        """The names of the fixtures that a test uses and that are this plugin's."""
        info = getattr(item, "_fixtureinfo", None)
        definitions = info.name2fixturedefs if info else {}
        return {
            name
            for name, found in definitions.items()
            if getattr(found[-1].func, "__module__", "") == fixtures.__name__
        }

    # Running.

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Remove what killed runs have left before anything new is made; report after all."""
        if not session.config.option.collectonly and session.items:
            self._reap()
        result = yield
        self._walked = True
        if self.walk.entered("cleanup"):
            self._write_report()
        return result

    def _reap(self) -> None:
        from pytest_canary.cluster import teardown
        from pytest_canary.cluster.engine import Engine

        self.walk.evidence.clear()
        try:
            teardown.reap(Engine(), kept=False, tell=lambda text: self._line(f"canary: {text}"))
        except CanaryError as error:
            self._line(f"canary: {error}")

    def _line(self, text: str) -> None:
        if self._reporter:
            self._reporter.write_line(text)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip what a failure has made pointless; bring the walk to a team's test's stage."""
        stage = stage_of(item)
        if stage == "cleanup":
            if self._keeps():
                _skip("kept for a look; `pytest --canary-reap` removes it")
            return
        if is_rescue(item):
            if self.unrescued and not self.walk.entered("automatic rollback"):
                _skip(reason(*self.unrescued))
            return
        if self.failed:
            where, sentence = self.failed
            same = where.startswith(f"canary/{stage}::") and self.walk.entered(stage)
            if not same:
                _skip(reason(where, sentence))
        if not isinstance(item, StageTest):
            self.walk.enter(stage)

    def _keeps(self) -> bool:
        keep = self.plan.options.keep
        asked = keep == "always" or (keep == "on-failure" and self.failed is not None)
        self.kept = asked and self.walk.begun
        return self.kept

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep a failure's evidence, and note the stage's figures for --junitxml."""
        report = yield
        stage = stage_of(item)
        self._seconds[stage] = self._seconds.get(stage, 0) + report.duration
        if report.failed:
            self._fail(item, report, call.excinfo)
            if report.when == "setup" and call.excinfo:
                # The walk's way to a team's test: its own error, and not where it was raised.
                told(report, item, call.excinfo.value)
        self._record(report, item, stage)
        self._held += report.when == "call" and report.passed and isinstance(item, StageTest)
        if report.when == "call":
            # --junitxml reads the item's own, at its teardown.
            item.user_properties.append(("canary.stage", stage))
            if self.walk.notes.get(stage):
                item.user_properties.append(("canary.figures", "; ".join(self.walk.notes[stage])))
        return report

    def _record(self, report: pytest.TestReport, item: pytest.Item, stage: str) -> None:
        self.recording.note(report, item, stage)

    def _fail(
        self,
        item: pytest.Item,
        report: pytest.TestReport,
        raised: pytest.ExceptionInfo[BaseException] | None,
    ) -> None:
        """Remember the first failure, and the rollback's own, and keep what there is of each."""
        why = (item.nodeid, sentence_of(report))
        if is_rescue(item):
            self.unrescued = self.unrescued or why
        elif self.failed is None:
            self.failed, self._failed_in = why, stage_of(item)
        if raised:
            self.walk.witness(stage_of(item), raised.value)

    def _let_roll_back(self, item: pytest.Item) -> None:
        """Put the automatic rollback in the place of the planned one, once, after a failure."""
        if self._rescue or self._failed_in not in ROLLED_BACK or self._keeps():
            return
        session = item.session
        # Where nothing was live there is nothing to go back to; -x ends the session right here.
        if not self.walk.entered("baseline") or session.shouldfail:
            return
        stage = Stage.of(session, "rollback", self.walk, rescues=True)
        self._rescue = list(stage.collect())
        left = session.items[session.items.index(item) + 1 :]
        planned = [it for it in left if isinstance(it, StageTest) and stage_of(it) == "rollback"]
        left = [it for it in left if it not in planned]
        # pytest goes on through this very list. After what is skipped, and before the cleanup.
        at = next((n for n, it in enumerate(left) if stage_of(it) == "cleanup"), len(left))
        session.items[session.items.index(item) + 1 :] = [*left[:at], *self._rescue, *left[at:]]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self) -> None:
        """Make room for the dot."""
        if self.progress and self.progress.clear() and self._reporter:
            self._reporter.currentfspath = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """End a stage's line with its time and figures; roll back after a failure."""
        result = yield
        self._let_roll_back(item)
        stage = stage_of(item)
        last = (
            nextitem is None or stage_of(nextitem) != stage or not isinstance(nextitem, StageTest)
        )
        if isinstance(item, StageTest) and last and self._reporter:
            if self._reporter.config.get_verbosity() > 0:
                self._reporter.ensure_newline()
                lead = f"canary/{stage}"
            else:
                lead = ""
            notes = "; ".join(self.walk.notes.get(stage, []))
            pad = " " * max(1, 32 - self._writer.width_of_current_line - len(lead))
            self._reporter.write(f"{lead}{pad}{self._seconds[stage]:6.1f} s  {notes}".rstrip())
        return result

    # The end.

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Clean up where the walk did not come to its own cleanup: after -x, -k or Ctrl-C."""
        if not self.walk.entered("cleanup"):
            if self._keeps() and not self.walk.tried("cleanup"):
                self.walk.keep()
            else:
                self._clean_up()
        self._write_report()

    def _clean_up(self) -> None:
        try:
            self.walk.enter_cleanup_now()
        except CanaryError as error:
            self._line(f"\ncanary: {error}")

    def _write_report(self) -> None:
        result: Literal["passed", "failed", "stopped"] = "stopped"
        if self.failed:
            result = "failed"
        elif self._walked:
            result = "passed"
        promotion = self.recording.promotion(passed=result == "passed") if self._complete else None
        trouble = self.recording.write(result, promotion)
        if trouble:
            self._line(f"\ncanary: {trouble}")

    @property
    def _complete(self) -> bool:
        """Whether the walk failed, or was made as far as a promotion and back."""
        return self.failed is not None or (self._passed and "rollback" in self.plan.stages)

    @property
    def _passed(self) -> bool:
        """Whether every check of the walk was made, and held; but for a cleanup that is put off."""
        cleanups = len(stages.suite("cleanup"))
        return self._held == self._planned or (self.kept and self._held >= self._planned - cleanups)

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """The run in one line, or what failed first."""
        write = terminalreporter.write_line
        if self.kept:
            write(
                f"canary: run {self.run.record.run} is kept; look at it with "
                f"KUBECONFIG={self.walk.kubeconfig}, remove it with pytest --canary-reap"
            )
        if self.failed:
            where, sentence = self.failed
            write(f"canary: failed at {where}: {sentence}", red=True)
            if self.unrescued:
                where, sentence = self.unrescued
                write(f"canary: and so did the rollback, at {where}: {sentence}", red=True)
            elif self._rescue and self.walk.notes.get("rollback"):
                write(f"canary: {'; '.join(self.walk.notes['rollback'])}")
        elif self._passed:
            write(f"canary: {self.walk.summary()}", green=True)
        elif self._planned:
            write(f"canary: {self._held} of the walk's {self._planned} checks were made, and held")
        if self._complete:
            write(f"canary: {self.recording.promotion(passed=self.failed is None).sentence}")
        if self.recording.page:
            write(f"canary: {self.recording.page}")

    def pytest_unconfigure(self) -> None:
        """Give back what was taken from the process."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self.progress:
            self.progress.close()
        self.run.release()


def reason(where: str, sentence: str) -> str:
    """Why something is skipped after a failure; in full it is told where it failed."""
    return f"{where} failed: {textwrap.shorten(sentence, 100, placeholder=' …')}"


def _skip(reason: str) -> NoReturn:
    """Skip the item, not this line of ours: the summary then names its stage."""
    raise pytest.skip.Exception(reason, _use_item_location=True)


def is_rescue(item: pytest.Item) -> bool:
    """Whether an item is of the rollback that a failure leads to by itself."""
    return isinstance(item, StageTest) and item.parent.rescues


def stage_of(item: pytest.Item) -> str:
    """The stage that an item belongs to."""
    if isinstance(item, StageTest):
        return item.parent.stage
    marker = item.get_closest_marker("canary")
    assert marker  # noqa: S101 (an item without one is deselected)
    return str(marker.args[0])
