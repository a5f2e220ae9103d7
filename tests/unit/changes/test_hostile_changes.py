"""Two versions that nobody means: whatever changes between them is told, and nothing breaks."""

from pathlib import Path
from typing import Any

import yaml
from fakes.hostile import VALUES, altered
from fakes.preflight import CHANGES, before_and_after, healthy
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.changes import immutable, ports, probes, settings, vanished
from pytest_canary.changes.version_objects import VersionObjects
from pytest_canary.manifests.documents import Document, Source
from pytest_canary.manifests.parsing import parse
from pytest_canary.manifests.templates import Script

COMPARISONS = (
    immutable.immutable_fields,
    vanished.left_objects,
    settings.taken_keys,
    settings.unshared_keys,
    settings.unshared_variables,
    ports.unserved_versions,
    ports.moved_address,
    ports.changed_ports,
    probes.changed_probes,
)


def objects(texts: dict[str, str]) -> list[Any]:
    """All objects of a version of fixtures/changes."""
    found = [texts.get(kind) or healthy(kind) for kind in ("service", "deployment")]
    return [each for text in found for each in yaml.safe_load_all(text)]


PAIRS = [tuple(map(objects, before_and_after(folder))) for folder in CHANGES]


def rendered(title: str, found: Any) -> VersionObjects | None:
    """What these objects are to the comparisons; None where they are no objects any more."""
    try:
        text = yaml.dump_all(found if isinstance(found, list) else [found], Dumper=yaml.CSafeDumper)
    except UnicodeEncodeError:
        return None
    source = Source(Path(f"{title}.yml"), f"{title}.yml", text)
    documents = tuple(parse(source).documents)

    def first(kind: str) -> Document | None:
        return next((each for each in documents if each.kind == kind), None)

    stable = first("Deployment")
    if stable is None:
        return None
    script = Script("apply.sh", "kubectl apply -f -")
    given_too = {("Secret", "db-params"): frozenset({"DB_HOST"})}
    return VersionObjects(
        title, documents, stable, first("Service"), source, script, frozenset(), given_too
    )


@given(data=st.data())
def test_versions_of_anything_are_compared(data: st.DataObject) -> None:
    live, made = data.draw(st.sampled_from(PAIRS))
    values = VALUES.map(lambda value: value)
    before = rendered("live", data.draw(altered(live, values)))
    after = rendered("made", data.draw(altered(made, values)))
    if before is None or after is None:
        return
    for compare in COMPARISONS:
        for fault in compare(before, after):
            assert fault.sentence
            assert fault.fix
            assert fault.line >= 1
