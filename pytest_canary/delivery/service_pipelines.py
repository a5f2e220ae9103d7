"""GitHub's and GitLab's: one file, whose jobs are run in four parts, each in its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_canary.core.errors import SettingsError
from pytest_canary.core.findings import Finding
from pytest_canary.delivery.role_pipelines import CALLED, Begun, without
from pytest_canary.jobs.assignment import Assignment
from pytest_canary.jobs.definition import Definition
from pytest_canary.jobs.environment import Workflow
from pytest_canary.jobs.order import End
from pytest_canary.jobs.results import JobResult, PipelineResult
from pytest_canary.pipelines.roles import Role
from pytest_canary.pipelines.service_roles import ServiceRoles
from pytest_canary.services.parts import parts
from pytest_canary.services.reading import RunInputs
from pytest_canary.services.runnable import Runnable, runnable

# Minutes that a part may take: those of one of GitHub's jobs, where its jobs say no less.
MOST = 360

_FAILED, _NOT_RUN = End("failed", "test"), End("canceled", "skipped")


class ServicePipelines:
    """The four parts of a release's one file.

    What a job hands on, and how it has ended, the jobs of later parts know. Where the rollback is
    run though nothing has failed, they see the canary's last job failed, and none behind it run.

    Args:
        roles: which jobs begin which part.
        wanted: what is to be run of the file.
        skip: names of jobs of the first part that don't run.
    """

    def __init__(self, roles: ServiceRoles, wanted: RunInputs, skip: Sequence[str]) -> None:
        self._roles = roles
        started = tuple(name for names in roles.named.values() for name in names)
        self._wanted = replace(wanted, started=started)
        self._skip = skip
        self._file: Runnable | None = None
        self._parts: dict[Role, Definition] = {}
        self._ends: dict[str, End] = {}
        self.automatic = {
            "GitHub": "let a job that takes back need the others, with `if: failure()`",
            "GitLab": "give the job that takes back `when: on_failure`",
        }.get(roles.service, "")

    def file(self, role: Role) -> str:
        """The file, as it is told."""
        return self._roles.file(role)

    def begin(self, role: Role, workflow: Workflow) -> Begun:
        """One part, as it is to be run now.

        Raises:
            SettingsError: the file has something that can't be rehearsed.
        """
        file = self._read(workflow)
        part = self._parts[role]
        if role == "build":
            part = without(part, self._skip, self.file(role))
        if not part.blocks:
            raise SettingsError(
                f"{self.file(role)} has no job for {CALLED[role]}: all wait for others; name in "
                "[pipeline.roles] those with which each of the three begins, or set pipeline.run "
                "= false"
            )
        known = self._known_ends(role)

        def run_job(given: Assignment) -> JobResult:
            return file.run_job(replace(given, ends={**known, **given.ends}))

        longest = sum(max((job.minutes for job in e.jobs), default=0) for e in part.blocks)
        return Begun(replace(part, minutes=min(longest, MOST)), run_job=run_job)

    def end(self, role: Role, result: PipelineResult) -> Finding | None:
        """Learn what came of one; what is wrong with that, whatever its jobs came to."""
        self._ends |= {each.name: each.end for each in result.blocks}
        if not all(each.end.reason == "skipped" for each in result.blocks):
            return None
        names = " and ".join(each.name for each in result.blocks)
        return Finding(
            "PipelineFails",
            f"{CALLED[role]} runs no job: of {names}, the conditions don't hold here",
            self.file(role),
            next="let them hold for the branch or tag that is rehearsed",
        )

    def why_once(self, role: Role, commit: str) -> str:  # noqa: ARG002 (others need them)
        """Why one can't be run again: what earlier jobs hand on to it is the candidate's."""
        return "a part of one file's jobs is not run again by itself"

    def starts_rollback(self, role: Role, result: PipelineResult, workflow: Workflow) -> bool:
        """Whether the rollback starts by itself, as one that was learnt of has failed."""
        if role in ("build", "rollback") or result.end.result == "passed":
            return False
        file, known = self._read(workflow), self._so_far()
        return any(file.starts(name, known) for name in self._roles.named["rollback"])

    def _read(self, workflow: Workflow) -> Runnable:
        if self._file is None:
            self._file = runnable(self._roles.source, self._wanted, workflow)
            self._parts = parts(self._file.definition, self._roles.named)
        return self._file

    def _known_ends(self, role: Role) -> dict[str, End]:
        """How the jobs of other parts have ended, as those of one see it."""
        known = self._so_far()
        if role != "rollback" or any(each.result == "failed" for each in known.values()):
            return known
        last = self._parts["canary"].blocks[-1].name
        after = {each.name: _NOT_RUN for each in self._parts["stable"].blocks}
        return {**known, last: _FAILED, **after}

    def _so_far(self) -> dict[str, End]:
        names = [each.name for part in self._parts.values() for each in part.blocks]
        return {name: self._ends.get(name, _NOT_RUN) for name in names}
