"""A walk that ends in the middle: nothing is left, or the next run finds and removes it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

import docker
import pytest
from acceptance.projects import NOTHING, Project, left
from fakes.signals import heed_signals

Make = Callable[[str], Project]


def started(project: Project, engine: docker.DockerClient, *args: str) -> subprocess.Popen[bytes]:
    """A walk whose node container is there, so that it is in the midst of its first stage."""
    process = subprocess.Popen(
        project.command("--canary", *args),
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=heed_signals,
    )
    deadline = time.monotonic() + 60
    while not project.nodes(engine):
        assert time.monotonic() < deadline, "the node container never came"
        assert process.poll() is None, process.communicate()[0].decode()
        time.sleep(0.1)
    return process


# SIGTERM ends walks in the shared cluster, in test_endings.py.
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.soak)]
)
def test_an_interrupt_removes_everything(
    addressbook_project: Make,
    releases: dict[str, str],
    engine: docker.DockerClient,
    number: signal.Signals,
) -> None:
    project = addressbook_project(f"interrupted-{number.name.lower()}")
    process = started(project, engine, f"--canary-baseline={releases['1']}")
    process.send_signal(number)
    text = process.communicate(timeout=120)[0].decode()
    assert process.returncode == (2 if number == signal.SIGINT else 143), text
    assert left(engine, project) == NOTHING


def test_what_a_killed_walk_left_is_removed_by_the_next(
    addressbook_project: Make, releases: dict[str, str], engine: docker.DockerClient
) -> None:
    project = addressbook_project("killed")
    process = started(project, engine, f"--canary-baseline={releases['1']}")
    process.kill()
    process.communicate(timeout=60)
    assert left(engine, project) != NOTHING

    reaped = project.pytest("--canary-reap")

    assert reaped.code == 0
    assert "is gone and left canary-" in reaped.text
    assert left(engine, project) == NOTHING
