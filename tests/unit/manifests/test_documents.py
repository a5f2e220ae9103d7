"""Files of manifests, their objects, and each value with its line."""

from pathlib import Path

from fakes.manifests import OBJECT, parsed

from pytest_canary.manifests.documents import Source, place_text, read
from pytest_canary.manifests.parsing import parse


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


def test_a_file_is_read_whatever_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "sub" / "x.yml"
    file.parent.mkdir()
    file.write_bytes(b"\xef\xbb\xbfkind: X\n")
    assert read(file, tmp_path).text == "kind: X\n"
    assert read(file, tmp_path).where(3) == "sub/x.yml:3"
    file.write_bytes(b"kind: X\nname: \xff\n")
    (fault,) = parse(read(file, tmp_path)).faults
    assert (fault.rule, fault.line) == ("invalid-yaml", 2)


def test_a_place_is_told_as_kubernetes_tells_it() -> None:
    assert place_text(("spec", "containers", 0, "image")) == "spec.containers[0].image"


def test_a_quoted_line_is_short_and_harms_no_terminal() -> None:
    source = Source(Path("x"), "x", f"a: \x1b[2J\n\tb\n{'c' * 200}\n")
    assert [source.quote(n) for n in (0, 1, 2, 3, 4)] == [
        "",
        "   1 | a: ␛[2J",
        "   2 | →b",
        f"   3 | {'c' * 120}…",
        "",
    ]


def test_an_object_is_typed_as_kubectl_takes_it() -> None:
    core, other = parsed(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n"
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b}\n"
    ).documents
    assert (core.group, core.typed) == ("", "Service/a")
    assert (other.group, other.typed) == ("apps", "Deployment.v1.apps/b")
