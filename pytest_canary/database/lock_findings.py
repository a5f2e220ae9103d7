"""Whether a migration kept the app waiting for too long, and what to do instead."""

from __future__ import annotations

import re

from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.database.blocking_changes import CONCURRENTLY, NOT_VALID, OTHER_COLUMN
from pytest_canary.database.lock_samples import SHORT
from pytest_canary.database.locks import ROWS, Block, Locks, strongest

# Seconds between two samples within which a wait may have been missed, and nobody minds.
HOLE = 1.0

# Statements of those that waited that go into the evidence.
SHOWN = 5

# What to do instead, by what the statement that took the lock looks like.
ADVICE = (
    (r"create (unique )?index", CONCURRENTLY),
    (r"refresh materialized", "REFRESH MATERIALIZED VIEW CONCURRENTLY"),
    (r"alter table .*\b(constraint|foreign key|check|set not null)\b", NOT_VALID),
    (r"alter table .*\btype\b", OTHER_COLUMN),
)


def expect_patience(locks: Locks | None, limit: float) -> float:
    """Expect that a migration kept nobody waiting for longer than the limit, in seconds.

    Returns:
        The longest wait seen, in seconds.

    Raises:
        FoundError: it did; with the statement that held the lock.
        ReleaseError: nobody knows, as the samples don't cover the migration.
    """
    if locks is None or locks.failure or not locks.samples:
        why = locks.failure if locks and locks.failure else "no sample came"
        raise ReleaseError(
            f"the migration's locks were not watched, so nothing is known of them: {why}"
        )
    over = [block for block in locks.blocks.values() if block.seconds > limit]
    if over:
        over.sort(key=lambda block: -block.seconds)
        raise FoundError([block_finding(locks, block, limit) for block in over])
    if locks.hole > limit + HOLE:
        raise ReleaseError(
            f"the migration's locks were not watched for {locks.hole:.1f} s in the middle, so a "
            f"wait of more than {limit:g} s may have been missed; see what kept the database busy"
        )
    return locks.longest


def block_finding(locks: Locks, block: Block, limit: float) -> Finding:
    """A migration that blocks the app: who held what, and who waited."""
    line = block.longest.line
    assert line.waiting  # noqa: S101 (it is a wait)
    whole, took = locks.culprit(block)
    statement = short(whole)
    held = f"{strongest(line.held)} on {line.relation}"
    if block.behind:
        behind = block.behind
        did = f"`{statement}` itself waits for {behind.wanted} on {behind.relation}, and whoever "
        did += "comes after it waits behind it"
    elif took:
        did = f"`{statement}` holds {held}"
    else:
        did = f"`{statement}` runs in a transaction that holds {held}"
    number = len(block.waiters)
    return Finding(
        code="MigrationBlocks",
        sentence=f"the migration keeps the app waiting for {block.seconds:.1f} s, where "
        f"{limit:g} s are allowed: {did}",
        where=f"the database, {block.holder.name}",
        seen=f"{number} {'transaction' if number == 1 else 'transactions'} waited, the longest "
        f"{block.longest.seconds:.1f} s: `{short(line.waiting.statement)}` of "
        f"{line.waiting.name}, for {line.wanted} on {line.relation}",
        evidence="\n".join(_list_waits(block)),
        likely=_likely(block, whole, took),
        next=_advice(block, whole, took),
    )


def short(statement: str) -> str:
    """A statement in a sentence."""
    return statement if len(statement) <= SHORT else f"{statement[: SHORT - 2]} …"


def _list_waits(block: Block) -> list[str]:
    longest = sorted(block.waiters.values(), key=lambda each: -each.seconds)
    lines = [
        f"{each.seconds:4.1f} s  {each.line.waiting.name}: {each.line.waiting.statement}"
        for each in longest[:SHOWN]
        if each.line.waiting
    ]
    left_out = len(longest) - SHOWN
    return [*lines, f"… and {left_out} more"] if left_out > 0 else lines


def _likely(block: Block, statement: str, took: bool) -> str:
    ran = block.holder.statement
    if block.behind and block.behind.holder:
        ahead = block.behind.holder
        return f"{ahead.name} is ahead of it, {ahead.state}: `{short(ahead.statement)}`"
    if not took:
        return "an earlier statement took the lock, which stays until the transaction ends"
    if statement != ran:
        return f"a lock stays until its transaction ends, and this one then ran `{short(ran)}`"
    return ""


def _advice(block: Block, statement: str, took: bool) -> str:
    if block.behind:
        return "set lock_timeout in the migration, so that it gives way and tries again"
    if block.longest.line.relation.startswith(ROWS):
        return "change the rows in batches, each in a transaction of its own"
    for pattern, advice in ADVICE:
        if took and re.match(pattern, statement.strip(), re.IGNORECASE):
            return advice
    if statement != block.holder.statement or not took:
        return "commit before what takes long"
    return "end the transaction sooner, and set lock_timeout in it"


def describe_waits(locks: Locks) -> list[str]:
    """For whom the migration's sessions waited when they were last seen, in words."""
    return [
        f"{line.waiting.name} waits for {line.wanted} on {line.relation}: "
        f"`{short(line.waiting.statement)}`; {line.holder.name} is ahead of it, "
        f"{line.holder.state}: `{short(line.holder.statement)}`"
        for line in locks.waits.values()
        if line.waiting and line.holder
    ]
