"""How a walk runs as a pytest session: its order, what is shown, what is kept, interrupts."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes.signals import heed_signals
from fakes.walk import CHECKS, ROLLED_BACK, RUN, STAGES, Entered


def test_a_walk_enters_every_stage_once(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    result = pytester.runpytest_inprocess(*RUN)
    assert result.ret == pytest.ExitCode.OK
    assert stand_in() == STAGES
    result.stdout.fnmatch_lines(
        ["canary: shop, upgrade; baseline shop:1 (--canary-baseline); *; run ??????"]
    )


def test_each_stage_is_a_line_with_its_time(pytester: pytest.Pytester, stand_in: Entered) -> None:
    result = pytester.runpytest_inprocess(*RUN)
    lines = [line for line in result.outlines if line.startswith("canary/")]
    shown = ["preflight", *STAGES]
    assert [line.split()[0] for line in lines] == [f"canary/{stage}" for stage in shown]
    assert all(re.search(r" \.+ +\d+\.\d s( |$)", line) for line in lines)


def test_verbose_names_every_sentence(pytester: pytest.Pytester, stand_in: Entered) -> None:
    result = pytester.runpytest_inprocess(*RUN, "-v")
    result.stdout.fnmatch_lines(["canary/canary::both versions answer behind the Service PASSED"])


def test_the_promotion_is_told_by_branch_and_tag(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_COMMIT_TAG", "hotfix-3")
    result = pytester.runpytest_inprocess(*RUN)
    result.stdout.fnmatch_lines(
        ["canary: the real promotion would be allowed: it passed, and tag hotfix-3 matches ^hotfix"]
    )
    for part in (("-k", "migrate and exits"), ("--canary-until", "canary")):
        result = pytester.runpytest_inprocess(*RUN, *part)
        result.stdout.no_fnmatch_line("*the real promotion*")


def test_a_stages_checks_keep_their_order_whoever_shuffles_them(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    with (project / "conftest.py").open("a") as conftest:
        conftest.write(
            "import pytest"
            "\n@pytest.hookimpl(trylast=True)"
            "\ndef pytest_collection_modifyitems(items): items.reverse()\n"
        )
    result = pytester.runpytest_inprocess(*RUN, "-v")
    result.stdout.fnmatch_lines(
        [
            "canary/canary::shop-canary is deployed PASSED*",
            "canary/canary::both versions answer behind the Service PASSED*",
            "canary/stable::shop-stable is promoted to the candidate PASSED*",
        ]
    )


def test_a_chosen_stage_is_walked_to(pytester: pytest.Pytester, stand_in: Entered) -> None:
    result = pytester.runpytest_inprocess(*RUN, "-k", "migrate and exits")
    walked = sum(CHECKS[each] for each in ("preflight", *STAGES))
    result.assert_outcomes(passed=1, deselected=walked - 1)
    result.stdout.fnmatch_lines([f"canary: 1 of the walk's {walked} checks were made, and held"])
    result.stdout.no_fnmatch_line("*passed every stage*")
    assert stand_in() == ["cluster", "baseline", "canary", "migration", "cleanup"]


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
    result = pytester.runpytest_inprocess(*RUN, "--canary-keep", keep, "-rs")
    assert ("cleanup" in stand_in()) is not kept
    assert (ROLLED_BACK in stand_in()) is (bool(breaks) and not kept)  # kept as it failed
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


def test_a_walk_is_refused_to_xdist(pytester: pytest.Pytester, project: Path) -> None:
    # The option is xdist's; a stand-in, as xdist is not needed for anything else.
    pytester.makepyfile(
        xd="def pytest_addoption(parser):\n    parser.addoption('--numprocesses', type=int)\n"
    )
    pytester.syspathinsert()
    result = pytester.runpytest_inprocess("-p", "xd", "--canary", "--numprocesses", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*-n 2: a walk goes step by step, in one process; leave it out, or add -n 0 *"]
    )


NO_CANARY = "there is no canary, as replicas.canary is 0: the baseline is updated as a whole"


def test_without_a_canary_its_stage_is_skipped_and_it_is_said_why(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    (project / "canary.toml").write_text(
        "replicas.canary = 0\n[commands]\nping = []\nmigrate = []\n"
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.canary("canary")
        def test_the_canarys_page():
            raise AssertionError("nobody is to ask it")

        @pytest.mark.canary("verdict")
        def test_the_candidates_page():
            pass
        """
    )
    result = pytester.runpytest_inprocess(*RUN, "-v", "-rs")
    assert result.ret == pytest.ExitCode.OK
    assert stand_in() == [each for each in STAGES if each != "canary"]
    result.stdout.fnmatch_lines(
        [
            "canary/canary::shop-canary is deployed SKIPPED*",
            "*::test_the_canarys_page SKIPPED*",
            "*::test_the_candidates_page PASSED*",
        ]
    )
    result.stdout.fnmatch_lines(["canary: shop passed every stage*"])
    assert NO_CANARY in " ".join(result.stdout.str().split())


def test_without_a_canary_a_command_that_needs_one_is_refused(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    (project / "canary.toml").write_text("replicas.canary = 0\n")
    result = pytester.runpytest_inprocess(*RUN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert stand_in() == []
    result.stderr.fnmatch_lines(
        ["ERROR: canary.toml: replicas.canary = 0: commands.migrate is run in a pod of the *"]
    )
