"""The bundled addressbook's pipelines: nothing is wrong with them, and they do what they say."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fakes.folders import ROOT
from fakes.jobs import WORKFLOW, commands, runner
from fakes.leaks import leaks
from fakes.repository import into_git

from pytest_canary.config.settings_file import load
from pytest_canary.jobs.definition import define
from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.findings import findings
from pytest_canary.jobs.markers import mark_secret, words_to_watch
from pytest_canary.jobs.programs import install_programs
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.pipelines.review import review
from pytest_canary.pipelines.uses import Program
from pytest_canary.pipelines.values import read_values
from pytest_canary.pipelines.variables import Provided
from pytest_canary.pipelines.workflow import read_workflow

PIPELINES = ROOT / ".semaphore"
REGISTRY = mark_secret(["SEMAPHORE_REGISTRY_USERNAME", "SEMAPHORE_REGISTRY_PASSWORD"]).variables
CLUSTERS = ("digitalocean", "kubeconfig")

# A cluster in a folder: a Deployment is a file with its image; a file `fails` has the words of a
# command that is to fail.
KUBECTL = """#!/bin/bash
cd CLUSTER && echo "$*" >>asked
[[ -s fails && "$*" == *"$(<fails)"* ]] && exit 9
case "$*" in
  "apply -f -") read -r name image < <(awk '/^  name:/ {n = $2} / image:/ {i = $2}
    END {print n, i}') && echo "$image" >"$name" ;;
  "get deployment "*jsonpath*) [ ! -e "$3" ] || cat "$3" ;;
  "get deployment "*) [ ! -e "$3" ] || echo "deployment.apps/$3" ;;
  "get pods -l deployment=addressbook-canary "*) echo addressbook-canary-1 ;;
  "delete deployment "*) rm -f "$3" ;;
esac
"""


@dataclass(frozen=True)
class Bundled:
    """The bundled pipelines and what they run in; `said` has each call of kubectl."""

    run: Callable[[str], PipelineResult]
    cluster: Path

    @property
    def said(self) -> list[str]:
        return (self.cluster / "asked").read_text().splitlines()

    @property
    def deployments(self) -> dict[str, str]:
        found = self.cluster.glob("addressbook-*")
        return {each.name: each.read_text().strip() for each in found}


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundled:
    machine, project, cluster = (tmp_path / name for name in ("machine", "project", "cluster"))
    for folder in (machine, cluster):
        folder.mkdir()
    kubectl = KUBECTL.replace("CLUSTER", str(cluster))
    for name, text in {"kubectl": kubectl, "docker": "#!/bin/sh\necho docker $*\n"}.items():
        (machine / name).write_text(text)
        (machine / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(machine), prepend=":")
    project.mkdir()
    for name in ("app", "manifests"):
        shutil.copytree(ROOT / name, project / name)
    shutil.copy(ROOT / "apply.sh", project)
    sha = into_git(project)
    kubeconfig = cluster / "kubeconfig"
    kubeconfig.write_text("the run's")
    programs = install_programs(tmp_path / "programs", kubeconfig=kubeconfig, repository=project)
    described = load(ROOT).pipeline.secrets
    secrets = {name: mark_secret(each.variables, each.files) for name, each in described.items()}
    more = {"SEMAPHORE_REGISTRY_URL": "registry.invalid", **REGISTRY}

    def run(name: str) -> PipelineResult:
        folder = tmp_path / f"run-{len([*tmp_path.glob('run-*')])}"
        folder.mkdir()
        values = read_values((PIPELINES / f"{name}.yml").read_text()).root
        workflow = replace(WORKFLOW, sha=sha, more=more)
        definition = define(values, dict[str, str]().__getitem__)
        result = runner(folder, definition, workflow, programs=programs, secrets=secrets).run()
        expect_nothing_told(result, [*secrets.values(), Secret(REGISTRY)])
        return result

    return Bundled(run, cluster)


def expect_nothing_told(result: PipelineResult, secrets: Iterable[Secret]) -> None:
    told = "\n".join(f"$ {each.text}\n{each.output}" for each in commands(result))
    assert findings(result) == [], told
    assert leaks(words_to_watch(secrets).values(), {"told": told}) == []


def test_they_read_without_a_finding() -> None:
    workflow = read_workflow(PIPELINES / "semaphore.yml", ROOT)
    assert {each.source.path for each in workflow.pipelines} == {*PIPELINES.glob("*.yml")}
    described = load(ROOT).pipeline.secrets
    secrets = {name: each.variables for name, each in described.items()}
    apply = Program("apply.sh", "deployment.yml", ["PORT"])
    assert [*review(workflow, Provided(secrets, programs=[apply]))] == []
    named = {each.name for p in workflow.pipelines for job in p.jobs() for each in job.secrets}
    assert named == {*secrets}
    with (ROOT / "airgap" / "canary.toml").open("rb") as file:
        elsewhere = tomllib.load(file)["pipeline"]["secrets"]
    assert elsewhere == {n: each.model_dump(exclude_defaults=True) for n, each in described.items()}


def test_the_image_is_built_tested_and_kept(bundled: Bundled) -> None:
    result = bundled.run("semaphore")
    assert result.end.result == "passed"
    docker = [line for each in commands(result) for line in each.output.splitlines()]
    image = "registry.invalid/addressbook"
    built = next(line for line in docker if line.startswith("docker build "))
    assert built.endswith(f" --build-arg BASE --build-arg RELEASE=2 -t {image}:w-1 app")
    run = [line.split(f"{image}:w-1 ")[1] for line in docker if line.startswith("docker run ")]
    steps = ("ping", "migrate", "migrate", "downgrade 0001")
    assert run == [
        "python -W error -m addressbook --help",
        *(f"python -m addressbook {each}" for each in steps),
    ]
    pushed = [line for line in docker if line.endswith(" stays in the engine")]
    assert pushed == [f"canary: {image}:{tag} stays in the engine" for tag in ("w-1", "latest")]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_release_goes_from_canary_to_stable(bundled: Bundled, cluster: str) -> None:
    (bundled.cluster / "addressbook-stable").write_text("old")
    assert bundled.run(f"canary-{cluster}").end.result == "passed"
    image = bundled.deployments["addressbook-canary"]
    assert image.endswith("/addressbook:w-1")
    assert bundled.deployments["addressbook-stable"] == "old"
    assert bundled.said[-4:] == [
        "scale --replicas=2 deployment.apps/addressbook-stable",
        bundled.said[-3],
        "exec addressbook-canary-1 -- python -m addressbook ping",
        "exec addressbook-canary-1 -- python -m addressbook migrate",
    ]
    assert bundled.run(f"stable-{cluster}").end.result == "passed"
    assert bundled.deployments == {"addressbook-stable": image}
    assert not any("undo" in each for each in bundled.said)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_first_release_scales_nothing(bundled: Bundled, cluster: str) -> None:
    for name in ("canary", "rollback"):
        assert bundled.run(f"{name}-{cluster}").end.result == "passed"
    assert not any(
        "scale" in each or "rollout status deployment.apps" in each for each in bundled.said
    )
    assert bundled.deployments == {}


@pytest.mark.parametrize("fails", ["ping", "migrate", "rollout status", "get deployment"])
def test_a_canary_that_fails_fails_its_pipeline(bundled: Bundled, fails: str) -> None:
    (bundled.cluster / "fails").write_text(fails)
    assert bundled.run("canary-digitalocean").end.result == "failed"


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_no_diagnostics_keep_the_rollback_from_coming(bundled: Bundled, cluster: str) -> None:
    (bundled.cluster / "addressbook-stable").write_text("old")
    (bundled.cluster / "addressbook-canary").write_text("new")
    for fails in ("get all", "get events", "describe", "logs"):
        (bundled.cluster / "fails").write_text(fails)
        assert bundled.run(f"rollback-{cluster}").end.result == "passed"
    assert bundled.deployments == {"addressbook-stable": "old"}
    assert "scale --replicas=3 deployment.apps/addressbook-stable" in bundled.said
    assert bundled.said[-1] == "rollout status deployment.apps/addressbook-stable --timeout=120s"
    (bundled.cluster / "fails").write_text("get deployment")
    assert bundled.run(f"rollback-{cluster}").end.result == "failed"


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_stable_release_that_fails_goes_back_by_itself(bundled: Bundled, cluster: str) -> None:
    (bundled.cluster / "addressbook-stable").write_text("old")
    (bundled.cluster / "fails").write_text("service.yml")
    assert bundled.run(f"stable-{cluster}").end.result == "failed"
    assert not any("undo" in each for each in bundled.said)
    (bundled.cluster / "fails").write_text("rollout status")
    assert bundled.run(f"stable-{cluster}").end.result == "failed"
    assert bundled.said[-1] == "rollout undo deployment/addressbook-stable"
