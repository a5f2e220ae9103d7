"""What a migration did that keeps the app waiting for as long as a table is large.

On the few rows of a rehearsal nobody waits. The catalogue tells it all the same: a table or an
index that is built gets a new file, and each row of the catalogue has the number of the transaction
that wrote it last (`xmin`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_canary.core.findings import Finding

REWRITE, INDEX, CONSTRAINT = "table-rewrite", "blocking-index", "validated-constraint"

# What to do instead.
OTHER_COLUMN = (
    "add a column of the new type, fill it in batches, and let a later release use it alone"
)
CONCURRENTLY = "CREATE INDEX CONCURRENTLY, outside a transaction"
NOT_VALID = "add the constraint NOT VALID, and VALIDATE it in another transaction"

# Of an index and a constraint also the transactions that made it and that changed it last: an
# index's columns and what a constraint depends on are written down when it is made, and not again;
# its own row again whenever it becomes ready or valid, which is later where the table is not locked
# for as long as that takes. Seen on PostgreSQL 13, 14, 15, 16 and 18.
CATALOGUE_SQL = r"""
select 'table', c.oid::text, n.nspname || '.' || c.relname, c.relfilenode::text,
       pg_relation_size(c.oid)::text, c.relnatts::text, '', ''
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
union all
select 'index', i.indexrelid::text, n.nspname || '.' || c.relname, c.relfilenode::text,
       i.indrelid::text,
       (select a.xmin::text from pg_attribute a where a.attrelid = c.oid and a.attnum = 1),
       i.xmin::text, ''
  from pg_index i join pg_class c on c.oid = i.indexrelid and c.relkind = 'i'
  join pg_namespace n on n.oid = c.relnamespace
union all
select case k.contype when 'f' then 'foreign key' else 'check' end, k.conrelid::text,
       k.conname::text, pg_get_constraintdef(k.oid),
       (select d.xmin::text from pg_depend d
         where d.classid = k.tableoid and d.objid = k.oid limit 1), k.xmin::text,
       a.attnum::text, a.xmin::text
  from pg_constraint k
  left join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
 where k.contype in ('c', 'f') and k.convalidated and k.conislocal and k.conparentid = 0
 order by 1, 3
"""


@dataclass(frozen=True)
class Table:
    """A table: its name, its file's number, and how many bytes and columns it has."""

    name: str
    file: str
    size: int
    columns: int


@dataclass(frozen=True)
class Index:
    """An index: its name, its file's number, and the oid of the table that it is on.

    Attributes:
        made, changed: the transactions that made it, and changed it last.
    """

    name: str
    file: str
    table: str
    made: str
    changed: str


@dataclass(frozen=True)
class Constraint:
    """A check or foreign key that holds for all rows: the oid of its table, name and definition.

    Attributes:
        made, changed: the transactions that made it, and changed it last.
        column: the number of the first column that it is of; 0 where there is none.
        column_made: the transaction that made or changed that column last.
    """

    kind: str
    table: str
    name: str
    definition: str
    made: str
    changed: str
    column: int
    column_made: str


@dataclass
class Catalogue:
    """What is in a database: tables and indexes by oid, and constraints."""

    tables: dict[str, Table] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)


def read_catalogue(rows: list[tuple[str, ...]]) -> Catalogue:
    """What the answers to the query say."""
    found = Catalogue()
    for kind, oid, name, *rest in rows:
        if kind == "table":
            file, size, columns = rest[:3]
            found.tables[oid] = Table(name, file, int(size or 0), int(columns))
        elif kind == "index":
            found.indexes[oid] = Index(name, *rest[:4])
        else:
            definition, made, changed, column, column_made = rest
            entry = Constraint(
                kind, oid, name, definition, made, changed, int(column or 0), column_made
            )
            found.constraints.append(entry)
    return found


def blocking_changes(before: Catalogue, after: Catalogue) -> list[Finding]:
    """What a migration did to tables that were there before, that takes long on many rows.

    Args:
        before: the catalogue before the migration.
        after: the catalogue after it.
    """
    return [
        *_rewritten(before, after),
        *_index_findings(before, after),
        *_constraint_findings(before, after),
    ]


def _rewritten(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    for oid, table in after.tables.items():
        old = before.tables.get(oid, table)
        emptied = old.size > 0 and table.size == 0  # TRUNCATE, which takes no time
        if table.file != old.file and not emptied:
            yield Finding(
                code=REWRITE,
                sentence=f"the migration writes table {table.name} anew, and until that is done "
                "nobody can read or write it",
                where="the database",
                seen=f"the table's file was {old.file} and is {table.file}",
                likely="a column's type is changed, or a column is added whose default differs "
                "from row to row",
                next=OTHER_COLUMN,
            )


def _index_findings(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    # A column's type may change so that its indexes are made again of the files that are there.
    files = {index.file for index in before.indexes.values()}
    for oid, index in after.indexes.items():
        table, old = after.tables.get(index.table), before.tables.get(index.table)
        if table is None or old is None or table.file != old.file or index.file in files:
            continue
        was = before.indexes.get(oid)
        if was or index.made == index.changed:
            yield Finding(
                code=INDEX,
                sentence=f"the migration builds index {index.name} without CONCURRENTLY, and until "
                f"that is done nobody can write to {table.name}",
                where="the database",
                seen=f"its file was {was.file} and is {index.file}"
                if was
                else f"transaction {index.made} made it and left it valid",
                next=f"{CONCURRENTLY}; a constraint then takes it with ADD CONSTRAINT … USING "
                "INDEX",
            )


def _constraint_findings(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    # A column's type may change so that its constraints are made again as they were.
    known = {(each.table, each.name, each.definition) for each in before.constraints}
    names = {known_as[:2] for known_as in known}
    for each in after.constraints:
        table = before.tables.get(each.table)
        there = table is None or (each.table, each.name, each.definition) in known
        if there or each.made != each.changed or (table and _has_no_value(each, table)):
            continue
        name = after.tables[each.table].name
        barred = "write to" if each.kind == "foreign key" else "read or write"
        yield Finding(
            code=CONSTRAINT,
            sentence=f"the migration adds {each.kind} {each.name} and validates it in one "
            f"transaction, and until all rows are looked at nobody can {barred} {name}",
            where="the database",
            seen=each.definition,
            likely="it is made again, as its column's type is changed, or it is itself"
            if (each.table, each.name) in names
            else "",
            next=NOT_VALID,
        )


def _has_no_value(constraint: Constraint, table: Table) -> bool:
    """Whether it may be of a column that was added together with it: no row is looked at then."""
    added = constraint.column > table.columns and constraint.column_made == constraint.made
    return constraint.kind == "foreign key" and added
