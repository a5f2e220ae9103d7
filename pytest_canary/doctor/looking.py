"""Looks at this machine: asks and reads, and changes nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pytest_canary.cluster import downloads
from pytest_canary.cluster.downloads import KIND, KUBECTL, Program
from pytest_canary.cluster.engine import Engine
from pytest_canary.cluster.engine_address import is_here
from pytest_canary.cluster.kind_config import NODE_PORTS
from pytest_canary.config.options import Options
from pytest_canary.core.errors import CanaryError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.doctor.machine import Disk, EngineSeen, Inotify, Machine, ProgramSeen

# Seconds for the engine, a program, a download's place and a proxy to answer.
ANSWER = 10

# What each says of its version, and how it is asked.
VERSION = {"kind": ("version", "--quiet"), "kubectl": ("version", "--client")}

# As requests and Go read them, in either case.
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")

PROC = Path("/proc")

# Where a kind node's ports are mapped to.
HOST = "127.0.0.1"


def look(options: Options, processes: Processes, environ: Mapping[str, str]) -> Machine:
    """What this machine has.

    Args:
        options: name programs of its own; with a context no cluster is going to be made.
        processes: run the programs.
        environ: this process's environment.
    """
    engine, root = look_at_engine(processes)
    proxies = {name: url for name in PROXIES if (url := _variable(environ, name))}
    ports = 0 if options.context else len(NODE_PORTS) + 1  # and the API server's
    return Machine(
        engine=engine,
        kind=None if options.context else look_at_program(KIND, options.kind, processes),
        kubectl=look_at_program(KUBECTL, options.kubectl, processes),
        memory=free_memory(PROC) if engine.is_here and not engine.problem else None,
        disk=free_disk(root) if engine.is_here else None,
        inotify=inotify(PROC) if engine.is_here else None,
        ports=unbindable(ports),
        ephemeral=ephemeral_ports(PROC),
        proxies=proxies,
        unanswered={
            name: why
            for name, url in proxies.items()
            if name != "NO_PROXY" and (why := why_unanswered(url))
        },
    )


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.lower()) or ""


def look_at_engine(processes: Processes) -> tuple[EngineSeen, str]:
    """The engine, and the folder that it keeps images in; empty where it does not tell."""
    try:
        engine = Engine(processes, timeout=ANSWER)
        about = engine.about
    except CanaryError as error:
        return EngineSeen(problem=error.sentence), ""
    seen = EngineSeen(
        version=engine.version,
        endpoint=engine.endpoint,
        is_here=is_here(engine.endpoint),
        memory=about.memory,
        proxies=about.proxies,
    )
    return seen, about.root


def look_at_program(program: Program, given: Path | None, processes: Processes) -> ProgramSeen:
    """A program as a walk would find it: named, on PATH, downloaded before, or to be."""
    on_path = shutil.which(program.name)
    path = given or (Path(on_path) if on_path else None)
    if path is None and program.path.exists():
        path = program.path
    if path is None:
        problem = downloads.unavailable(program, ANSWER)
        return ProgramSeen(program.name, program.option, url=program.url(), problem=problem)
    try:
        said = processes.read([path, *VERSION[program.name]], timeout=ANSWER).strip()
    except CommandError as error:
        return ProgramSeen(program.name, program.option, path, problem=error.sentence)
    version = said.splitlines()[0].removeprefix("Client Version: ") if said else "of no version"
    return ProgramSeen(program.name, program.option, path, version)


def free_memory(proc: Path) -> int | None:
    """Bytes that are free or can be; None where the kernel doesn't tell.

    Args:
        proc: where the kernel's figures are.
    """
    with contextlib.suppress(OSError, ValueError):
        for line in (proc / "meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def free_disk(root: str) -> Disk | None:
    """The file system that the engine's folder is on, where that is on this machine."""
    if not root or not os.path.lexists(root):
        return None
    try:
        return Disk(Path(root), shutil.disk_usage(root).free)
    except OSError:
        return None


def inotify(proc: Path) -> Inotify | None:
    """The kernel's limits, and how much of them is used by whose processes can be seen."""
    limits = proc / "sys" / "fs" / "inotify"
    try:
        watches, instances = (
            int((limits / f"max_user_{name}").read_text()) for name in ("watches", "instances")
        )
    except (OSError, ValueError):
        return None
    return Inotify(watches, instances, _instances(proc))


def _instances(proc: Path) -> int:
    """How many this user has, or root, who runs a node; only root sees those of others."""
    own = os.getuid()
    found = 0
    for process in proc.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == own:
                opened = (process / "fd").iterdir()
                found += sum(_is_inotify(each) for each in opened)
    return found


def _is_inotify(opened: Path) -> bool:
    try:
        return str(opened.readlink()) == "anon_inode:inotify"
    except OSError:  # closed meanwhile
        return False


def unbindable(number: int, host: str = HOST) -> str:
    """Why so many ports of a host can't be listened on at once; empty where they can."""
    with contextlib.ExitStack() as opened:
        try:
            for _ in range(number):
                opened.enter_context(socket.create_server((host, 0)))
        except OSError as error:
            # Python adds the address to it, which is ours.
            return os.strerror(error.errno) if error.errno else str(error)
    return ""


def ephemeral_ports(proc: Path) -> int | None:
    """How many ports connections may come from; None where the kernel doesn't tell."""
    try:
        text = (proc / "sys" / "net" / "ipv4" / "ip_local_port_range").read_text()
        low, high = (int(each) for each in text.split())
    except (OSError, ValueError):
        return None
    return high - low + 1


def why_unanswered(url: str) -> str:
    """Why nobody answers at a proxy's address; empty where somebody does."""
    address = urlsplit(url if "://" in url else f"http://{url}")
    try:
        if not address.hostname:
            return "it names no host"
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname, port), timeout=ANSWER).close()
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""
