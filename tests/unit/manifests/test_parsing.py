"""YAML as Kubernetes reads it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes.manifests import OBJECT, parsed

from pytest_canary.manifests.composing import scalar
from pytest_canary.manifests.documents import read
from pytest_canary.manifests.parsing import parse

# A few lines that stand for a billion values.
BOMB = "x0: &x0 [a, b]\n" + "".join(
    f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
MERGES = "x0: &x0 {k: v}\n" + "".join(
    f"x{n}: &x{n}\n  <<: [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


def value(text: str) -> Any:
    (document,) = parsed(OBJECT + text).documents
    return document.value


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
        # YAML 1.1 has them for numbers; nobody can say which.
        ("0x_", "0x_"),
        ("0b_", "0b_"),
        ("1" * 5000, "1" * 5000),
        ("0x" + "f" * 4000, "0x" + "f" * 4000),
        ("2020-02-31", "2020-02-31"),
        # Whole numbers have 64 bits.
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", 2.0**64),
        ("1" * 300, float("1" * 300)),
        ("!!int '12'", 12),
        ("!!timestamp x", "x"),
        ("!!python/object/apply:os.system ['true']", ["true"]),
    ],
)
def test_a_scalar_is_what_kubernetes_takes_it_for(text: str, read_as: object) -> None:
    assert value(f"a: {text}\n")["a"] == read_as


def test_a_number_in_quotes_is_no_number() -> None:
    assert scalar("str", "1e3", plain=False) == "1e3"


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
        ("a: &b {<<: *b}", 1, "an anchor stands within itself", "mend the line"),
        ("a: 1\nb: !!int abc", 2, "`abc` is no int", "mend the line"),
        ("a: !!int ''", 1, "`` is no int", "mend the line"),
        ("a: !!float x", 1, "`x` is no float", "mend the line"),
        ("a: !!bool maybe", 1, "`maybe` is no bool", "mend the line"),
        ("a: 1\nb: " + "[" * 100_000, 2, "it is nested deeper than 100 levels", "mend the line"),
        ("{{" * 50_000, 1, "it is nested deeper than 100 levels", "mend the line"),
        ("- " * 100_000, 1, "it is nested deeper than 100 levels", "mend the line"),
        (BOMB, 1, "it holds more than 100,000 values, its aliases filled in", "mend the line"),
        (MERGES, 3, "it holds more than 100,000 values, its aliases filled in", "mend the line"),
        ("a: 1\nb: \udcff", 2, "it holds a byte that is no UTF-8", "mend the line"),
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


def test_what_stands_before_too_much_is_read() -> None:
    found = parsed(f"{OBJECT}---\n{BOMB}")
    assert [document.kind for document in found.documents] == ["X"]
    assert found.broken


def test_of_many_faults_some_are_told() -> None:
    found = parsed(OBJECT + "a: 1\n" * 1000)
    assert len(found.faults) == 500


def test_a_file_that_is_too_large_is_told_and_read_in_part(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text(f"{OBJECT}a: '{'x' * 2_000_000}'\n")
    source = read(tmp_path / "x.yml", tmp_path)
    assert len(source.text) == 2_000_000
    fault = parse(source).faults[-1]
    assert fault.sentence == "x.yml is no valid YAML: it has more than 2.0 MB"


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


def test_yaml_without_its_library_in_c_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert value("a: 1e3\n")["a"] == 1000.0
    assert parsed("a: b: c").broken
    assert parsed("a: 1\nb: \x07\n").faults[0].line == 2
