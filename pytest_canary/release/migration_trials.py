"""A migration that is tried before it counts: on an empty database, and on one that refuses it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pytest_canary.core.background import Background
from pytest_canary.core.errors import CanaryError, ClusterError, DatabaseError
from pytest_canary.core.waiting import Waiter
from pytest_canary.database.database import Database
from pytest_canary.database.migration_history import MigrationHistory
from pytest_canary.database.schema import Schema
from pytest_canary.k8s.objects import Object
from pytest_canary.release.fresh_schema import FRESH, fresh_schema
from pytest_canary.release.pod_commands import PodCommands
from pytest_canary.release.refused_migration import PATIENCE, REFUSED, Refused, try_refused

# Seconds in which a database is made and dropped, and a pod deleted.
AROUND = 60.0

# Seconds that nobody minds at the end of a walk, for the same of a trial that is stopped.
END = 10.0


@dataclass(frozen=True)
class Tried:
    """What was there before a migration was tried, and what came of that.

    Attributes:
        before: the live schema.
        noted: what the migration tool had noted.
        schema: the one that the migrations make on an empty database; None where it is not tried.
        touched: whether the live schema was another afterwards, as of a migration that takes no
            other database's name.
    """

    before: Schema
    noted: MigrationHistory
    schema: Schema | None = None
    touched: bool = False


def state_before(database: Database) -> Tried:
    """What there is before a migration.

    Raises:
        DatabaseError: the database does not answer.
    """
    before = database.schema()
    return Tried(before, database.history(before))


class MigrationTrials:
    """Tries a version's migration beside the checks, in one pod of the run's own at a time.

    It may begin as soon as there is a pod to make its own ones like.

    Args:
        pods: run it.
        database: the live one; the others are made beside it.
        pod: the one that the migration will run in.
        command: migrate; empty for the container's own.

    Attributes:
        refused: how it ends where the database refuses it.
    """

    def __init__(
        self, pods: PodCommands, database: Database, pod: Object, command: Sequence[str]
    ) -> None:
        self._pods, self._database = pods, database
        self._pod, self._command = pod, command
        self._begin()

    def start(self) -> MigrationTrials:
        """Begin; it ends by itself."""
        self._tried.start()
        self.refused.start()
        return self

    def _begin(self) -> None:
        first = self._pods.deadline + AROUND
        self._tried = Background(FRESH, self._try_fresh, first, self._pods.waiter)
        limit = first + PATIENCE + AROUND
        self.refused = Background(REFUSED, self._try_refused, limit, self._pods.waiter)

    def _try_fresh(self, waiter: Waiter) -> Tried:
        known, pods = state_before(self._database), self._pods.waiting_by(waiter)
        made = fresh_schema(pods, self._database, self._pod, self._command)
        return replace(known, schema=made, touched=self._database.schema() != known.before)

    def _try_refused(self, waiter: Waiter) -> Refused:
        try:
            # A namespace or a node may have room for one pod more, and not for two.
            self._tried.wait(waiter)
        except CanaryError as error:
            return Refused(unknown=error.sentence)
        pods = self._pods.waiting_by(waiter)
        return try_refused(pods, self._database, self._pod, self._command)

    def fresh(self, waiter: Waiter) -> Tried:
        """What there is now, and what came of them; waits until both have ended.

        Nothing else is to run beside a migration. What kept the first from being made, such as a
        pod on its way out that still counted, may be gone by now, and it is tried again.

        Raises:
            CanaryError: why there is no schema; see `fresh_schema`.
        """
        try:
            tried = self._tried.wait(waiter)
        except (ClusterError, DatabaseError):
            self._begin()
            self.start()
            tried = self._tried.wait(waiter)
        # How it failed is told by whoever asks for it.
        with suppress(CanaryError):
            self.refused.wait(waiter)
        # What the app itself has made meanwhile, as at its first request, is none of a migration's.
        return (
            tried if tried.touched else replace(state_before(self._database), schema=tried.schema)
        )

    def stop(self) -> None:
        """End what still runs; its pods and databases are gone then."""
        self.refused.stop(0)
        self._tried.stop(END)
        self.refused.stop(END)


def begin_refused(
    pods: PodCommands, database: Database, pod: Object, command: Sequence[str], container: str
) -> Background[Refused]:
    """Begin to try a migration where it is refused; see `try_refused`."""

    def refuse(waiter: Waiter) -> Refused:
        return try_refused(pods.waiting_by(waiter), database, pod, command, container)

    return Background(REFUSED, refuse, PATIENCE + AROUND, pods.waiter).start()
