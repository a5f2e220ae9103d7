"""How a walk runs as a pytest session: order, failures, skips, interrupts, what is shown."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pytest_canary import stages
from pytest_canary.config import settings_file
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.context.report_folder import ReportFolder

STAGES = [
    "cluster",
    "baseline",
    "canary",
    "migration",
    "verdict",
    "stable",
    "rollback",
    "cleanup",
]
ROLLED_BACK = "automatic-rollback"
Entered = Callable[[], list[str]]
RUN = ("--canary", "--canary-baseline", "shop:1")


def applying(stage: str) -> int:
    """How many of a stage's assertions an upgrade with the default settings has."""
    found = settings_file.check({"name": "addressbook"}, Path(__file__).parents[2], "defaults")
    upgrade = Plan(found, Options(), Baseline("image", "shop:1", "--canary-baseline"))
    return len(stages.load(stage).applying(upgrade))


CHECKS = {stage: applying(stage) for stage in ("preflight", *STAGES, "automatic_rollback")}


def findings(folder: Path) -> Path:
    """Where the one run has put them whose are there."""
    (found,) = (folder / "findings").iterdir()
    return found


def heed_signals() -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


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


def test_a_failed_transition_skips_what_follows_and_is_rolled_back(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "canary")
    result = pytester.runpytest_inprocess(*RUN, "-rs")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stand_in() == ["cluster", "baseline", "canary", ROLLED_BACK, "cleanup"]
    failed = "canary/canary::shop-canary is deployed"
    result.stdout.fnmatch_lines(
        [
            f"canary/stable {'s' * CHECKS['stable']} *",
            f"canary/rollback {'.' * CHECKS['automatic_rollback']} *",
            "canary/cleanup .......... *",
            "canary broke in a test; mend it",
            "    the evidence of it",
            "    files   canary-report/findings/??????/1/ (finding)",
            f"canary: failed at {failed}: canary broke in a test; mend it",
            "canary: the real promotion would not be allowed: the rehearsal did not pass",
            f"SKIPPED [[]{CHECKS['migration']}[]] canary/migration:1: {failed} failed: canary "
            "broke in a test; mend it",
        ]
    )
    left = ("migration", "verdict", "stable")
    skipped = CHECKS["canary"] - 1 + sum(CHECKS[each] for each in left)
    done = ("preflight", "cluster", "baseline", "automatic_rollback", "cleanup")
    result.assert_outcomes(failed=1, passed=sum(CHECKS[each] for each in done), skipped=skipped)
    kept = (findings(project / "canary-report") / "1" / "finding.txt").read_text()
    assert kept == "stage canary: canary broke in a test; mend it\n    the evidence of it\n"


def test_a_rollback_that_fails_too_is_told_and_does_not_hide_the_first(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", f"stable,{ROLLED_BACK}")
    result = pytester.runpytest_inprocess(*RUN, "-rs")
    assert stand_in()[-3:] == ["stable", ROLLED_BACK, "cleanup"]
    first, second = "canary/stable::shop-stable is promoted", "canary/rollback::the release"
    result.stdout.fnmatch_lines(
        [
            f"canary/stable F{'s' * (CHECKS['stable'] - 1)} *",
            f"canary/rollback F{'s' * (CHECKS['automatic_rollback'] - 1)} *",
            "stable broke in a test; mend it",
            "automatic-rollback broke in a test; mend it",
            f"canary: failed at {first}*: stable broke in a test; mend it",
            f"canary: and so did the rollback, at {second} is rolled back: automatic-rollback broke"
            "*",
        ]
    )
    skipped = CHECKS["stable"] - 1 + CHECKS["automatic_rollback"] - 1
    done = ("preflight", "cluster", "baseline", "canary", "migration", "verdict", "cleanup")
    result.assert_outcomes(failed=2, passed=sum(CHECKS[each] for each in done), skipped=skipped)
    kept = findings(project / "canary-report")
    assert sorted(path.name for path in kept.iterdir()) == ["1", "2"]


def test_a_failure_is_rolled_back_wherever_the_walk_was_to_end(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "canary")
    pytester.runpytest_inprocess(*RUN, "--canary-until=canary")
    assert stand_in() == ["cluster", "baseline", "canary", ROLLED_BACK, "cleanup"]


@pytest.mark.parametrize("breaks", ["cluster", "baseline", "rollback", "cleanup"])
def test_nothing_is_rolled_back_after_a_failure_elsewhere(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    monkeypatch.setenv("BREAKS", breaks)
    pytester.runpytest_inprocess(*RUN)
    assert ROLLED_BACK not in stand_in()


def test_nothing_is_rolled_back_where_nothing_was_live_yet(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chosen check of a later stage tells that the way to it broke."""
    monkeypatch.setenv("BREAKS", "cluster")
    pytester.runpytest_inprocess(*RUN, "-k", "promoted and candidate")
    assert stand_in() == ["cluster", "cleanup"]


def test_exitfirst_leaves_no_time_for_a_rollback(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "canary")
    result = pytester.runpytest_inprocess(*RUN, "-x", "--junitxml=canary-report/x.xml")
    assert stand_in() == ["cluster", "baseline", "canary", "cleanup"]
    result.stdout.no_fnmatch_line("canary: ")
    result.stdout.fnmatch_lines(["canary: canary-report/report.html"])


def test_evidence_of_an_earlier_run_goes_with_its_report_and_what_is_not_ours_stays(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = project / "elsewhere"
    monkeypatch.setenv("BREAKS", "canary")
    pytester.runpytest_inprocess(*RUN, "--canary-report=elsewhere")
    old = findings(report)
    (report / "mine.txt").write_text("mine")
    pytester.runpytest_inprocess(*RUN, "--canary-report=elsewhere", "-k", "nothing")
    assert old.exists(), "no report has taken its report's place"
    monkeypatch.delenv("BREAKS")
    pytester.runpytest_inprocess(*RUN, "--canary-report=elsewhere")
    assert list((report / "findings").iterdir()) == []
    assert (report / "mine.txt").read_text() == "mine"


def test_two_runs_at_once_leave_each_others_evidence_alone(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One walks from its beginning to its end while another, which has failed, cleans up."""
    monkeypatch.setenv("BREAKS", "stable")
    pytester.makepyfile(
        """
        import subprocess
        import sys
        from pathlib import Path

        import pytest

        @pytest.mark.canary("canary")
        def test_that_fails():
            assert not "mine"

        @pytest.mark.canary("cleanup")
        def test_another_run():
            words = [sys.executable, "-m", "pytest", "--canary", "--canary-baseline=shop:1"]
            with open("other.txt", "w") as log:
                subprocess.run([*words, "--ignore-glob=test_*"], stdout=log, check=False)
        """
    )
    result = pytester.runpytest_inprocess(*RUN)
    said = re.compile("run ([0-9a-f]{6})")
    (first,) = said.findall(result.stdout.str())
    other = (project / "other.txt").read_text()
    (second,) = said.findall(other)
    assert f"files   canary-report/findings/{second}/1/ (finding)" in other
    kept = findings(project / "canary-report")
    assert kept.name == first, "the other run is gone when this one ends"
    assert "mine" in (kept / "1" / "finding.txt").read_text()


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


def test_the_way_to_a_teams_test_breaks_in_a_sentence(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "migration")
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.canary("migration")
        def test_ours():
            pass
        """
    )
    result = pytester.runpytest_inprocess(*RUN, "-k", "test_ours")
    result.stdout.fnmatch_lines(
        [
            "migration broke in a test; mend it",
            "    the evidence of it",
            "canary: failed at *::test_ours: migration broke in a test; mend it",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_canary/*.py*")


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
    result = pytester.runpytest_inprocess(*RUN)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stand_in() == ["cluster", "baseline", "canary", ROLLED_BACK, "cleanup"]
    result.stdout.fnmatch_lines(["canary: failed at *::test_ours: assert 1 == 2"])


def test_a_chosen_stage_is_walked_to(pytester: pytest.Pytester, stand_in: Entered) -> None:
    result = pytester.runpytest_inprocess(*RUN, "-k", "migrate and exits")
    walked = sum(CHECKS[each] for each in ("preflight", *STAGES))
    result.assert_outcomes(passed=1, deselected=walked - 1)
    result.stdout.fnmatch_lines([f"canary: 1 of the walk's {walked} checks were made, and held"])
    result.stdout.no_fnmatch_line("*passed every stage*")
    assert stand_in() == ["cluster", "baseline", "canary", "migration", "cleanup"]


def test_exitfirst_cleans_up(
    pytester: pytest.Pytester, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "baseline")
    pytester.runpytest_inprocess(*RUN, "-x").assert_outcomes(
        failed=1, passed=CHECKS["preflight"] + CHECKS["cluster"]
    )
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


def test_junitxml_has_the_sentences_and_their_stage(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    pytester.runpytest_inprocess(*RUN, "--junitxml", "out.xml")
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
    result = pytester.runpytest_inprocess("-p", "xd", "--canary", "--numprocesses", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*-n 2: a walk goes step by step, in one process; leave it out, or add -n 0 *"]
    )


def test_the_report_is_written_and_told_to_ci(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPORT", "yes")
    monkeypatch.setenv("BREAKS", "stable")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    result = pytester.runpytest_subprocess(*RUN, "--canary-report=told", "--junitxml=x.xml")
    result.stdout.fnmatch_lines(["canary: told/report.html"])
    told = json.loads((project / "told" / "report.json").read_text())
    assert told["result"] == "failed"
    assert told["failures"]["first"] == {
        "sentence": "stable broke in a test; mend it",
        "stage": "stable",
        "check": "shop-stable is promoted to the candidate",
    }
    assert told["failures"]["rolled_back"] is True
    assert [stage["name"] for stage in told["stages"]] == ["preflight", *STAGES]
    assert told["findings"][0]["files"] == [f"findings/{told['run']}/1/finding.txt"]
    assert "stable broke in a test" in (project / "told" / "report.html").read_text()
    assert "broke in a test" in (project / "summary.md").read_text()
    suite = ElementTree.parse(project / "x.xml").getroot()[0]
    names = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert names["canary.run"] == told["run"]


def test_an_interrupted_walk_has_a_report_too(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPORT", "yes")
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.canary("canary")
        def test_ours():
            raise KeyboardInterrupt
        """
    )
    pytester.runpytest_subprocess(*RUN)
    told = json.loads((project / "canary-report" / "report.json").read_text())
    assert (told["result"], told["stopped_by"]) == ("stopped", "Ctrl-C")
    assert [stage["result"] for stage in told["stages"]][4:] == ["skipped"] * 5


def test_evidence_that_can_not_be_kept_hides_no_failure(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody puts a file where it would go, once the session has begun."""
    monkeypatch.setenv("BREAKS", "stable")
    pytester.makepyfile(
        """
        import os
        import pytest
        @pytest.mark.canary("canary")
        def test_ours():
            os.rename("told", "moved")
            with open("told", "w") as file:
                file.write("mine")
        """
    )
    result = pytester.runpytest_inprocess(*RUN, "--canary-report=told")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stand_in()[-2:] == [ROLLED_BACK, "cleanup"]
    result.stdout.fnmatch_lines(
        [
            "canary/stable F* its evidence can't be kept: nothing is written to told, as it is a *",
            "canary: nothing is written to told, as it is a file; name a folder",
            "stable broke in a test; mend it",
        ]
    )
    assert (project / "told").read_text() == "mine"


def test_a_report_that_can_not_be_written_is_told(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPORT", "yes")
    ReportFolder(Path("told"), "c7f2a1").prepare()
    (project / "told" / "report.html").mkdir()
    result = pytester.runpytest_subprocess(*RUN, "--canary-report=told")
    result.stdout.fnmatch_lines(["canary: the report can't be written to *: *--canary-report"])
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize(("breaks", "code"), [("", 0), ("canary", 1)])
def test_a_mistake_of_ours_in_the_report_is_one_line_and_the_walks_end_its_own(
    pytester: pytest.Pytester,
    stand_in: Entered,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    breaks: str,
    code: int,
) -> None:
    monkeypatch.setenv("REPORT", "breaks")
    monkeypatch.setenv("BREAKS", breaks)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    result = pytester.runpytest_inprocess(*RUN, "--junitxml=x.xml")
    assert result.ret == code
    kept = findings(project / "canary-report") / "LookupError.txt"
    where = kept.relative_to(project)
    told = [line for line in result.outlines if "LookupError" in line]
    line = f"canary: the report can't be made: LookupError: a mistake; its traceback is in {where}"
    assert told == [line]
    assert "in write" in kept.read_text()
    assert "Traceback" not in "\n".join(result.outlines + result.errlines)
    # What is left to be read beside it is there.
    assert "canary.run" in (project / "x.xml").read_text()
    assert (project / "summary.md").read_text()


def test_half_an_emoji_ends_no_session_wherever_it_stands(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORT", "yes")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    pytester.makepyfile(
        r"""
        import pytest
        from pytest_canary import Finding
        from pytest_canary.errors import FoundError

        pytestmark = pytest.mark.canary("canary")
        HALF = "half \ud83d"

        def test_that_says_it(canary_rehearsal, request):
            journal = canary_rehearsal.journal
            journal.note("canary", HALF)
            journal.versions["candidate"] = HALF
            canary_rehearsal.workspace.waiter.listener(HALF, HALF)
            request.node.user_properties.append(("said", HALF))
            print(HALF)

        def test_that_fails(canary_rehearsal):
            found = Finding(HALF, HALF, HALF, HALF, HALF, HALF, HALF)
            raise FoundError([found], HALF) from ValueError(HALF)
        """
    )
    result = pytester.runpytest_inprocess(*RUN, "--junitxml=x.xml", "-rA")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert stand_in()[-3:] == ["canary", ROLLED_BACK, "cleanup"]
    result.stdout.fnmatch_lines(
        [
            "canary: failed at test_half*::test_that_fails: *half \\ud83d",
            "canary: canary-report/report.html",
        ]
    )
    told = json.loads((project / "canary-report" / "report.json").read_text())
    (found,) = told["findings"]
    half = "half \\ud83d"
    assert half in next(each["notes"] for each in told["stages"] if each["name"] == "canary")
    assert {found[part] for part in ("code", "sentence", "where", "seen", "likely")} == {half}
    assert half in (project / "canary-report" / found["files"][0]).read_text()
    assert half in (project / "canary-report" / "report.html").read_text()
    assert half in (project / "summary.md").read_text().replace("\\\\", "\\")
    assert half in (project / "x.xml").read_text()


def test_a_secret_that_is_a_word_of_ours_leaves_names_and_paths(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREAKS", "canary")
    (project / "canary.toml").write_text(
        '[environment]\nCACHE_KEY_PREFIX = "canary"\nLAST_TOKEN = "report"\n'
    )
    result = pytester.runpytest_inprocess(*RUN, "--junitxml=x.xml", "-rs")
    result.stdout.fnmatch_lines(
        [
            "    files   canary-report/findings/??????/1/ (finding)",
            "canary: failed at canary/canary::shop-canary is deployed: ******** broke in a test*",
            "canary: canary-report/report.html",
            "SKIPPED * canary/stable:1: *",
        ]
    )
    cases = ElementTree.parse(project / "x.xml").getroot().iter("testcase")
    case = next(c for c in cases if c.get("name") == "shop-canary is deployed")
    properties = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert properties["canary.stage"] == "canary"
