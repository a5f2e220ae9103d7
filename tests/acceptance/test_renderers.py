"""Releases that no script applies: the bundled addressbook, its objects made by a tool."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import docker
import pytest
import yaml
from acceptance.projects import PATIENCE, Project, Walked, needed
from fakes.folders import FIXTURES, ROOT

# One after the other, reads of all rows would have more and more to answer.
BOUNDED = '[api]\nbounded-read = { method = "GET", path = "/person/1" }\n'


def walk(
    shared: Project,
    releases: dict[str, str],
    example: str,
    settings: str,
    migrate: Callable[[Path], object] | None = None,
    file: str = "canary.toml",
    helm: str = "3",
) -> Walked:
    """Walk an example from release 1 to 2, with its own settings, in the tests' cluster.

    Args:
        shared: the project whose runs share the cluster.
        releases: the names of the images, by release.
        example: its folder in the repository.
        settings: more of them, in TOML.
        migrate: puts into its folder what migrates in the place of its commands.
        file: the one that has the example's settings.
        helm: the version of Helm, where there are two.
    """
    name = example.rpartition("/")[2]
    folder = shared.root / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / example, folder)
    own = re.sub(r"(\.\./)+app", "../app", (folder / file).read_text())
    own = own.replace('[database]\nimage = "postgres:17"\n', "")
    database = f'[database]\nimage = "{needed("POSTGRES_IMAGE")}"\n'
    if migrate:
        migrate(folder)
        own = own.partition("[commands]")[0]
    (folder / file).write_text(f"{own}\n{database}{settings}")
    path = shared.environment["PATH"]
    if helm == "4":
        shared.environment["PATH"] = f"{needed('HELM4')}{os.pathsep}{path}"
    try:
        return shared.pytest(
            "--canary",
            "--canary-reuse",
            f"--canary-config={name}/{file}",
            f"--canary-baseline={releases['1']}",
            f"--canary-image={releases['2']}",
            "-vrs",
        )
    finally:
        shared.environment["PATH"] = path


def expect_walked(walked: Walked, report: Path, migrated: str = "0001 -> 0002") -> None:
    """It has come through every stage that its settings leave.

    Args:
        walked: what it printed.
        report: the path of its report.json.
        migrated: what the migration printed last.
    """
    assert walked.code == 0
    assert " 1 -> 2 passed every stage" in walked.text
    assert "SKIPPED" not in walked.text
    assert walked.stage("baseline").endswith("3/3 of release 1")
    assert re.search(r"1 \+ 2; the canary takes \d+ % of connections", walked.stage("canary"))
    assert f"{migrated}, +1 column" in walked.stage("migration")
    assert re.search(r"0/3, .*3/3; never fewer than 2", walked.stage("stable"))
    assert "3/3 of release 1" in walked.stage("rollback")
    assert walked.stage("cleanup").endswith("nothing left")
    assert json.loads(report.read_text())["result"] == "passed"


def expect_plain(walked: Walked, report: Path) -> None:
    """What stands in plain YAML was walked."""
    expect_walked(walked, report)
    preflight = walked.stage("preflight")
    assert "namespace people is left out for the rehearsal's own" in preflight
    assert "Service addressbook is a NodePort, to be reached from outside" in preflight


@pytest.mark.soak
def test_plain_yaml_is_walked_as_it_stands(shared: Project, releases: dict[str, str]) -> None:
    """Without traffic, and so without a verdict: they ask no renderer."""
    walked = walk(shared, releases, "examples/addressbook-yaml", "[traffic]\nrate = 0\n")
    expect_plain(walked, shared.root / "canary-report" / "report.json")


def add_job(folder: Path) -> None:
    """Put a Job beside plain objects that has one name for both versions."""
    text = (FIXTURES / "migrations" / "job.yml").read_text()
    (folder / "k8s" / "job.yml").write_text(text.replace("$img", "addressbook:1"))


def add_init_container(folder: Path) -> None:
    """Let each of the app's pods migrate before it starts."""
    base = folder / "deploy" / "base" / "deployment.yml"
    deployment = yaml.safe_load(base.read_text())
    pod = deployment["spec"]["template"]["spec"]
    (app,) = pod["containers"]
    command = ["python", "-m", "addressbook", "migrate"]
    same = {key: app[key] for key in ("image", "imagePullPolicy", "envFrom", "resources")}
    pod["initContainers"] = [{"name": "migrate", "command": command} | same]
    base.write_text(yaml.safe_dump(deployment))


def test_a_job_among_plain_objects_migrates(shared: Project, releases: dict[str, str]) -> None:
    """And all that is proven of a command in a pod is proven of it."""
    down = '[commands]\ndown = ["python", "-m", "addressbook", "downgrade", "0001"]\n'
    settings = f"[traffic]\nrate = 0\n{down}"
    walked = walk(shared, releases, "examples/addressbook-yaml", settings, add_job)
    expect_plain(walked, shared.root / "canary-report" / "report.json")
    assert "Job addressbook-migrate is run by itself, to migrate" in walked.stage("preflight")
    migration = walked.stage("migration")
    assert "0001 -> 0002, +1 column; a backup of " in migration
    assert "release 1 still reads and writes" in migration
    # What runs at the end of the rollback is made of the Job's pod.
    assert "then down: -1 column" in walked.stage("rollback")


@pytest.mark.soak
@pytest.mark.alone
def test_what_kustomize_makes_is_walked(shared: Project, releases: dict[str, str]) -> None:
    settings = f"[verdict]\nseconds = {PATIENCE}\n"
    walked = walk(shared, releases, "examples/addressbook-kustomize", settings)
    expect_walked(walked, shared.root / "canary-report" / "report.json")
    assert "live-addressbook 1 -> 2 passed every stage; " in walked.text
    assert "go: errors 0.0 % and 0.0 %" in walked.stage("verdict")


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.parametrize("helm", ["3", "4"])
def test_a_chart_is_walked_by_helm_itself(
    shared: Project, releases: dict[str, str], helm: str
) -> None:
    settings = f"[verdict]\nseconds = {PATIENCE}\n"
    walked = walk(shared, releases, "examples/addressbook-helm", settings, helm=helm)
    expect_walked(walked, shared.root / "canary-report" / "report.json")
    assert "go: errors 0.0 % and 0.0 %" in walked.stage("verdict")
    report = json.loads((shared.root / "canary-report" / "report.json").read_text())
    spent = {each["name"] for stage in report["stages"] for each in stage["spent"]}
    assert {"helm upgrade addressbook", "helm rollback addressbook"} <= spent


@pytest.mark.soak
@pytest.mark.parametrize("helm", ["3", "4"])
def test_a_release_for_each_track_is_walked_by_helm(
    shared: Project, releases: dict[str, str], helm: str
) -> None:
    settings = "[traffic]\nrate = 0\n"
    walked = walk(shared, releases, "fixtures/charts/two-releases", settings, helm=helm)
    expect_walked(walked, shared.root / "canary-report" / "report.json")
    report = json.loads((shared.root / "canary-report" / "report.json").read_text())
    spent = {each["name"] for stage in report["stages"] for each in stage["spent"]}
    assert {"helm rollback addressbook-stable", "helm uninstall addressbook-canary"} <= spent


def expect_updated(walked: Walked) -> None:
    """It has come through every stage that there is without a canary, under traffic."""
    assert walked.code == 0
    assert " 1 -> 2 passed every stage" in walked.text
    assert "there is no canary, as replicas.canary is 0: the baseline is updated" in walked.text
    assert "0001 -> 0002, +1 column" in walked.stage("migration")
    assert "go: errors 0.0 % and 0.0 %" in walked.stage("verdict")
    assert re.search(r"0/3, .*3/3; never fewer than \d; .* 0 lost", walked.stage("stable"))
    assert "3/3 of release 1" in walked.stage("rollback")
    assert walked.stage("cleanup").endswith("nothing left")


@pytest.mark.alone
def test_a_chart_without_a_canary_is_updated_as_a_whole(
    shared: Project, releases: dict[str, str]
) -> None:
    """Judged against the baseline before it, and taken back by Helm."""
    settings = f"[verdict]\nseconds = {PATIENCE}\n{BOUNDED}"
    expect_updated(walk(shared, releases, "fixtures/charts/without-canary", settings))
    report = json.loads((shared.root / "canary-report" / "report.json").read_text())
    assert report["result"] == "passed"
    spent = {each["name"] for stage in report["stages"] for each in stage["spent"]}
    assert {"helm upgrade to end", "helm rollback addressbook"} <= spent


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.parametrize(
    ("example", "migrate"),
    [
        ("examples/addressbook-yaml", add_job),
        ("examples/addressbook-kustomize", add_init_container),
    ],
    ids=["plain YAML, a Job", "Kustomize, an init container"],
)
def test_what_no_chart_makes_is_updated_without_a_canary(
    shared: Project, releases: dict[str, str], example: str, migrate: Callable[[Path], object]
) -> None:
    settings = f"[verdict]\nseconds = {PATIENCE}\n[replicas]\ncanary = 0\n{BOUNDED}"
    expect_updated(walk(shared, releases, example, settings, migrate))
    report = json.loads((shared.root / "canary-report" / "report.json").read_text())
    assert report["result"] == "passed"


@pytest.mark.soak
@pytest.mark.alone
def test_an_update_that_errs_is_taken_back_by_helm(
    shared: Project, releases: dict[str, str], engine: docker.DockerClient
) -> None:
    engine.images.build(
        path=str(FIXTURES / "canaries"),
        rm=True,
        buildargs={"CANDIDATE": releases["2"], "AILMENT": "errs"},
        tag="addressbook:errs",
    )
    shutil.rmtree(shared.root / "without-canary", ignore_errors=True)
    walked = walk(
        shared, releases | {"2": "addressbook:errs"}, "fixtures/charts/without-canary", BOUNDED
    )
    engine.images.remove("addressbook:errs")

    assert walked.code == 1
    assert "no-go: " in walked.stage("verdict")
    assert " requests to the candidate failed (" in walked.text
    assert "rolled back: 3/3 of release 1; the API answers" in walked.stage("rollback")
    report = json.loads((shared.root / "canary-report" / "report.json").read_text())
    spent = {each["name"] for stage in report["stages"] for each in stage["spent"]}
    assert "helm rollback addressbook" in spent


@pytest.mark.soak
@pytest.mark.parametrize("helm", ["3", "4"])
def test_after_a_failing_canary_helm_takes_the_release_back(
    shared: Project, releases: dict[str, str], engine: docker.DockerClient, helm: str
) -> None:
    exits = f"FROM {releases['2']}\nENTRYPOINT []\nCMD exit 3\n"
    engine.images.build(fileobj=io.BytesIO(exits.encode()), rm=True, tag="addressbook:ends")
    settings = "[traffic]\nrate = 0\n"
    walked = walk(
        shared,
        releases | {"2": "addressbook:ends"},
        "examples/addressbook-helm",
        settings,
        helm=helm,
    )
    engine.images.remove("addressbook:ends")

    assert walked.code == 1
    assert "addressbook-canary exits with code 3 as soon as it starts" in walked.text
    assert "rolled back: 3/3 of release 1; the API answers" in walked.stage("rollback")
    report = json.loads((shared.root / "canary-report" / "report.json").read_text())
    spent = {each["name"] for stage in report["stages"] for each in stage["spent"]}
    assert "helm rollback addressbook" in spent


class ByHook(TypedDict):
    """The example that a chart's hook migrates in."""

    example: str
    file: str


HOOK: ByHook = {"example": "examples/addressbook-helm", "file": "hook.toml"}
VERSIONS = "addressbook/migrations/versions"


@pytest.mark.soak
def test_a_hook_of_a_chart_migrates(shared: Project, releases: dict[str, str]) -> None:
    walked = walk(shared, releases, settings="[traffic]\nrate = 0\n", **HOOK)
    expect_walked(walked, shared.root / "canary-report" / "report.json")
    preflight = walked.stage("preflight")
    assert "Helm runs Job addressbook-migrate to migrate, at each `helm upgrade`" in preflight
    assert "Helm has run the hook 2 times by now" in walked.stage("migration")


def migrating_by(
    walk_releases: dict[str, str], engine: docker.DockerClient, statement: str
) -> dict[str, str]:
    """The releases, with a candidate whose migration runs this, after its own."""
    name = "addressbook:migrates-badly"
    text = (
        "from alembic import op\n"
        'revision, down_revision = "0003", "0002"\n'
        f"def upgrade():\n    op.execute({statement!r})\n"
    )
    folder = io.BytesIO()
    with tarfile.open(fileobj=folder, mode="w") as archive:
        for path, content in (
            ("Dockerfile", f"FROM {walk_releases['2']}\nCOPY 3.py {VERSIONS}/0003_more.py\n"),
            ("3.py", text),
        ):
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content.encode()))
    folder.seek(0)
    engine.images.build(fileobj=folder, custom_context=True, rm=True, tag=name)
    return walk_releases | {"2": name}


@pytest.mark.parametrize(
    ("helm", "statement", "told", "more"),
    [
        pytest.param(
            "4",
            "alter table person add constraint short check (length(first_name) < 2)",
            "`python -m addressbook migrate` of Helm's hook, Job addressbook-migrate, exits with "
            "code 1 in pod addressbook-migrate-",
            'check constraint "short"',
            id="fails",
        ),
        pytest.param(
            "3",
            "select pg_sleep(1000)",
            "`python -m addressbook migrate` of Job addressbook-migrate was given up at its "
            "deadline of 15 s",
            "see deadlines.command",
            id="hangs",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_a_hook_that_comes_to_no_good_end_is_explained_and_helm_takes_the_release_back(
    shared: Project,
    releases: dict[str, str],
    engine: docker.DockerClient,
    helm: str,
    statement: str,
    told: str,
    more: str,
) -> None:
    """Of which Helm says that pre-upgrade hooks failed."""
    bad = migrating_by(releases, engine, statement)
    settings = "[traffic]\nrate = 0\n[deadlines]\ncommand = 15\n"
    walked = walk(shared, bad, settings=settings, helm=helm, **HOOK)
    engine.images.remove(bad["2"])

    assert walked.code == 1
    text = " ".join(walked.text.split())
    assert told in text
    assert more in text
    # Where it hangs, its session outlives its pod, and goes on holding the locks of its migration.
    assert "rolled back: 3/3 of release 1" in walked.stage("rollback")
    assert walked.stage("cleanup").endswith("nothing left")


def both_versions(engine: docker.DockerClient, app: str, **base: str) -> dict[str, str]:
    """The names of an example's images, by version; built on what it is told to."""
    images = {version: f"{app}:{version}" for version in ("1", "2")}
    for version, name in images.items():
        arguments = base | {"VERSION": version}
        engine.images.build(
            path=str(ROOT / "examples" / app), rm=True, buildargs=arguments, tag=name
        )
    return images


@pytest.mark.soak
@pytest.mark.alone
def test_a_flask_app_with_alembic_is_walked(shared: Project, engine: docker.DockerClient) -> None:
    """Its Job migrates before its pods, as `alembic upgrade head`."""
    images = both_versions(engine, "todos", BASE=needed("PYTHON_IMAGE"))
    settings = f"[verdict]\nseconds = {PATIENCE}\n"
    walked = walk(shared, images, "examples/todos", settings)

    # Alembic itself prints nothing, unless it is told to.
    expect_walked(walked, shared.root / "canary-report" / "report.json", migrated="no output")
    assert "todos 1 -> 2 passed every stage; " in walked.text
    assert "Job todos-migrate is run by itself, to migrate" in walked.stage("preflight")
    assert "go: errors 0.0 % and 0.0 %" in walked.stage("verdict")


@pytest.mark.soak
@pytest.mark.alone
def test_a_go_app_without_a_shell_is_walked(shared: Project, engine: docker.DockerClient) -> None:
    images = both_versions(engine, "links", GO=needed("GOLANG_IMAGE"))
    settings = f"[verdict]\nseconds = {PATIENCE}\n"
    walked = walk(shared, images, "examples/links", settings)

    assert walked.code == 0
    assert "links passed every stage; " in walked.text
    assert "schema 1 -> 2, +1 column" in walked.stage("migration")
    assert "go: errors 0.0 % and 0.0 %" in walked.stage("verdict")
    assert re.search(r"0/3, .*3/3; never fewer than 2; .* 0 lost", walked.stage("stable"))
    assert walked.stage("cleanup").endswith("nothing left")
