"""What was seen of this machine, without a judgement; None is what could not be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class EngineSeen:
    """The container engine.

    Attributes:
        problem: why it can't be asked; empty where it answered, as are all others where it did not.
        version: its own.
        endpoint: where it listens.
        is_here: whether it runs on this machine.
        memory: of the machine that it runs on, in bytes.
        proxies: those that it pulls images through.
    """

    problem: str = ""
    version: str = ""
    endpoint: str = ""
    is_here: bool = True
    memory: int | None = None
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProgramSeen:
    """kind or kubectl.

    Attributes:
        name: its own.
        option: names another one.
        path: where it is; None where it is to be downloaded.
        version: as it says itself.
        url: where it would be downloaded from.
        problem: why it can't be run, or had; empty where it can.
    """

    name: str
    option: str
    path: Path | None = None
    version: str = ""
    url: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Disk:
    """The file system that images go to.

    Attributes:
        path: a folder of it.
        free: bytes.
    """

    path: Path
    free: int


@dataclass(frozen=True)
class Inotify:
    """The kernel's limits on watching files, which a node shares with its host.

    Attributes:
        watches: files that one user may watch.
        instances: how many watchers one user may have.
        used: how many of these the user has, as far as that can be seen.
    """

    watches: int
    instances: int
    used: int


@dataclass(frozen=True)
class Machine:
    """Everything that rows are made of.

    Attributes:
        engine: the container engine.
        kind: None where no cluster is going to be made.
        kubectl: the program.
        memory: bytes that are free, or can be; None where the engine is elsewhere.
        disk: None where it can't be told.
        inotify: None where the kernel has none.
        ports: why no port of 127.0.0.1 can be listened on; empty where some can.
        ephemeral: how many ports connections may come from.
        proxies: the variables that name some, by name; NO_PROXY among them.
        unanswered: the proxies of those that don't answer, each with why.
    """

    engine: EngineSeen
    kubectl: ProgramSeen
    kind: ProgramSeen | None = None
    memory: int | None = None
    disk: Disk | None = None
    inotify: Inotify | None = None
    ports: str = ""
    ephemeral: int | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)
    unanswered: Mapping[str, str] = field(default_factory=dict)
