"""What pipelines bring along, and others lack."""

from pathlib import Path

import pytest
from fakes.folders import FIXTURES
from fakes.workflows import pipeline, promotion, written

from pytest_canary.pipelines.equipment import misspelt_caches, unequipped_rollbacks
from pytest_canary.pipelines.workflow import read_workflow

BOOK = FIXTURES / "pipelines" / "book" / ".semaphore"


def test_the_books_rollback_lacks_what_its_others_install() -> None:
    found = [*unequipped_rollbacks(read_workflow(BOOK / "semaphore.yml", BOOK.parent))]
    assert {each.source.path.name for each in found} == {"rollback-aws.yml"}
    (first, *_) = found
    assert first.sentence.startswith("nothing here installs aws-iam-authenticator, by which ")


@pytest.mark.parametrize(
    ("rollback", "told"),
    [
        ("kubectl get all", 1),
        ("wget -O ~/bin/aws-iam-authenticator localhost; kubectl get all", 0),
        ("make undo", 0),
    ],
)
def test_what_asks_a_cluster_installs_it(tmp_path: Path, rollback: str, told: int) -> None:
    promotions = promotion("Rollback", "undo.yml", "result = 'failed'")
    install = "sudo apt-get install -y gke-gcloud-auth-plugin aws-iam-authenticator"
    if "wget" in rollback:
        install = "curl -o ~/bin/aws-iam-authenticator localhost"
    texts = {
        "ci": pipeline(install, more=f"promotions:\n{promotions}"),
        "undo": pipeline(rollback),
    }
    found = [*unequipped_rollbacks(written(tmp_path, **texts))]
    assert bool(found) is bool(told)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("docker push $R/shop:1; docker build --cache-from $R/shop:latest .", []),
        ("docker push $R/shop:1; docker build --cache-from=$R/shpo:latest .", ["$R/shop"]),
        ("docker build --cache-from $R/shpo -t $R/shop:$X .", ["$R/shop"]),
        (
            "docker tag a $R/shop; docker build --cache-from type=registry,ref=$R/shpo .",
            ["$R/shop"],
        ),
        # Another one, which somebody else makes.
        ("docker push $R/shop:1; docker build --cache-from node:22 .", []),
    ],
)
def test_a_cache_is_an_image_that_there_is(tmp_path: Path, command: str, told: list[str]) -> None:
    found = misspelt_caches(written(tmp_path, ci=pipeline(command)))
    assert [each.fix for each in found] == [f"did you mean {name}?" for name in told]
