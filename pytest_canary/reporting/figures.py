"""The report's figures: replicas, shares, requests, the database's change."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pytest_canary.reporting.part import Count, Part, Seconds, Share01, Text, Texts


class Replicas(Part):
    """A Deployment's pods of one version, from this moment until the next one of the two.

    Attributes:
        version: whose pods ready and available count; empty where that isn't known.
        wanted: replicas that the Deployment asks for, of whichever version.
    """

    at: Seconds
    deployment: str
    version: Text = ""
    wanted: Count
    ready: Count
    available: Count


class Availability(Part):
    """The fewest available replicas in a transition, and how few its strategy allows."""

    deployment: str
    transition: str
    lowest: Count
    allowed: Count


class Share(Part):
    """The canary's share of connections, with its interval, and what its replicas make."""

    value: Share01
    low: Share01
    high: Share01
    expected: Share01
    connections: Count


class Exchanges(Part):
    """The requests of one transition, or of a stage's time without one; latencies in seconds.

    Attributes:
        name: the transition's; empty for none.
        retryable: of the lost, those that a client may safely send again.
        unsent: those that the generator's own bounds kept back; not among the sent.
    """

    name: str = ""
    stage: str = ""
    sent: Count
    lost: Count
    retryable: Count = 0
    slow: Count = 0
    unsent: Count = 0
    p50: Seconds | None = None
    p95: Seconds | None = None
    p99: Seconds | None = None


class Point(Part):
    """The requests that were due in one bin of time and that one version answered.

    Attributes:
        at: the bin's start.
        version: which one answered; empty where none did, or none said.
        errors: those of the requests that were lost.
        p50, p95, p99: latencies of the answered ones, in seconds.
    """

    at: Seconds
    version: Text = ""
    requests: Count
    errors: Count = 0
    p50: Seconds | None = None
    p95: Seconds | None = None
    p99: Seconds | None = None


class Loss(Part):
    """One lost request.

    Attributes:
        at: when it was due.
        request: method and path.
        kind: refused, reset, timeout, a status, a wrong answer.
        retryable: whether a real client would safely send it again.
    """

    at: Seconds
    stage: str = ""
    transition: str = ""
    request: Text
    kind: str
    retryable: bool = False
    pod: str = ""
    version: Text = ""
    detail: Text = ""


class Lag(Part):
    """How late the generator itself sent its requests, in seconds."""

    p50: Seconds | None = None
    p99: Seconds | None = None
    max: Seconds | None = None


class Traffic(Part):
    """The load.

    Attributes:
        rate: requests a second that were to be sent.
        unsent: requests that the generator's own bounds kept back; not among the sent.
        writes: the acknowledged ones.
        unacknowledged: writes that may have been done and may not.
        read_back: whether the acknowledged ones were looked for again.
        lost_writes, doubled_writes: those that were then not there once, as they are named.
        cost: CPU seconds that sending them took.
        bin: seconds that each point of the series stands for.
    """

    rate: Annotated[float, Field(ge=0)] | None = None
    sent: Count = 0
    lost: Count = 0
    slow: Count = 0
    unsent: Count = 0
    writes: Count = 0
    unacknowledged: Count = 0
    read_back: bool = False
    lost_writes: Texts = ()
    doubled_writes: Texts = ()
    lag: Lag | None = None
    cost: Seconds | None = None
    by_transition: tuple[Exchanges, ...] = ()
    bin: Annotated[float, Field(gt=0)] = 1
    series: tuple[Point, ...] = ()
    losses: tuple[Loss, ...] = ()


class Backup(Part):
    """The backup before the migration: bytes, seconds, and whether it could be restored."""

    size: Count | None = None
    seconds: Seconds | None = None
    restored: bool | None = None


class Lock(Part):
    """One wait for a lock that the migration held.

    Attributes:
        seconds: for how long.
        blocked: the statement that waited.
        statement: the one that held the lock.
        limit: seconds that would have been allowed.
    """

    seconds: Seconds
    blocked: Text
    statement: Text
    limit: Seconds | None = None


class Database(Part):
    """What the migration did.

    Attributes:
        schema_before, schema_after: the schema's names: "0001".
        changes: its diff: "+ column person.search_name", "- …".
        not_undone: what rolling back the app left as it was, a sentence each.
    """

    backup: Backup | None = None
    schema_before: Text = ""
    schema_after: Text = ""
    changes: Texts = ()
    locks: tuple[Lock, ...] = ()
    not_undone: Texts = ()
