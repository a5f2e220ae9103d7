"""Ten pipelines of the shape of the book's are read as they are, and their weaknesses told."""

from fakes.folders import FIXTURES

from pytest_canary.pipelines import promoting
from pytest_canary.pipelines.uses import Program
from pytest_canary.pipelines.variables import Provided, undescribed_secrets, unprovided_variables
from pytest_canary.pipelines.workflow import read_workflow

BOOK = FIXTURES / "pipelines" / "book"
SECRETS = {
    "dockerhub": ["DOCKER_USERNAME", "DOCKER_PASSWORD"],
    "do-key": ["DO_ACCESS_TOKEN"],
    "db-params": ["DB_HOST", "DB_PASSWORD"],
    "aws-key": [],
    "gcp-key": [],
}
APPLY = Program("apply.sh", "deployment.yml", ["DB_HOST", "DB_PASSWORD", "PORT"])


def test_they_are_as_semaphore_takes_them() -> None:
    found = read_workflow(BOOK / ".semaphore" / "semaphore.yml", BOOK)
    assert {each.source.path for each in found.pipelines} == {*(BOOK / ".semaphore").iterdir()}
    assert [each.mistakes for each in found.pipelines] == [()] * 10
    assert [*promoting.manual_rollbacks(found), *promoting.never_true(found)] == []
    told = [(each.line, each.fix) for each in promoting.misleading_conditions(found)]
    assert told == [(line, "leave the star out: '^hotfix'") for line in (56, 60, 64)]


def test_their_secrets_are_told_until_they_are_described_and_then_what_they_lack() -> None:
    found = read_workflow(BOOK / ".semaphore" / "semaphore.yml", BOOK)
    unknown = Provided(programs=[APPLY])
    assert {each.sentence.split()[4] for each in undescribed_secrets(found, unknown)} == {*SECRETS}
    assert [*unprovided_variables(found, unknown)] == []
    known = Provided(SECRETS, programs=[APPLY])
    assert [*undescribed_secrets(found, known)] == []
    told = [
        (each.source.path.stem, each.sentence.split(",")[0])
        for each in unprovided_variables(found, known)
    ]
    # Nobody sets $PORT; AWS' pipelines apply a template of their own, which is not looked at.
    files = ("canary-digitalocean", "canary-gcp", "stable-digitalocean", "stable-gcp")
    assert told == [(each, "$PORT") for each in files]
    misspelt = Provided(SECRETS | {"dockerhub": ["DOCKER_USERNAME", "DOCKRE_PASSWORD"]})
    (lacks,) = unprovided_variables(found, misspelt)
    assert (lacks.source.shown, lacks.line, lacks.fix) == (
        ".semaphore/canary-digitalocean.yml",
        18,
        "did you mean DOCKRE_PASSWORD?",
    )
