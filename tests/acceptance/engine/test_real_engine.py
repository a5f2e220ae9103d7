"""What the harness asks of the container engine, asked of a real one."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest
from acceptance.projects import needed

from pytest_canary.cluster.engine import Engine
from pytest_canary.core.errors import ImageError


def test_a_build_that_fails_says_why_and_leaves_no_container(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    dockerfile = tmp_path / "Dockerfile"
    base = needed("PYTHON_IMAGE") or "python:3"
    dockerfile.write_text(f'FROM {base}\nRUN ["python", "-c", "raise SystemExit(\'no space\')"]\n')
    before = {each.id for each in engine.containers.list(all=True)}

    with pytest.raises(ImageError) as failure:
        Engine().build(tmp_path, dockerfile, {}, "pytest-canary/test:fails", tmp_path / "iid", 120)

    assert failure.value.sentence.startswith("the image can't be built: `docker build` exited with")
    assert "no space" in failure.value.evidence
    left = {each.id for each in engine.containers.list(all=True)} - before
    assert left == set()
