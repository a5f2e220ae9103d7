"""A migration that comes with a version: by a Job beside it, a hook, an init container, the app."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pytest_canary.core.errors import (
    CanaryError,
    ClusterError,
    FoundError,
    ReleaseError,
    WaitTimeoutError,
)
from pytest_canary.core.findings import Finding
from pytest_canary.core.output import excerpt
from pytest_canary.database.database import Database
from pytest_canary.database.lock_findings import describe_waits
from pytest_canary.database.lock_sampler import sample_locks
from pytest_canary.diagnosis.log_lines import quote_line
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.objects import Object, container_status, containers, is_ready, pods_of
from pytest_canary.manifests.jobs import phases
from pytest_canary.release.command_ends import meaning_of_code
from pytest_canary.release.fresh_schema import fresh_schema
from pytest_canary.release.hook_watch import HookWatch
from pytest_canary.release.job_manifest import pod_of
from pytest_canary.release.job_run import JobRun
from pytest_canary.release.migration import Migrated, explain
from pytest_canary.release.pod_commands import PodCommands, typed_command, words_of


@dataclass(frozen=True)
class Along:
    """Deploys a version whose pods migrate, and looks at the schema before and after.

    Attributes:
        pods: know the namespace and the watches.
        database: the live one.
        deployment: the Deployment's name.
        image: the version's.
        init: whether an init container migrates; else the app does, before it is ready.
        job: the Job that the version's template brings and that migrates, or that Helm runs; None
            where it has none.
        hooks: watches over the Jobs that Helm runs, where one of them migrates.
        container: the init container's name; empty for the only one.
        deadline: seconds that the deployment takes at most.
    """

    pods: PodCommands
    database: Database
    deployment: str
    image: str
    init: bool
    container: str
    deadline: float
    job: Object | None = None
    hooks: HookWatch | None = None

    def migrate(
        self,
        deploy: Callable[[], None],
        *,
        ping: Sequence[str] = (),
        fresh: bool,
        ready: Callable[[], object],
    ) -> Migrated:
        """Deploy it.

        Args:
            deploy: does, and returns when its pods are ready.
            ping: what runs in one of them then; nothing where it is empty.
            fresh: whether another version is live: then it is watched who waits for the migration,
                and the migrations are run on an empty database, too.
            ready: returns when the migration may begin.

        Raises:
            FoundError: the migration fails or hangs, or the pods don't come up.
            ReleaseError: no pod has such an init container, or migrate fails on the empty database.
            DatabaseError: the database does not answer.
        """
        before = self.database.schema()
        noted = self.database.history(before)
        ready()
        ran = self.hooks.mark() if self.hooks else set()
        locks = None
        if fresh:
            seconds = self.deadline + self.pods.deadline
            with sample_locks(self.database, self.pods.addresses(), seconds) as locks:
                try:
                    done = self._deploy(deploy)
                except CanaryError as error:
                    raise self._explain(error, describe_waits(locks)) from error
        else:
            try:
                done = self._deploy(deploy)
            except CanaryError as error:
                raise self._explain(error, ()) from error
        pod = self.pods.ready_pod(self.deployment) if self.job is None else pod_of(self.job)
        spec = self._spec(pod)
        runs = self._runs(ran)
        done = runs[0] if runs else done or self._exec_of(self._first(pod, spec), spec)
        after = self.database.schema()
        noted_after = self.database.history(after)
        container = str(spec["name"]) if self.init else ""
        expected = None
        if fresh:
            serves = not self.init and self.job is None
            expected = fresh_schema(self.pods, self.database, pod, (), container, serves=serves)
        pinged = self.pods.run(self.deployment, ping, "PingHangs") if ping else None
        return Migrated(
            pinged,
            done,
            before,
            after,
            expected,
            noted,
            noted_after,
            locks,
            pod,
            container,
            len(runs),
        )

    def _deploy(self, deploy: Callable[[], None]) -> Exec | None:
        """Deploy, and see its Job to the end; how that has ended, where there is one."""
        deploy()
        if self.job is None or self.hooks:
            return None
        return JobRun(self.pods, self.job, self.image).follow()

    def _runs(self, ran: set[str]) -> list[Exec]:
        """How the runs of the hook that migrates have ended; none where no hook does.

        Raises:
            FoundError: Helm has run none.
        """
        if self.hooks is None or self.job is None:
            return []
        runs = [each.done for each in self.hooks.migrations(ran) if each.done]
        if not runs:
            name, told = self.job["metadata"]["name"], ", ".join(phases(self.job["metadata"]))
            raise FoundError(
                [
                    Finding(
                        "HookMissed",
                        f"Helm has not run Job {name} as {self.deployment} came: it is a hook of "
                        f"{told}",
                        where=f"Job {name}",
                        next="let its helm.sh/hook be pre-install,pre-upgrade, so that the first "
                        "install and each upgrade migrate",
                    )
                ]
            )
        return runs

    def _spec(self, pod: Object) -> Object:
        """The container that migrates.

        Raises:
            ReleaseError: there is none, or more than one that may.
        """
        if not self.init:
            app = self.pods.app_of(pod)
            return next(each.spec for each in containers(pod) if each.name == app)
        listed = [each for each in containers(pod) if each.init]
        named = [each for each in listed if self.container in ("", each.name)]
        if len(named) != 1:
            names = ", ".join(each.name for each in listed) or "none"
            raise ReleaseError(
                f"which init container of pod {pod['metadata']['name']} migrates can't be told: it "
                f"has {names}; name it in migration.container"
            )
        return named[0].spec

    def _first(self, pod: Object, spec: Object) -> Object:
        """Of a version's pods, the one that migrated: in the others, there was nothing left to do.

        Args:
            pod: one of them.
            spec: the container that migrates.
        """

        def end_of(each: Object) -> str:
            status = container_status(each, spec["name"])
            return str(status.get("state", {}).get("terminated", {}).get("finishedAt") or "~")

        known = pods_of(self.pods.observer.snapshot().pods.values(), self.deployment)
        alike = [each for each in known if _template(each) == _template(pod)] if self.init else []
        return min([pod, *alike], key=end_of)

    def _exec_of(self, pod: Object, spec: Object) -> Exec:
        ended = container_status(pod, spec["name"]).get("state", {}).get("terminated", {})
        log = self._log(pod, spec)
        code = int(ended.get("exitCode", 0)) if self.init else 0
        return Exec(pod["metadata"]["name"], typed_command(spec), code, log, log)

    def _log(self, pod: Object, spec: Object, *, previous: bool = False) -> str:
        name, words = pod["metadata"]["name"], typed_command(spec)
        disclosure = self.pods.printed.of_command(pod, words_of(spec), words, self.image)
        try:
            return self.pods.namespace.logs(
                name, spec["name"], previous=previous, disclosure=disclosure
            )
        except ClusterError as error:
            return str(error)

    # What is wrong.

    def _explain(self, error: CanaryError, waits: Sequence[str]) -> CanaryError:
        """Why the version does not come up, where that is its migration."""
        known = self.pods.observer.last_snapshot().pods.values()
        pods = [pod for pod in pods_of(known, self.deployment) if not is_ready(pod)]
        found = self._of_init(pods, error) if self.init else self._of_job()
        if found is None and isinstance(error, WaitTimeoutError) and waits:
            found = Finding("MigrationHangs", error.sentence, evidence=error.evidence)
        others = list(error.findings) if isinstance(error, FoundError) else []
        if found is None:
            return explain(error, waits) if isinstance(error, FoundError) else error
        after = error.after if isinstance(error, FoundError) else None
        likely = f"in the database {waits[0]}" if waits else found.likely
        return FoundError([replace(found, likely=likely), *others], after=after)

    def _of_job(self) -> Finding | None:
        if self.hooks:
            return None  # they have told it
        done = JobRun(self.pods, self.job, self.image).failure() if self.job else None
        if self.job is None or done is None:
            return None
        return Finding(
            "MigrationFails",
            f"`{done.command}` in pod {done.pod} exits with code {done.code}"
            f"{quote_line(done.output)}",
            where=f"pod {done.pod}, Job {self.job['metadata']['name']}",
            evidence=excerpt(done.output),
            likely=meaning_of_code(done.code),
        )

    def _of_init(self, pods: Sequence[Object], error: CanaryError) -> Finding | None:
        for pod in pods:
            try:
                spec = self._spec(pod)
            except ReleaseError:
                return None
            status, name = container_status(pod, spec["name"]), pod["metadata"]["name"]
            now = status.get("state", {})
            ended = now.get("terminated") or status.get("lastState", {}).get("terminated")
            where = f"pod {name}, init container {spec['name']}"
            if ended and ended.get("exitCode"):
                log = self._log(pod, spec, previous=not now.get("terminated"))
                code = int(ended["exitCode"])
                return Finding(
                    "MigrationFails",
                    f"`{typed_command(spec)}` in init container {spec['name']} of pod {name} exits "
                    f"with code {code}{quote_line(log)}",
                    where=where,
                    evidence=excerpt(log),
                    likely=meaning_of_code(code),
                    next=f"kubectl logs {name} -c {spec['name']}",
                )
            if "running" in now and isinstance(error, WaitTimeoutError):
                log = self._log(pod, spec)
                return Finding(
                    "MigrationHangs",
                    f"`{typed_command(spec)}` in init container {spec['name']} of pod {name} was "
                    f"given up at its deadline of {self.deadline:g} s{quote_line(log)}",
                    where=where,
                    evidence=excerpt(log),
                    next="see deadlines.rollout, and what it does so long; it runs on until its "
                    "pod is deleted",
                )
        return None


def _template(pod: Object) -> str:
    """Which template of its Deployment's it was made of."""
    return str((pod["metadata"].get("labels") or {}).get("pod-template-hash"))
