"""A real node pulls from the run's registry, by the names that a pipeline has, and from nowhere."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from acceptance.projects import Project, inside, needed

from pytest_canary.cluster.container_engine import Image, node_name
from pytest_canary.cluster.engine import Engine
from pytest_canary.cluster.run import Run
from pytest_canary.cluster.teardown import tear_down
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.registry.registry import Registry

pytestmark = pytest.mark.first

NAMESPACE = "pulled"
# containerd 1.6, and later ones.
WANTS_LOGIN = "401 Unauthorized|no basic auth credentials"
MESSAGES = "jsonpath={.items[*].message}"


@dataclass
class Bench:
    """A namespace of a cluster whose node pulls from a run's registry."""

    engine: Engine
    node: str
    kubeconfig: Path
    registry: Registry

    def kubectl(self, *words: str, given: str = "") -> str:
        argv = ["kubectl", f"--kubeconfig={self.kubeconfig}", *words]
        return subprocess.run(argv, input=given, check=True, capture_output=True, text=True).stdout

    def make(self, *items: dict[str, Any]) -> None:
        listed = {"apiVersion": "v1", "kind": "List", "items": items}
        self.kubectl("apply", "-n", NAMESPACE, "-f", "-", given=json.dumps(listed))

    def pod(self, name: str, image: str, *secrets: str) -> dict[str, Any]:
        """A pod, once its image is pulled, or can't be."""
        container = {"name": "shop", "image": image, "command": ["sleep", "600"]}
        spec = {
            "terminationGracePeriodSeconds": 0,
            "imagePullSecrets": [{"name": each} for each in secrets],
            "containers": [{**container, "imagePullPolicy": "Always"}],
        }
        self.make({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})

        def look() -> Seen[dict[str, Any]]:
            text = self.kubectl("get", "pod", name, "-n", NAMESPACE, "-o", "json")
            pod: dict[str, Any] = json.loads(text)
            (status,) = pod["status"].get("containerStatuses") or [{}]
            waiting = status.get("state", {}).get("waiting", {}).get("reason", "")
            done = bool(status.get("imageID")) or waiting in ("ErrImagePull", "ImagePullBackOff")
            return Seen(str(pod["status"]), done, pod)

        return Waiter().until(f"pod {name}", look, timeout=120)

    def why(self, name: str) -> str:
        """Why its image can't be pulled, in the kubelet's words."""
        chosen = f"--field-selector=involvedObject.name={name},reason=Failed"
        return self.kubectl("get", "events", "-n", NAMESPACE, chosen, "-o", MESSAGES)


@pytest.fixture
def bench(
    engine: docker.DockerClient,
    shared: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    """In the cluster that the tests share, whose node forgets it all in the end."""
    (owner,) = (run for run in shared.runs if run.name.startswith("reuse-"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    asked, node = Engine(), node_name(f"canary-{owner.name}")
    run = Run.start(tmp_path)
    run.note(engine=asked.id, endpoint=asked.endpoint, within=owner.name)
    try:
        image = needed("REGISTRY_IMAGE")
        registry = Registry.start(run, asked, Processes(), Waiter(), image=image)
        registry.tell(node)
        made = Bench(asked, node, owner / "kubeconfig", registry)
        made.kubectl("create", "namespace", NAMESPACE)
        yield made
    finally:
        tear_down(run, asked, Processes())
    assert inside(engine, node, "find", "/etc/containerd/certs.d", "-type", "f") == ""
    assert "registry" not in inside(engine, node, "cat", "/etc/hosts")
    made.kubectl("delete", "namespace", NAMESPACE)


@pytest.fixture
def images(engine: docker.DockerClient) -> Iterator[list[Image]]:
    """Two that a pod runs, of which only the configuration differs."""
    names = [f"pytest-canary/test:pulled-{number}" for number in (1, 2)]
    for name in names:
        text = f"FROM {needed('PYTHON_IMAGE')}\nLABEL name={name}\n"
        engine.images.build(fileobj=io.BytesIO(text.encode()), rm=True, tag=name)
    yield [Image(str(engine.images.get(name).id), name) for name in names]
    for name in names:
        engine.images.remove(name)


def test_pods_pull_what_was_pushed_with_its_login_and_nothing_else(
    bench: Bench, images: list[Image]
) -> None:
    registry = bench.registry
    digest = registry.publish(images[0], "ada/shop:w-1")
    bench.make(dict(registry.pull_secret("dockerhub")))
    pod = bench.pod("good", "ada/shop:w-1", "dockerhub")
    (status,) = pod["status"]["containerStatuses"]
    assert status["imageID"] == f"docker.io/ada/shop@{digest}", bench.why("good")
    assert registry.find_moved([pod]) == []
    pinned = bench.pod("pinned", f"docker.io/ada/shop@{digest}", "dockerhub")
    assert registry.find_moved([pinned]) == []

    bench.pod("stranger", "ada/shop:w-1")
    assert re.search(WANTS_LOGIN, bench.why("stranger"))
    bench.pod("never", "ada/shop:w-0", "dockerhub")
    assert "not found" in bench.why("never")
    # Of a host that nothing was pushed to, it is not asked elsewhere.
    bench.pod("elsewhere", "registry.invalid/ada/shop:w-1", "dockerhub")
    assert re.search(WANTS_LOGIN, bench.why("elsewhere"))
    assert "-registry.svc:5000" in bench.why("elsewhere")

    assert registry.publish(images[1], "ada/shop:w-1") != digest
    (found,) = registry.find_moved([pod])
    assert found.code == "TagMoved"
    assert found.where == "pod good, container shop"
