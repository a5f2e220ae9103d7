"""What is wrong with a workflow is told under its rules, and of one file no more than helps."""

from pathlib import Path

from fakes.workflows import pipeline, promotion, written

from pytest_canary.pipelines.review import review
from pytest_canary.pipelines.variables import Provided


def test_each_fault_has_its_rules_name(tmp_path: Path) -> None:
    promotions = promotion("Rollback", "none.yml") + promotion("Next", "ci.yml", "branch =~ 'dev'")
    text = pipeline("echo $A", more=f"promotions:\n{promotions}")
    found = [each.rule for each in review(written(tmp_path, ci=text), Provided())]
    assert found == [
        "missing-pipeline",
        "unprovided-variable",
        "manual-rollback",
        "misleading-condition",
        "misleading-condition",
    ]


def test_of_many_mistakes_in_a_file_a_hundred_are_told(tmp_path: Path) -> None:
    text = pipeline(more="".join(f"k{number}: 1\n" for number in range(150)))
    assert len([*review(written(tmp_path, ci=text), Provided())]) == 100
