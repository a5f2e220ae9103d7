"""A pipeline is read with those that its promotions lead to: each once, and none from elsewhere."""

from pathlib import Path

import pytest
from fakes.workflows import pipeline, promotion, written

from pytest_canary.pipelines.workflow import Workflow, read_workflow


def shown(workflow: Workflow) -> list[str]:
    return [each.source.shown for each in workflow.pipelines]


def promoting(*files: str) -> str:
    return pipeline(more="promotions:\n" + "".join(promotion(f"to {f}", f) for f in files))


def test_a_circle_of_promotions_is_legal_and_each_file_is_read_once(tmp_path: Path) -> None:
    found = written(
        tmp_path, a=promoting("b.yml", "c.yml"), b=promoting("c.yml"), c=promoting("a.yml", "c.yml")
    )
    assert shown(found) == ["a.yml", "b.yml", "c.yml"]
    assert [each.mistakes for each in found.pipelines] == [(), (), ()]
    assert [each.name for each in found.promotions_to(found.pipelines[2])] == [
        "to c.yml",
        "to c.yml",
        "to c.yml",
    ]
    (back, _) = found.pipelines[2].promotions
    target = found.target(back)
    assert target
    assert target.source.shown == "a.yml"


def test_a_promotion_to_a_file_that_is_not_there_is_told_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "b.yml").write_text("version: v2.0")
    found = written(tmp_path, a=promoting("none.yml", "b.yml"))
    assert shown(found) == ["a.yml", "b.yml"]
    (missing,) = found.pipelines[0].faults
    assert (missing.rule, missing.sentence) == (
        "missing-pipeline",
        "promotions[0].pipeline_file: there is no file none.yml",
    )
    assert found.pipelines[1].mistakes == (
        "b.yml:1: version: v1.0, not 'v2.0'",
        "b.yml:1: the pipeline: has no agent",
        "b.yml:1: the pipeline: has no blocks",
    )


@pytest.mark.parametrize("name", ["../../outside.yml", "/../outside.yml", "a\\0b", "x" * 300, ""])
def test_what_is_outside_the_repository_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.yml").write_text(pipeline())
    folder = tmp_path / "repository" / "ci"
    folder.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    found = written(folder, a=promoting(f'"{name}"'))
    assert shown(found) == ["a.yml"]
    assert [each.rule for each in found.pipelines[0].faults] == ["missing-pipeline"]


@pytest.mark.parametrize("git", [True, False])
def test_a_name_from_a_slash_is_told_from_the_repository(tmp_path: Path, git: bool) -> None:
    folder = tmp_path / "services" / "shop"
    (folder / "ci").mkdir(parents=True)
    top = tmp_path if git else folder
    (tmp_path / ".git").mkdir() if git else None
    (top / "deploy.yml").write_text(pipeline())
    (folder / "ci" / "a.yml").write_text(promoting("/deploy.yml", "../ci/a.yml"))
    found = read_workflow(folder / "ci" / "a.yml", folder)
    assert shown(found) == ["ci/a.yml", "../../deploy.yml" if git else "deploy.yml"]


def test_a_pipeline_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.yml").mkdir()
    (found,) = read_workflow(tmp_path / "folder.yml", tmp_path).pipelines
    assert found.mistakes == ("folder.yml:1: it can't be read: Is a directory",)
