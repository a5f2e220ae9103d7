"""What the check says of a release's prerequisites, and of references to what they make."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.manifest_sets import SERVICE, WITHOUT_INIT, project
from fakes.preflight import ELSEWHERE, Inspect, codes, found_in
from fakes.prerequisites import LANE, QUEUE, queue

from pytest_canary.config.settings_file import check
from pytest_canary.core.errors import SettingsError

NEEDS = {"path": "k8s", "prerequisites": "queue.yml"}
REFERRING = WITHOUT_INIT.replace(
    "          image: team/shop:1.4\n",
    "          image: team/shop:1.4\n          envFrom: [{configMapRef: {name: queue}}]\n",
)


def told(root: Path, manifests: dict[str, str]) -> list[str]:
    """The findings: rule, place and sentence."""
    findings = found_in(root, manifests=manifests).findings
    return [f"{each.code} {each.where}: {each.sentence}" for each in findings]


def test_what_a_prerequisite_makes_will_be_there(tmp_path: Path) -> None:
    root = project(tmp_path, REFERRING, SERVICE)
    queue(root)
    assert told(root, {"path": "k8s"}) == [
        "missing-config-map k8s/all.yml:18: ConfigMap queue will not be there: neither a manifest "
        "nor the rehearsal makes it"
    ]
    assert told(root, NEEDS) == []


def test_a_key_that_it_does_not_have_is_missed(tmp_path: Path) -> None:
    key = "env: [{name: A, valueFrom: {configMapKeyRef: {name: queue, key: DEPHT}}}]"
    root = project(tmp_path, REFERRING.replace("envFrom: [{configMapRef: {name: queue}}]", key))
    queue(root)
    assert "ConfigMap queue will have no key DEPHT" in "\n".join(told(root, NEEDS))


def test_a_fault_in_one_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE)
    file = queue(root)
    file.write_text(file.read_text().replace("serviceName", "servicName").replace("10, o", "0, o"))
    lane = file.read_text().splitlines().index("spec: {depth: 0, order: first-in}") + 1
    assert told(root, NEEDS) == [
        'unknown-field queue.yml:8: unknown field "spec.servicName"',
        f"wrong-value queue.yml:{lane}: spec.depth must be at least 1",
    ]


def test_what_is_no_yaml_is_told(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE)
    (root / "queue.yml").write_text("a: [\n")
    assert told(root, NEEDS)[0].startswith("invalid-yaml queue.yml:2: queue.yml is no valid YAML")


def test_their_crd_is_the_schema_of_the_releases_own_objects(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE, LANE.replace("depth: 1", "deepth: 1"))
    queue(root)
    assert told(root, NEEDS) == [
        "missing-field k8s/all.yml:34: spec.depth is missing",
        'unknown-field k8s/all.yml:35: unknown field "spec.deepth"',
    ]
    assert told(root, {"path": "k8s"}) == [
        "undefined-kind k8s/all.yml:32: Lane in example.invalid/v1 is no kind of Kubernetes', and "
        "no CRD among the manifests makes it one: the run's cluster will not take it"
    ]


def test_a_crd_among_the_manifests_belongs_to_them(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE, LANE, QUEUE.read_text().split("---\n")[-1])
    inspection = found_in(root, manifests={"path": "k8s"})
    assert inspection.findings == ()
    assert not [each for each in inspection.objects if "lane" in each.lower()], (
        "nobody can look for what has no kind yet"
    )


def test_what_belongs_to_the_whole_cluster_may_be_a_prerequisite(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE)
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: queue}\n"
    queue(root, more=f"{role}rules: []\n")
    assert told(root, NEEDS) == []
    (root / "k8s" / "role.yml").write_text(f"{role}rules: []\n")
    assert [each.next for each in found_in(root, manifests=NEEDS).findings] == [
        "put it into a file of its own, for whoever runs the cluster to apply once, and name that "
        "in manifests.prerequisites"
    ]


def test_a_cluster_that_was_there_may_have_the_kind(inspect: Inspect) -> None:
    lane = ("targetPort: http}]\n", f"targetPort: http}}]\n---\n{LANE}")
    assert codes(inspect(lane)) == ["undefined-kind"]
    assert codes(inspect(lane, options=ELSEWHERE)) == []


def test_with_a_script_they_are_read_just_so(inspect: Inspect, tmp_path: Path) -> None:
    queue(tmp_path)
    lane = ("targetPort: http}]\n", f"targetPort: http}}]\n---\n{LANE}")
    assert codes(inspect(lane, manifests={"prerequisites": ["queue.yml"]})) == []


def test_a_file_that_is_not_there_is_told_with_the_settings(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE)
    (root / "empty").mkdir()
    with pytest.raises(SettingsError) as raised:
        check({"manifests": {"prerequisites": ["redis.yml", "empty"]}}, root, "canary.toml")
    assert str(raised.value).splitlines() == [
        "canary.toml: manifests.prerequisites = 'redis.yml': there is no file or folder "
        f"{root / 'redis.yml'}",
        f"canary.toml: manifests.prerequisites = 'empty': folder {root / 'empty'} has no .yaml, "
        ".yml, .json",
    ]
