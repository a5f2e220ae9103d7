"""Manifests as Kubernetes reads them, templates as their scripts fill them in, and the schemas."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_canary.manifests.documents import Document, Source, read, shown
from pytest_canary.manifests.parsing import Parsed, parse, scalar
from pytest_canary.manifests.schema import nearest_version, of_version, version_of, versions
from pytest_canary.manifests.templates import Given, Script, comment_at, fill, names, render

ROOT = Path(__file__).parents[3]
OBJECT = "apiVersion: v1\nkind: X\n"
GIVEN = Given("shop-canary", 1, "shop:1", {"PORT": "3000", "LINES": "a\nb"})


def parsed(text: str) -> Parsed:
    return parse(Source(Path("x.yml"), "x.yml", text))


def value(text: str) -> Any:
    (document,) = parsed(OBJECT + text).documents
    return document.value


# YAML.


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("3000", 3000),
        ('"3000"', "3000"),
        ("0o17", "0o17"),
        ("017", 15),
        ("0x1F", 31),
        ("-0x1F", -31),
        ("0b11", 3),
        ("-12", -12),
        ("+12", 12),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("12e3", 12000.0),
        ("'12e3'", "12e3"),
        ("-.inf", float("-inf")),
        ("yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("=", "="),
        ("v1.2", "v1.2"),
    ],
)
def test_a_scalar_is_what_kubernetes_takes_it_for(text: str, read_as: object) -> None:
    assert value(f"a: {text}\n")["a"] == read_as


def test_a_number_in_quotes_is_no_number() -> None:
    assert scalar("str", "1e3", plain=False) == "1e3"


def test_every_value_has_its_line() -> None:
    (document,) = parsed(
        "# a comment\napiVersion: v1\nkind: X\nspec:\n  list:\n    - name: a\n      b: 1\n"
        "    - {name: c,\n       d: 2}\n"
    ).documents
    assert document.line("spec") == 4
    assert document.line("spec", "list") == 5
    assert document.line("spec", "list", 0) == 6
    assert document.line("spec", "list", 0, "b") == 7
    assert document.line("spec", "list", 1, "d") == 9


def test_what_is_missing_has_the_line_of_what_it_is_missing_from() -> None:
    (document,) = parsed("apiVersion: v1\nkind: X\nspec:\n  list: []\n").documents
    assert document.line("spec", "list", 0, "name") == 4
    assert document.line("spec", "other") == 3
    assert document.line("metadata", "name") == 1


def test_a_value_is_found_or_is_none() -> None:
    (document,) = parsed(OBJECT + "a: [{b: 1}]\n").documents
    assert document.at("a", 0, "b") == 1
    assert document.at("a", 1, "b") is None
    assert document.at("a", "b") is None
    assert document.at("kind", "b") is None
    assert document.table("a") == {}


def test_several_documents_and_lists_are_objects_of_their_own() -> None:
    found = parsed(
        f"{OBJECT}---\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n"
        "  - apiVersion: v1\n    kind: Y\n    metadata: {name: y}\n"
    )
    assert [document.kind for document in found.documents] == ["X", "Y"]
    assert found.documents[1].line("metadata", "name") == 12
    assert found.documents[1].name == "y"
    assert found.faults == []


def test_an_anchor_is_its_value_and_a_merge_gives_way() -> None:
    found = value("base: &base {a: 1, b: 2}\nuse:\n  <<: *base\n  b: 3\nagain: *base\n")
    assert found["use"] == {"a": 1, "b": 3}
    assert found["again"] == {"a": 1, "b": 2}


def test_a_merged_key_is_not_there_twice() -> None:
    assert parsed(OBJECT + "base: &b {a: 1}\nuse: {<<: [*b, {c: 2}], a: 3}\n").faults == []


def test_of_a_key_that_is_there_twice_the_last_counts() -> None:
    found = parsed(OBJECT + "spec:\n  a: {b: 1}\n  c: 2\n  a: {d: 3}\n")
    assert found.documents[0].value["spec"] == {"a": {"d": 3}, "c": 2}
    (fault,) = found.faults
    assert (fault.rule, fault.line) == ("duplicate-key", 6)
    assert fault.sentence == "key a is set twice in spec; what line 4 says is lost"
    assert fault.fix == "keep one of the two: line 4 or line 6"


@pytest.mark.parametrize(
    ("text", "line", "sentence", "fix"),
    [
        ("a: b: c", 1, "mapping values are not allowed in this context", "a colon and its space"),
        ("a:\n\tb: 1", 2, "found character that cannot start any token", "indent with spaces"),
        ("a: 1\nb: [1,\nc: 2\n", 2, "did not find expected ',' or ']'", "quotes"),
        ("a: *b", 1, "found undefined alias", "mend the line"),
        ("a: &b [*b]", 1, "an anchor stands within itself", "mend the line"),
        ("a: {{ b }}", 1, "a key that is no text", "quotes"),
        ("a: \x00", 1, "control characters are not allowed", "save the file as UTF-8"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(
    text: str, line: int, sentence: str, fix: str
) -> None:
    found = parsed(text)
    (fault,) = found.faults
    assert found.broken
    assert (fault.rule, fault.line) == ("invalid-yaml", line)
    assert fault.sentence.startswith("x.yml is no valid YAML: ")
    assert sentence in fault.sentence
    assert fix in fault.fix


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n"])
def test_a_file_without_an_object_is_empty(text: str) -> None:
    (fault,) = parsed(text).faults
    assert fault.sentence == "x.yml is empty"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a\n", "this is no Kubernetes object, but a bare value"),
        ("a: 1\n", "the object has no apiVersion and no kind"),
        ("kind: X\napiVersion:\n", "the object has no apiVersion"),
    ],
)
def test_what_is_no_object_is_told(text: str, sentence: str) -> None:
    (fault,) = parsed(text).faults
    assert (fault.rule, fault.sentence) == ("not-an-object", sentence)


def test_a_file_is_read_whatever_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "sub" / "x.yml"
    file.parent.mkdir()
    file.write_bytes(b"\xef\xbb\xbfkind: X\n")
    assert read(file, tmp_path).text == "kind: X\n"
    assert read(file, tmp_path).where(3) == "sub/x.yml:3"
    file.write_bytes(b"kind: X\nname: \xff\n")
    (fault,) = parse(read(file, tmp_path)).faults
    assert (fault.rule, fault.line) == ("invalid-yaml", 2)


def test_yaml_without_its_library_in_c_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert value("a: 1e3\n")["a"] == 1000.0
    assert parsed("a: b: c").broken
    assert parsed("a: 1\nb: \x07\n").faults[0].line == 2


def test_a_place_is_told_as_kubernetes_tells_it() -> None:
    assert shown(("spec", "containers", 0, "image")) == "spec.containers[0].image"


# Templates.


def test_variables_are_filled_in_line_for_line() -> None:
    text = "a: $PORT\nb: ${PORT}0\nc: $LINES\nd: $deployment-$replicas-$img\ne: $1 $ $$x $(x)\n"
    filled = fill(Source(Path("x"), "x", text), Script("apply.sh", "awk ENVIRON"), GIVEN)
    assert filled.text == (
        "a: 3000\nb: 30000\nc: a\nb\nd: shop-canary-1-shop:1\ne: $1 $ $$x $(x)\n"
    )
    assert filled.origin[:5] == [1, 2, 3, 3, 4]
    assert [use.name for use in filled.unset] == ["x"]


def test_a_value_of_several_lines_leaves_the_lines_that_are_told() -> None:
    text = "apiVersion: v1\nkind: X\na: |\n  $TWO\nb: [\nc: 1\n"
    given = Given("x", 1, "x:1", {"TWO": "1\n  2"})
    template = render(Source(Path("x"), "x", text), Script("apply.sh", ""), given)
    assert template.parsed.faults[0].line == 5


def test_a_shell_knows_defaults_and_envsubst_does_not() -> None:
    source = Source(Path("x"), "x", "a: ${PORT:-1} ${MORE:-2}\n")
    shell = Script("apply.sh", 'eval "cat <<E\n$(cat $1)\nE"')
    assert fill(source, shell, GIVEN).text == "a: 3000 2\n"
    assert fill(source, Script("apply.sh", "envsubst <$1"), GIVEN).text == source.text


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("a: b # c", 5),
        ("# c", 0),
        ("a: b#c", 6),
        ('a: "b # c" # d', 11),
        ("a: it's # c", 8),
        ("a: 'b", 5),
    ],
)
def test_a_comment_begins_outside_quotes(line: str, at: int) -> None:
    assert comment_at(line) == at


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("export a=$2 b=\"$3\" c='${4}'", {"a": 2, "b": 3, "c": 4}),
        ("sed 's|\\$name|$2|;s/${count}/$3/g'", {"name": 2, "count": 3}),
        ("IMAGE=${4:?missing}", {"IMAGE": 4}),
        ("x=$1 y=$20 z=$5", {}),
    ],
)
def test_a_script_says_how_it_calls_its_arguments(text: str, arguments: dict[str, int]) -> None:
    usual = {"deployment": 2, "replicas": 3, "img": 4}
    assert Script("apply.sh", text).arguments == usual | arguments


@pytest.mark.parametrize(
    ("text", "fills"),
    [
        ("envsubst <$1", None),
        ("envsubst '$a ${b}' <$1", {"a", "b"}),
        ("sed s/$a/b/", {"a"}),
        ("awk '{print ENVIRON[$1]}' | sed x", None),
        ('eval "cat <<E\n$(cat $1)\nE"', None),
    ],
)
def test_a_script_says_which_variables_it_fills_in(text: str, fills: set[str] | None) -> None:
    assert Script("apply.sh", text).fills == fills


def test_a_variable_has_the_scripts_own_name_in_a_fix() -> None:
    assert Script("apply.sh", "export NAME=$2").variable(2) == "NAME"
    assert Script("apply.sh", "deployment=$2").variable(2) == "deployment"
    assert Script("apply.sh", "").variable(4) == "img"


def test_names_are_those_of_variables_only() -> None:
    assert names("$a ${b} $(c) $1 $$d ${e:-f}") == {"a", "b", "d"}


# Schemas.


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


def test_a_quoted_line_is_short_and_harms_no_terminal() -> None:
    source = Source(Path("x"), "x", f"a: \x1b[31m\n\tb\n{'c' * 200}\n")
    assert [source.quoted(n) for n in (0, 1, 2, 3, 4)] == [
        "",
        "   1 | a: ?[31m",
        "   2 | →b",
        f"   3 | {'c' * 120}…",
        "",
    ]


def test_an_entry_that_is_there_twice_is_told() -> None:
    (found,) = misfits(f"{POD}    - name: a\n")
    assert found == (
        "duplicate-key",
        "a is in spec.containers twice, first on line 6",
        "keep one of them",
    )
    port = "{containerPort: 80}"
    twice = f"{POD}      ports: [{port}, {{containerPort: 80, protocol: TCP}}]\n"
    assert misfits(twice)[0][1] == "80 TCP is in spec.containers[0].ports twice, first on line 7"


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
