"""A Job that Helm runs as a hook, watched while Helm waits for it."""

from __future__ import annotations

from contextlib import suppress

from pytest_canary.core.errors import ClusterError, FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.core.output import shown
from pytest_canary.diagnosis.log_lines import quoted
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.objects import Object
from pytest_canary.release.command_ends import killed
from pytest_canary.release.job_run import JobRun
from pytest_canary.release.pod_commands import PodCommands


class HookRun:
    """One run of a hook.

    Helm says of one that failed no more than that, and deletes those that it is told to. So the
    Job is looked at from before it is there.

    Args:
        pods: know the namespace, the watches and the deadline.
        job: the Job, as the API takes it.
        image: of the version that it migrates.
    """

    def __init__(self, pods: PodCommands, job: Object, image: str) -> None:
        self._pods = pods
        self._run = JobRun(pods, job, image)
        self._done: Exec | None = None
        self._since: float | None = None
        # That of the version before, which Helm deletes when it makes this one.
        self._before = self._uid()

    def look(self) -> str:
        """How far it is, in words; empty where it is not there, or has come to its end.

        Raises:
            FoundError: its command fails, hangs, or gets no pod that can run it.
        """
        uid = self._uid()
        if self._done is not None or uid in ("", self._before):
            return ""
        now = self._pods.observer.now()
        self._since = now if self._since is None else self._since
        seen = self._run.look()
        if seen.done:
            self._done = seen.value
            self._expect_success(seen.value)
            return ""
        if now - self._since > self._pods.deadline:
            found = self._run.given_up(seen.text)
            # What hangs ends then.
            self._pods.namespace.delete_job(self._run.name)
            raise FoundError(found)
        return f"Job {self._run.name}: {seen.text}"

    def ended(self) -> Exec:
        """How it has ended, once Helm has come through."""
        if self._done is not None:
            return self._done
        # Helm has waited for it, and deletes what has succeeded; sooner than we looked.
        return Exec(self._run.name, self._run.command, 0, "", "")

    def _expect_success(self, done: Exec) -> None:
        if done.code:
            raise FoundError([self._failed(done)])

    def _failed(self, done: Exec) -> Finding:
        return Finding(
            "MigrationFails",
            f"`{done.command}` in pod {done.pod} exits with code {done.code}{quoted(done.output)}",
            where=f"pod {done.pod}, Job {self._run.name}",
            evidence=shown(done.output),
            likely=killed(done.code),
        )

    def _uid(self) -> str:
        with suppress(ClusterError):
            job = self._pods.namespace.job(self._run.name)
            return str(job["metadata"].get("uid")) if job else ""
        return ""  # the next look may tell
