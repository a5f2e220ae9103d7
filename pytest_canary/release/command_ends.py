"""How a command in a pod ended: each way not to end well, told apart; pure."""

from __future__ import annotations

from pytest_canary.core.findings import Finding
from pytest_canary.core.output import excerpt
from pytest_canary.database.locks import OUTLIVES_ITS_CLIENT
from pytest_canary.k8s.exec import ExecError
from pytest_canary.k8s.objects import Object, container_status, is_ending

# The exit codes of what SIGKILL and SIGTERM end: a pod on its way out, or a memory limit.
KILLED = (137, 143)


def fate(before: Object, now: Object | None, container: str) -> str:
    """How a pod ended since a command started in one of its containers; empty where it did not."""
    if now is None:
        return "the pod was deleted"
    status = now.get("status", {})
    if status.get("phase") == "Failed" and status.get("reason"):
        return f"the pod failed, {status['reason']}: {status.get('message', 'it says no more')}"
    was, is_now = container_status(before, container), container_status(now, container)
    ended = is_now.get("state", {}).get("terminated")
    if is_now.get("restartCount", 0) > was.get("restartCount", 0):
        ended = ended or is_now.get("lastState", {}).get("terminated", {})
    if ended is not None:
        reason = f" ({ended['reason']})" if ended.get("reason") else ""
        return f"container {container} exited with code {ended.get('exitCode')}{reason}"
    if is_ending(now):
        return "the pod is being deleted"
    return ""


def unended_finding(error: ExecError, hangs: str, command: str, pod: str, fate: str) -> Finding:
    """What is wrong with a command that came to no end of its own."""
    if error.ending == "lost":
        return lost_pod_finding(command, pod, "never ended", fate, error.output)
    codes = {"hangs": hangs, "endless": "CommandOutputEndless", "refused": "CommandNotRun"}
    if error.ending == "refused":
        advice = "see that the image has it, and that it stands in commands as one types it"
    else:
        advice = "see what it does so long; it runs on until its pod is deleted"
        if (error.ending, hangs) == ("hangs", "MigrationHangs"):
            advice += f", and {OUTLIVES_ITS_CLIENT}"
    return Finding(
        code=codes[error.ending],
        sentence=f"`{command}` in pod {pod} {error.why}",
        where=f"pod {pod}",
        evidence=excerpt(error.output),
        next=advice,
    )


def lost_pod_finding(command: str, pod: str, ended: str, fate: str, output: str) -> Finding:
    """A command whose pod died under it."""
    memory = "OOMKilled" in fate
    return Finding(
        code="CommandLostItsPod",
        sentence=f"`{command}` in pod {pod} lost its pod before it ended: "
        f"{fate or 'the connection broke, and the pod is as it was'}",
        where=f"pod {pod}",
        seen=f"the command {ended}",
        evidence=excerpt(output),
        likely="the command and the app together need more memory than the limit" if memory else "",
        next="raise resources.limits.memory, or run it where nothing else does"
        if memory
        else "see what ended it, and whether the migration stands being cut off in the middle",
    )


def meaning_of_code(code: int) -> str:
    """What an exit code of a shell's making most likely means; empty for a program's own."""
    return {
        126: "the image has it, but may not run it",
        127: "the image has no such command",
        137: "the kernel killed it, as it does at a memory limit",
        143: "something ended it with SIGTERM",
    }.get(code, "")
