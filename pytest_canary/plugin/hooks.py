"""pytest's hooks. Without `--canary` they add options and a marker, no more."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from pytest_canary.plugin import options, state
from pytest_canary.plugin.marker import stage_named

if TYPE_CHECKING:
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.plugin.pytest_internals import Screen


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    options.add(parser)


# What runs instead of tests, and what each does.
ALONE = {
    "reap": "removes what earlier runs left, and runs nothing; leave it out, as every walk begins "
    "with it, or run it alone",
    "init": "writes the settings of a repository that has none, and runs nothing; leave it out, "
    "or run it alone",
    "doctor": "looks at this machine, and runs nothing; leave it out, or run it alone",
}


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """`--canary-reap`, `-init` and `-doctor` run instead of tests, as `--cache-show` does."""
    given = [name for name in ALONE if getattr(config.option, f"canary_{name}")]
    if config.option.canary_demo and not config.option.canary_check:
        config.option.canary = True
    if not given:
        return None
    if config.option.canary or config.option.canary_check or len(given) > 1:
        raise pytest.UsageError(f"--canary-{given[-1]}: {ALONE[given[-1]]}")
    if given == ["reap"]:
        from pytest_canary.plugin.runner import reap

        return reap()
    if given == ["init"]:
        from pytest_canary.plugin.init import write_settings

        return write_settings(config)
    from pytest_canary.plugin.doctor import examine

    return examine(config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    if config.option.canary_check:
        # What is registered first comes last: after pytest's own looks for garbage.
        config.add_cleanup(gc.unfreeze)
    config.addinivalue_line(
        "markers", "canary(stage): run this test while the release stands in that stage"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """With `--canary` or `--canary-check`, register the rest; --help has no session."""
    if session.config.option.canary_demo:
        _prepare_demo(session.config)
    if session.config.option.canary:
        _register_rehearsal(session)
    elif session.config.option.canary_check:
        _register_check(session.config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without `--canary`, a test that belongs to a stage has nothing to run on."""
    if state.REHEARSAL not in item.config.stash and stage_named(item):
        pytest.skip("belongs to a stage of `pytest --canary`")


def _prepare_demo(config: pytest.Config) -> None:
    """A project in the place of the one that the session is started in."""
    from pytest_canary.plugin.demo import Farewell, prepare

    config.stash[state.PROJECT] = prepare(config)
    config.pluginmanager.register(Farewell(), "canary-demo")


def _register_rehearsal(session: pytest.Session) -> None:
    """Everything that `--canary` needs."""
    from pytest_canary.cluster.run import Run
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.core.errors import ClusterError
    from pytest_canary.core.masking import Redactor
    from pytest_canary.core.waiting import Waiter
    from pytest_canary.plugin import fixtures
    from pytest_canary.plugin.collector import Collector
    from pytest_canary.plugin.ending import Ending
    from pytest_canary.plugin.parts import Parts
    from pytest_canary.plugin.pytest_internals import screen
    from pytest_canary.plugin.recorder import Recorder
    from pytest_canary.plugin.redaction import Redaction
    from pytest_canary.plugin.runner import AutomaticRollback, Cleanup, Runner
    from pytest_canary.plugin.signals import Signals
    from pytest_canary.plugin.terminal import RehearsalSummary, Terminal, UnderWay, open_progress
    from pytest_canary.plugin.timeouts import Timeouts
    from pytest_canary.rehearsal.rehearsal import Rehearsal

    config = session.config
    plan, outcome, redactor = options.read_plan(config), state.SessionOutcome(), Redactor()
    shown = screen(config, redactor.redact)
    parts = config.stash.get(state.PARTS, Parts())
    project = options.project(config)
    try:
        run = Run.start(project)
    except ClusterError as error:
        raise pytest.UsageError(str(error)) from error
    progress = open_progress(shown) if shown else None
    waiter = Waiter(parts.clock, progress) if progress else Waiter(parts.clock)
    workspace = Workspace(
        plan, project, run, waiter=waiter, builders=parts.builders, redactor=redactor
    )
    rehearsal = config.stash[state.REHEARSAL] = Rehearsal(workspace, parts.load)

    def tell(text: str) -> None:
        if shown:
            shown.write_line(text)

    cleanup = Cleanup(rehearsal, outcome, tell, parts.reap)
    recorder = Recorder(config, rehearsal, outcome, tell, parts.report_writer())
    register = config.pluginmanager.register
    # Of several that wrap a hook, the first has its say first once the hook is through.
    register(fixtures, "canary-fixtures")
    register(Redaction(config, redactor), "canary-redaction")
    register(Collector(rehearsal, outcome, shown), "canary-collector")
    register(Runner(rehearsal, outcome), "canary-runner")
    register(AutomaticRollback(rehearsal, outcome, cleanup.keeps), "canary-automatic-rollback")
    register(cleanup, "canary-cleanup")
    register(recorder, "canary-recorder")
    if shown and progress:
        summary = RehearsalSummary(rehearsal, outcome, recorder)
        register(Terminal(shown, rehearsal, outcome, summary), "canary-terminal")
        register(UnderWay(shown, rehearsal, progress), "canary-under-way")
    _register_annotator(config, workspace, shown)
    register(Signals(outcome), "canary-signals")
    if config.pluginmanager.has_plugin("timeout"):
        register(Timeouts(), "canary-timeouts")
    # The last one is the outermost: what it does at the end is done whatever others do.
    register(Ending(session, outcome, cleanup, recorder, tell), "canary-ending")


def _register_check(config: pytest.Config) -> None:
    """The little of it that `--canary-check` needs."""
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.core.masking import Redactor
    from pytest_canary.plugin import fixtures
    from pytest_canary.plugin.collector import Collector, leave_out_unnamed_files, names_files
    from pytest_canary.plugin.pytest_internals import screen
    from pytest_canary.plugin.redaction import Redaction
    from pytest_canary.plugin.runner import Runner
    from pytest_canary.plugin.terminal import CheckSummary, Terminal
    from pytest_canary.rehearsal.rehearsal import Rehearsal

    plan, outcome, redactor = options.read_plan(config), state.SessionOutcome(), Redactor()
    shown = screen(config, redactor.redact)
    workspace = Workspace(plan, options.project(config), redactor=redactor)
    check = config.stash[state.REHEARSAL] = Rehearsal(workspace)
    register = config.pluginmanager.register
    if names_files(config):
        # A team's own tests may be among them.
        register(fixtures, "canary-fixtures")
    register(Redaction(config, redactor), "canary-redaction")
    register(Collector(check, outcome, shown), "canary-collector")
    register(Runner(check, outcome), "canary-runner")
    if shown:
        terminal = Terminal(shown, check, outcome, CheckSummary(check, outcome))
        register(terminal, "canary-terminal")
    _register_annotator(config, workspace, shown)
    leave_out_unnamed_files(config)
    # pytest looks through all that is alive for garbage, ten times at its end: a fifth of the
    # check's time, for modules and settings that are none.
    gc.freeze()


def _register_annotator(config: pytest.Config, workspace: Workspace, shown: Screen | None) -> None:
    """What tells findings where code is reviewed, if they are to be told there."""
    destinations = options.read_findings(config)
    if not destinations:
        return
    from pytest_canary.plugin.annotator import Annotator

    def tell(text: str) -> None:
        if shown:
            shown.write_line("", ours=text)

    config.pluginmanager.register(Annotator(workspace, destinations, tell), "canary-annotator")
