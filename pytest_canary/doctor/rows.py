"""What is to be said of a machine: a row for each thing that a walk needs; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pytest_canary.core.wording import size
from pytest_canary.doctor.machine import Machine, ProgramSeen

State = Literal["ok", "doubt", "lacks", "unknown"]
"""It is there; it may not do; a walk can't be made; it can't be told."""

GB = 10**9

# A node with Kubernetes takes about 1 GB, app and database some hundred MB; where the engine has a
# machine of its own, its system takes some too.
MEMORY_LACKS, MEMORY_DOUBT = 1 * GB, 2 * GB
ENGINE_LACKS, ENGINE_DOUBT = 2 * GB, 4 * GB

# A node image takes 1 GB, once more while it is pulled; images of app and database come beside.
DISK_LACKS, DISK_DOUBT = 3 * GB, 6 * GB

# Of inotify: a node's kubelet and containerd take some dozens of the one, thousands of the other.
INSTANCES, WATCHES = 32, 8_192

# Connections of the verdict's load that are over keep their ports for a minute; each of its two
# addresses has all of them to itself.
EPHEMERAL = 10_000

LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Row:
    """One thing that a walk needs.

    Attributes:
        name: what.
        state: whether it is there.
        seen: what was seen, in some words.
        next: what to do; empty where nothing is to be done.
    """

    name: str
    state: State
    seen: str
    next: str = ""


def rows(machine: Machine) -> list[Row]:
    """A row each, in the order in which a walk needs them."""
    made = [of(machine) for of in (_engine, _kind, _kubectl, _memory, _disk, _inotify, _ports)]
    return [each for each in [*made, _proxies(machine)] if each]


def _engine(machine: Machine) -> Row:
    engine = machine.engine
    if engine.problem:
        advice = "start Docker, or set DOCKER_HOST to an engine with Docker's API"
        if "ermission denied" in engine.problem:
            advice = "let your user use the engine's socket, as by its group, which is often docker"
        if "can't be started" in engine.problem:
            advice = "install Docker, or an engine that has its API and its command"
        return Row("engine", "lacks", engine.problem, advice)
    seen = f"Docker {engine.version}, at {engine.endpoint}"
    if machine.kind and not engine.is_here:
        advice = "use one of this machine, or walk in a cluster that is there: --canary-context"
        return Row("engine", "lacks", f"{seen}, which is another machine", advice)
    return Row("engine", "ok", seen)


def _kind(machine: Machine) -> Row | None:
    return _program(machine.kind) if machine.kind else None


def _kubectl(machine: Machine) -> Row:
    return _program(machine.kubectl)


def _program(seen: ProgramSeen) -> Row:
    if seen.problem:
        advice = f"install {seen.name}, or name it with {seen.option}"
        if seen.url:
            advice = f"{advice}; or name a mirror in {seen.name.upper()}_DOWNLOAD_URL"
        return Row(seen.name, "lacks", seen.problem, advice)
    if seen.path is None:
        return Row(seen.name, "ok", f"not on PATH; a walk downloads it once, from {seen.url}")
    return Row(seen.name, "ok", f"{seen.version}, {seen.path}")


def _memory(machine: Machine) -> Row | None:
    if machine.kind is None:
        return None
    found, lacks, doubt = machine.memory, MEMORY_LACKS, MEMORY_DOUBT
    whose, advice = "free", "end what takes it, or use a machine with more"
    if found is None:
        found, lacks, doubt = machine.engine.memory, ENGINE_LACKS, ENGINE_DOUBT
        whose, advice = "in the engine's machine", "give that more, in the engine's settings"
    if found is None:
        return Row("memory", "unknown", "the engine has not told it")
    return _amount("memory", found, lacks, doubt, f"{size(found)} {whose}", advice)


def _disk(machine: Machine) -> Row:
    if machine.disk is None:
        return Row("disk", "unknown", "where the engine keeps images is not on this machine")
    free, path = machine.disk.free, machine.disk.path
    advice = "make room, as with `docker system prune`, which removes what no container uses"
    return _amount("disk", free, DISK_LACKS, DISK_DOUBT, f"{size(free)} free at {path}", advice)


def _amount(name: str, found: int, lacks: int, doubt: int, seen: str, advice: str) -> Row:
    if found >= doubt:
        return Row(name, "ok", seen)
    state: State = "doubt" if found >= lacks else "lacks"
    return Row(name, state, f"{seen}, and a walk takes about {size(doubt)}", advice)


def _inotify(machine: Machine) -> Row | None:
    found = machine.inotify
    if machine.kind is None or found is None:
        return None
    free = max(found.instances - found.used, 0)
    seen = f"{free} of {found.instances} instances free, {found.watches:,} watches"
    short = []
    if free < INSTANCES:
        short.append("fs.inotify.max_user_instances=512")
    if found.watches < WATCHES:
        short.append("fs.inotify.max_user_watches=524288")
    if not short:
        return Row("inotify", "ok", seen)
    why = f"{seen}; a node's programs end with 'too many open files'"
    return Row("inotify", "lacks", why, f"sudo sysctl {' '.join(short)}")


def _ports(machine: Machine) -> Row | None:
    if machine.kind is None:
        return None
    if machine.ports:
        return Row(
            "ports",
            "lacks",
            f"no port of 127.0.0.1 can be listened on: {machine.ports}",
            "bring the loopback interface up, as with `sudo ip link set lo up`",
        )
    if machine.ephemeral is None:
        return Row("ports", "ok", "127.0.0.1 has free ones")
    seen = f"127.0.0.1 has free ones; connections may come from {machine.ephemeral:,}"
    if machine.ephemeral < EPHEMERAL:
        advice = "sudo sysctl net.ipv4.ip_local_port_range='32768 60999', or a lower verdict.rate"
        return Row("ports", "doubt", f"{seen}, and a verdict may take {EPHEMERAL:,}", advice)
    return Row("ports", "ok", seen)


def _proxies(machine: Machine) -> Row:
    named = {name: url for name, url in machine.proxies.items() if name != "NO_PROXY"}
    if not named:
        return Row("proxies", "ok", "none is set")
    shown = ", ".join(f"{name}={url}" for name, url in named.items())
    for name, why in machine.unanswered.items():
        advice = f"mend {name}, or unset it"
        return Row("proxies", "lacks", f"{name}={named[name]} does not answer: {why}", advice)
    doubt = next(_proxy_doubts(machine), None)
    if doubt:
        return Row("proxies", "doubt", f"{shown}; {doubt[0]}", doubt[1])
    return Row("proxies", "ok", shown)


def _proxy_doubts(machine: Machine) -> Iterator[tuple[str, str]]:
    """What may go wrong by proxies, and what to do."""
    excluded = [each.strip() for each in machine.proxies.get("NO_PROXY", "").split(",")]
    missing = [each for each in LOOPBACK if each not in excluded]
    if missing and "*" not in excluded:
        more = ",".join(filter(None, [*excluded, *missing]))
        yield (
            "tests of your own may be sent to them on the way to 127.0.0.1",
            f"export NO_PROXY={more}",
        )
    if not machine.engine.problem and not machine.engine.proxies:
        yield (
            "the engine, which pulls images, has none of them",
            "set it in the engine's own settings where it has no other way to registries",
        )
