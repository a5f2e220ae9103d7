"""Walks whose transitions are what a project's own pipelines run, on a real cluster."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace

import docker
import pytest
from acceptance.projects import (
    NOTHING,
    Project,
    Walked,
    addressbook_settings,
    left,
    needed,
    node_of,
)
from fakes.folders import FIXTURES, ROOT

Make = Callable[[str], Project]

PIPELINE = """
file = ".semaphore/semaphore.yml"
canary = ".semaphore/canary-kubeconfig.yml"
variables = ["BASE"]
[pipeline.secrets]
do-key = { variables = ["DO_ACCESS_TOKEN"] }
kubeconfig = { files = ["~/.kube/config"] }
registry = { variables = ["REGISTRY_URL", "REGISTRY_USERNAME", "REGISTRY_PASSWORD"] }
"""


@pytest.fixture
def delivered(shared: Project) -> Iterator[Project]:
    """The bundled addressbook with the book's pipelines, which release it."""
    shutil.copytree(ROOT / ".semaphore", shared.root / ".semaphore")
    shared.write("canary.toml", addressbook_settings(pipeline=PIPELINE))
    # An engine without BuildKit takes nothing from its own cache where another one is named.
    elsewhere = '--cache-from "$IMAGE:latest" --build-arg BUILDKIT_INLINE_CACHE=1 '
    change(shared, "semaphore.yml", (elsewhere, ""))
    base = {"BASE": needed("PYTHON_IMAGE")}
    yield replace(shared, environment=shared.environment | base)
    shared.write("canary.toml", addressbook_settings())
    shutil.rmtree(shared.root / ".semaphore")


def walk(project: Project, releases: dict[str, str]) -> Walked:
    """Walk from release 1 in the cluster that the tests share."""
    baseline = f"--canary-baseline={releases['1']}"
    return project.pytest("--canary", "--canary-reuse", baseline, "-v")


def change(project: Project, pipeline: str, *changes: tuple[str, str]) -> None:
    """Put other pieces into a pipeline."""
    path = project.root / ".semaphore" / pipeline
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


@pytest.mark.alone
def test_a_release_by_its_own_pipelines_passes_every_stage(
    delivered: Project, releases: dict[str, str], engine: docker.DockerClient
) -> None:
    images = {tag for image in engine.images.list() for tag in image.tags}

    walked = walk(delivered, releases)

    assert walked.code == 0, walked.text
    for stage, told in (
        ("cluster", ".semaphore/semaphore.yml: 4 jobs"),
        ("migration", ".semaphore/canary-kubeconfig.yml: 3 jobs"),
        ("stable", ".semaphore/stable-kubeconfig.yml: 1 job"),
        ("rollback", ".semaphore/rollback-kubeconfig.yml: 1 job"),
        ("baseline", "deployed by the rehearsal, not by a pipeline"),
        ("rollback", "the last good image promoted again by .semaphore/stable-kubeconfig.yml"),
    ):
        assert told in walked.stage(stage)
    assert "0001 -> 0002, +1 column" in walked.stage("migration")
    assert "canary/migration::the canary pipeline passes PASSED" in walked.text
    assert re.search(r"go: errors 0\.0 % and 0\.0 %", walked.stage("verdict"))
    assert "3/3 of release 1" in walked.stage("rollback")
    assert " warning" not in walked.text
    assert left(engine, delivered, beside=node_of(engine, delivered)) == NOTHING
    kept = {"pytest-canary/addressbook:candidate", "pytest-canary/addressbook:baseline"}
    assert {tag for image in engine.images.list() for tag in image.tags} - images <= kept
    report = json.loads((delivered.root / "canary-report" / "report.json").read_text())
    assert report["result"] == "passed"
    (run,) = (delivered.root / "canary-report" / "findings").iterdir()
    logs = {each.parent.name: each.read_text() for each in sorted(run.glob("pipelines/*/*"))}
    assert set(logs) == {"1-build", "2-canary", "3-stable", "4-rollback", "5-stable"}
    assert "kubectl delete" in logs["3-stable"]


def test_a_job_that_fails_starts_the_rollback_that_the_file_has(
    delivered: Project, releases: dict[str, str], engine: docker.DockerClient
) -> None:
    """It has migrated by then; a secret is printed, and nothing of the tests is run.

    Without traffic, as other tests that run beside it would keep that from being sent.
    """
    change(
        delivered,
        "canary-kubeconfig.yml",
        ("python -m addressbook migrate\n", "python -m addressbook migrate --to-nowhere\n"),
        ("- kubectl apply", "- echo $REGISTRY_PASSWORD\n            - kubectl apply"),
    )
    path = delivered.root / "canary.toml"
    path.write_text(
        path.read_text().replace('variables = ["BASE"]', 'variables = ["BASE"]\nskip = ["Tests"]')
        + "[traffic]\nrate = 0\n"
    )

    walked = walk(delivered, releases)

    assert walked.code == 1
    assert ".semaphore/semaphore.yml: 2 jobs, without Tests" in walked.stage("cluster")
    assert re.search(
        r"the canary pipeline does not pass: block Functional test and migration, job Ping and "
        r"migrate: `kubectl exec \"\$POD\" -- python -m addressbook migrate --to-nowhere` exits "
        r"with code \d+",
        walked.text,
    )
    assert (
        "canary/rollback::the failed pipeline starts its rollback by itself PASSED" in walked.text
    )
    assert "rolled back: 3/3 of release 1; the API answers" in walked.stage("rollback")
    assert "`echo $REGISTRY_PASSWORD` prints the value of REGISTRY_PASSWORD" in walked.text
    assert left(engine, delivered, beside=node_of(engine, delivered)) == NOTHING


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.parametrize("file", [".github/workflows/release.yml", ".gitlab-ci.yml"])
def test_a_release_by_jobs_of_one_file_passes_every_stage(
    addressbook_project: Make, releases: dict[str, str], engine: docker.DockerClient, file: str
) -> None:
    project = addressbook_project("services")
    (project.root / "test_release.py").unlink()
    base = needed("PYTHON_IMAGE")
    text = (FIXTURES / "pipelines" / "services" / file).read_text()
    for old, new in (
        ("deployment=shop-", "deployment=addressbook-"),
        ("shop-", "addressbook-"),
        ("-- npm run ", "-- python -m addressbook "),
        ("          context: .\n", f"          context: app\n          build-args: BASE={base}\n"),
        ('docker build -t "$IMAGE" .', f'docker build --build-arg BASE={base} -t "$IMAGE" app'),
    ):
        text = text.replace(old, new)
    deployed = r"(\n *- (?:run: )?)\./apply\.sh [^ ]+ addressbook-canary .*"
    text = re.sub(
        deployed, r"\g<0>\1kubectl scale --replicas=2 deployment/addressbook-stable", text
    )
    (project.root / file).parent.mkdir(parents=True, exist_ok=True)
    project.write(file, text)
    pipeline = f'''
file = "{file}"
[pipeline.secrets.project]
variables = ["DB_PASSWORD", "REGISTRY_USERNAME", "REGISTRY_PASSWORD"]
files = ["KUBECONFIG"]
'''
    project.write("canary.toml", addressbook_settings(pipeline=pipeline))

    walked = project.pytest("--canary", f"--canary-baseline={releases['1']}", "-v")

    assert walked.code == 0, walked.text
    for stage, told in (("cluster", 1), ("migration", 2), ("stable", 1), ("rollback", 1)):
        jobs = "1 job" if told == 1 else f"{told} jobs"
        assert f"{file}: {jobs}" in walked.stage(stage)
    assert "0001 -> 0002, +1 column" in walked.stage("migration")
    assert re.search(r"go: errors 0\.0 % and 0\.0 %", walked.stage("verdict"))
    assert "3/3 of release 1" in walked.stage("rollback")
    assert left(engine, project) == NOTHING
