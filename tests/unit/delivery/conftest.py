"""A project whose pipelines release it, in a world in memory; its jobs are run by real shells."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from fakes.engine import image_id
from fakes.folders import ROOT
from fakes.provisioned import APPLY
from fakes.world import NewWorld, World

from pytest_canary.cluster.container_engine import Image
from pytest_canary.context.builders import RunPipelines, run_pipelines

HEAD = "version: v1.0\nname: {name}\nagent: {{machine: {{type: e1-standard-2}}}}\n"

BUILD = """
global_job_config: {secrets: [{name: kube}]}
blocks:
  - name: Build
    task:
      jobs:
        - name: Image
          commands:
            - checkout
            - docker build -t shop:$SEMAPHORE_WORKFLOW_ID .
            - docker push shop:$SEMAPHORE_WORKFLOW_ID
promotions: [{name: Canary, pipeline_file: canary.yml}]
"""
CANARY = """
global_job_config: {secrets: [{name: kube}], prologue: {commands: [checkout]}}
blocks:
  - name: Deploy
    task:
      jobs:
        - name: Deploy
          commands:
            - docker tag shop:$SEMAPHORE_WORKFLOW_ID $DOCKER_USERNAME/shop:$SEMAPHORE_WORKFLOW_ID
            - docker push $DOCKER_USERNAME/shop:$SEMAPHORE_WORKFLOW_ID
            - kubectl apply -f manifests/service.yml
            - IMAGE=$DOCKER_USERNAME/shop:$SEMAPHORE_WORKFLOW_ID
            - ./apply.sh manifests/deployment.yml addressbook-canary 1 $IMAGE
            - kubectl scale --replicas=2 deployment/addressbook-stable
  - name: Migrate
    task:
      env_vars: [{name: POD, value: deploy/addressbook-canary}]
      jobs:
        - name: Migrate
          commands:
            - kubectl exec -it $POD -- app ping
            - kubectl exec -it $POD -- app migrate
promotions:
  - {name: Stable, pipeline_file: stable.yml}
  - {name: Back, pipeline_file: rollback.yml, auto_promote: {when: "result = 'failed'"}}
"""
STABLE = """
global_job_config: {secrets: [{name: kube}], prologue: {commands: [checkout]}}
blocks:
  - name: Deploy
    task:
      jobs:
        - name: Deploy
          commands:
            - IMAGE=$DOCKER_USERNAME/shop:$SEMAPHORE_WORKFLOW_ID
            - ./apply.sh manifests/deployment.yml addressbook-stable 3 $IMAGE
            - kubectl delete deployment/addressbook-canary
"""
ROLLBACK = """
global_job_config: {secrets: [{name: kube}]}
blocks:
  - name: Back
    task:
      jobs:
        - name: Back
          commands:
            - kubectl scale --replicas=3 deployment/addressbook-stable
            - kubectl delete deployment/addressbook-canary
"""
PIPELINES = {"semaphore": BUILD, "canary": CANARY, "stable": STABLE, "rollback": ROLLBACK}

# The names that its images have, and the rest of it.
DOCKER = """#!/bin/sh
previous=
for each; do
  case $previous in -t) echo "$each" >>"{folder}/images" ;; esac
  previous=$each
done
case $1 in
  tag) echo "$3" >>"{folder}/images" ;;
  image) grep -qxF "$3" "{folder}/images" ;;
esac
"""
KUBECTL = """#!/bin/sh
log() {{ printf '%s\\t%s\\t%s\\n' "$@" >>"{folder}/log"; }}
case $1 in
  --kubeconfig=*) echo '{{"metadata": {{"uid": "1"}}}}' ;;
  apply) printf 'service\\t%s\\n' "$(realpath "$3")" >>"{folder}/log" ;;
  scale) log scale "${{3#deployment/}}" "${{2#--replicas=}}" ;;
  delete) log delete "${{2#deployment/}}" "" ;;
  patch) ;;
  exec)
    shift
    while [ "$1" != -- ]; do shift; done
    shift
    if [ -e "{folder}/hang" ]; then sleep "$(cat "{folder}/hang")"; fi
    log exec "$(cat "{folder}/canary-pod")" "$*"
    cat "{folder}/said" 2>/dev/null
    exit "$(cat "{folder}/code" 2>/dev/null || echo 0)"
    ;;
  *) echo "addressbook-canary: what kubectl $1 says of it" ;;
esac
"""

SETTINGS: dict[str, Any] = {
    "pipeline": {
        "file": ".semaphore/semaphore.yml",
        "secrets": {"kube": {"variables": ["DOCKER_USERNAME"], "files": ["~/.kube/config"]}},
    }
}

Delivering = Callable[..., World]


def roles(world: World) -> list[str]:
    """Of the pipelines that have run."""
    return [each.role for each in world.journal.pipelines]


def canary_pod(world: World, tmp_path: Path) -> None:
    """Let `kubectl exec` find the canary's pod."""
    (tmp_path / "canary-pod").write_text(world.pods("canary")[0])


@pytest.fixture
def delivering(new_world: NewWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Delivering:
    """Makes a world in which a project's pipelines release it.

    Some of them may be others; or all are one file of another service's, by its name and text.
    """
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    project = tmp_path / "project"
    shutil.copytree(ROOT / "manifests", project / "manifests")
    shutil.copytree(ROOT / "app", project / "app")
    (project / "Dockerfile").write_text("FROM scratch\n")
    (project / ".semaphore").mkdir()
    (tmp_path / "images").touch()

    def make(
        run: RunPipelines = run_pipelines,
        database: Any = None,
        own: tuple[str, str] | None = None,
        named: Mapping[str, Any] | None = None,
        **pipelines: str,
    ) -> World:
        for name, text in (PIPELINES | pipelines).items():
            path = project / ".semaphore" / f"{name}.yml"
            path.write_text(HEAD.format(name=name) + text)
        settings = {"pipeline": {**SETTINGS["pipeline"], **(named or {})}}
        if own:
            (project / own[0]).parent.mkdir(parents=True, exist_ok=True)
            (project / own[0]).write_text(own[1])
            settings["pipeline"]["file"] = own[0]
        for name, text in (("docker", DOCKER), ("kubectl", KUBECTL)):
            (tmp_path / name).write_text(text.format(folder=tmp_path))
            (tmp_path / name).chmod(0o755)
        apply = APPLY.format(log=tmp_path / "log").replace('"$@"', '"$PWD/$1" "$2" "$3" "$4"')
        (project / "apply.sh").write_text(apply)
        (project / "apply.sh").chmod(0o755)
        table = {"database": database} if database else {}
        world = new_world(root=project, pipelines=run, empty=True, **settings, **table)
        (tmp_path / "kubectl").write_text(KUBECTL.format(folder=tmp_path))

        others = world.engine.find

        def find(name: str) -> Image | None:
            known = (tmp_path / "images").read_text().splitlines()
            return Image(image_id("built"), name) if name in known else others(name)

        monkeypatch.setattr(world.engine, "find", find)
        return world

    return make
