"""What is made of the rules' faults, where they can be asked and where not."""

from pathlib import Path
from typing import Any

import pytest
from fakes.preflight import BROKEN, GROUPS, Edit, Inspect, codes, healthy, inspected

from pytest_canary.config.options import Options
from pytest_canary.core.errors import NotApplicable
from pytest_canary.preflight import groups

# What can't be judged is not held to be right.


@pytest.mark.parametrize(
    ("edits", "apply", "reason"),
    [
        (
            (("$img", "{{ image }}"),),
            "helm template . | kubectl apply -f -",
            "manifests/deployment.yml:16 has {{ image }}, which only apply.sh can fill in",
        ),
        (
            (("$img", "@IMAGE@"),),
            "./render",
            "manifests/deployment.yml:16 has @IMAGE@, which only apply.sh can fill in",
        ),
        (
            (("$img", "shop:1"),),
            "yq '.metadata.name = strenv(name)' $1 | kubectl apply -f -",
            "apply.sh makes the manifest with yq, so manifests/deployment.yml is not it",
        ),
    ],
    ids=["helm", "placeholders", "yq"],
)
def test_a_template_of_another_language_is_not_judged(
    inspect: Inspect, edits: tuple[Edit, ...], apply: str, reason: str
) -> None:
    plain = (("$deployment", "shop"), ("$replicas", "1"))
    found = inspect(*plain, *edits, apply=apply)
    assert found.findings == ()
    for group in (each for each in GROUPS if each.of not in ("pipelines", "changes")):
        with pytest.raises(NotApplicable) as unjudged:
            found.expect_judged(group)
        assert str(unjudged.value) == reason


def test_what_is_no_yaml_leaves_the_rest_unjudged(inspect: Inspect) -> None:
    found = inspect(("  replicas: $replicas", "\treplicas: $replicas"))
    (yaml,) = found.of_group(groups.YAML)
    assert "is no valid YAML" in yaml.sentence
    with pytest.raises(NotApplicable, match=r"^manifests/deployment.yml can't be read$"):
        found.expect_judged(groups.PROBES)


def test_without_a_deployment_there_is_nothing_to_judge(inspect: Inspect) -> None:
    found = inspect(("kind: Deployment", "kind: DaemonSet"))
    (deployment,) = found.of_group(groups.DEPLOYMENTS)
    assert "has no Deployment" in deployment.sentence
    with pytest.raises(NotApplicable, match="has no Deployment to look at"):
        found.expect_judged(groups.PROBES)


def test_without_a_service_there_is_nothing_to_judge(inspect: Inspect) -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
    found = inspect(service=f"{one}---\n{one}")
    (service,) = found.of_group(groups.SERVICE)
    assert service.sentence.startswith("manifests/service.yml makes no Service shop-lb")
    with pytest.raises(NotApplicable, match=r"^manifests/service.yml has no Service$"):
        found.expect_judged(groups.TARGET_PORT)


def test_several_findings_are_all_told(inspect: Inspect) -> None:
    found = inspect(
        (
            "          image: $img\n",
            "          image: $img\n          imige: 1\n          portz: 2\n",
        )
    )
    imige, portz = found.of_group(groups.SCHEMA)
    assert imige.sentence == 'unknown field "spec.template.spec.containers[0].imige"'
    assert (imige.where, imige.next) == ("manifests/deployment.yml:17", "did you mean image?")
    assert portz.sentence == 'unknown field "spec.template.spec.containers[0].portz"'
    assert portz.where == "manifests/deployment.yml:18"
    found.expect_judged(groups.SCHEMA)


def test_a_finding_of_both_deployments_is_told_once(inspect: Inspect) -> None:
    assert codes(inspect(("memory: 96Mi", "memory: lots"))) == ["wrong-value"]


def test_what_is_found_does_not_depend_on_its_level(inspect: Inspect) -> None:
    text = (BROKEN / "deployment" / "latest-image.yml").read_text()
    off = {"latest-image": {"level": "off", "why": "the proxy is ours"}}
    assert codes(inspect(deployment=text, findings=off)) == ["latest-image"]


# The cluster's version.


@pytest.mark.parametrize(
    ("image", "note"),
    [
        ("kindest/node:v1.34.0", "Kubernetes 1.34"),
        ("kindest/node:v1.35.4@sha256:0123", "Kubernetes 1.35"),
        (None, "the newest that is known"),
        ("registry.invalid:5000/node", "the newest that is known"),
        ("kindest/node:v1.99.0", "as there is no schema of 1.99"),
        ("kindest/node:v1.3.0", "Kubernetes 1.25, as there is no schema of 1.3"),
    ],
)
def test_the_schema_is_that_of_the_node_image(inspect: Inspect, image: str, note: str) -> None:
    assert note in inspect(options=Options(node_image=image)).notes[0]


def test_a_kind_without_a_schema_is_noted(inspect: Inspect) -> None:
    more = "---\napiVersion: monitoring.invalid/v1\nkind: Monitor\nmetadata: {name: $deployment}\n"
    notes = inspect(deployment=healthy("deployment") + more).notes
    assert notes[1] == "no schema for Monitor shop-canary, Monitor shop-stable"


def test_a_line_with_an_unset_variable_is_told_for_that_alone(inspect: Inspect) -> None:
    assert codes(inspect(("containerPort: 3000", "containerPort: $PROT"))) == ["unset-variable"]


ALONE: dict[str, Any] = {"replicas": {"canary": 0}, "commands": {"ping": [], "migrate": []}}


def test_without_a_canary_one_deployment_is_looked_at(tmp_path: Path) -> None:
    assert codes(inspected(tmp_path, **ALONE)) == codes(inspected(tmp_path))
    found = inspected(tmp_path, deployment="kind: Service\n", **ALONE)
    assert "no-deployment" in codes(found)


def test_without_a_canary_its_pods_request_nothing(tmp_path: Path) -> None:
    """Three of 1.2 CPUs are told as three, where a canary would be a fourth."""
    edit = ("cpu: 50m", "cpu: 1200m")
    told = [
        each.sentence
        for each in inspected(tmp_path, edit, **ALONE).findings
        if each.code == "request-beyond-node"
    ]
    assert len(told) == 1
    assert "the 3 pods of stable request 3600m of cpu" in told[0]
