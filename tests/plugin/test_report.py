"""The report and the evidence that a session leaves, and what can't keep it from its end."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fakes.session import Session
from fakes.walk import ROLLED_BACK, RUN, STAGES, Entered, findings

from pytest_canary.context.report_folder import ReportFolder
from pytest_canary.reporting import Report


def test_evidence_of_an_earlier_run_goes_with_its_report_and_what_is_not_ours_stays(
    pytester: pytest.Pytester, stand_in: Entered, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = project / "elsewhere"
    monkeypatch.setenv("BREAKS", "canary")
    pytester.runpytest_inprocess(*RUN, "--canary-report=elsewhere")
    old = findings(report)
    (report / "mine.txt").write_text("mine")
    pytester.runpytest_inprocess(*RUN, "--canary-report=elsewhere", "-k", "no_such_check")
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


def test_junitxml_has_the_sentences_and_their_stage(
    pytester: pytest.Pytester, stand_in: Entered, project: Path
) -> None:
    pytester.runpytest_inprocess(*RUN, "--junitxml", "out.xml")
    cases = ElementTree.parse(project / "out.xml").getroot().iter("testcase")
    case = next(c for c in cases if c.get("name") == "every node is ready")
    found = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert found["canary.stage"] == "cluster"


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
    assert "Since the last run" not in (project / "summary.md").read_text()
    monkeypatch.setenv("BREAKS", "canary")
    pytester.runpytest_subprocess(*RUN, "--canary-report=told")
    now = (project / "summary.md").read_text()
    assert f"### Since the last run, {told['run']} of 20" in now
    assert "- **new** Canary broke in a test; mend it. (Release, error)" in now
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


def test_what_draws_is_begun_while_the_cluster_is_deleted(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, had = Session(pytester, monkeypatch), dict[str, bool]()

    def look(when: str) -> None:
        had.setdefault(when, bool(session.world.engine.node_containers("")))

    class Writer:
        def prepare(self) -> None:
            look("begun")

        def write(self, _: Report, folder: Path) -> list[Path]:
            look("written")
            return [folder / "report.html"]

        def close(self) -> None:
            look("closed")

    session.report_writer = Writer
    session.run("--canary", "--canary-baseline=none", "--canary-until=baseline")
    session.world.stop()
    assert had == {"begun": True, "written": False, "closed": False}
