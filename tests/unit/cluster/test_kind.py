"""A kind cluster's programs and files: downloaded, found and named, with nothing else changed."""

import os
import platform
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fakes.engine import Engine

from pytest_canary.cluster.kind import KIND_VERSION, KUBECTL_VERSION, Cluster
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.processes import Processes

PROGRAM = "#!/bin/sh\necho kind v0.33.0\n"


class Mirror(ThreadingHTTPServer):
    """Serves one program, and notes the environment at that moment."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Download)
        self.status = 200
        self.length = len(PROGRAM)
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
        self.wfile.write(PROGRAM.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with neither program, and a cache of its own."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("KIND_DOWNLOAD_URL", "KUBECTL_DOWNLOAD_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cluster(folder: Path, **options: Any) -> Cluster:
    return Cluster("canary-1", folder, **options)


@pytest.mark.parametrize("program", ["kind", "kubectl"])
def test_a_program_is_downloaded_from_where_the_environment_says_and_leaves_it_alone(
    mirror: Mirror, machine: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setenv(f"{program.upper()}_DOWNLOAD_URL", f"{mirror.url}/own/{program}")
    before = dict(os.environ)
    made = cluster(machine)
    getattr(made, f"ensure_{program}")()
    getattr(made, f"ensure_{program}")()
    assert mirror.asked == [f"/own/{program}"], "once"
    assert [*mirror.environments, dict(os.environ)] == [before, before]
    version = {"kind": KIND_VERSION, "kubectl": KUBECTL_VERSION}[program]
    path = machine / "cache" / "pytest-canary" / "bin" / f"{program}-{version}"
    assert (path.read_text(), path.stat().st_mode & 0o777) == (PROGRAM, 0o755)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("program", "where"),
    [
        ("kind", f"kubernetes-sigs/kind/releases/download/{KIND_VERSION}/kind-{{os}}-{{cpu}}"),
        ("kubectl", f"https://dl.k8s.io/release/{KUBECTL_VERSION}/bin/{{os}}/{{cpu}}/kubectl"),
    ],
)
def test_without_an_environments_word_it_is_the_release_for_this_machine(
    machine: Path, monkeypatch: pytest.MonkeyPatch, program: str, where: str
) -> None:
    import requests

    def refused(url: str, **_: object) -> None:
        raise requests.ConnectionError(f"no way to {url}")

    monkeypatch.setattr(requests, "get", refused)
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    before = dict(os.environ)
    with pytest.raises(ClusterError) as failure:
        getattr(cluster(machine), f"ensure_{program}")()
    assert where.format(os=platform.system().lower(), cpu="arm64") in failure.value.sentence
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("program", "option"), [("kind", "--kind-bin"), ("kubectl", "--kind-kubectl-bin")]
)
@pytest.mark.parametrize("trouble", ["refused", "cut off"])
def test_a_download_that_fails_leaves_nothing(
    mirror: Mirror,
    machine: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    option: str,
    trouble: str,
) -> None:
    monkeypatch.setenv(f"{program.upper()}_DOWNLOAD_URL", mirror.url)
    if trouble == "refused":
        mirror.status = 404
    else:
        mirror.length *= 2
    with pytest.raises(ClusterError) as failure:
        getattr(cluster(machine), f"ensure_{program}")()
    sentence = failure.value.sentence
    assert sentence.startswith(
        f"{program} is not on PATH and can't be downloaded from {mirror.url}: "
    )
    assert sentence.endswith(f"; install {program}, or name it with {option}")
    assert list((machine / "cache" / "pytest-canary" / "bin").iterdir()) == []


def test_pytest_kinds_folder_is_gone_and_named_in_full(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cluster(machine)
    elsewhere = machine / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert made.path == machine / ".pytest-kind" / "canary-1"
    assert not (machine / ".pytest-kind").exists()


def test_files_of_others_in_pytest_kinds_folder_stay(machine: Path) -> None:
    theirs = machine / ".pytest-kind" / "canary-1" / "kubeconfig"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    cluster(machine)
    assert theirs.exists()


def test_kinds_commands_are_the_runs(machine: Path) -> None:
    kind = machine / "kind"
    kind.write_text("#!/bin/sh\necho canary-1 canary-2\necho hunter22 >&2\n")
    kind.chmod(0o755)
    ours = Processes(Redactor(["canary-1"]))
    assert cluster(machine, kind=kind, processes=ours).exists(), "a name is no secret"
    kind.write_text("#!/bin/sh\necho hunter22 >&2; exit 1\n")
    ours.redactor.add("hunter22")
    with pytest.raises(ClusterError, match=r"cluster canary-1: `kind get clusters`") as failure:
        cluster(machine, kind=kind, processes=ours).exists()
    assert failure.value.evidence.splitlines()[-1] == "********"


def test_a_node_port_is_mapped_or_the_service_is_to_blame(machine: Path) -> None:
    engine = Engine("canary-1-control-plane", machine / "deleted")
    with pytest.raises(ClusterError, match="node port 31234 is not mapped to this machine"):
        cluster(machine).host_port(engine, 31234)
    engine.ports.add(41000)
    assert cluster(machine).host_port(engine, 30000) == 41000
