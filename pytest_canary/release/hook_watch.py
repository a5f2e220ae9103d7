"""The Jobs that Helm runs as hooks: watched meanwhile, as Helm does not tell why one fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from pytest_canary.core.errors import CanaryError, ClusterError, FoundError, WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.output import excerpt
from pytest_canary.diagnosis.log_lines import quote_line
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.image_names import full_name
from pytest_canary.k8s.objects import Object, app_container
from pytest_canary.manifests.jobs import phases
from pytest_canary.release.command_ends import meaning_of_code
from pytest_canary.release.job_run import JobRun
from pytest_canary.release.pod_commands import PodCommands

# Seconds between two looks. Helm deletes a Job as soon as it knows of its end, which Kubernetes
# tells a second or more after the container's.
PERIOD = 0.2


@dataclass
class HookRun:
    """One run of a hook's Job.

    Attributes:
        job: as the cluster has it.
        migrates: whether it is the one that does.
        began: when it was first seen, by `time.monotonic`.
        done: how its command has ended; None where it has not yet, or nobody knows.
        found: why it came to no good end.
    """

    job: Object
    run: JobRun
    migrates: bool
    began: float
    done: Exec | None = None
    found: list[Finding] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The Job's name."""
        return self.run.name

    def end_of_deleted(self) -> Exec:
        """How it has ended, where Helm has deleted it since, as a hook-delete-policy may say.

        What was not seen to fail has succeeded, unless Helm itself fails.
        """
        return self.run.last() or Exec(self.name, self.run.command, 0, "", "")


class HookWatch:
    """Watches over hooks while a command of Helm's runs them.

    Args:
        pods: know the namespace, the watches and a command's deadline.
        migrates: whether a Job of this name is the one that migrates.
    """

    def __init__(self, pods: PodCommands, migrates: Callable[[str], bool]) -> None:
        self._pods = pods
        self._migrates = migrates
        self._runs: dict[str, HookRun] = {}
        self._old: set[str] = set()

    @contextmanager
    def watch(self, end: Callable[[], object]) -> Iterator[None]:
        """Watch while the body runs a command.

        Args:
            end: ends the command, as soon as one of its hooks can come to no good end: Helm would
                wait for as many tries as a Job may have.

        Raises:
            FoundError: a hook has failed, or was given up; in the place of what the body raises.
        """
        with suppress(ClusterError):
            self._old = {uid_of(job) for job in self._pods.namespace.objects("Job")}
        over, before = threading.Event(), self.mark()

        def watch() -> None:
            while not over.wait(PERIOD):
                self.look()
                if self.findings(before):
                    end()
                    return

        watcher = threading.Thread(target=watch, name="hooks", daemon=True)
        watcher.start()
        try:
            yield
        except CanaryError as error:
            over.set()
            watcher.join()
            # Helm may have heard of the end first.
            self.look()
            found = self.findings(before)
            if not found:
                raise
            self._delete(before)
            raise FoundError(found, str(error)) from error
        finally:
            over.set()
            watcher.join()
        self.look()

    def look(self) -> None:
        """See how far each hook is; what the API server does not tell is asked again."""
        with suppress(ClusterError):
            there = {uid_of(job): job for job in self._pods.namespace.objects("Job")}
            for uid, job in there.items():
                if uid not in self._old and phases(job["metadata"]):
                    self._runs.setdefault(uid, self._begin(job))
            for uid, run in self._runs.items():
                if run.done is None and not run.found:
                    self._look_at(run, there=uid in there)

    def findings(self, before: Collection[str] = ()) -> list[Finding]:
        """Why hooks came to no good end, those aside that were there before."""
        return [each for uid, run in self._runs.items() if uid not in before for each in run.found]

    def mark(self) -> set[str]:
        """What has run so far, to leave out later."""
        return set(self._runs)

    def migrations(self, before: set[str]) -> list[HookRun]:
        """The runs of the hook that migrates, but those that were there before."""
        found = [run for uid, run in self._runs.items() if uid not in before]
        return [run for run in found if run.migrates]

    def _begin(self, job: Object) -> HookRun:
        name = str(job["metadata"]["name"])
        container = app_container({"metadata": {}, **job["spec"]["template"]}, self._pods.versions)
        made = JobRun(self._pods, job, full_name(str(container.get("image", ""))))
        return HookRun(job, made, self._migrates(name), time.monotonic())

    def _look_at(self, run: HookRun, *, there: bool) -> None:
        try:
            run.done = run.run.glance() if there else run.end_of_deleted()
        except FoundError as error:
            if any(each.code == "JobDeleted" for each in error.findings):
                run.done = run.end_of_deleted()
            else:
                run.found = [self._as_finding_of_hook(run, each) for each in error.findings]
                return
        if run.done is None:
            seconds = time.monotonic() - run.began
            if seconds > self._pods.deadline:
                late = WaitTimeoutError(f"waited {seconds:.0f} s for Job {run.name} to end")
                run.found = [
                    self._as_finding_of_hook(run, each) for each in run.run.deadline_findings(late)
                ]
        elif run.done.code:
            run.found = [self._failure(run, run.done)]

    def _failure(self, run: HookRun, done: Exec) -> Finding:
        return Finding(
            "MigrationFails" if run.migrates else "HookFails",
            f"`{done.command}` of Helm's hook, Job {run.name}, exits with code {done.code} in pod "
            f"{done.pod}{quote_line(done.output)}",
            where=f"pod {done.pod}, Job {run.name} ({', '.join(phases(run.job['metadata']))})",
            evidence=excerpt(done.output),
            likely=meaning_of_code(done.code),
            next="mend what it says; Helm says no more than that hooks failed, and only after as "
            "many tries as the Job's backoffLimit has: 0 is enough where another can't help",
        )

    def _as_finding_of_hook(self, run: HookRun, finding: Finding) -> Finding:
        """A finding of its Job, as one of a hook."""
        hangs = finding.code == "MigrationHangs"
        code = "HookHangs" if hangs and not run.migrates else finding.code
        sentence = f"a hook of Helm's ({', '.join(phases(run.job['metadata']))}) does not come to "
        told = replace(finding, code=code, doomed=True)
        if hangs:
            return told
        return replace(told, sentence=f"{sentence}its end: {finding.sentence}")

    def _delete(self, before: set[str]) -> None:
        """Delete what would try again, or go on: its release is taken back."""
        for uid, run in self._runs.items():
            if uid not in before and run.found:
                with suppress(ClusterError):
                    self._pods.namespace.delete_job(run.name)


def uid_of(job: Object) -> str:
    """What tells a Job from an earlier one of its name."""
    return str(job["metadata"].get("uid"))
