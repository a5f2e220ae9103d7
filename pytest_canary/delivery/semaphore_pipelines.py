"""Semaphore's: a file for each, with promotions between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_canary.config.git import QUIET, git
from pytest_canary.core.errors import CommandError, SettingsError
from pytest_canary.core.processes import Processes
from pytest_canary.delivery.promotions import starts
from pytest_canary.delivery.role_pipelines import Begun, without
from pytest_canary.jobs.definition import define
from pytest_canary.jobs.environment import Workflow
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.pipelines.roles import Role, Roles
from pytest_canary.pipelines.values import read_values
from pytest_canary.pipelines.workflow import opener, repository_of


class SemaphorePipelines:
    """The four files of a release.

    Args:
        roles: which is which.
        root: the project's folder.
        skip: names of blocks of the first one that don't run.
        processes: run git.
    """

    automatic = "give its promotion to the rollback auto_promote: {when: \"result = 'failed'\"}"

    def __init__(self, roles: Roles, root: Path, skip: Sequence[str], processes: Processes) -> None:
        self._roles = roles
        self._root = root
        self._skip = skip
        self._processes = processes

    def file(self, role: Role) -> str:
        """The file of one, as it is told."""
        return self._roles.file(role)

    def begin(self, role: Role, workflow: Workflow) -> Begun:  # noqa: ARG002 (others need it)
        """One, as it is to be run now.

        Raises:
            SettingsError: it has something that can't be rehearsed.
        """
        source = self._roles.of(role).source
        find = opener(source.path, repository_of(source.path, self._root), self._root)

        def read_file(name: str) -> str:
            found = find(name)
            if found is None:
                raise SettingsError(f"{source.shown}: there is no file {name}")
            return found.text

        parameters = self._roles.parameters(role)
        definition = define(read_values(source.text).root, read_file, parameters)
        if role == "build":
            definition = without(definition, self._skip, source.shown)
        return Begun(definition, parameters)

    def end(self, role: Role, result: PipelineResult) -> None:
        """Learn nothing: what goes from one to another, goes by promotions."""

    def why_once(self, role: Role, commit: str) -> str:
        """Why one can't be run again for an earlier workflow: its file was another by then."""
        path = self._roles.of(role).source.path
        try:
            if commit:
                git(
                    self._root,
                    *QUIET,
                    "diff",
                    "--quiet",
                    "--end-of-options",
                    commit,
                    "--",
                    str(path),
                    processes=self._processes,
                )
        except CommandError:
            return f"{self.file(role)} was another in commit {commit[:12]}"
        return ""

    def starts_rollback(self, role: Role, result: PipelineResult, workflow: Workflow) -> bool:
        """Whether the rollback starts by itself, as one that was learnt of has failed."""
        found = self._roles.promotions(role, "rollback")
        keywords = workflow.keywords
        failed = result.end.result != "passed"
        return failed and any(starts(each, result.end, keywords) for each in found)
