"""A project whose manifests are right, and what breaks them."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.folders import FIXTURES, ROOT

BROKEN = FIXTURES / "manifests"


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose manifests are right, and no program that could be run for it."""
    for kind in ("deployment", "service"):
        shutil.copy(BROKEN / kind / "healthy.yml", project / "manifests" / f"{kind}.yml")
    shutil.copy(ROOT / "apply.sh", project / "apply.sh")
    monkeypatch.setenv("PATH", str(project / "nothing"))
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:1")
    yield project
    gc.unfreeze()  # a check freezes what is alive in its process


def broken(shop: Path, path: str) -> None:
    kind = path.split("/")[0]
    shutil.copy(BROKEN / f"{path}.yml", shop / "manifests" / f"{kind}.yml")
