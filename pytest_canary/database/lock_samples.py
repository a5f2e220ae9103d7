"""Samples of who waits for whom in the database, ten a second.

Each is a statement in a transaction of its own that holds nothing: it delays neither the app nor a
CREATE INDEX CONCURRENTLY.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

# A line for each sample, then one for each session that waits for another, and one for each lock
# that keeps others from writing. A row lock's table is told by the tuple lock that goes with it.
SAMPLE = r"""
with locks as materialized (
  select * from pg_locks
), waiting as (
  select a.pid, b.holder from pg_stat_activity a, unnest(pg_blocking_pids(a.pid)) b(holder)
   where a.wait_event_type = 'Lock' and a.datname = current_database()
), wanted as (
  select distinct on (l.pid) l.*, coalesce(l.relation,
           (select t.relation from locks t where t.pid = l.pid and t.locktype = 'tuple' limit 1)
         ) as what
    from locks l where not l.granted and l.pid in (select pid from waiting)
), session as (
  select pid, application_name as application, coalesce(host(client_addr), '') as address,
         extract(epoch from backend_start) as began, extract(epoch from xact_start) as transaction,
         state, left(regexp_replace(query, '\s+', ' ', 'g'), 400) as statement
    from pg_stat_activity where datname = current_database()
)
select extract(epoch from now()), 'sample', null::text, null::text, null::text, h.*, s.*
  from (select) here left join session h on false left join session s on false
union all
select extract(epoch from now()), 'wait', l.mode,
       (select string_agg(distinct g.mode, ', ') from locks g
         where g.pid = w.holder and g.granted and g.locktype = l.locktype
           and (g.database, g.relation, g.page, g.tuple, g.virtualxid, g.transactionid, g.classid,
                g.objid, g.objsubid)
               is not distinct from (l.database, l.relation, l.page, l.tuple, l.virtualxid,
                                     l.transactionid, l.classid, l.objid, l.objsubid)),
       coalesce(case l.locktype when 'relation' then '' else 'rows of ' end
                || n.nspname || '.' || c.relname, l.locktype), h.*, s.*
  from waiting w join session s on s.pid = w.pid join session h on h.pid = w.holder
  left join wanted l on l.pid = w.pid
  left join pg_class c on c.oid = l.what left join pg_namespace n on n.oid = c.relnamespace
union all
select extract(epoch from now()), 'hold', null, l.mode, n.nspname || '.' || c.relname, h.*, s.*
  from locks l join session h on h.pid = l.pid left join session s on false
  join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
 where l.granted and l.locktype = 'relation' and n.nspname !~ '^pg_'
   and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
\watch 0.1
"""

# How many columns it has.
COLUMNS = 19

# How psql names itself to the server, so that nobody takes it for the app.
APPLICATION = "pytest-canary"

# Letters of a statement that go into a sentence.
SHORT = 120


@dataclass(frozen=True)
class Backend:
    """A session of the server, as pg_stat_activity has it.

    Attributes:
        address: where it comes from; empty for the database's own pod.
        began, transaction: when it and its transaction began, in seconds since 1970.
        state: "active", "idle in transaction" …
        statement: the one that runs, or ran last.
    """

    pid: int
    application: str
    address: str
    began: float
    transaction: float
    state: str
    statement: str

    @property
    def name(self) -> str:
        """As one would point to it: "session 80 (addressbook migrate)"."""
        return (
            f"session {self.pid} ({self.application})"
            if self.application
            else (f"session {self.pid}")
        )

    @property
    def key(self) -> tuple[int, float]:
        """Its transaction, among all that were ever seen."""
        return self.pid, self.transaction


@dataclass(frozen=True)
class Line:
    """One line of a sample.

    Attributes:
        at: when, by the server's clock, in seconds since 1970.
        kind: "sample" begins one; "wait" is a session that waits for another, "hold" a strong
            lock.
        wanted, held: the lock's modes; `held` is empty where the holder waits for it, too.
        relation: "public.person", "rows of public.person", or the kind of lock where it is on none.
    """

    at: float
    kind: str
    wanted: str
    held: str
    relation: str
    holder: Backend | None
    waiting: Backend | None


def parse_line(line: str) -> Line | None:
    """A line of psql's CSV; None for what is none of ours."""
    fields = next(csv.reader([line]), [])
    if len(fields) != COLUMNS:
        return None
    at, kind, wanted, held, relation, *sessions = fields
    holder, waiting = _backend(sessions[:7]), _backend(sessions[7:])
    return Line(float(at), kind, wanted, held, relation, holder, waiting)


def _backend(fields: Sequence[str]) -> Backend | None:
    pid, application, address, began, transaction, state, statement = fields
    if not pid:
        return None
    times = float(began or 0), float(transaction or 0)
    return Backend(int(pid), application, address, *times, state, statement)
