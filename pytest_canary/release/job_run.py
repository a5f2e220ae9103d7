"""A Job of the run's own: made, watched to its end, read and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from pytest_canary.core.errors import CanaryError, ClusterError, FoundError, WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.output import excerpt
from pytest_canary.core.waiting import Seen
from pytest_canary.diagnosis.ends import UNSTARTABLE
from pytest_canary.diagnosis.log_lines import quote_line, telling_line
from pytest_canary.diagnosis.repetition import ENDS, alike
from pytest_canary.diagnosis.subject import LastWords
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.objects import (
    Object,
    app_container,
    condition,
    container_status,
    containers,
    is_over,
    state,
)
from pytest_canary.release.pod_commands import PodCommands, typed_command, words_of


@dataclass(frozen=True)
class End:
    """How a run of the Job's container has ended.

    Attributes:
        pod: its pod's name.
        code: the exit code.
        log: what it has printed.
    """

    pod: str
    code: int
    log: str


class JobRun:
    """Runs a Job once.

    Args:
        pods: know the namespace, the watches and the deadline.
        job: the Job, as the API takes it.
        image: of the version that it migrates.
        announce: told what is about to be made, as kubectl calls it; not of one that is there.
    """

    def __init__(
        self,
        pods: PodCommands,
        job: Object,
        image: str,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._pods, self._job, self._image, self._announce = pods, job, image, announce
        self.name = str(job["metadata"]["name"])
        template = {"metadata": {}, **job["spec"]["template"]}
        self._container = app_container(template, pods.versions)
        self._typed = typed_command(self._container)
        self._uid = ""
        self._ends: dict[tuple[str, str], End] = {}
        self._slow: list[Finding] = []

    def run(self) -> Exec:
        """Make it, wait for its end, and delete it.

        Returns:
            How its command ended, whatever the code is. A Job tries again what fails; where that
            fails again in the same way, nobody waits for the rest.

        Raises:
            FoundError: it came to no end of its own: it hangs, or gets no pod that can run it.
            ClusterError: the API server does not take it.
        """
        namespace = self._pods.namespace
        self._announce(f"job.batch/{self.name}")
        with self._pods.waiter.measure("command", self._typed):
            namespace.add(dict(self._job))
            try:
                return self.follow()
            finally:
                # Its name is free for the next version's then, and what hangs ends.
                namespace.delete_job(self.name)

    def follow(self) -> Exec:
        """Wait for the end of one that is made already, and stays; returns and raises as `run`."""
        try:
            return self._pods.waiter.until(
                f"Job {self.name} to end",
                self._look,
                timeout=self._pods.deadline,
                change=self._pods.observer.change,
            )
        except WaitTimeoutError as error:
            raise FoundError(self.deadline_findings(error)) from error

    @property
    def command(self) -> str:
        """What its container runs, as one would type it."""
        return self._typed

    def glance(self) -> Exec | None:
        """How its command has ended; None where it goes on. Raises as `run`, but at no deadline."""
        seen = self._look()
        return seen.value if seen.done else None

    def last(self) -> Exec | None:
        """How its command has ended last, as far as it was seen; None where it was not."""
        return self._last(self._ends.values())

    def failure(self) -> Exec | None:
        """How its command has failed by now; None where it hasn't, or nobody can tell."""
        with suppress(CanaryError):
            self._look()
        return self._last(each for each in self._ends.values() if each.code)

    def _look(self) -> Seen[Exec]:
        job = self._pods.namespace.job(self.name)
        if job is None:
            raise FoundError([self._deletion()])
        self._uid = str(job["metadata"].get("uid"))
        pods = self._own_pods()
        for pod in pods:
            self._read_ends(pod)
        ends = list(self._ends.values())
        failed = condition(job, "Failed")
        if condition(job, "Complete").get("status") == "True":
            return Seen("complete", True, self._exec_of(0, ends, pods))
        if failed.get("status") == "True" or self._repeats(ends):
            if not ends or failed.get("reason") == "DeadlineExceeded":
                raise FoundError([*self._diagnose(pods), self._failure(failed, pods)])
            return Seen("failed", True, self._exec_of(ends[-1].code, ends, pods))
        return Seen(self._stands(pods), False, Exec("", "", 0, "", ""))

    def _own_pods(self) -> list[Object]:
        """The Job's pods, those of an earlier Job of its name left out."""
        found = [
            pod
            for pod in self._pods.observer.snapshot().pods.values()
            if any(
                owner["kind"] == "Job" and owner.get("uid") == self._uid
                for owner in pod["metadata"].get("ownerReferences") or []
            )
        ]
        return sorted(found, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")))

    def _read_ends(self, pod: Object) -> None:
        """Remember how the container has ended, as Kubernetes deletes the log with it."""
        name, status = pod["metadata"]["name"], container_status(pod, self._container["name"])
        for key, previous in (("lastState", True), ("state", False)):
            ended = status.get(key, {}).get("terminated")
            if not ended or ended.get("reason") in UNSTARTABLE:
                continue
            run = (name, str(ended.get("containerID") or ended.get("finishedAt")))
            if run not in self._ends:
                self._ends[run] = End(name, int(ended["exitCode"]), self._log(pod, previous))

    def _log(self, pod: Object, previous: bool = False) -> str:
        words = words_of(self._container)
        disclosure = self._pods.printed.of_command(pod, words, self._typed, self._image)
        try:
            return self._pods.namespace.logs(
                pod["metadata"]["name"],
                self._container["name"],
                previous=previous,
                disclosure=disclosure,
            )
        except ClusterError as error:
            return str(error)

    @staticmethod
    def _repeats(ends: list[End]) -> bool:
        """Whether another try would fail as well, as the last ones did."""
        words = [LastWords(each.code, telling_line(each.log)) for each in ends if each.code]
        return len(words) >= ENDS or (len(words) > 1 and alike(*words[-2:]))

    def _last(self, ends: Iterable[End]) -> Exec | None:
        """The last of some ends, as that of a command; None where there is none."""
        for end in reversed([*ends]):
            return Exec(end.pod, self._typed, end.code, end.log, end.log)
        return None

    def _exec_of(self, code: int, ends: list[End], pods: list[Object]) -> Exec:
        found = self._last(each for each in ends if each.code == code)
        if found:
            return found
        # The Job knows of it before the watches do.
        pod = pods[-1] if pods else None
        log = self._log(pod) if pod else ""
        name = pod["metadata"]["name"] if pod else self.name
        return Exec(name, self._typed, code, log, log)

    def _stands(self, pods: list[Object]) -> str:
        """How far it is; raises FoundError where it can't come to its end any more."""
        self._slow = []
        told = []
        for pod in pods:
            name = pod["metadata"]["name"]
            told.append(f"pod {name} {state(pod)}")
            # What one pod has failed at, the Job tries again with another.
            if not is_over(pod):
                slow = self._pods.expect_to_run(name, self._typed)
                told += [each.sentence for each in slow]
                self._slow += slow
        if not pods:
            refused = self._pods.find_refused_pod(self.name)
            if refused and refused.doomed:
                raise FoundError([refused])
            self._slow = [refused] if refused else []
            told = [refused.sentence] if refused else ["it has no pod yet"]
        if self._ends:
            last = list(self._ends.values())[-1]
            told.append(f"ended with code {last.code} before{quote_line(last.log)}")
        return ", ".join(told)

    # What is wrong.

    def _diagnose(self, pods: list[Object]) -> list[Finding]:
        """Why the last pod could not run the command."""
        return self._pods.diagnose(pods[-1]["metadata"]["name"]) if pods else []

    def deadline_findings(self, error: WaitTimeoutError) -> list[Finding]:
        """What is told of one that goes on at its deadline."""
        pods, deadline = self._own_pods(), f"at its deadline of {self._pods.deadline:g} s"
        if self._slow and not self._ends:
            return [replace(each, doomed=True) for each in self._slow]
        pod = pods[-1] if pods else None
        where = f"pod {pod['metadata']['name']}" if pod else f"Job {self.name}"
        log = self._log(pod) if pod else ""
        others = self._still_running(pod) if pod else []
        if others and any(each.code == 0 for each in self._ends.values()):
            return [
                Finding(
                    "MigrationHangs",
                    f"Job {self.name} was given up {deadline}: `{self._typed}` has ended with "
                    f"code 0, and container {others[0]} runs on, so that the Job never ends",
                    where=where,
                    evidence=excerpt(log),
                    next=f"put {others[0]} among the initContainers, with restartPolicy: Always; "
                    "as a sidecar it is ended with the Job",
                )
            ]
        return [
            Finding(
                "MigrationHangs",
                f"`{self._typed}` of Job {self.name} was given up {deadline}{quote_line(log)}",
                where=where,
                seen=error.sentence.partition("last seen: ")[2],
                evidence=excerpt(log),
                next="see deadlines.command, and what it does so long; its pod is deleted now, and "
                "a statement that it waits for goes on in the database until that is over",
            )
        ]

    def _still_running(self, pod: Object) -> list[str]:
        return [
            each.name
            for each in containers(pod)
            if not (each.init or each.sidecar)
            and each.name != self._container["name"]
            and each.running is not None
        ]

    def _failure(self, failed: Object, pods: list[Object]) -> Finding:
        log = self._log(pods[-1]) if pods else ""
        reason, message = str(failed.get("reason", "")), str(failed.get("message", ""))
        return Finding(
            reason or "JobFailed",
            f"Job {self.name} failed before `{self._typed}` came to an end of its own: "
            f"{message or reason or 'it does not say why'}",
            where=f"Job {self.name}",
            evidence=excerpt(log),
            next="see activeDeadlineSeconds and backoffLimit of the Job",
        )

    def _deletion(self) -> Finding:
        ttl = self._job["spec"].get("ttlSecondsAfterFinished")
        return Finding(
            "JobDeleted",
            f"Job {self.name} was deleted before `{self._typed}` ended",
            where=f"Job {self.name}",
            next=f"let ttlSecondsAfterFinished, which is {ttl}, be longer than a rollout takes; or "
            "name the Job's manifest in migration.job"
            if ttl is not None
            else "see who else works in this namespace, and whether the migration stands being cut "
            "off in the middle",
        )
