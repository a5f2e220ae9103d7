"""Containers that can't begin, and what has to go before them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.ends import UNSTARTABLE, Ended, describe_restarts, last_end
from pytest_canary.diagnosis.subject import Look, moment
from pytest_canary.k8s.objects import Container

LASTING = 5
"""Seconds after which an init container that still runs is reported."""


def find(look: Look, container: Container) -> Iterator[Finding]:
    """Why a container's process could not even be started."""
    end = last_end(container)
    waiting = container.waiting or {}
    if end and end.state.get("reason") in UNSTARTABLE:
        if not container.running:  # else the runtime has thought better of it
            yield _unstartable(look, container, end, str(end.state.get("message", "")))
    elif waiting.get("reason") in ("RunContainerError", "CreateContainerError"):
        yield _unstartable(look, container, end, str(waiting.get("message", "")))


def find_lasting(look: Look, container: Container) -> Iterator[Finding]:
    """An init container that goes on and on: all the others wait for it."""
    began = (container.running or {}).get("startedAt")
    if not container.init or not began or look.objects.now is None:
        return
    seconds = (look.objects.now - moment(began)).total_seconds()
    if seconds >= LASTING:
        yield Finding(
            "InitContainerRuns",
            f"{look.name} waits for its init container {container.name}, which has been running "
            f"for {seconds:.0f} s",
            where=container.where,
            next=f"kubectl logs {container.pod_name} -c {container.name}",
            doomed=False,
        )


def hook_failures(look: Look, container: Container) -> list[str]:
    """The messages about a postStart hook that failed; the status says more, a second later."""
    waiting = container.waiting or {}
    if waiting.get("reason") == "PostStartHookError":
        return [str(waiting.get("message", ""))]
    events = look.events("Pod", container.pod_name, "FailedPostStartHook")
    return [event.message for event in events if event.container == container.name]


def find_hooks(look: Look, container: Container) -> Iterator[Finding]:
    """A postStart hook that fails: the kubelet kills the container for it."""
    messages = hook_failures(look, container)
    if not messages or container.status.get("ready"):
        return
    end = last_end(container)
    yield Finding(
        "FailedPostStartHook",
        f"{container.of(look.name)} is killed as its postStart hook fails",
        where=container.where,
        seen=describe_restarts(container),
        evidence=messages[-1],
        next=f"mend lifecycle.postStart of container {container.name}",
        doomed=end is not None and end.times > 1,
    )


def _unstartable(look: Look, container: Container, end: Ended | None, message: str) -> Finding:
    name = container.of(look.name)
    limit = container.spec.get("resources", {}).get("limits", {}).get("memory")
    again = end is not None and end.times > 1
    if "OOM-killed" in message and limit:
        return Finding(
            "OOMKilled",
            f"{name} can't start within its memory limit of {limit}",
            where=container.where,
            evidence=message,
            next=f"raise resources.limits.memory of container {container.name}",
            doomed=again,
        )
    why, advice = _why_unstartable(container, message)
    # With a few megabytes runc itself is killed before the process begins, and says only this.
    cramped = "cannot start a stopped process" in message and limit
    return Finding(
        "StartError",
        f"{name} can't start: {why or _core(message)}",
        where=container.where,
        seen=describe_restarts(container),
        evidence=message,
        likely=f"its memory limit of {limit} is too low for any process" if cramped else "",
        next=advice,
        # The image and the command don't change by waiting; a runtime that stumbles may get up.
        doomed=bool(why) or again,
    )


def _core(message: str) -> str:
    """What the container runtime says, without what it had been about to do."""
    bare = message.removesuffix(": unknown")
    _, lead, process = bare.rpartition("unable to start container process: ")
    # The last words, as those before name containers by numbers that change with every try.
    return (process if lead else bare.rpartition(": ")[2]) or "the container runtime is silent"


def _why_unstartable(container: Container, message: str) -> tuple[str, str]:
    """What is wrong with the command for sure, empty where that is not known; what to do."""
    command = "command" if container.spec.get("command") else "CMD or ENTRYPOINT"
    mend = f"mend the {command} of container {container.name}"
    folder = re.search(r'chdir to cwd \("([^"]+)"\)|mkdir (\S+): not a directory', message)
    if folder:
        return (
            f"its working directory {folder[1] or folder[2]} can't be entered",
            f"mend workingDir of container {container.name}",
        )
    found = re.search(r'exec: "?([^":]+)"?: (.*)', message)
    if not found:
        return "", f"kubectl describe pod {container.pod_name}"
    program, why = found.groups()
    if "no such file" in why or "not found" in why:
        return f"there is no command {program} in the image", mend
    if "permission denied" in why:
        return f"its command {program} may not be executed", f"{mend}, or make it executable"
    if "exec format error" in why:
        return (
            f"its command {program} is no program for this node",
            "build the image for the node's processor; a script needs a first line with #!",
        )
    return "", mend
