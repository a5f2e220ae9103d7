"""Kinds of one's own: their CRD says what fits them, as Kubernetes' schema does of its kinds."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.prerequisites import LANE, QUEUE

from pytest_canary.manifests.documents import Document, read_bytes
from pytest_canary.manifests.parsing import parse
from pytest_canary.manifests.schema import of_version


def documents(text: str) -> list[Document]:
    """The objects of a file."""
    return parse(read_bytes(text.encode(), Path("lane.yml"), Path())).documents


def misfits(*edits: tuple[str, str], crd: str = "") -> list[str]:
    """What does not fit of the lane with some edits: rule, line, sentence and advice."""
    text = LANE
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (lane,) = documents(text)
    schema = of_version(None).with_definitions(documents(crd or QUEUE.read_text()))
    faults = schema.misfits(lane)
    return [f"{each.rule} {each.line}: {each.sentence}; {each.fix}" for each in faults]


def test_what_the_crd_takes_is_right() -> None:
    assert misfits() == []
    more = "  depth: 100\n  order: last-in\n  limit: 50%\n  labels: {a: b}\n  extra: {any: [1]}\n"
    assert misfits(("  depth: 1\n", more)) == []
    assert misfits(("  depth: 1\n", "  depth: 1\n  limit: 5\n")) == []


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            ("depth: 1", "depth: 1\n  oder: last-in"),
            'unknown-field 6: unknown field "spec.oder"; did you mean order?',
        ),
        (
            ("depth: 1", "size: large"),
            "missing-field 4: spec.depth is missing; give spec its depth",
        ),
        (
            ("depth: 1", 'depth: "1"'),
            "wrong-type 5: spec.depth must be a whole number, not text; write a whole number, "
            "without quotes",
        ),
        (
            ("depth: 1", "depth: 1\n  order: middle"),
            "wrong-value 6: spec.order must be one of first-in, last-in; write first-in or last-in",
        ),
        (
            ("depth: 1", "depth: 0"),
            "wrong-value 5: spec.depth must be at least 1; write a larger number",
        ),
        (
            ("depth: 1", "depth: 101"),
            "wrong-value 5: spec.depth must be at most 100; write a smaller number",
        ),
        (
            ("depth: 1", "depth: 1\n  limit: [1]"),
            "wrong-type 6: spec.limit must be a whole number or text, not a list; leave the dash "
            "out",
        ),
        (
            ("depth: 1", "depth: 1\n  labels: {a: 1}"),
            "wrong-type 6: spec.labels.a must be text, not a number; put quotes around it",
        ),
        (
            ("{name: slow}", "{name: slow, lables: {}}"),
            'unknown-field 3: unknown field "metadata.lables"; did you mean labels?',
        ),
        (
            ("invalid/v1", "invalid/v1alpha1"),
            "unknown-kind 1: the CRD of Lane has no Lane in example.invalid/v1alpha1; write "
            "apiVersion: example.invalid/v1",
        ),
    ],
)
def test_what_it_does_not_take_is_told(edit: tuple[str, str], told: str) -> None:
    assert misfits(edit) == [told]


def test_another_kind_of_the_same_group_is_not_defined() -> None:
    schema = of_version(None).with_definitions(documents(QUEUE.read_text()))
    (gate,) = documents(LANE.replace("kind: Lane", "kind: Gate"))
    assert schema.is_foreign(gate)
    assert list(schema.misfits(gate)) == []
    (lane,) = documents(LANE)
    assert not schema.is_foreign(lane)


def test_kubernetes_own_kinds_are_as_they_were() -> None:
    schema = of_version(None)
    extended = schema.with_definitions(documents(QUEUE.read_text()))
    assert schema.with_definitions([]) is schema
    assert extended.title == schema.title
    assert len(extended.kinds) == len(schema.kinds) + 1
    assert [list(extended.misfits(each)) for each in documents(QUEUE.read_text())] == [[]] * 5


def test_what_has_a_default_is_never_missing() -> None:
    text = QUEUE.read_text().replace("required: [depth]", "required: [depth, size]")
    assert misfits(crd=text) == []


def test_a_crd_without_a_schema_takes_anything() -> None:
    text = QUEUE.read_text().replace("      schema:\n        openAPIV3Schema:\n", "      old:\n")
    assert misfits(("depth: 1", "any: 1"), crd=text) == []
