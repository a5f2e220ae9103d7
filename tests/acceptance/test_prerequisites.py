"""What a release presupposes: an app that can't start without it, and one that never gets it."""

from __future__ import annotations

import json
import re
import shutil

import docker
import pytest
from acceptance.projects import Project, Walked, needed, node_of
from fakes.folders import FIXTURES, ROOT

pytestmark = pytest.mark.first

EXAMPLE = ROOT / "examples" / "addressbook-yaml"
QUEUE = FIXTURES / "prerequisites" / "queue.yml"

# What the app asks before it starts.
NEEDS_QUEUE = """\
      initContainers:
        - name: ask-queue
          image: addressbook:1
          command: [python, -c, "import socket; socket.create_connection(('queue', 6379), 5)"]
      containers:
"""
LANE = """\
apiVersion: example.invalid/v1
kind: Lane
metadata: {name: slow, namespace: people}
spec: {depth: 1}
"""


def rehearse(
    shared: Project, releases: dict[str, str], name: str, queue: str, *options: str, wait: int
) -> Walked:
    """Walk the addressbook that asks a queue first, in the tests' cluster, without traffic."""
    folder = shared.root / name
    shutil.copytree(EXAMPLE, folder)
    web = (folder / "k8s" / "deployment.yml").read_text()
    web = web.replace("      containers:\n", NEEDS_QUEUE, 1)
    (folder / "k8s" / "deployment.yml").write_text(web)
    (folder / "k8s" / "lane.yml").write_text(LANE)
    (folder / "needs").mkdir()
    (folder / "needs" / "queue.yml").write_text(queue)
    own = (folder / "canary.toml").read_text().replace("../../app", "../app")
    settings = {
        "manifests": 'prerequisites = "needs"',
        "migration": 'by = "exec"',
        "database": f'image = "{needed("POSTGRES_IMAGE")}"',
        "traffic": "rate = 0",
        "deadlines": f"rollout = {wait}",
    }
    tables = "".join(f"[{key}]\n{value}\n" for key, value in settings.items())
    (folder / "canary.toml").write_text(f"{own}\n{tables}")
    return shared.pytest(
        "--canary",
        "--canary-reuse",
        f"--canary-config={name}/canary.toml",
        f"--canary-baseline={releases['1']}",
        f"--canary-image={releases['2']}",
        *options,
        "-v",
    )


def of_cluster(engine: docker.DockerClient, project: Project, *words: str) -> str:
    """What kubectl says of the shared cluster."""
    node = engine.containers.get(node_of(engine, project))
    command = ["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", *words]
    said = node.exec_run(command).output
    assert isinstance(said, bytes)
    return said.decode()


def test_an_app_is_walked_that_starts_with_its_prerequisites_alone(
    shared: Project, releases: dict[str, str], engine: docker.DockerClient
) -> None:
    queue = QUEUE.read_text().replace("IMAGE", needed("PYTHON_IMAGE"))
    walked = rehearse(shared, releases, "queued", queue, "--canary-until=canary", wait=120)
    assert walked.code == 0
    assert "5 prerequisites applied" in walked.stage("cluster")
    assert "prerequisites of people are in the rehearsal's own namespace" in walked.stage("cluster")
    assert walked.stage("baseline").endswith("3/3 of release 1")
    assert walked.stage("cleanup").endswith("nothing left")
    # The kind belonged to the whole cluster, and has gone with the run.
    assert "lanes.example.invalid" not in of_cluster(engine, shared, "get", "crd", "-o=name")


def test_a_prerequisite_that_never_gets_ready_is_explained(
    shared: Project, releases: dict[str, str], engine: docker.DockerClient
) -> None:
    """Its program ends; and a kind that somebody else has made stays as it was."""
    queue = QUEUE.read_text().replace("IMAGE", needed("PYTHON_IMAGE"))
    queue = queue.replace('[python, -m, http.server, "6379"]', "[python, -c, 1/0]")
    walked = rehearse(shared, releases, "queueless", queue, "--canary-until=baseline", wait=60)
    assert walked.code == 1
    (told,) = re.findall(r"^ *(prerequisite StatefulSet queue .*)$", walked.text, re.MULTILINE)[:1]
    assert told.startswith(
        "prerequisite StatefulSet queue (needs/queue.yml:3) does not get ready: queue "
    )
    assert "ZeroDivisionError: division by zero" in told
    found = json.loads((shared.root / "canary-report" / "report.json").read_text())
    assert found["result"] == "failed"
    assert "lanes.example.invalid" not in of_cluster(engine, shared, "get", "crd", "-o=name")


@pytest.mark.parametrize("image", ["queue.invalid/team/queue:1"])
def test_an_image_that_nobody_has_is_named_before_anything_waits_for_it(
    shared: Project, releases: dict[str, str], image: str
) -> None:
    queue = QUEUE.read_text().replace("IMAGE", image)
    walked = rehearse(shared, releases, "imageless", queue, "--canary-until=baseline", wait=60)
    assert walked.code == 1
    assert (
        "prerequisite StatefulSet queue (needs/queue.yml:18) has an image that is neither here nor "
        f"to be pulled: image {image} is not in the engine"
    ) in re.sub(r"\s+", " ", walked.text)
