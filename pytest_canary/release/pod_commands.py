"""What became of a command in a pod: each way not to end well, told apart."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_canary.core.errors import FoundError, WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.masking import Redactor
from pytest_canary.core.output import shown
from pytest_canary.core.waiting import Seen
from pytest_canary.k8s.exec import Exec, ExecError

if TYPE_CHECKING:
    from pytest_canary.release.release import Release

Object = Mapping[str, Any]

# The exit codes of what SIGKILL and SIGTERM end: a pod on its way out, or a memory limit.
KILLED = (137, 143)

# Seconds for the watches to tell why a pod went.
WATCHES = 5.0


def run(release: Release, track: str, command: Sequence[str], hangs: str = "CommandHangs") -> Exec:
    """Run a command in a ready pod of a track; its exit code is the caller's matter.

    Args:
        release: where the track lives.
        track: "canary" or "stable".
        command: what runs.
        hangs: the finding's code where it hangs.

    Raises:
        FoundError: it came to no end of its own: it hangs, never stops printing, lost its pod or
            could not be started.
        ReleaseError: no pod is ready.
    """
    pod = release.ready_pod(track)
    name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]["name"]
    typed = shlex.join(command)
    try:
        done = release.namespace.exec(
            name, container, command, timeout=release.settings.deadlines.command
        )
    except ExecError as error:
        fate = _fate(release, pod, container) if error.ending == "lost" else ""
        raise FoundError([unended(error, hangs, typed, name, fate, release.secrets)]) from error
    output = Redactor(release.secrets).redact(done.output)
    fate = _fate(release, pod, container) if done.code in KILLED else ""
    if fate:
        raise FoundError([lost(typed, name, f"exited with code {done.code}", fate, output)])
    return replace(done, output=output)


def _fate(release: Release, pod: Object, container: str) -> str:
    name = pod["metadata"]["name"]

    def look() -> Seen[str]:
        found = fate(pod, release.observer.snapshot().pods.get(name), container)
        return Seen(found or "it is as it was", bool(found), found)

    with contextlib.suppress(WaitTimeoutError):
        return release.waiter.until(
            f"what became of pod {name}", look, timeout=WATCHES, change=release.observer.change
        )
    return ""


def fate(before: Object, now: Object | None, container: str) -> str:
    """How a pod ended since a command started in one of its containers; empty where it did not."""
    if now is None:
        return "the pod was deleted"
    status = now.get("status", {})
    if status.get("phase") == "Failed" and status.get("reason"):
        return f"the pod failed, {status['reason']}: {status.get('message', 'it says no more')}"
    was, is_now = _container(before, container), _container(now, container)
    ended = is_now.get("state", {}).get("terminated")
    if is_now.get("restartCount", 0) > was.get("restartCount", 0):
        ended = ended or is_now.get("lastState", {}).get("terminated", {})
    if ended is not None:
        reason = f" ({ended['reason']})" if ended.get("reason") else ""
        return f"container {container} exited with code {ended.get('exitCode')}{reason}"
    if now["metadata"].get("deletionTimestamp"):
        return "the pod is being deleted"
    return ""


def _container(pod: Object, name: str) -> Object:
    statuses: Iterable[Object] = pod.get("status", {}).get("containerStatuses", [])
    return next((status for status in statuses if status["name"] == name), {})


def unended(
    error: ExecError, hangs: str, command: str, pod: str, fate: str, secrets: Iterable[str]
) -> Finding:
    """What is wrong with a command that came to no end of its own."""
    output = Redactor(secrets).redact(error.output)
    if error.ending == "lost":
        return lost(command, pod, "never ended", fate, output)
    codes = {"hangs": hangs, "endless": "CommandOutputEndless", "refused": "CommandNotRun"}
    if error.ending == "refused":
        advice = "see that the image has it, and that it stands in commands as one types it"
    else:
        advice = "see what it does so long; it runs on until its pod is deleted"
        if (error.ending, hangs) == ("hangs", "MigrationHangs"):
            # PostgreSQL looks for its client only when a statement is over.
            advice += ", and a statement that it waits for even longer, with its locks"
    return Finding(
        code=codes[error.ending],
        sentence=Redactor(secrets).redact(f"`{command}` in pod {pod} {error.why}"),
        where=f"pod {pod}",
        evidence=shown(output),
        next=advice,
    )


def lost(command: str, pod: str, ended: str, fate: str, output: str) -> Finding:
    """A command whose pod died under it."""
    memory = "OOMKilled" in fate
    return Finding(
        code="CommandLostItsPod",
        sentence=f"`{command}` in pod {pod} lost its pod before it ended: "
        f"{fate or 'the connection broke, and the pod is as it was'}",
        where=f"pod {pod}",
        seen=f"the command {ended}",
        evidence=shown(output),
        likely="the command and the app together need more memory than the limit" if memory else "",
        next="raise resources.limits.memory, or run it where nothing else does"
        if memory
        else "see what ended it, and whether the migration stands being cut off in the middle",
    )


def killed(code: int) -> str:
    """What an exit code of a shell's making most likely means; empty for a program's own."""
    return {
        126: "the image has it, but may not run it",
        127: "the image has no such command",
        137: "the kernel killed it, as it does at a memory limit",
        143: "something ended it with SIGTERM",
    }.get(code, "")
