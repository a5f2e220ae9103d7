"""Where the container engine listens: the environment, a script that stands in for docker."""

import os
from pathlib import Path

import pytest

from pytest_canary.cluster.engine_address import engine_address, is_here
from pytest_canary.core.errors import ImageError
from pytest_canary.core.processes import Processes


@pytest.fixture(autouse=True)
def docker_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an engine that no variable names."""
    for name in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\n[ "$1 $2" = "context inspect" ] && echo unix:///its/own\n')
    docker.chmod(0o755)
    return tmp_path


def test_the_docker_commands_context_says_where() -> None:
    assert engine_address(Processes()) == {"base_url": "unix:///its/own"}


def test_without_a_docker_command_it_is_said(docker_machine: Path) -> None:
    (docker_machine / "docker").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(ImageError) as failure:
        engine_address(Processes())
    assert failure.value.sentence == (
        "the docker command is needed: `docker context inspect` exited with code 1"
    )


def test_the_environment_says_where_and_with_which_certificates(
    docker_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cert.pem", "key.pem", "ca.pem"):
        (docker_machine / name).touch()
    monkeypatch.setenv("DOCKER_HOST", "tcp://docker:2376")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(docker_machine))
    address = engine_address(Processes())
    assert address["base_url"] == "tcp://docker:2376"
    assert address["tls"].cert == (
        str(docker_machine / "cert.pem"),
        str(docker_machine / "key.pem"),
    )
    assert address["tls"].ca_cert == str(docker_machine / "ca.pem")


def test_certificates_that_are_not_there_are_told(
    docker_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://docker:2376")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(docker_machine / "certs"))
    with pytest.raises(ImageError) as failure:
        engine_address(Processes())
    assert failure.value.sentence.startswith(
        "the container engine at tcp://docker:2376 can't be asked: "
    )
    assert failure.value.sentence.endswith("; see DOCKER_CERT_PATH and DOCKER_TLS_VERIFY")


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [
        ("unix:///var/run/docker.sock", True),
        ("npipe:////./pipe/docker_engine", True),
        ("its usual place", True),
        ("tcp://127.0.0.1:2375", True),
        ("https://localhost:2376", True),
        ("tcp://192.0.2.7:2375", False),
        ("tcp://no.such.host.invalid:2375", False),
        ("ssh://build@127.0.0.1", False),
    ],
)
def test_an_engine_is_on_this_machine_or_not(endpoint: str, here: bool) -> None:
    assert is_here(endpoint) is here
