"""kind and kubectl from their makers, for a machine that has none: what was meant, or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.core.errors import ClusterError

# Seconds for a whole download, to connect for it, and between two parts of it.
DOWNLOAD = 600.0
CONNECT = 10
PART = 60

CHUNK = 1 << 16


@dataclass(frozen=True)
class Program:
    """A program in one version.

    Attributes:
        name: its own.
        version: as its makers write it.
        where: its URL, for an operating system and an architecture as Go names them.
        option: names another one.
        checksums: the SHA-256 of each platform's, as its makers have published it.
    """

    name: str
    version: str
    where: str
    option: str
    checksums: Mapping[str, str]

    @property
    def path(self) -> Path:
        """Where it is kept."""
        given = os.environ.get("XDG_CACHE_HOME", "")
        # A relative one is to be ignored, as XDG has it.
        cache = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
        return cache / "pytest-canary" / "bin" / f"{self.name}-{self.version}"

    def url(self) -> str:
        """Where it comes from: $KIND_DOWNLOAD_URL or $KUBECTL_DOWNLOAD_URL may name a mirror."""
        system, cpu = this_platform().split("/")
        makers = self.where.format(version=self.version, os=system, cpu=cpu)
        return os.environ.get(f"{self.name.upper()}_DOWNLOAD_URL", makers)


KIND = Program(
    "kind",
    "v0.33.0",
    "https://github.com/kubernetes-sigs/kind/releases/download/{version}/kind-{os}-{cpu}",
    "--kind-bin",
    {
        "linux/amd64": "aee6151561422756b764a4ae28e7f44cda5af5a9eead3cc9985112b1de8d8e0d",
        "linux/arm64": "20022bee6cfcd5086cb7234d218e3454e6090022f2a8f55d1fa7fcf42c3867a2",
        "darwin/amd64": "5a99f26f57246dc9319dd294803313197a0f34d33c525b3ea8b655db5916ece0",
        "darwin/arm64": "0c8c7dbe5e23594a198b786c4bc13dacc101fa6196b0cb0b23a1ca44e61f4b4f",
    },
)

# It may be one minor version away from the cluster, and kind's own choice is 1.37.
KUBECTL = Program(
    "kubectl",
    "v1.36.4",
    "https://dl.k8s.io/release/{version}/bin/{os}/{cpu}/kubectl",
    "--kind-kubectl-bin",
    {
        "linux/amd64": "8b8f088da2dab964f853b38464033b1be15ede2839eca751482357c45abdd05a",
        "linux/arm64": "0ecf44450ee6063bf19dd166a103ee6df4a9034455c2abce626e6eea657d73fb",
        "darwin/amd64": "71a3aa7c2ee2c974d9fbb462cba0c5c04a4df2e8d85eee94714fd819ea3c4e63",
        "darwin/arm64": "c9e4f713d6fee0043a3d835cca13077cda2bc0973840eb9779360df0b5bdfc69",
    },
)


def ensure(program: Program, path: Path, timeout: float = DOWNLOAD) -> None:
    """See that a program is there; one that is neither named nor on PATH is downloaded.

    Args:
        program: what is wanted.
        path: where it is to be; it is downloaded to `Program.path` alone.
        timeout: seconds for the whole download.

    Raises:
        ClusterError: it isn't there, can't be had, or is another one than was meant.
    """
    if path != program.path:
        if not path.exists():
            raise ClusterError(
                f"{program.name} is to be {path}, and there is no such file; see {program.option}"
            )
        return
    expected = program.checksums.get(this_platform())
    if path.exists() and _checksum(path) == expected:
        return
    remedy = f"install {program.name}, or name it with {program.option}"
    if expected is None:
        raise ClusterError(
            f"{program.name} is not on PATH, and none is known for {this_platform()}; {remedy}"
        )
    url = program.url()
    try:
        _within(timeout, _Download(url, path, expected, timeout))
    except OSError as error:  # requests' errors are OSErrors too
        why = str(error) or f"it took more than {timeout:g} s"
        raise ClusterError(
            f"{program.name} is not on PATH and can't be downloaded from {url}: {why}; {remedy}"
        ) from error


def unavailable(program: Program, timeout: float) -> str:
    """Why a program can't be downloaded, as far as that is known without doing so; empty if it can.

    Args:
        program: what is wanted.
        timeout: seconds for its place to answer.
    """
    import requests

    lead = f"{program.name} is not on PATH"
    if this_platform() not in program.checksums:
        return f"{lead}, and none is known for {this_platform()}"
    url = program.url()
    why = ""
    try:
        # A mirror may know of no HEAD; of the program itself nothing is read.
        with requests.get(url, stream=True, timeout=timeout) as answer:
            if not answer.ok:
                why = f"it answers with status {answer.status_code}"
    except requests.Timeout:
        why = f"it does not answer within {timeout:g} s"
    except OSError:  # requests' errors are OSErrors too; they name the address again, and again
        why = "it can't be reached"
    return f"{lead} and can't be downloaded from {url}: {why}" if why else ""


@dataclass
class _Download:
    """One download, to a file of its own that gets its name when all of it is there and right."""

    url: str
    path: Path
    expected: str
    timeout: float

    def __call__(self) -> None:
        import requests

        deadline = time.monotonic() + self.timeout
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        part, read = Path(name), hashlib.sha256()
        try:
            with (
                os.fdopen(descriptor, "wb") as file,
                requests.get(self.url, stream=True, timeout=(CONNECT, PART)) as answer,
            ):
                answer.raise_for_status()
                for chunk in answer.iter_content(chunk_size=CHUNK):
                    if time.monotonic() > deadline:
                        raise TimeoutError
                    file.write(chunk)
                    read.update(chunk)
            if read.hexdigest() != self.expected:
                raise OSError(
                    f"what comes from there has SHA-256 {read.hexdigest()}, "
                    f"and its makers' has {self.expected}"
                )
            part.chmod(0o755)
            part.replace(self.path)
        finally:
            with contextlib.suppress(OSError):
                part.unlink()


def _within(seconds: float, work: _Download) -> None:
    """Do something, and give it up at a deadline, whatever it hangs in."""
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            work()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="canary-download", daemon=True).start()
    outcome.result(timeout=seconds)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def this_platform() -> str:
    """This machine's operating system and architecture, as Go names them."""
    machine = platform.machine().lower()
    cpu = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}/{cpu}"
