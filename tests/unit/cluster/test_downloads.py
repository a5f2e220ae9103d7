"""Programs that are downloaded: from a server on loopback, whole, in time and as meant."""

import hashlib
import os
import platform
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pytest_canary.cluster.downloads import (
    KIND,
    KUBECTL,
    Program,
    ensure,
    this_platform,
    unavailable,
)
from pytest_canary.core.errors import ClusterError

PROGRAM = b"#!/bin/sh\necho kind v0.33.0\n"
PAGE = b"<html>captive portal</html>"
PLATFORMS = {"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"}


class Mirror(ThreadingHTTPServer):
    """Serves one program, and notes the environment at that moment."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Download)
        self.status = 200
        self.body = PROGRAM
        self.length = len(PROGRAM)
        self.hangs = threading.Event()
        self.ended = threading.Event()
        self.asked: list[str] = []
        self.environments: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Download(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.environments.append(dict(os.environ))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(self.server.length))
        self.end_headers()
        self.wfile.write(self.server.body)
        if self.server.hangs.is_set():
            self.wfile.flush()
            self.server.ended.wait(60)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.ended.set()
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and an environment that names no mirror."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("KIND_DOWNLOAD_URL", "KUBECTL_DOWNLOAD_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache" / "pytest-canary" / "bin"


def meaning(program: Program, content: bytes = PROGRAM) -> Program:
    """The same, as if its makers had published this."""
    return replace(program, checksums={this_platform(): hashlib.sha256(content).hexdigest()})


def refused(program: Program, timeout: float = 20) -> str:
    with pytest.raises(ClusterError) as failure:
        ensure(program, program.path, timeout)
    return failure.value.sentence


@pytest.mark.parametrize("program", [KIND, KUBECTL], ids=lambda each: each.name)
def test_every_platform_that_is_offered_has_its_makers_checksum(program: Program) -> None:
    assert set(program.checksums) == PLATFORMS
    digits = {bytes.fromhex(each) for each in program.checksums.values()}
    assert len(digits) == len(PLATFORMS)
    assert {len(each) for each in digits} == {32}


@pytest.mark.parametrize("made", [KIND, KUBECTL], ids=lambda each: each.name)
def test_a_program_is_downloaded_from_where_the_environment_says_and_leaves_it_alone(
    mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch, made: Program
) -> None:
    monkeypatch.setenv(f"{made.name.upper()}_DOWNLOAD_URL", f"{mirror.url}/own/{made.name}")
    before, program = dict(os.environ), meaning(made)
    ensure(program, program.path)
    ensure(program, program.path)
    assert mirror.asked == [f"/own/{made.name}"], "once"
    assert [*mirror.environments, dict(os.environ)] == [before, before]
    path = cache / f"{made.name}-{made.version}"
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (PROGRAM, 0o755)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("program", "where"),
    [
        (KIND, "https://github.com/kubernetes-sigs/kind/releases/download/v0.33.0/kind-{}-arm64"),
        (KUBECTL, "https://dl.k8s.io/release/v1.36.4/bin/{}/arm64/kubectl"),
    ],
    ids=["kind", "kubectl"],
)
def test_without_an_environments_word_it_is_the_release_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, program: Program, where: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert program.url() == where.format(platform.system().lower())


def test_what_its_makers_have_not_made_is_not_kept(
    mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIND_DOWNLOAD_URL", mirror.url)
    mirror.body, mirror.length = PAGE, len(PAGE)
    for _ in range(2):
        program = meaning(KIND)
        assert refused(program) == (
            f"kind is not on PATH and can't be downloaded from {mirror.url}: what comes from there "
            f"has SHA-256 {hashlib.sha256(PAGE).hexdigest()}, and its makers' has "
            f"{program.checksums[this_platform()]}; install kind, or name it with --kind-bin"
        )
        assert list(cache.iterdir()) == []


def test_what_broke_in_the_cache_is_downloaded_again(
    mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIND_DOWNLOAD_URL", mirror.url)
    program = meaning(KIND)
    cache.mkdir(parents=True)
    program.path.write_bytes(PAGE)
    ensure(program, program.path)
    assert program.path.read_bytes() == PROGRAM


@pytest.mark.parametrize("program", [KIND, KUBECTL], ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ("refused", "404 Client Error"),
        ("cut off", "Connection broken"),
        ("stalled", "it took more than 0.3 s"),
    ],
)
def test_a_download_that_fails_leaves_nothing(
    mirror: Mirror,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: Program,
    trouble: str,
    why: str,
) -> None:
    monkeypatch.setenv(f"{program.name.upper()}_DOWNLOAD_URL", mirror.url)
    if trouble == "refused":
        mirror.status = 404
    else:
        mirror.length *= 2
    if trouble == "stalled":
        mirror.hangs.set()
    sentence = refused(meaning(program), 0.3 if trouble == "stalled" else 20)
    assert sentence.startswith(
        f"{program.name} is not on PATH and can't be downloaded from {mirror.url}: "
    )
    assert why in sentence
    assert sentence.endswith(f"; install {program.name}, or name it with {program.option}")
    assert not program.path.exists()
    mirror.ended.set()
    for thread in threading.enumerate():
        if thread.name == "canary-download":
            thread.join(10)
    assert list(cache.iterdir()) == []


def test_two_that_download_at_once_do_not_write_into_one_file(
    mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIND_DOWNLOAD_URL", mirror.url)
    mirror.length *= 2
    mirror.hangs.set()
    refused(meaning(KIND), 0.3)
    assert len(list(cache.iterdir())) == 1, "the first still writes"
    mirror.length //= 2
    mirror.hangs.clear()
    program = meaning(KIND)
    ensure(program, program.path)
    assert program.path.read_bytes() == PROGRAM


def test_a_platform_for_which_nothing_is_published_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "s390x")
    system = platform.system().lower()
    assert refused(KUBECTL) == (
        f"kubectl is not on PATH, and none is known for {system}/s390x; install kubectl, or name "
        "it with --kind-kubectl-bin"
    )


def test_a_program_that_is_named_is_not_downloaded_there(tmp_path: Path) -> None:
    named = tmp_path / "kind"
    with pytest.raises(ClusterError) as failure:
        ensure(KIND, named)
    assert failure.value.sentence == (
        f"kind is to be {named}, and there is no such file; see --kind-bin"
    )
    named.touch()
    ensure(KIND, named)


def test_a_relative_cache_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert KIND.path == tmp_path / ".cache" / "pytest-canary" / "bin" / "kind-v0.33.0"


# Whether one could be downloaded, told without doing so.


def test_a_program_that_is_there_is_available_and_stays_there(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setenv("KIND_DOWNLOAD_URL", f"{mirror.url}/kind")
    assert unavailable(KIND, 10) == ""
    assert mirror.asked == ["/kind"]
    assert not cache.exists()


def test_why_a_program_is_not_available_is_told(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.status = 404
    monkeypatch.setenv("KIND_DOWNLOAD_URL", f"{mirror.url}/kind")
    lead = "kind is not on PATH"
    told = f"{lead} and can't be downloaded from {mirror.url}/kind: "
    assert unavailable(KIND, 10) == f"{told}it answers with status 404"
    nowhere = "http://127.0.0.1:1/kind"
    monkeypatch.setenv("KIND_DOWNLOAD_URL", nowhere)
    assert unavailable(KIND, 10).endswith(f"{nowhere}: it can't be reached")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    system = platform.system().lower()
    assert unavailable(KIND, 10) == f"{lead}, and none is known for {system}/riscv64"


def test_a_place_that_does_not_answer_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/kind"
        monkeypatch.setenv("KIND_DOWNLOAD_URL", url)
        assert unavailable(KIND, 0.1).endswith(f"{url}: it does not answer within 0.1 s")
