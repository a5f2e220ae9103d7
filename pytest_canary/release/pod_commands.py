"""Commands in pods: in those of the app, and in pods of their own."""

from __future__ import annotations

import contextlib
import copy
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from pytest_canary.core.errors import ClusterError, FoundError, ReleaseError, WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.diagnosis.ends import UNSTARTABLE
from pytest_canary.k8s.exec import Exec, ExecError
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.objects import (
    Object,
    app_container,
    container_status,
    is_over,
    is_ready,
    pods_of,
    state,
)
from pytest_canary.k8s.observer import Observer
from pytest_canary.release.command_ends import KILLED, fate, lost_pod_finding, unended_finding
from pytest_canary.release.printed_secrets import PrintedSecrets

# What container runtimes say of a command that the image has not, or may not run: runc with the
# command in quotes, crun with it in backquotes or none.
LACKS = re.compile(
    r'exec: ".*": .*(not found|no such file|not a directory|permission denied|exec format)'
    r"|executable file .*not found|open executable: (No such file|Permission denied)",
    re.I | re.S,
)

# Seconds for the watches to tell of what is there already, or why a pod went.
WATCHES = 5.0


class PodCommands:
    """Runs commands in the pods of a namespace.

    Args:
        namespace: where the pods are.
        observer: watches that namespace.
        waiter: waits.
        deadline: seconds that a command takes at most.
        versions: the images of the app's versions, by which its container is known.
        diagnose: says what keeps a pod of the run's own from running its command, by its name.
        find_refused_pod: says why a Job of this name gets no pod; None where nothing tells.
        printed: watches what they print.
    """

    def __init__(
        self,
        namespace: NamespaceApi,
        observer: Observer,
        waiter: Waiter,
        deadline: float,
        versions: Collection[str],
        diagnose: Callable[[str], list[Finding]],
        find_refused_pod: Callable[[str], Finding | None],
        printed: PrintedSecrets,
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.waiter = waiter
        self.deadline = deadline
        self.versions = versions
        self.diagnose = diagnose
        self.find_refused_pod = find_refused_pod
        self.printed = printed

    def waiting_by(self, waiter: Waiter) -> PodCommands:
        """The same for what is done beside the rest, whose waits are nobody else's matter."""
        own = copy.copy(self)
        own.waiter = waiter
        return own

    def ready_pod(self, deployment: str) -> Object:
        """A pod of a Deployment that is ready and not on its way out; it is waited for a little.

        Raises:
            ReleaseError: there is none.
        """
        pods: list[Object] = []

        def look() -> Seen[Object]:
            nonlocal pods
            pods = pods_of(self.observer.snapshot().pods.values(), deployment)
            ready = [pod for pod in pods if is_ready(pod)]
            return Seen(_states(pods) or "there is none", bool(ready), ready[0] if ready else {})

        try:
            return self.waiter.until(
                f"a ready pod of {deployment}", look, timeout=WATCHES, change=self.observer.change
            )
        except WaitTimeoutError as error:
            there = f": {_states(pods)}" if pods else ""
            raise ReleaseError(
                f"no pod of {deployment} is ready, so nothing can be asked of one; "
                f"{len(pods)} are there{there}"
            ) from error

    def app_of(self, pod: Object) -> str:
        """The name of a pod's container that is the app."""
        return str(app_container(pod, self.versions)["name"])

    def addresses(self, but: str = "") -> set[str]:
        """The addresses of all pods, but those of one Deployment.

        One that has ended may have lost its own to another.
        """
        pods = self.observer.snapshot().pods
        left_out = pods_of(pods.values(), but) if but else []
        own = {pod["metadata"]["name"] for pod in left_out}
        return {
            pod["status"]["podIP"]
            for name, pod in pods.items()
            if name not in own and pod.get("status", {}).get("podIP") and not is_over(pod)
        }

    def run(self, deployment: str, command: Sequence[str], hangs: str = "CommandHangs") -> Exec:
        """Run a command in a ready pod of a Deployment; its exit code is the caller's matter.

        Args:
            deployment: the Deployment's name.
            command: what runs.
            hangs: the finding's code where it hangs.

        Raises:
            FoundError: it came to no end of its own: it hangs, never stops printing, lost its pod
                or could not be started.
            ReleaseError: no pod is ready.
        """
        pod = self.ready_pod(deployment)
        name, container = pod["metadata"]["name"], self.app_of(pod)
        words = shlex.join(command)
        try:
            with self.waiter.measure("command", words):
                done = self.namespace.exec(
                    name,
                    container,
                    command,
                    timeout=self.deadline,
                    disclosure=self.printed.of_command(pod, command),
                )
        except ExecError as error:
            if error.ending == "refused":
                # The watches may still have had a pod that was gone; and the kubelet knows of a
                # container's end before anybody else does.
                fate = self._fate_now(pod, container)
                if not fate and not LACKS.search(error.why):
                    fate = self._fate(pod, container)
                if fate:
                    finding = lost_pod_finding(words, name, "never began", fate, "")
                    raise FoundError([finding]) from error
            fate = self._fate(pod, container) if error.ending == "lost" else ""
            raise FoundError([unended_finding(error, hangs, words, name, fate)]) from error
        fate = self._fate(pod, container) if done.code in KILLED else ""
        if fate:
            ended = f"exited with code {done.code}"
            raise FoundError([lost_pod_finding(words, name, ended, fate, done.output)])
        return done

    def _fate(self, pod: Object, container: str) -> str:
        name = pod["metadata"]["name"]

        def look() -> Seen[str]:
            found = fate(pod, self.observer.snapshot().pods.get(name), container)
            return Seen(found or "it is as it was", bool(found), found)

        with contextlib.suppress(WaitTimeoutError):
            return self.waiter.until(
                f"what became of pod {name}", look, timeout=WATCHES, change=self.observer.change
            )
        return ""

    def _fate_now(self, pod: Object, container: str) -> str:
        """What became of a pod, by the API server and not by the watches."""
        name = pod["metadata"]["name"]
        pods = {each["metadata"]["name"]: each for each in self.namespace.objects("Pod")}
        return fate(pod, pods.get(name), container)

    def run_apart(
        self,
        pod: dict[str, Any],
        what: str,
        *,
        timeout: float | None = None,
        ended: Callable[[str, str, Object], None] = lambda *_: None,
    ) -> Exec:
        """Run a pod whose one container ends by itself to its end, and delete it.

        Args:
            pod: the pod, as the API takes it.
            what: what is awaited, as a clause.
            timeout: seconds that it takes at most, where that is not the usual deadline.
            ended: told the pod's name, its container's and how that has ended, while it is there.

        Raises:
            FoundError: the pod was lost before, or can't run it.
            WaitTimeoutError: it does not end; with its output so far.
        """
        name, (container,) = pod["metadata"]["name"], pod["spec"]["containers"]
        command = typed_command(container)
        try:
            self.namespace.add(pod)
            try:
                state = self._end(name, container["name"], command, what, timeout or self.deadline)
            except WaitTimeoutError as error:
                output = self._log(pod)
                raise WaitTimeoutError(error.sentence, output) from error
            output = self._log(pod)
            ended(name, container["name"], state)
            return Exec(name, command, int(state["exitCode"]), output, output)
        finally:
            self.namespace.delete_pod(name)

    def serve_apart(self, pod: dict[str, Any], what: str) -> None:
        """Run a pod whose one container goes on until it is ready; the caller deletes it.

        Args:
            pod: the pod, as the API takes it.
            what: what is awaited, as a clause.

        Raises:
            FoundError: the pod can't run it, or its container ends.
            WaitTimeoutError: it does not get ready; with its output so far.
        """
        name, (container,) = pod["metadata"]["name"], pod["spec"]["containers"]
        command = typed_command(container)

        def look() -> Seen[None]:
            found = self.observer.snapshot().pods.get(name)
            if found is None:
                return Seen(f"pod {name} is not there yet", False, None)
            if is_ready(found):
                return Seen("ready", True, None)
            if is_over(found):
                end = fate(found, found, container["name"]) or "the pod has ended"
                log = self._log(pod)
                raise FoundError([lost_pod_finding(command, name, "got not ready", end, log)])
            slow = self.expect_to_run(name, command)
            told = [f"pod {name} {state(found)}", *(each.sentence for each in slow)]
            return Seen("; ".join(told), False, None)

        self.namespace.add(pod)
        try:
            self.waiter.until(what, look, timeout=self.deadline, change=self.observer.change)
        except WaitTimeoutError as error:
            raise WaitTimeoutError(error.sentence, self._log(pod)) from error

    def _end(self, name: str, container: str, command: str, what: str, timeout: float) -> Object:
        """The terminated state of a pod's container."""
        before: Object | None = None

        def loss(end: str) -> FoundError:
            return FoundError([lost_pod_finding(command, name, "never ended", end, "")])

        def look() -> Seen[Object]:
            nonlocal before
            pod = self.observer.snapshot().pods.get(name)
            if pod is None:
                if before:
                    raise loss("the pod was deleted")
                return Seen(f"pod {name} is not there yet", False, {})
            end, before = fate(before or pod, pod, container), pod
            status = pod.get("status", {})
            if status.get("phase") == "Failed" and status.get("reason"):
                raise loss(end)
            ended = container_status(pod, container).get("state", {}).get("terminated")
            if ended and ended.get("reason") not in UNSTARTABLE:
                return Seen("ended", True, ended)
            found = self.expect_to_run(name, command)
            if is_over(pod):
                raise loss(end or "the pod has ended, and does not say why")
            told = [f"pod {name} is {status.get('phase')}", *(each.sentence for each in found)]
            return Seen("; ".join(told), False, {})

        return self.waiter.until(what, look, timeout=timeout, change=self.observer.change)

    def expect_to_run(self, name: str, command: str) -> list[Finding]:
        """What is only slow about a pod of the run's own.

        Raises:
            FoundError: it can't run the command any more, and why is known.
        """
        found = self.diagnose(name)
        doomed = [
            replace(
                each,
                seen=f"before `{command}` could run",
                # It is deleted by then.
                next="" if name in each.next else each.next,
            )
            for each in found
            if each.doomed
        ]
        if doomed:
            raise FoundError(doomed)
        return found

    def _log(self, pod: Object) -> str:
        """What the command of a pod of the run's own has printed."""
        name, (container,) = pod["metadata"]["name"], pod["spec"]["containers"]
        disclosure = self.printed.of_command(pod, words_of(container), typed_command(container))
        try:
            return self.namespace.logs(name, container["name"], disclosure=disclosure)
        except ClusterError as error:
            return str(error)


def words_of(container: Object) -> list[str]:
    """What a container runs, as its pod says it; nothing where its image does."""
    return [*(container.get("command") or ()), *(container.get("args") or ())]


def typed_command(container: Object) -> str:
    """The same as one would type it."""
    return shlex.join(words_of(container)) or f"the own command of {container['image']}"


def _states(pods: Iterable[Object]) -> str:
    """Pods and what holds them up, in words."""
    return ", ".join(f"{pod['metadata']['name']} {state(pod)}" for pod in pods)
