"""The book's release as GitHub's and as GitLab's own, run whole: a failure brings the rollback."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.folders import FIXTURES
from fakes.jobs import WORKFLOW, commands, runner
from fakes.leaks import leaks
from fakes.repository import commit, git

from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.findings import findings
from pytest_canary.jobs.markers import mark_secret, words_to_watch
from pytest_canary.jobs.programs import install_programs
from pytest_canary.manifests.documents import read
from pytest_canary.services.reading import RunInputs
from pytest_canary.services.runnable import runnable

FILES = (".github/workflows/release.yml", ".gitlab-ci.yml")

# A cluster that has one pod; of what it is asked, it fails at one thing.
KUBECTL = """#!/bin/bash
echo "$*" >>CLUSTER/asked
case "$*" in
  *FAILS*) exit 7 ;;
  "get pods "*) echo pod/shop-canary-1 ;;
  "apply -f -") cat >/dev/null ;;
esac
"""
APPLY = """#!/bin/bash
set -e
envsubst <"$1" | kubectl apply -f -
kubectl rollout status "deployment/$2"
"""
CANARY = ["apply -f manifests/service.yml", "apply -f -", "rollout status deployment/shop-canary"]
MIGRATION = [f"exec pod/shop-canary-1 -- npm run {each}" for each in ("ping", "migrate")]
STABLE = ["apply -f -", "rollout status deployment/shop-stable"]
GONE = "delete deployment/shop-canary --ignore-not-found"
BACK = ["scale --replicas=3 deployment/shop-stable", GONE]
PODS = "get pods -l deployment=shop-canary -o name"


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("fails", "asked"),
    [
        ("nothing", [*CANARY, PODS, *MIGRATION, *STABLE, GONE]),
        ("npm run migrate", [*CANARY, PODS, *MIGRATION, *BACK]),
        ("status deployment/shop-stable", [*CANARY, PODS, *MIGRATION, *STABLE, *BACK]),
    ],
)
def test_a_release_is_made_or_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, fails: str, asked: list[str]
) -> None:
    machine, project, cluster = (tmp_path / name for name in ("machine", "project", "cluster"))
    for folder in (machine, cluster, tmp_path / "run"):
        folder.mkdir()
    kubectl = KUBECTL.replace("CLUSTER", str(cluster)).replace("FAILS", f'"{fails}"')
    for name, text in {"kubectl": kubectl, "docker": "#!/bin/sh\n"}.items():
        (machine / name).write_text(text)
        (machine / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(machine), prepend=":")
    shutil.copytree(FIXTURES / "weak", project)
    shutil.copytree(FIXTURES / "pipelines" / "services", project, dirs_exist_ok=True)
    (project / "apply.sh").write_text(APPLY)
    git(project, "init", "--quiet")
    workflow = replace(WORKFLOW, sha=commit(project))
    (cluster / "kubeconfig").write_text("the run's")
    named = mark_secret(["REGISTRY_USERNAME", "REGISTRY_PASSWORD", "DB_PASSWORD"], ["KUBECONFIG"])
    secrets: dict[str, Secret] = {"project": named}
    found = runnable(read(project / file, project), RunInputs(secrets=("project",)), workflow)
    result = runner(
        tmp_path / "run",
        found.definition,
        workflow,
        run_job=found.run_job,
        programs=install_programs(
            tmp_path / "programs", kubeconfig=cluster / "kubeconfig", repository=project
        ),
        secrets=secrets,
    ).run()
    told = "\n".join(f"$ {each.text}\n{each.output}" for each in commands(result))
    assert result.end.result == ("passed" if fails == "nothing" else "failed"), told
    assert (cluster / "asked").read_text().splitlines() == asked, told
    assert findings(result) == []
    assert leaks(words_to_watch(secrets.values()).values(), {"told": told}) == []
