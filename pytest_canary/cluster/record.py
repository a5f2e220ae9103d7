"""What a run made, and where, as its folder has it; where the folders are."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TypedDict

from pytest_canary.cluster.container_engine import NodeContainer
from pytest_canary.core.errors import ClusterError

RECORD = "record.json"


def host_name() -> str:
    """This machine's name."""
    return socket.gethostname()


def boot_id() -> str:
    """Which start of the machine this is; empty where that isn't told."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class Noted(TypedDict, total=False):
    """What of a record may be noted once it is there; see `Record`."""

    host: str
    boot: str
    engine: str
    endpoint: str
    cluster: str | None
    cluster_spec: str | None
    containers: list[str] | None
    network: bool
    network_id: str | None
    namespace: str | None
    within: str | None
    guest: bool
    kubectl: str | None
    images: list[str]
    registry: bool
    kept: bool


@dataclass
class Record:
    """What a run made, and where, as its folder has it.

    Attributes:
        run: six hexadecimal digits that its names carry.
        project: the folder of the project that it rehearses.
        host, boot: the machine that it ran on, and which start of it.
        engine, endpoint: the container engine's ID, and where it listened.
        mark: what tells the run's node containers from others of the same name, from the moment
            on that the engine knows them: they have a mount of that name.
        cluster: the kind cluster it made, if any.
        cluster_spec: what that cluster was made from; another spec needs another cluster.
        containers: the IDs of its node containers; None as long as kind has not said its last
            word, so that the engine may still be making one.
        network: whether it made the engine's network "kind".
        network_id: the ID of that network, once it is there.
        namespace: the namespace that it made in a cluster that outlives it.
        within: the run that owns that cluster; None where it is somebody else's.
        guest: whether that namespace was there before, and stays.
        applied: what its release applied there, as kubectl calls it: "service/shop-lb".
        cluster_wide: what it applied that belongs to the whole cluster, likewise:
            "CustomResourceDefinition.v1.apiextensions.k8s.io/x.example.com".
        kubectl: the program that removes it.
        images: the names that it gave to images.
        registry: whether it has a registry of its own.
        kept: whether its user asked for the cluster to stay.
    """

    run: str
    project: str
    host: str = field(default_factory=host_name)
    boot: str = field(default_factory=boot_id)
    engine: str = ""
    endpoint: str = ""
    mark: str = field(default_factory=lambda: secrets.token_hex(16))
    cluster: str | None = None
    cluster_spec: str | None = None
    containers: list[str] | None = None
    network: bool = False
    network_id: str | None = None
    namespace: str | None = None
    within: str | None = None
    guest: bool = False
    applied: list[str] = field(default_factory=list)
    cluster_wide: list[str] = field(default_factory=list)
    kubectl: str | None = None
    images: list[str] = field(default_factory=list)
    registry: bool = False
    kept: bool = False

    def note(self, what: Noted) -> None:
        """Take over what is about to be made."""
        vars(self).update(what)

    @property
    def mount(self) -> str:
        """The path in its node containers that has its mark."""
        return f"/pytest-canary/{self.mark}"

    @property
    def registry_part(self) -> str:
        """What the names of all images in its registry begin with, and no others have."""
        return f"canary-{self.run}"

    def owns(self, node: NodeContainer) -> bool:
        """Whether a node container is the run's, and not one that somebody has made since."""
        return node.id in (self.containers or ()) or self.mount in node.mounts

    @property
    def is_of_here(self) -> bool:
        """Whether it ran on this machine, so that its lock says whether it still runs.

        A container's host name changes from one to the next, and its machine's boot ID does not.
        """
        return self.host == host_name() or bool(self.boot and self.boot == boot_id())


def state_folder() -> Path:
    """Where the runs' folders are: $XDG_STATE_HOME/pytest-canary/runs.

    Raises:
        ClusterError: there is no home folder.
    """
    # A relative one is to be ignored, as XDG has it: it would be another one in each folder.
    given = os.environ.get("XDG_STATE_HOME", "")
    try:
        base = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise ClusterError(f"{error}; set XDG_STATE_HOME to a folder for records of runs") from None
    return base / "pytest-canary" / "runs"


def write(record: Record, folder: Path) -> None:
    """Write a record into its folder, through to the disk, whole or not at all.

    Raises:
        ClusterError: it can't be written.
    """
    path = folder / RECORD
    fresh = path.with_suffix(".new")
    try:
        with fresh.open("w") as file:
            file.write(json.dumps(asdict(record), indent=2))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync(folder)
    except OSError as error:
        raise ClusterError(
            f"what the run makes can't be noted in {path}: {error.strerror}; nothing is made that "
            "is not noted"
        ) from error


def read(folder: Path) -> Record | None:
    """A folder's record; None where it has none.

    Raises:
        ClusterError: it has one, and nobody can read it.
    """
    path = folder / RECORD
    try:
        known = json.loads(path.read_text())
        # Another version of this package may note more; what it names is removed all the same.
        return Record(**{f.name: known[f.name] for f in fields(Record) if f.name in known})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"the record of run {folder.name}, {path}, can't be read ({error}), so what it made is "
            f"unknown and stays; see whether there is a cluster canary-{folder.name}, and delete "
            f"{folder}"
        ) from error


def sync(folder: Path) -> None:
    """Let a change of names in a folder outlive a power cut."""
    with contextlib.suppress(OSError):  # not every file system can
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
