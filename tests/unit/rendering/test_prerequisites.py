"""What a release presupposes: in which order, where, and of which images it is applied."""

from __future__ import annotations

from pathlib import Path

from fakes.manifest_sets import SERVICE, WITHOUT_INIT, one, planned, project
from fakes.prerequisites import LANE, QUEUE, ROLES, named, prerequisites, queue

from pytest_canary.manifests.rendered import Given
from pytest_canary.rendering.helm import HelmChart
from pytest_canary.rendering.prerequisites import read_prerequisites
from pytest_canary.rendering.renderers import renderer_of


def test_each_comes_after_what_it_needs_whatever_the_order_in_the_files(tmp_path: Path) -> None:
    found = prerequisites(tmp_path, ROLES)
    assert named(found.documents) == [
        "CustomResourceDefinition lanes.example.invalid",
        "ConfigMap queue",
        "ClusterRoleBinding queue",
        "ServiceAccount queue",
        "Service queue",
        "StatefulSet queue",
        "Lane fast",
        "ValidatingWebhookConfiguration queue",
    ]
    assert named(found.cluster_wide()) == [
        "CustomResourceDefinition lanes.example.invalid",
        "ClusterRoleBinding queue",
        "ValidatingWebhookConfiguration queue",
    ]
    assert "Lane fast" in named(found.in_namespace())


def test_a_kind_that_its_crd_gives_to_the_whole_cluster_is_applied_there(tmp_path: Path) -> None:
    file = queue(tmp_path)
    file.write_text(file.read_text().replace("scope: Namespaced", "scope: Cluster"))
    assert "Lane fast" in named(read_prerequisites([file], tmp_path).cluster_wide())


def test_no_files_are_no_prerequisites(tmp_path: Path) -> None:
    assert read_prerequisites([], tmp_path).documents == []


def test_they_are_in_the_rehearsals_namespace_and_not_in_their_own(tmp_path: Path) -> None:
    found = prerequisites(tmp_path, ROLES)
    assert found.namespace == "people"
    assert not any(each.at("metadata", "namespace") for each in found.documents)
    made = found.made_for("canary-1a2b", {}, {})
    subjects = one(made.documents, "ClusterRoleBinding").value["subjects"]
    assert [each["namespace"] for each in subjects] == ["canary-1a2b", "others"]


def test_an_image_that_the_node_gets_from_the_run_is_called_as_it_is_there(tmp_path: Path) -> None:
    found = prerequisites(tmp_path)
    ((image, (document, line)),) = found.images().items()
    assert (image, document.name) == ("team/queue:7", "queue")
    assert document.source.line(line).strip() == "image: team/queue:7"
    loaded = {"team/queue:7": "canary-prerequisite:12-1a"}
    made = one(found.made_for("x", {}, loaded).documents, "StatefulSet")
    (container,) = made.table("spec", "template", "spec")["containers"]
    assert container["image"] == "canary-prerequisite:12-1a"
    assert container["imagePullPolicy"] == "IfNotPresent", "no registry has that name"
    left = one(found.made_for("x", {}, {}).documents, "StatefulSet")
    assert left.at("spec", "template", "spec", "containers", 0, "image") == "team/queue:7"


def test_all_that_is_made_of_them_carries_the_runs_label(tmp_path: Path) -> None:
    text = queue(tmp_path).read_text()
    claims = "  serviceName: queue\n  volumeClaimTemplates: [{metadata: {name: data}}]\n"
    (tmp_path / "queue.yml").write_text(text.replace("  serviceName: queue\n", claims))
    found = read_prerequisites([tmp_path / "queue.yml"], tmp_path)
    made = found.made_for("x", {"run": "1a2b"}, {})
    assert all(each.at("metadata", "labels", "run") == "1a2b" for each in made.documents)
    stateful = one(made.documents, "StatefulSet")
    labels = stateful.at("spec", "template", "metadata", "labels")
    assert labels == {"app": "queue", "run": "1a2b"}
    assert stateful.at("spec", "volumeClaimTemplates", 0, "metadata", "labels", "run") == "1a2b"
    assert one(found.documents, "StatefulSet").at("metadata", "labels") is None, "they are new"


def test_a_crd_among_plain_objects_is_applied_by_itself_before_the_others(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE, LANE, QUEUE.read_text().split("---\n")[-1])
    renderer = renderer_of(planned(root), root)
    assert named(renderer.definitions()) == ["CustomResourceDefinition lanes.example.invalid"]
    assert named(renderer.shared_objects("shop:2").documents) == ["Service shop", "Lane slow"]
    before = renderer.fingerprint()
    changed = (root / "k8s" / "all.yml").read_text().replace("maximum: 100", "maximum: 200")
    (root / "k8s" / "all.yml").write_text(changed)
    assert renderer_of(planned(root), root).fingerprint() != before


def test_the_folder_of_a_charts_crds_is_applied_for_helm(tmp_path: Path) -> None:
    given = Given("shop-stable", 3, "shop:2", {})

    def chart() -> HelmChart:
        return HelmChart(tmp_path, (), {}, 1, "shop", "shop-lb", tmp_path)

    assert chart().definitions() == []
    assert "--skip-crds" not in chart().apply(given).words
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds" / "lane.yml").write_text(QUEUE.read_text().split("---\n")[-1])
    assert named(chart().definitions()) == ["CustomResourceDefinition lanes.example.invalid"]
    assert "--skip-crds" in chart().apply(given).words
