"""Which jobs of a file of GitHub's or GitLab's release a candidate, promote it and take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pytest_canary.core.errors import SettingsError
from pytest_canary.core.wording import did_you_mean
from pytest_canary.manifests.composing import UnreadableError
from pytest_canary.manifests.documents import Source
from pytest_canary.pipelines.kinds import Kind, kind_of
from pytest_canary.pipelines.roles import INSTEAD, Role
from pytest_canary.pipelines.values import read_values

NamedRole = Literal["canary", "stable", "rollback"]

NAMED: tuple[NamedRole, ...] = ("canary", "stable", "rollback")
"""The roles that are told by a job's name; what comes before the canary's builds."""


@dataclass(frozen=True)
class ServiceRoles:
    """One file of GitHub's or GitLab's, whose jobs make the walk's transitions.

    Attributes:
        source: the file.
        service: whose it is.
        named: by role, the jobs with which it begins.
    """

    source: Source
    service: Kind
    named: Mapping[NamedRole, tuple[str, ...]]

    def file(self, role: Role) -> str:  # noqa: ARG002 (of Semaphore's, each role has a file)
        """The file of a role, as it is told."""
        return self.source.shown


def find_service_roles(
    source: Source, named: Mapping[NamedRole, tuple[str, ...]]
) -> ServiceRoles | None:
    """Tell the jobs from each other: by the names that are given, or by what they are called.

    Args:
        source: the file.
        named: by role, the jobs that the settings name.

    Returns:
        None where no settings name any and no three jobs are called canary, stable and rollback,
        or where the file is malformed: it is looked at alone.

    Raises:
        SettingsError: a job that is named is not there, or a role has none.
    """
    jobs = _jobs(source)
    if not any(named.values()) and not all(role in jobs for role in NAMED):
        return None
    found = {role: named.get(role) or ((role,) if role in jobs else ()) for role in NAMED}
    for role, names in found.items():
        for name in names:
            if name not in jobs:
                hint = did_you_mean(name, jobs, otherwise=f"there are {', '.join(jobs) or 'none'}")
                raise SettingsError(
                    f"pipeline.roles.{role} names job {name}, and {source.shown} has none of that "
                    f"name; {hint}"
                )
        if not names:
            raise SettingsError(
                f"{source.shown} has no job that is called {role}, so that no walk can run it; "
                f"name it in pipeline.roles.{role}, {INSTEAD}"
            )
    return ServiceRoles(source, kind_of(source.path), found)


def _jobs(source: Source) -> tuple[str, ...]:
    """The names of a file's jobs; in GitLab's, those of what else stands there beside them."""
    try:
        root = read_values(source.text).root
    except UnreadableError:
        return ()
    if kind_of(source.path) == "GitHub" and isinstance(root, dict):
        root = root.get("jobs")
    if not isinstance(root, dict):
        return ()
    return tuple(name for name, each in root.items() if isinstance(each, dict))
