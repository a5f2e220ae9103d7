"""A pipeline in the book's shape, run whole, with a weak apply script."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.folders import FIXTURES
from fakes.jobs import WORKFLOW, commands, defined, runner
from fakes.leaks import leaks
from fakes.repository import into_git

from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.findings import findings
from pytest_canary.jobs.markers import mark_secret
from pytest_canary.jobs.order import End
from pytest_canary.jobs.programs import install_programs

WEAK = FIXTURES / "weak"

PIPELINE = """
blocks:
  - name: Push
    task:
      secrets: [{name: hub}]
      jobs:
        - name: image
          commands:
            - docker pull $SEMAPHORE_REGISTRY_URL/shop:$SEMAPHORE_WORKFLOW_ID
            - echo "$HUB_PASSWORD" | docker login -u $HUB_USER --password-stdin
            - docker tag $SEMAPHORE_REGISTRY_URL/shop:$SEMAPHORE_WORKFLOW_ID $HUB_USER/shop
            - docker push $HUB_USER/shop
  - name: Deploy
    task:
      secrets: [{name: cloud}, {name: database}, {name: hub}]
      prologue:
        commands: [doctl auth init -t $TOKEN, doctl kubernetes cluster kubeconfig save c, checkout]
      jobs:
        - name: canary
          commands:
            - ./apply.sh manifests/deployment.yml shop-canary 1 $HUB_USER/shop
            - if kubectl get deployment shop-stable; then echo 2; fi
  - name: Migration
    task:
      secrets: [{name: cloud}]
      prologue: {commands: [doctl k8s cluster kubeconfig save c]}
      jobs:
        - name: migrate
          commands:
            - kubectl exec -it $(kubectl get pods -o name | head -n 1) -- npm run migrate
            - npm publish || true
            - kubectl --context production get pods || true
"""

# A cluster that has one pod; exec complains where there is no terminal.
KUBECTL = """#!/bin/sh
case "$*" in
  "get pods -o name") echo pod/shop-canary-1 ;;
  exec*) test -t 0 && echo "$*" ;;
  apply*) cp "$3" "$(dirname "$KUBECONFIG")/applied" ;;
esac
"""
DOCKER = "#!/bin/sh\necho docker $*\n"


def test_the_books_pipeline_is_run_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, project, cluster = (tmp_path / name for name in ("machine", "project", "cluster"))
    for folder in (machine, cluster, tmp_path / "run"):
        folder.mkdir()
    for name, text in {"kubectl": KUBECTL, "docker": DOCKER}.items():
        (machine / name).write_text(text)
        (machine / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(machine), prepend=":")
    shutil.copytree(WEAK, project)
    sha = into_git(project)
    kubeconfig = cluster / "kubeconfig"
    kubeconfig.write_text("the run's")
    database = {"DB_HOST": "db", "DB_PORT": "5432", "DB_SCHEMA": "shop", "DB_USER": "shop"}
    secrets = {
        "hub": mark_secret(["HUB_USER", "HUB_PASSWORD"]),
        "cloud": mark_secret(["TOKEN"]),
        "database": Secret({**database, **mark_secret(["DB_PASSWORD"]).variables}),
    }
    result = runner(
        tmp_path / "run",
        defined(PIPELINE),
        replace(WORKFLOW, sha=sha, more={"SEMAPHORE_REGISTRY_URL": "registry.invalid"}),
        programs=install_programs(tmp_path / "programs", kubeconfig=kubeconfig, repository=project),
        secrets=secrets,
    ).run()
    told = "\n".join(f"$ {each.text}\n{each.output}" for each in commands(result))
    assert result.end == End("passed"), told
    password = secrets["database"].variables["DB_PASSWORD"]
    applied = (cluster / "applied").read_text()
    assert f'name: DB_PASSWORD, value: "{password}"' in applied
    assert "name: shop-canary\n" in applied
    assert "exec -it pod/shop-canary-1 -- npm run migrate\n" in told
    assert leaks([password, secrets["cloud"].variables["TOKEN"]], {"told": told}) == []
    assert [(each.code, each.sentence.split("`")[1]) for each in findings(result)] == [
        ("secret-argument", "doctl auth init -t $TOKEN"),
        ("printed-secret", "./apply.sh manifests/deployment.yml shop-canary 1 $HUB_USER/shop"),
        ("refused-program", "npm publish || true"),
        ("refused-program", "kubectl --context production get pods || true"),
    ]
