"""A migration that is tried before it counts: on an empty database, and on one that refuses it."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_canary.core.background import Background
from pytest_canary.core.waiting import Waiter
from pytest_canary.database.database import Database
from pytest_canary.database.schema import Schema
from pytest_canary.k8s.objects import Object
from pytest_canary.release.fresh_schema import FRESH, fresh_schema
from pytest_canary.release.pod_commands import PodCommands
from pytest_canary.release.refused_migration import PATIENCE, REFUSED, Refused, try_refused

# Seconds in which a database is made and dropped, and a pod deleted.
AROUND = 60.0

# Seconds that nobody minds at the end of a walk, for the same of a trial that is stopped.
END = 10.0


class MigrationTrials:
    """Tries a version's migration beside the checks, in one pod of the run's own at a time.

    Nothing of it touches the live database, so it may begin as soon as there is a pod to make its
    own ones like.

    Args:
        pods: run it.
        database: the live one; the others are made beside it.
        pod: the one that the migration will run in.
        command: migrate; empty for the container's own.
    """

    def __init__(
        self, pods: PodCommands, database: Database, pod: Object, command: Sequence[str]
    ) -> None:
        def try_fresh(waiter: Waiter) -> Schema:
            return fresh_schema(pods.waiting_by(waiter), database, pod, command)

        def refuse(waiter: Waiter) -> Refused:
            # A namespace or a node may have room for one pod more, and not for two. What fails
            # there says nothing new here.
            self._fresh.wait(waiter)
            return try_refused(pods.waiting_by(waiter), database, pod, command)

        first = pods.deadline + AROUND
        self._fresh = Background(FRESH, try_fresh, first, pods.waiter)
        self.refused = Background(REFUSED, refuse, first + PATIENCE + AROUND, pods.waiter)

    def start(self) -> MigrationTrials:
        """Begin; it ends by itself."""
        self._fresh.start()
        self.refused.start()
        return self

    def fresh(self, waiter: Waiter) -> Schema:
        """The schema that the migrations make on an empty database; waits for it.

        Raises:
            CanaryError: why there is none; see `fresh_schema`.
        """
        return self._fresh.wait(waiter)

    def stop(self) -> None:
        """End what still runs; its pods and databases are gone then."""
        self.refused.stop(0)
        self._fresh.stop(END)
        self.refused.stop(END)


def begin_refused(
    pods: PodCommands, database: Database, pod: Object, command: Sequence[str], container: str
) -> Background[Refused]:
    """Begin to try a migration where it is refused; see `try_refused`."""

    def refuse(waiter: Waiter) -> Refused:
        return try_refused(pods.waiting_by(waiter), database, pod, command, container)

    return Background(REFUSED, refuse, PATIENCE + AROUND, pods.waiter).start()
