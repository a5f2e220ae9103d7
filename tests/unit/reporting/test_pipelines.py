"""The project's own pipelines in the report, and on its page."""

from dataclasses import replace
from pathlib import Path

from fakes.delivery import command, delivered
from fakes.folders import ROOT

from pytest_canary.config import settings_file
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.context.journal import Journal
from pytest_canary.reporting.pipelines import pipelines


def journal(report: Path) -> Journal:
    found = settings_file.check({"name": "addressbook"}, ROOT, "defaults")
    return Journal(Plan(found, Options(report=report), Baseline("image", "shop:1", "a test")))


def test_each_job_is_told_with_what_ended_it_and_where_its_log_is(tmp_path: Path) -> None:
    told = journal(tmp_path)
    failed = delivered("canary", command(), command("./apply.sh x", 1), result="failed")
    (block,) = failed.result.blocks
    job = replace(block.jobs[0], log=tmp_path / "findings" / "1" / "log.txt")
    block = replace(block, jobs=(job,))
    told.pipelines.append(replace(failed, result=replace(failed.result, blocks=(block,))))
    told.pipelines.append(delivered("rollback"))

    canary, rollback = pipelines(told)

    (found,) = canary.jobs
    assert (canary.role, canary.file, canary.result) == (
        "canary",
        ".semaphore/canary.yml",
        "failed",
    )
    assert (found.block, found.name, found.result) == ("Block", "Job", "failed")
    assert (found.commands, found.seconds, found.failed) == (2, 2.0, "./apply.sh x")
    assert found.log == "findings/1/log.txt"
    assert (rollback.jobs[0].failed, rollback.jobs[0].log) == ("", "")


def test_a_job_that_could_not_begin_says_why(tmp_path: Path) -> None:
    told = journal(tmp_path)
    failed = delivered("build", result="failed")
    (block,) = failed.result.blocks
    job = replace(block.jobs[0], commands=(), problem="secret x not found")
    block = replace(block, jobs=(job,))
    told.pipelines.append(replace(failed, result=replace(failed.result, blocks=(block,))))
    (found,) = pipelines(told)
    assert found.jobs[0].failed == "secret x not found"
