"""What runs have left whose process is gone: it is found by their records, and removed."""

from __future__ import annotations

from contextlib import suppress

from pytest_canary.cluster.container_engine import ContainerEngine
from pytest_canary.cluster.run import Run, find_abandoned
from pytest_canary.cluster.teardown import Tell, tear_down
from pytest_canary.core import locks
from pytest_canary.core.errors import CanaryError, ClusterError, WaitTimeoutError
from pytest_canary.core.waiting import Seen, Waiter

# Seconds in which what a killed run's command is making is made.
ORPHANED = 180.0

# Seconds in which what such a command had started itself is gone, once it is killed.
STRAGGLERS = 5.0


def reap(engine: ContainerEngine, *, kept: bool, tell: Tell, waiter: Waiter | None = None) -> int:
    """Remove what runs have left whose process is gone.

    Args:
        engine: the container engine.
        kept: also what was kept on purpose, with --canary-keep or --canary-reuse; and what is
            still being made is waited for.
        tell: told of each run that is removed.
        waiter: waits until things are gone.

    Returns:
        How many runs were removed.

    Raises:
        CanaryError: some could not be removed, or must not be from here; the others were.
    """
    removed = 0
    errors: list[str] = []
    waiter = waiter or Waiter()
    for run in find_abandoned(kept=kept, spare=errors.append):
        record = run.record
        what = record.cluster or record.namespace or "its files"
        try:
            _check_engine(run, engine)
            if run.at_work:
                _await_orphans(run, waiter, tell, ORPHANED if kept else 0)
            tell(f"run {run.id} of {record.project} is gone and left {what}; removing it")
            tear_down(run, engine, waiter=waiter, tell=tell)
            removed += 1
        except CanaryError as error:
            errors.append(str(error))
        finally:
            run.release()
    if errors:
        raise CanaryError("\n".join(errors))
    return removed


def _check_engine(run: Run, engine: ContainerEngine) -> None:
    """Another engine has no such container, which does not mean that there is none."""
    record = run.record
    made = record.cluster or record.network or record.images or record.registry
    if made and record.engine not in ("", engine.id):
        raise ClusterError(
            f"run {run.id} of {record.project} used another container engine, at "
            f"{record.endpoint}, and what it left there stays: run `pytest --canary-reap` with "
            f"that one (DOCKER_HOST, or `docker context use`); delete {run.folder} where it is gone"
        )


def _await_orphans(run: Run, waiter: Waiter, tell: Tell, timeout: float) -> None:
    def look() -> Seen[None]:
        # A command may end at any time, and what it has started goes on without it.
        locks.end_stragglers(run.work)
        return Seen(f"{run.work} is still held", not run.at_work, None)

    if locks.end_stragglers(run.work):
        with suppress(WaitTimeoutError):
            what = f"what commands of run {run.id} have started to end"
            waiter.until(what, look, timeout=STRAGGLERS)
    if not run.at_work:
        return
    if not timeout:
        raise ClusterError(
            f"run {run.id} of {run.record.project} is gone, and a command of it is still making "
            "something; `pytest --canary-reap` waits for its end and removes it"
        )
    tell(f"run {run.id} is gone, and a command of it is still making something; waiting for it")
    # Once a second, as each look goes through all processes of the machine.
    what = f"the commands of run {run.id} to end"
    waiter.until(what, look, timeout=timeout, change=waiter.clock.sleep)
