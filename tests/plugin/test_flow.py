"""How a walk runs as a pytest session: order, failures, skips, interrupts, what is shown."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

STAGES = ["cluster", "baseline", "canary", "migration", "stable", "rollback", "cleanup"]
Entered = Callable[[], list[str]]
RUN = ("--canary", "--canary-baseline", "shop:1")


def heed_signals() -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


def test_a_walk_enters_every_stage_once(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    result = pytester.runpytest_subprocess(*RUN)
    assert result.ret == pytest.ExitCode.OK
    assert stand_in() == STAGES
    result.stdout.fnmatch_lines(
        ["canary: shop, upgrade; baseline shop:1 (--canary-baseline); *; run ??????"]
    )


def test_each_stage_is_a_line_with_its_time(pytester: pytest.Pytester, stand_in: Entered) -> None:
    result = pytester.runpytest_subprocess(*RUN)
    lines = [line for line in result.outlines if line.startswith("canary/")]
    assert [line.split()[0] for line in lines] == [f"canary/{stage}" for stage in STAGES]
    assert all(re.search(r" \.+ +\d+\.\d s( |$)", line) for line in lines)


def test_verbose_names_every_sentence(pytester: pytest.Pytester, stand_in: Entered) -> None:
    result = pytester.runpytest_subprocess(*RUN, "-v")
    result.stdout.fnmatch_lines(["canary/canary::both versions answer behind the Service PASSED"])


def test_a_failed_transition_skips_what_follows_but_cleans_up(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "canary")
    result = pytester.runpytest_subprocess(*RUN, "-rs")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stand_in() == ["cluster", "baseline", "canary", "cleanup"]
    failed = "canary/canary::shop-canary is deployed"
    result.stdout.fnmatch_lines(
        [
            "canary broke in a test; mend it",
            "    the evidence of it",
            f"canary: failed at {failed}: canary broke in a test; mend it",
            f"SKIPPED [[]9[]] canary/migration:1: {failed} failed: canary broke in a test; mend it",
        ]
    )
    result.assert_outcomes(failed=1, passed=23, skipped=38)


def test_a_failing_test_of_the_team_stops_the_walk(
    pytester: pytest.Pytester, stand_in: Entered
) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.canary("canary")
        def test_ours():
            assert 1 == 2
        """
    )
    result = pytester.runpytest_subprocess(*RUN)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stand_in() == ["cluster", "baseline", "canary", "cleanup"]
    result.stdout.fnmatch_lines(["canary: failed at *::test_ours: assert 1 == 2"])


def test_a_chosen_stage_is_walked_to(pytester: pytest.Pytester, stand_in: Entered) -> None:
    result = pytester.runpytest_subprocess(*RUN, "-k", "migrate and exits")
    result.assert_outcomes(passed=1, deselected=61)
    result.stdout.fnmatch_lines(["canary: 1 of the walk's 62 checks were made, and held"])
    result.stdout.no_fnmatch_line("*passed every stage*")
    assert stand_in() == ["cluster", "baseline", "canary", "migration", "cleanup"]


def test_exitfirst_cleans_up(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "baseline")
    pytester.runpytest_subprocess(*RUN, "-x").assert_outcomes(failed=1, passed=7)
    assert stand_in() == ["cluster", "baseline", "cleanup"]


@pytest.mark.parametrize(
    ("keep", "breaks", "kept"),
    [
        ("never", "", False),
        ("never", "canary", False),
        ("on-failure", "", False),
        ("on-failure", "canary", True),
        ("always", "", True),
    ],
)
def test_keep_decides_whether_anything_stays(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    keep: str,
    breaks: str,
    kept: bool,
) -> None:
    monkeypatch.setenv("BREAKS", breaks)
    result = pytester.runpytest_subprocess(*RUN, "--canary-keep", keep, "-rs")
    assert ("cleanup" in stand_in()) is not kept
    runs = list((project / "state" / "pytest-canary" / "runs").iterdir())
    assert bool(runs) is kept
    if kept:
        result.stdout.fnmatch_lines(
            [
                "canary: run ?????? is kept; look at it with KUBECONFIG=*, remove it with "
                "pytest --canary-reap",
                "SKIPPED*kept for a look; `pytest --canary-reap` removes it",
            ]
        )


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 2), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_walk_cleans_up(
    pytester: pytest.Pytester,
    stand_in: Entered,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    code: int,
) -> None:
    monkeypatch.setenv("HANGS", "canary")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *RUN],
        cwd=pytester.path,
        stdout=subprocess.PIPE,
        # What ignores signals hands that on: a shell's background SIGINT, nohup SIGHUP.
        preexec_fn=heed_signals,
    )
    try:
        deadline = time.monotonic() + 30
        while "canary" not in stand_in() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == code
    assert stand_in() == ["cluster", "baseline", "canary", "cleanup"]


def test_junitxml_has_the_sentences_and_their_stage(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    pytester.runpytest_subprocess(*RUN, "--junitxml", "out.xml")
    cases = ElementTree.parse(project / "out.xml").getroot().iter("testcase")
    case = next(c for c in cases if c.get("name") == "every node is ready")
    found = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert found["canary.stage"] == "cluster"


def test_a_walk_is_refused_to_xdist(pytester: pytest.Pytester, project: Path) -> None:
    # The option is xdist's; a stand-in, as xdist is not needed for anything else.
    pytester.makepyfile(
        xd="def pytest_addoption(parser):\n    parser.addoption('--numprocesses', type=int)\n"
    )
    pytester.syspathinsert()
    result = pytester.runpytest_subprocess("-p", "xd", "--canary", "--numprocesses", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*-n 2: a walk goes step by step; leave -n out"])
