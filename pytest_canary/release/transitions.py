"""What moves a release on, whoever does: the harness's own lines, or the project's pipelines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pytest_canary.core.findings import Finding
from pytest_canary.database.database import Database
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.release.diagnostics import Diagnostics
from pytest_canary.release.migration import Fresh, Migrated
from pytest_canary.release.migration_trials import MigrationTrials
from pytest_canary.release.release import Release
from pytest_canary.rendering.version import Version


@dataclass(frozen=True)
class Again:
    """A promotion of the last good version.

    Attributes:
        told: who has made it, and why nobody else; empty where it is nothing to tell.
        findings: what is wrong with it, though the version is live again.
    """

    told: str = ""
    findings: tuple[Finding, ...] = ()


class Transitions(Protocol):
    """Makes the candidate's transitions."""

    def canary(self, version: Version) -> None:
        """Put the version beside stable, as a canary."""

    def begin_trials(self) -> MigrationTrials:
        """Begin to try the migration beside what is checked before it is made."""

    def migrate(self, *, fresh: Fresh | None, ready: Callable[[], object]) -> Migrated:
        """Run ping and migrate, or what else migrates; `release.migration.migrate` says how."""

    def go_on(self) -> None:
        """Come to where the migration has ended, in a release that migrates nothing."""

    def expect_passed(self) -> None:
        """Return where what has migrated came to a good end; beside the commands' own."""

    def promote(self, version: Version, last: Callable[[], None]) -> None:
        """Make the version stable and delete the canary; `last` is called before that."""

    def expect_kept(self, version: Version) -> None:
        """Return where a version that was live can be had again, as for a rollback."""

    def promote_again(self, version: Version) -> Again:
        """Make a version stable once more that was live before; and tell who has."""

    def spoil(self) -> None:
        """Make the canary one that a rollback is for, where that makes a difference."""

    def roll_back(self, diagnostics: Diagnostics | None = None) -> Diagnostics:
        """Scale stable up again and delete the canary; what was collected before comes first."""

    def stop(self) -> None:
        """End what is still at it."""


class OwnTransitions:
    """The harness's own: the commands of a canary, stable and rollback pipeline, line for line.

    Args:
        release: makes them.
        database: is migrated.
        candidate: the version under test, as it is known by now.
    """

    def __init__(
        self, release: Release, database: Database, candidate: Callable[[], Version]
    ) -> None:
        self._release = release
        self._database = database
        self._candidate = candidate

    def canary(self, version: Version) -> None:
        """`kubectl apply`, `apply.sh` and `kubectl scale`."""
        self._release.canary(version)

    def begin_trials(self) -> MigrationTrials:
        """In pods of their own, like those that will migrate."""
        return self._release.migrator.begin_trials(self._database, self._track, self._candidate())

    def migrate(self, *, fresh: Fresh | None, ready: Callable[[], object]) -> Migrated:
        """`kubectl exec`, twice; or a Job, to its end."""
        return self._release.migrator.migrate(
            self._database, self._track, self._candidate(), fresh=fresh, ready=ready
        )

    @property
    def _track(self) -> str:
        return CANARY if self._release.settings.replicas.canary else STABLE

    def go_on(self) -> None:
        """There is nothing on the way."""

    def expect_passed(self) -> None:
        """Nothing else was run."""

    def promote(self, version: Version, last: Callable[[], None]) -> None:
        """`apply.sh` and `kubectl delete`."""
        self._release.promote(version, last)

    def expect_kept(self, version: Version) -> None:
        """The node has it."""

    def promote_again(self, version: Version) -> Again:
        """As any other version."""
        self._release.promote(version)
        return Again()

    def spoil(self) -> None:
        """Nothing: these lines know no canary that they can't take back."""

    def roll_back(self, diagnostics: Diagnostics | None = None) -> Diagnostics:
        """`kubectl scale` and `kubectl delete`."""
        return self._release.roll_back(diagnostics)

    def stop(self) -> None:
        """Nothing is at it any more."""
