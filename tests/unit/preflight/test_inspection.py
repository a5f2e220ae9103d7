"""What is made of the rules' faults, where they can be asked and where not."""

import pytest
from fakes.preflight import BROKEN, GROUPS, Edit, Inspect, codes, healthy

from pytest_canary.config.options import Options
from pytest_canary.core.errors import FoundError, NotApplicable
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
    for group in GROUPS:
        with pytest.raises(NotApplicable) as unjudged:
            found.expect_none(group)
        assert str(unjudged.value) == reason


def test_what_is_no_yaml_leaves_the_rest_unjudged(inspect: Inspect) -> None:
    found = inspect(("  replicas: $replicas", "\treplicas: $replicas"))
    with pytest.raises(FoundError, match="is no valid YAML"):
        found.expect_none(groups.YAML)
    with pytest.raises(NotApplicable, match=r"^manifests/deployment.yml can't be read$"):
        found.expect_none(groups.PROBES)


def test_without_a_deployment_there_is_nothing_to_judge(inspect: Inspect) -> None:
    found = inspect(("kind: Deployment", "kind: DaemonSet"))
    with pytest.raises(FoundError, match="has no Deployment"):
        found.expect_none(groups.DEPLOYMENTS)
    with pytest.raises(NotApplicable, match="has no Deployment to look at"):
        found.expect_none(groups.PROBES)


def test_without_a_service_there_is_nothing_to_judge(inspect: Inspect) -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
    found = inspect(service=f"{one}---\n{one}")
    with pytest.raises(FoundError, match=r"manifests/service.yml makes no Service shop-lb"):
        found.expect_none(groups.SERVICE)
    with pytest.raises(NotApplicable, match=r"^manifests/service.yml has no Service$"):
        found.expect_none(groups.TARGET_PORT)


def test_several_findings_are_all_told(inspect: Inspect) -> None:
    found = inspect(
        (
            "          image: $img\n",
            "          image: $img\n          imige: 1\n          portz: 2\n",
        )
    )
    with pytest.raises(FoundError) as error:
        found.expect_none(groups.SCHEMA)
    assert error.value.sentence == 'unknown field "spec.template.spec.containers[0].imige"'
    evidence = error.value.evidence
    assert "seen    manifests/deployment.yml:17, rule unknown-field" in evidence
    assert "next    did you mean image?" in evidence
    assert 'unknown field "spec.template.spec.containers[0].portz"' in evidence
    assert "seen    manifests/deployment.yml:18, rule unknown-field" in evidence


def test_a_finding_of_both_deployments_is_told_once(inspect: Inspect) -> None:
    assert codes(inspect(("memory: 96Mi", "memory: lots"))) == ["wrong-value"]


# Silenced rules.


def test_a_silenced_rule_finds_nothing_and_its_reason_is_told(inspect: Inspect) -> None:
    silenced = {"latest-image": "the proxy is ours", "pull-policy": "of old"}
    text = (BROKEN / "deployment" / "latest-image.yml").read_text()
    found = inspect(deployment=text, preflight={"silenced": silenced})
    assert found.findings == ()
    assert found.notes == (
        "Kubernetes 1.35",
        "latest-image is silenced: the proxy is ours",
        "pull-policy is silenced, which finds nothing: of old",
    )


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
