"""What a walk of `walk.py --growth` has besides: rows in its database, Deployments beside it.

A team's tests, as pytest-canary collects them; the rows are the bundled addressbook's.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_canary import Database, Release

ROWS = "insert into person (first_name, last_name) select 'Row', n from generate_series(1, {}) n"


@contextmanager
def measured() -> Iterator[None]:
    """Write down how long it takes, as that is none of the walk's."""
    began = time.monotonic()
    yield
    with Path(os.environ["FILLED"]).open("a") as filled:
        filled.write(f"{time.monotonic() - began}\n")


@pytest.mark.canary("baseline")
def test_there_are_rows(canary_database: Database) -> None:
    """As many as FILL_ROWS says."""
    number = int(os.environ.get("FILL_ROWS", "0"))
    with measured():
        canary_database.query(ROWS.format(number), timeout=300)
        ((found,),) = canary_database.query("select count(*) from person")
    assert int(found) >= number  # noqa: S101 (it is a test)


@pytest.mark.canary("baseline")
def test_there_are_deployments_beside(canary_release: Release, tmp_path: Path) -> None:
    """As many as FILL_DEPLOYMENTS says; they have no pods."""
    number = int(os.environ.get("FILL_DEPLOYMENTS", "0"))
    if not number:
        return
    with measured():
        file = tmp_path / "beside.json"
        items = [deployment(f"beside-{at}") for at in range(number)]
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        canary_release.kubectl("create", "-f", file)
        names = canary_release.kubectl("get", "deployments", "-o", "name").split()
    assert len(names) >= number  # noqa: S101 (it is a test)


def deployment(name: str) -> dict[str, object]:
    """One without replicas, of an image that nobody needs."""
    container = {"name": "beside", "image": "beside:1"}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": spec,
    }
