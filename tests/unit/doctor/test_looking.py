"""How a machine is looked at: this one, and figures of others' kernels."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pytest_canary.cluster.downloads import KIND, KUBECTL
from pytest_canary.config.options import Options
from pytest_canary.core.processes import Processes
from pytest_canary.doctor.looking import (
    ephemeral_ports,
    free_disk,
    free_memory,
    inotify,
    look,
    look_at_engine,
    look_at_program,
    unbindable,
    why_unanswered,
)
from pytest_canary.doctor.machine import Inotify, ProgramSeen


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no program that could be asked, and an engine that isn't there."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    for name in ("KIND", "KUBECTL"):
        monkeypatch.setenv(f"{name}_DOWNLOAD_URL", f"http://127.0.0.1:1/{name.lower()}")
    return programs


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_bare_machine_is_looked_at_and_nothing_is_made(bare: Path) -> None:
    before = sorted(bare.parent.rglob("*"))
    environ = {"https_proxy": "http://127.0.0.1:1", "NO_PROXY": "x"}
    found = look(Options(), Processes(), environ)
    assert found.engine.problem.startswith("no container engine answers: ")
    assert found.kind
    assert found.kind.problem.startswith("kind is not on PATH and can't be downloaded from ")
    assert found.kubectl.problem.startswith("kubectl is not on PATH and can't be downloaded from ")
    assert found.proxies == {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "x"}
    assert found.unanswered == {"HTTPS_PROXY": "Connection refused"}
    assert (found.memory, found.disk) == (None, None)
    assert found.ports == ""
    assert sorted(bare.parent.rglob("*")) == before


def test_without_a_docker_command_that_is_what_lacks(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCKER_HOST")
    seen, root = look_at_engine(Processes())
    assert "the docker command is needed: " in seen.problem
    assert "can't be started" in seen.problem
    assert root == ""


def test_for_a_cluster_that_is_there_no_kind_is_looked_for(bare: Path) -> None:
    assert look(Options(context="there"), Processes(), {}).kind is None


def test_a_program_is_the_one_that_a_walk_would_take(bare: Path) -> None:
    named = program(bare.parent / "other", "echo 0.32.0")
    program(bare / "kind", "echo 0.33.0")
    program(KUBECTL.path, "echo Client Version: v1.36.4; echo Kustomize Version: v5")
    processes = Processes()
    found = look_at_program(KIND, named, processes)
    assert found == ProgramSeen("kind", "--kind-bin", named, "0.32.0")
    assert look_at_program(KIND, None, processes).version == "0.33.0"
    found = look_at_program(KUBECTL, None, processes)
    assert found == ProgramSeen("kubectl", "--kind-kubectl-bin", KUBECTL.path, "v1.36.4")


def test_a_program_that_fails_is_told_with_its_end(bare: Path) -> None:
    program(bare / "kind", "exit 3")
    found = look_at_program(KIND, None, Processes())
    assert found.problem == "`kind version` exited with code 3"


def test_the_kernels_figures_are_read(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 4000 kB\nMemAvailable:  3000 kB\n")
    (tmp_path / "sys" / "net" / "ipv4").mkdir(parents=True)
    (tmp_path / "sys" / "net" / "ipv4" / "ip_local_port_range").write_text("32768\t60999\n")
    limits = tmp_path / "sys" / "fs" / "inotify"
    limits.mkdir(parents=True)
    (limits / "max_user_watches").write_text("8192\n")
    (limits / "max_user_instances").write_text("128\n")
    opened = tmp_path / "17" / "fd"
    opened.mkdir(parents=True)
    for number, leads in enumerate(("anon_inode:inotify", "/dev/null", "anon_inode:inotify")):
        (opened / str(number)).symlink_to(leads)
    assert free_memory(tmp_path) == 3_072_000
    assert ephemeral_ports(tmp_path) == 28_232
    assert inotify(tmp_path) == Inotify(8_192, 128, 2)


def test_a_kernel_that_tells_nothing_is_no_failure(tmp_path: Path) -> None:
    found = (free_memory(tmp_path), ephemeral_ports(tmp_path), inotify(tmp_path))
    assert found == (None, None, None)
    assert free_disk("") is None
    assert free_disk(str(tmp_path / "nowhere")) is None


def test_the_disk_is_that_of_the_engines_folder(tmp_path: Path) -> None:
    found = free_disk(str(tmp_path))
    assert found
    stat = os.statvfs(tmp_path)
    assert found.path == tmp_path
    assert 0 < found.free <= stat.f_blocks * stat.f_frsize


def test_ports_that_can_not_be_listened_on_are_told() -> None:
    assert unbindable(11) == ""
    assert unbindable(1, "192.0.2.1") == "Cannot assign requested address"
    assert unbindable(0, "192.0.2.1") == ""


def test_whether_a_proxy_answers_is_asked_at_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        port = proxy.getsockname()[1]
        assert why_unanswered(f"http://me:secret@127.0.0.1:{port}/") == ""
        assert why_unanswered(f"127.0.0.1:{port}") == ""
    assert why_unanswered("http://127.0.0.1:1") == "Connection refused"
    assert why_unanswered("http://") == "it names no host"
    assert "ort" in why_unanswered("http://127.0.0.1:many")
