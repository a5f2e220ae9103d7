"""What a release presupposes is applied before it: in order, noted, and watched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from fakes.clock import Clock
from fakes.cluster import Namespace
from fakes.folders import BUNDLED_TEMPLATE, ROOT
from fakes.kubectl import Kubectl
from fakes.manifest_sets import SERVICE, WITHOUT_INIT, planned, project
from fakes.prerequisites import LANE, QUEUE, ROLES, queue
from fakes.watched import Watched

from pytest_canary.config.track_deployments import track_deployments
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.release.cluster_wide import ClusterWide
from pytest_canary.release.commands import Commands
from pytest_canary.release.companions import companions
from pytest_canary.release.diagnoser import Diagnoser
from pytest_canary.release.printed_secrets import PrintedSecrets
from pytest_canary.release.surroundings import Surroundings
from pytest_canary.rendering.prerequisites import read_prerequisites
from pytest_canary.rendering.renderers import renderer_of
from pytest_canary.rendering.version import Version

PATH = {"PATH": "/usr/bin:/bin"}
CRD = "CustomResourceDefinition.v1.apiextensions.k8s.io/lanes.example.invalid"


class Place:
    """A namespace, and a project that presupposes a queue."""

    def __init__(self, folder: Path) -> None:
        self.root = project(folder / "shop", WITHOUT_INIT, SERVICE, LANE)
        self.kubectl = Kubectl(folder)
        clock = Clock(step=0.1)
        waiter = Waiter(clock)
        self.namespace = Namespace(folder, folder / "deleted")
        observer = Watched(self.namespace, clock)
        self.announced: list[str] = []
        self.noted: list[str] = []
        self.plan = planned(self.root, deadlines={"rollout": 5})
        processes = Processes()
        self.commands = Commands(
            self.kubectl.path, PATH, "canary-test", processes, None, PrintedSecrets({}, [])
        )
        self.own = Surroundings(
            self.namespace,
            observer,
            Diagnoser(self.namespace, observer),
            waiter,
            track_deployments(self.plan.settings),
            self.plan.settings.deadlines.rollout,
            self.commands,
            ClusterWide(
                self.kubectl.path,
                Path("kubeconfig"),
                "pytest-canary/run=1a2b",
                alone=True,
                note=self.noted.append,
                processes=processes,
                waiter=waiter,
            ),
            self.announced.append,
        )

    def prepare(self, text: str = "") -> list[str]:
        file = queue(self.root, more=ROLES)
        if text:
            file.write_text(text)
        found = read_prerequisites([file], self.root)
        return self.own.prepare(found.made_for("canary-test", {"pytest-canary/run": "1a2b"}, {}))

    def make_ready(self) -> None:
        status: Mapping[str, int] = {
            "observedGeneration": 1,
            "readyReplicas": 1,
            "updatedReplicas": 1,
        }
        template = {"spec": {"containers": [{"name": "queue", "image": "team/queue:7"}]}}
        self.namespace.put(
            {
                "kind": "StatefulSet",
                "metadata": {"name": "queue", "generation": 1},
                "spec": {"template": template},
                "status": status,
            }
        )

    def version(self, *texts: str) -> Version:
        root = project(self.root, WITHOUT_INIT, SERVICE, *texts)
        return Version("candidate", "shop:2", renderer_of(planned(root), root))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_they_are_applied_in_order_and_what_asks_others_comes_last(place: Place) -> None:
    place.make_ready()
    assert place.prepare() == []
    assert [name.partition(".")[0].partition("/")[0] for name in place.kubectl.objects()] == [
        "CustomResourceDefinition",
        "ClusterRoleBinding",
        "ConfigMap",
        "ServiceAccount",
        "Service",
        "StatefulSet",
        "Lane",
        "ValidatingWebhookConfiguration",
    ]
    assert "apply -f - --namespace=canary-test" in place.kubectl.asked
    assert len(place.noted) == 3


def test_what_is_in_a_namespace_is_announced_as_kubectl_calls_it(place: Place) -> None:
    place.make_ready()
    claims = "  serviceName: queue\n  volumeClaimTemplates: [{metadata: {name: data}}]\n"
    place.prepare(QUEUE.read_text().replace("  serviceName: queue\n", claims))
    assert place.announced == [
        "configmap/queue",
        "service/queue",
        "statefulset.apps/queue",
        "persistentvolumeclaim/data-queue",
        "lane.example.invalid/fast",
    ]


def test_one_that_does_not_get_ready_is_told_and_nothing_asks_it(place: Place) -> None:
    with pytest.raises(FoundError) as raised:
        place.prepare()
    assert raised.value.sentence == (
        "prerequisite StatefulSet queue (queue.yml:3) does not get ready: it is given up after 5 "
        "s: there is no StatefulSet queue"
    )
    assert "take it out of manifests.prerequisites" in raised.value.evidence
    assert not any("Webhook" in name for name in place.kubectl.objects())


def test_what_kubectl_refuses_is_told_with_its_place(place: Place) -> None:
    text = QUEUE.read_text().rpartition("---")[0]
    place.kubectl.behave(refuses='The StatefulSet "queue" is invalid: spec.replicas: too many')
    with pytest.raises(ReleaseError) as raised:
        place.prepare(text)
    assert raised.value.sentence == (
        "the prerequisites can't be applied, see ConfigMap queue of queue.yml:31, Service queue of "
        "queue.yml:24, StatefulSet queue of queue.yml:3: "
        'The StatefulSet "queue" is invalid: spec.replicas: too many'
    )


def test_what_kubectl_itself_has_against_one_is_told_with_its_place(place: Place) -> None:
    why = 'error: error validating "STDIN": ValidationError(StatefulSet.spec): missing'
    place.kubectl.behave(refuses=why)
    with pytest.raises(ReleaseError) as raised:
        place.prepare(QUEUE.read_text().rpartition("---")[0])
    assert raised.value.sentence == (
        f"the prerequisites can't be applied, see StatefulSet queue of queue.yml:3: {why}"
    )


def test_the_crds_of_a_version_are_there_before_its_objects(place: Place) -> None:
    version = place.version(LANE, QUEUE.read_text().rpartition("---\n")[2])
    place.own.establish(version)
    assert place.noted == [CRD]
    place.commands.apply_service(version)
    assert [name.partition(".")[0] for name in place.kubectl.objects()] == [
        "CustomResourceDefinition",
        "Service/shop",
        "Lane",
    ]


def test_what_comes_along_is_watched_and_the_two_deployments_are_not(place: Place) -> None:
    text = QUEUE.read_text().replace("    namespace: people\n", "")
    worker = WITHOUT_INIT.replace("  name: shop\nspec", "  name: worker\nspec")
    worker = worker.replace("app: shop", "app: worker")
    project(place.root, WITHOUT_INIT, SERVICE, text, worker)
    plan = planned(place.root, name="shop")
    version = Version("candidate", "shop:2", renderer_of(plan, place.root))
    found = companions(version, track_deployments(plan.settings), {})
    assert [f"{each.kind} {each.name}" for each in found] == [
        "StatefulSet queue",
        "Deployment worker",
    ]
    told = [each.sentence for each in place.own.find_unready_companions(version)]
    assert told[0].startswith("StatefulSet queue (k8s/all.yml:")
    assert told[1].endswith("there is no Deployment worker")


def test_what_a_script_applies_comes_along_too(tmp_path: Path) -> None:
    stateful = QUEUE.read_text().partition("---")[0].replace("    namespace: people\n", "")
    (tmp_path / "template.yml").write_text(BUNDLED_TEMPLATE.read_text() + f"\n---\n{stateful}")
    (tmp_path / "Dockerfile").touch()
    files = {"deployment": "template.yml", "service": str(ROOT / "manifests" / "service.yml")}
    plan = planned(tmp_path, manifests={**files, "apply": str(ROOT / "apply.sh")})
    version = Version("candidate", "shop:2", renderer_of(plan, tmp_path))
    found = companions(version, track_deployments(plan.settings), {"PORT": "3000"})
    assert [json.dumps(each.name) for each in found] == ['"queue"']
