"""What does not fit Kubernetes' schema, and what does."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from fakes.folders import ROOT
from fakes.manifests import parsed

from pytest_canary.manifests.documents import Document, read
from pytest_canary.manifests.rendered import Given
from pytest_canary.manifests.schema import nearest_version, of_version, version_of, versions
from pytest_canary.manifests.templates import Script, render

GIVEN = Given("shop-canary", 1, "shop:1", {"PORT": "3000", "LINES": "a\nb"})


def test_there_are_schemas_of_many_versions() -> None:
    assert {(1, 30), (1, 35)} <= set(versions())


@pytest.mark.parametrize(
    ("wanted", "known", "found"),
    [
        ((1, 35), [(1, 34), (1, 35), (1, 36)], (1, 35)),
        ((1, 99), [(1, 34), (1, 35)], (1, 35)),
        ((1, 9), [(1, 34), (1, 35)], (1, 34)),
        (None, [(1, 9), (1, 35)], (1, 35)),
    ],
)
def test_the_nearest_version_is_not_newer(wanted: Any, known: Any, found: Any) -> None:
    assert nearest_version(wanted, known) == found


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("kindest/node:v1.35.4", (1, 35)),
        ("kindest/node:v1.35.4@sha256:12", (1, 35)),
        ("host.invalid:5000/node:1.30", (1, 30)),
        ("kindest/node:latest", None),
        ("host.invalid:5000/node", None),
        ("kindest/node", None),
        (None, None),
    ],
)
def test_a_node_images_tag_tells_the_version(image: str | None, version: Any) -> None:
    assert version_of(image) == version


def misfits(text: str) -> list[tuple[str, str, str]]:
    schema = of_version((1, 35))
    return [
        (fault.rule, fault.sentence, fault.fix)
        for document in parsed(text).documents
        for fault in schema.misfits(document)
    ]


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n    - name: a\n"


@pytest.mark.parametrize(
    ("line", "rule", "sentence", "fix"),
    [
        ("imag: b", "unknown-field", 'unknown field "spec.containers[0].imag"', "mean image?"),
        ("xyzzy: b", "unknown-field", "xyzzy", "there is no such field; take it out"),
        ("volumes: []", "unknown-field", "containers[0].volumes", "as a field of spec"),
        (
            "env: [{name: a}]\n      valueFrom: {}",
            "unknown-field",
            "valueFrom",
            "containers[0].env",
        ),
        ("image: 1", "wrong-type", "must be text, not a number", "put quotes around it"),
        ("image: no", "wrong-type", "must be text, not true or false", "put quotes around it"),
        ("image: [a]", "wrong-type", "must be text, not a list", "leave the dash out"),
        ("stdin: 'yes'", "wrong-type", "true or false, not text", "true or false, without quotes"),
        ("args: -c", "wrong-type", "must be a list, not text", "begin each of its entries"),
        ("ports: [{}]", "missing-field", "ports[0].containerPort is missing", "its containerPort"),
        ("ports: [{containerPort: 80.5}]", "wrong-type", "a whole number, not a number", "write"),
        ("ports: [{containerPort: 8000000000}]", "wrong-value", "too large a number", "below"),
        ("resources: {limits: {cpu: 1 core}}", "wrong-value", "cpu is no quantity", "500m, 128Mi"),
        ("resources: {limits: {cpu: [1]}}", "wrong-type", "text or a number, not a list", "dash"),
    ],
)
def test_a_misfit_is_told(line: str, rule: str, sentence: str, fix: str) -> None:
    (found,) = misfits(f"{POD}      {line}\n")
    assert found[0] == rule
    assert sentence in found[1]
    assert fix in found[2]


@pytest.mark.parametrize(
    "line",
    [
        "image: null",
        "ports: [{containerPort: 80.0}]",
        "ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]",
        "resources: {limits: {cpu: 0.5, memory: 1e9, x.invalid/y: '1'}}",
        "livenessProbe: {httpGet: {port: http}, periodSeconds: 1}",
        "livenessProbe: {httpGet: {port: 80}}",
    ],
)
def test_what_kubernetes_takes_fits(line: str) -> None:
    assert misfits(f"{POD}      {line}\n") == []


def test_a_field_of_what_is_below_is_told_where_it_belongs() -> None:
    (found,) = misfits("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nlabels: {a: b}\n")
    assert found == ("unknown-field", 'unknown field "labels"', "indent it as a field of metadata")


def test_an_entry_that_is_there_twice_is_told() -> None:
    (found,) = misfits(f"{POD}    - name: a\n")
    assert found == (
        "duplicate-entry",
        "a is in spec.containers twice, first on line 6",
        "keep one of them",
    )
    port = "{containerPort: 80}"
    twice = f"{POD}      ports: [{port}, {{containerPort: 80, protocol: TCP}}]\n"
    rule, sentence, _ = misfits(twice)[0]
    assert rule == "duplicate-key", "Kubernetes takes it"
    assert sentence == "80 TCP is in spec.containers[0].ports twice, first on line 7"
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n"
    assert misfits(f"{service}  ports: [{{port: 80}}, {{port: 80}}]\n")[0][0] == "duplicate-entry"


@pytest.mark.parametrize(
    ("api", "kind", "fix"),
    [
        ("extensions/v1beta1", "Deployment", "write apiVersion: apps/v1"),
        ("v1", "Deployment", "write apiVersion: apps/v1"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "write apiVersion: autoscaling/v2"),
        ("apps/v1", "Deploymnet", "did you mean Deployment?"),
        ("policy/v1beta1", "PodSecurityPolicy", "take it out, or write what has come in its place"),
    ],
)
def test_a_kind_that_the_version_lacks_is_told(api: str, kind: str, fix: str) -> None:
    assert misfits(f"apiVersion: {api}\nkind: {kind}\n") == [
        ("unknown-kind", f"Kubernetes 1.35 has no {kind} in {api}", fix)
    ]


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        ("serving.knative.dev/v1", "Service"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ],
)
def test_somebody_elses_kind_is_left_alone(api: str, kind: str) -> None:
    assert misfits(f"apiVersion: {api}\nkind: {kind}\nwhatever: 1\n") == []


def test_a_field_of_a_later_version_is_unknown_in_an_earlier_one() -> None:
    text = f"{POD}      resizePolicy: []\n"
    (document,) = parsed(text).documents
    assert list(of_version((1, 35)).misfits(document)) == []
    assert [fault.rule for fault in of_version((1, 25)).misfits(document)] == ["unknown-field"]


# Against the validator whose schemas these are.


def validator(api: str, kind: str) -> Any:
    import jsonschema
    from referencing import Registry, Resource

    folder = versions()[1, 35]
    definitions = Resource.from_contents(json.loads((folder / "_definitions.json").read_text()))
    file = folder / f"{kind.lower()}-{api.replace('/', '-')}.json"
    schema = json.loads(file.read_text())
    registry = definitions @ (Resource.from_contents(schema) @ Registry())
    return jsonschema.Draft202012Validator(schema, registry=registry)


def places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield place
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield from places(value[key], (*place, key))


def spoilt(value: Any, chance: random.Random) -> Any:
    """An object with one value lost, of another type, or with a field that it has not."""
    value = copy.deepcopy(value)
    chosen = [place for place in places(value) if place and place[0] not in ("apiVersion", "kind")]
    *way, last = chance.choice(chosen)
    inner = value
    for step in way:
        inner = inner[step]
    what = chance.choice(["lost", "another", "more"])
    if what == "lost":
        del inner[last]
    elif what == "another" or not isinstance(inner, dict):
        inner[last] = chance.choice([3, "x", True, 1.5, 2.0, [], {}, ["a"], {"a": "b"}])
    else:
        inner["xyzzy"] = 1
    return value


@pytest.mark.parametrize("file", ["deployment", "service"])
def test_what_fits_is_what_kubernetes_validate_says_fits(file: str) -> None:
    source = read(ROOT / "manifests" / f"{file}.yml", ROOT)
    (document,) = render(source, Script("apply.sh", "ENVIRON"), GIVEN).parsed.documents
    theirs = validator(document.value["apiVersion"], document.kind)
    chance = random.Random(file)
    for _ in range(250):
        value = spoilt(document.value, chance)
        ours = [
            fault.sentence
            for fault in of_version((1, 35)).misfits(Document(source, value, {}))
            if fault.rule in ("unknown-field", "missing-field", "wrong-type")
        ]
        assert bool(ours) is not theirs.is_valid(value), (ours, value)
