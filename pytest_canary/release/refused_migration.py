"""How a migration fails: tried once, on an empty database that refuses every change.

A migration that exits with 0 when it failed can't stop a release, and nobody sees that in a walk in
which it succeeds.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_canary.core.errors import CanaryError
from pytest_canary.core.findings import Finding
from pytest_canary.core.output import excerpt
from pytest_canary.database.database import Database
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.objects import Object
from pytest_canary.release.one_off import one_off
from pytest_canary.release.pod_commands import PodCommands

# Seconds in which it has to end; a connection pool keeps a process for 30 s.
PATIENCE = 45.0

# Seconds from its last word to its end that are long.
LONG = 10.0

REFUSED = "migrate to end on a database that refuses it"
"""What is awaited, as a clause."""

WHERE = "a pod of its own, on an empty database that refuses every change"


@dataclass(frozen=True)
class Refused:
    """How the migration ended where nothing that it wanted was done.

    Attributes:
        done: how; None where nobody knows.
        silent: seconds from its last word to its end; 0 where nobody knows, or it said nothing.
        unknown: why nobody knows, as a clause; empty where it is known.
    """

    done: Exec | None = None
    silent: float = 0.0
    unknown: str = ""


def try_refused(
    pods: PodCommands, database: Database, pod: Object, command: Sequence[str], container: str = ""
) -> Refused:
    """Run a migration on a database that refuses it.

    Args:
        pods: runs it, in a pod of its own.
        database: the live one; the other is made beside it.
        pod: the one that the migration runs in.
        command: migrate; empty for the container's own.
        container: the one of its containers that migrates; empty for the app's.

    Returns:
        How it ended; or why nobody knows, whatever went wrong.
    """
    silences: list[float] = []

    def note_end(pod: str, container: str, state: Object) -> None:
        log = pods.namespace.logs(pod, container, 1, timestamps=True)
        silences.append(silence(log, state))

    try:
        with database.scratch("refused") as name:
            surely = database.refuse_changes(name)
            app = container or pods.app_of(pod)
            own = one_off(pod, app, name.replace("_", "-"), command, name)
            done = pods.run_apart(own, REFUSED, timeout=PATIENCE, ended=note_end)
            # Whoever asks for it may write all the same.
            if done.code == 0 and not surely and database.schema(name):
                return Refused(unknown="it has written to a database that is read-only")
    except CanaryError as error:
        return Refused(unknown=error.sentence)
    return Refused(done, silences[0])


def silence(log: str, state: Object) -> float:
    """Seconds from the last line of a container's log to its end; 0 where one of both is not told.

    Args:
        log: that line, with its timestamp before it.
        state: the container's terminated state.
    """
    said, _, _ = log.strip().partition(" ")
    if not said or not state.get("finishedAt"):
        return 0.0
    try:
        last = datetime.datetime.fromisoformat(said)
    except ValueError:  # what stands there in place of a log
        return 0.0
    end = datetime.datetime.fromisoformat(state["finishedAt"])
    return max((end - last).total_seconds(), 0.0)


def failures(refused: Refused) -> Iterator[Finding]:
    """The rules unfailing-migration and late-failure: what is wrong with how it ended."""
    done = refused.done
    if done is None:
        return
    if done.code == 0:
        yield Finding(
            code="unfailing-migration",
            sentence=f"`{done.command}` exits with 0 where the database refuses it; what can't "
            "fail can't stop a release",
            where=WHERE,
            seen="it has made nothing there",
            evidence=excerpt(done.output),
            next="let it exit with another code when it fails; one that catches its errors has to "
            "pass them on",
        )
    if refused.silent > LONG:
        yield Finding(
            code="late-failure",
            sentence=f"`{done.command}` ends {refused.silent:.0f} s after its last word where the "
            "database refuses it, and a release that fails waits as long",
            where=WHERE,
            evidence=excerpt(done.output),
            likely="connections that are left open keep the process",
            next="close them, or end the process, as soon as it has failed",
        )
