"""How a session ends: a failed walk is never green, and nothing is left, whoever meddles."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fakes.signals import heed_signals
from fakes.walk import ROLLED_BACK, RUN, Entered

TEAM = """
import pytest
@pytest.mark.canary("baseline")
def test_ours(): {does}
"""

SWALLOWS = """
import pytest
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.failed:
        report.outcome, report.longrepr = "skipped", (str(item.path), 0, "Skipped: never mind")
    return report

def pytest_sessionfinish(session):
    session.exitstatus = 0
"""

EARLY = SWALLOWS.replace(", tryfirst=True", "")

RAISES = """
def pytest_sessionfinish():
    raise OSError(28, "No space left on device")
"""

LEAVES_OUT = """
import pytest
def pytest_collection_modifyitems(items):
    for item in items:
        if item.nodeid.startswith("canary/stable::"):
            item.add_marker(pytest.mark.skip(reason="slow"))
"""

EXPECTS = """
import pytest
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.xfail)
"""


def failures(project: Path) -> dict[str, str]:
    """What --junitxml's file says has failed, with the message."""
    found = {}
    for case in ElementTree.parse(project / "out.xml").getroot().iter("testcase"):
        for failure in case.iter("failure"):
            found[f"{case.get('classname')}::{case.get('name')}"] = failure.get("message", "")
    return found


def runs_of(project: Path) -> list[Path]:
    """The folders of runs that are left."""
    folder = project / "state" / "pytest-canary" / "runs"
    return list(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("meddler", [SWALLOWS, EARLY, EXPECTS], ids=["late", "early", "xfail"])
def test_a_failure_that_is_swallowed_fails_the_session_and_is_in_junit(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    meddler: str,
) -> None:
    monkeypatch.setenv("BREAKS", f"canary,{ROLLED_BACK}")
    pytester.makepyfile(meddler=meddler)
    pytester.syspathinsert()
    result = pytester.runpytest_inprocess("-p", "meddler", *RUN, "--junitxml=out.xml")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stand_in() == ["cluster", "baseline", "canary", ROLLED_BACK, "cleanup"]
    assert failures(project) == {
        "canary.canary::shop-canary is deployed": "canary broke in a test; mend it",
        "canary.rollback::the release is rolled back": f"{ROLLED_BACK} broke in a test; mend it",
    }
    result.stdout.fnmatch_lines(
        [
            "canary broke in a test; mend it",
            "    next    a plugin reruns, skips or swallows what fails, so no test has told this; "
            "leave that out, as with -p no:NAME",
            "canary: failed at canary/canary::shop-canary is deployed: canary broke in a test*",
            "*2 failed, *",
        ]
    )


def test_a_teams_failure_that_is_swallowed_fails_the_session(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    pytester.makeconftest(SWALLOWS)
    pytester.makepyfile(TEAM.format(does="assert 1 == 2"))
    result = pytester.runpytest_inprocess(*RUN, "--junitxml=out.xml", "-k", "test_ours")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert list(failures(project).values()) == ["assert 1 == 2"]


@pytest.mark.parametrize(
    ("conftest", "does", "first"),
    [
        (LEAVES_OUT, "pass", "canary.stable::shop-stable is promoted to the candidate"),
        ("", "pytest.exit('enough', returncode=0)", "canary.canary::shop-canary is deployed"),
    ],
    ids=["skipped", "stopped"],
)
def test_a_chosen_check_that_somebody_else_leaves_out_fails_the_session(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    conftest: str,
    does: str,
    first: str,
) -> None:
    pytester.makeconftest(conftest)
    pytester.makepyfile(TEAM.format(does=does))
    result = pytester.runpytest_inprocess(*RUN, "--junitxml=out.xml")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    ((name, said),) = failures(project).items()
    assert name == first
    assert said.endswith(
        "checks of the walk, this one first, did not come to an end, though nothing failed: a "
        "plugin or a conftest.py has skipped or stopped it"
    )
    assert stand_in()[-1] == "cleanup"


def test_a_cleanup_that_fails_after_all_tests_fails_the_session(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BREAKS", "cleanup")
    pytester.makepyfile(TEAM.format(does="pass"))
    result = pytester.runpytest_inprocess(*RUN, "--junitxml=out.xml", "-k", "test_ours")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, failed=1, deselected=result.parseoutcomes()["deselected"])
    assert failures(project) == {
        "canary.cleanup::everything that the run made is deleted": (
            "cleanup broke in a test; mend it"
        )
    }
    result.stdout.fnmatch_lines(
        [
            "cleanup broke in a test; mend it",
            "    the evidence of it",
            "canary: the cleanup failed: cleanup broke in a test; mend it",
        ]
    )


@pytest.mark.parametrize(("breaks", "options"), [("canary", ["-x"]), ("", ["-k", "test_ours"])])
def test_everything_is_removed_though_another_plugins_end_fails(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    breaks: str,
    options: list[str],
) -> None:
    monkeypatch.setenv("BREAKS", breaks)
    pytester.makeconftest(RAISES)
    pytester.makepyfile(TEAM.format(does="pass"))
    result = pytester.runpytest_inprocess(*RUN, *options)
    assert result.ret not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert stand_in()[-1] == "cleanup"
    assert runs_of(project) == []


def test_everything_is_removed_though_another_plugin_fails_as_the_session_begins(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    pytester.makeconftest(RAISES.replace("sessionfinish", "sessionstart"))
    pytester.runpytest_inprocess(*RUN)
    assert runs_of(project) == []


@pytest.mark.parametrize(
    ("number", "code", "name"), [(signal.SIGTERM, 143, "SIGTERM"), (signal.SIGINT, 2, "Ctrl-C")]
)
def test_a_signal_during_the_cleanup_waits_for_its_end(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    code: int,
    name: str,
) -> None:
    monkeypatch.setenv("HANGS", "cleanup")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *RUN],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_signals,
    )
    try:
        deadline = time.monotonic() + 60
        while "cleanup" not in stand_in() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        (project / "go on").touch()
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == code
    went_on = f"{name} came in the cleanup, which went on to its end; the exit code is {code}"
    assert went_on in said
    assert stand_in()[-1] == "cleanup"
    assert "canary/cleanup .......... " in said
    assert runs_of(project) == []


@pytest.mark.parametrize("option", ["--help", "--markers", "--fixtures"])
def test_what_only_shows_something_leaves_no_run(
    pytester: pytest.Pytester, project: Path, option: str
) -> None:
    if option != "--fixtures":
        (project / "canary.toml").write_text("nam = 1\n")  # nobody has asked for a walk
    result = pytester.runpytest_inprocess(*RUN, option)
    assert result.ret == pytest.ExitCode.OK
    assert runs_of(project) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--setup-plan"], "--setup-plan: a walk can't be made for show; leave it out"),
        (["--setup-only"], "--setup-only: a walk can't be made for show; leave it out"),
        (["--canary-reap"], "--canary-reap: removes what earlier runs left, and runs nothing; *"),
    ],
)
def test_what_is_no_walk_is_refused_and_touches_nothing(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, options: list[str], said: str
) -> None:
    kept = project / "canary-report" / "findings" / "1"
    kept.mkdir(parents=True)
    result = pytester.runpytest_inprocess(*RUN, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said}"])
    assert stand_in() == []
    assert kept.exists()


@pytest.mark.parametrize("home", ["/proc/nowhere", "relative"])
def test_a_place_for_the_run_that_can_not_be_made_is_refused(
    pytester: pytest.Pytester, project: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    """A relative state folder is none: it would be another wherever pytest is started."""
    monkeypatch.setenv("XDG_STATE_HOME", home)
    monkeypatch.setenv("HOME", "/proc/nowhere")
    result = pytester.runpytest_inprocess(*RUN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (said,) = [line for line in result.errlines if line]
    assert said.startswith("ERROR: no record of the run can be kept in /proc/nowhere/")
    assert said.endswith("; set XDG_STATE_HOME to a folder that can be written to")
    assert not (project / "relative").exists()


def test_other_plugins_read_reports_without_secrets(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    """One that is loaded before this plugin's own wraps the same hooks further inside."""
    (project / "canary.toml").write_text('[environment]\nAPI_TOKEN = "hunter2-hunter2"\n')
    pytester.makepyfile(
        reads="""
        import pytest
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport():
            report = yield
            with open("read.txt", "a") as file:
                file.write(report.longreprtext)
            return report
        """
    )
    pytester.makepyfile(TEAM.format(does="assert 'hunter2-' + 'hunter2' == ''"))
    pytester.syspathinsert()
    pytester.runpytest_inprocess("-p", "reads", *RUN, "-k", "test_ours")
    read = (project / "read.txt").read_text()
    assert "********" in read
    assert "hunter2" not in read.replace("'hunter2-' + 'hunter2'", "")
