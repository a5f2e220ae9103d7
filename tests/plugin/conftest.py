"""A project in the addressbook's layout, for pytest to be run on.

It runs in this process, where that is all the same; in one of its own where it is not: what is
imported, what a signal does, and what draws a report's pictures.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import stand_in as stand_ins
from fakes.folders import TESTS
from fakes.inner_sessions import pytester as pytester
from fakes.inner_sessions import small_heap as small_heap


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The addressbook's layout, and a state folder of its own."""
    root = pytester.path
    (root / "manifests").mkdir()
    (root / "Dockerfile").write_text("FROM scratch\n")
    (root / "manifests" / "deployment.yml").write_text("kind: Deployment\n")
    (root / "manifests" / "service.yml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: shop-lb}\n"
    )
    apply = root / "apply.sh"
    apply.write_text("#!/bin/sh\n")
    apply.chmod(0o755)
    (root / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers -p no:cacheprovider\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
    monkeypatch.setenv("ENTERED", str(root / "entered"))
    monkeypatch.setenv("COLUMNS", "80")
    # Where these tests run there, findings would be annotations.
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return root


def entered_in(project: Path) -> list[str]:
    """The transitions that were made."""
    log = project / "entered"
    return log.read_text().split() if log.exists() else []


@pytest.fixture
def stand_in(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Transitions that only write down that they were made; returns what they wrote."""
    monkeypatch.setenv("PYTEST_PLUGINS", stand_ins.__name__)
    monkeypatch.setenv("PYTHONPATH", str(TESTS), prepend=os.pathsep)
    return lambda: entered_in(project)
