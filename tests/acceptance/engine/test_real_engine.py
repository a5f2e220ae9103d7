"""What the harness asks of the container engine, asked of a real one."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest
from acceptance.projects import needed

from pytest_canary.cluster.engine import Engine
from pytest_canary.config.options import Options
from pytest_canary.core.errors import CommandError, ImageError
from pytest_canary.core.processes import Processes
from pytest_canary.doctor.looking import look
from pytest_canary.doctor.rows import rows


def test_a_build_that_fails_says_why_and_leaves_no_container(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    dockerfile = tmp_path / "Dockerfile"
    base = needed("PYTHON_IMAGE") or "python:3"
    dockerfile.write_text(f'FROM {base}\nRUN ["python", "-c", "raise SystemExit(\'no space\')"]\n')

    with pytest.raises(ImageError) as failure:
        Engine().build(tmp_path, dockerfile, {}, "pytest-canary/test:fails", tmp_path / "iid", 120)

    assert failure.value.sentence.startswith("the image can't be built: `docker build` exited with")
    assert "no space" in failure.value.evidence
    # Whatever else others have there meanwhile.
    commands = [str(each.attrs["Config"]["Cmd"]) for each in engine.containers.list(all=True)]
    assert not [command for command in commands if "no space" in command]


def test_when_a_container_was_started_is_known_while_it_runs(engine: docker.DockerClient) -> None:
    container = engine.containers.run(needed("PYTHON_IMAGE"), ["sleep", "600"], detach=True)
    name, asked = str(container.name), Engine()
    try:
        first = asked.start_time(name)
        assert first.startswith("20")
        assert asked.start_time(name) == first
        container.restart(timeout=0)
        assert asked.start_time(name) > first
        container.pause()
        with pytest.raises(CommandError, match=f"container {name} is paused"):
            asked.start_time(name)
        container.unpause()
    finally:
        container.remove(force=True)
    with pytest.raises(CommandError, match="No such container"):
        asked.start_time(name)


def test_what_the_engine_says_of_itself_is_there(engine: docker.DockerClient) -> None:
    about = Engine().about
    assert about.root
    assert about.memory
    assert about.memory > 10**8


def test_the_doctor_finds_the_engine_well(engine: docker.DockerClient) -> None:
    found = look(Options(), Processes(), {})
    engine_row, *_ = rows(found)
    assert (engine_row.name, engine_row.state) == ("engine", "ok")
    assert engine_row.seen.startswith(f"Docker {engine.version()['Version']}, at ")
    assert found.disk
    assert found.disk.free > 0
