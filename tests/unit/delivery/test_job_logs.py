"""What jobs have printed is kept, each in a file of its own."""

from dataclasses import replace
from pathlib import Path

from fakes.delivery import ended

from pytest_canary.delivery.job_logs import with_logs_kept
from pytest_canary.jobs.results import BlockResult, PipelineResult


def block(folder: Path, name: str, *texts: str) -> BlockResult:
    (one,) = ended().blocks
    jobs = []
    for number, text in enumerate(texts):
        log = folder / f"{name}{number}.txt"
        log.write_text(text)
        jobs.append(replace(one.jobs[0], name="構築", log=log))
    return replace(one, name=name, jobs=tuple(jobs))


def test_names_that_are_alike_have_files_of_their_own(tmp_path: Path) -> None:
    given = (block(tmp_path, "構築", "a", "b"), block(tmp_path, "試験", "c"))
    result = replace(ended(), blocks=given, after=given[0].jobs[:1])
    kept = with_logs_kept(result, tmp_path / "kept")
    jobs = [job for each in kept.blocks for job in each.jobs] + [*kept.after]
    assert [job.log.read_text() for job in jobs if job.log] == ["a", "b", "c", "a"]
    assert len({job.log for job in jobs}) == 4


def test_a_log_that_can_not_be_kept_is_none(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way")
    result: PipelineResult = replace(ended(), blocks=(block(tmp_path, "b", "a"),))
    kept = with_logs_kept(result, tmp_path / "kept")
    assert [job.log for each in kept.blocks for job in each.jobs] == [None]
