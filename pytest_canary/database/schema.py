"""What is in a database: its schema, what changed in it, and what a rollback leaves changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

Part = tuple[str, ...]
"""Kind, schema, table, name, and what else defines a column, an index or the like.

A kind in capitals is pg_dump's: then it is kind, schema, name, and a line of what it writes.
"""

Schema = frozenset[Part]

# A column's position is left out: a migration adds at the end what a new schema has in the middle.
# What an extension brings is the extension's own matter. Identity columns own their sequences.
SCHEMA_SQL = r"""
with spaces as (
  select oid, nspname::text as name from pg_namespace
   where nspname !~ '^pg_' and nspname <> 'information_schema'
), brought as (
  select classid, objid from pg_depend where deptype = 'e'
), relations as (
  select c.oid, c.relname::text as name, c.relkind, s.name as space
    from pg_class c join spaces s on s.oid = c.relnamespace
   where (c.tableoid, c.oid) not in (select classid, objid from brought)
)
select 'table', space, name, '', case relkind when 'p' then 'partitioned' else '' end, ''
  from relations where relkind in ('r', 'p', 'f')
union all
select 'column', r.space, r.name, a.attname::text, format_type(a.atttypid, a.atttypmod),
       concat_ws(' ', case when a.attnotnull then 'not null' end,
                 case when a.attgenerated <> '' then 'generated always as'
                      when d.oid is not null then 'default' end,
                 pg_get_expr(d.adbin, d.adrelid),
                 case a.attidentity when 'a' then 'identity'
                                    when 'd' then 'identity by default' end)
  from relations r join pg_attribute a on a.attrelid = r.oid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where r.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped
union all
select 'index', r.space, t.relname::text, r.name, pg_get_indexdef(r.oid),
       case when not i.indisvalid then 'invalid' else '' end
  from relations r join pg_index i on i.indexrelid = r.oid join pg_class t on t.oid = i.indrelid
union all
select 'constraint', r.space, r.name, c.conname::text, pg_get_constraintdef(c.oid), ''
  from relations r join pg_constraint c on c.conrelid = r.oid where c.contype <> 'n'
union all
select case relkind when 'v' then 'view' else 'materialized view' end, space, '', name,
       btrim(regexp_replace(pg_get_viewdef(oid), '\s+', ' ', 'g'), ' ;'), ''
  from relations where relkind in ('v', 'm')
union all
select 'sequence', r.space, '', r.name, format_type(q.seqtypid, null),
       case when q.seqincrement <> 1 then 'increment ' || q.seqincrement else '' end
  from relations r join pg_sequence q on q.seqrelid = r.oid
 where not exists (select from pg_depend d where d.objid = r.oid and d.deptype = 'i')
union all
select 'type', s.name, '', t.typname::text,
       case t.typtype
         when 'e' then 'enum ' || (select string_agg(quote_literal(e.enumlabel), ', '
                                                     order by e.enumsortorder)
                                     from pg_enum e where e.enumtypid = t.oid)
         when 'd' then 'domain over ' || format_type(t.typbasetype, t.typtypmod)
         when 'r' then 'range'
         else 'composite' end, ''
  from pg_type t join spaces s on s.oid = t.typnamespace
 where (t.typtype in ('e', 'd', 'r')
        or t.typrelid in (select c.oid from pg_class c where c.relkind = 'c'))
   and (t.tableoid, t.oid) not in (select classid, objid from brought)
union all
select case p.prokind when 'p' then 'procedure' else 'function' end, s.name, '',
       p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       coalesce('returns ' || pg_get_function_result(p.oid), ''), 'body ' || md5(p.prosrc)
  from pg_proc p join spaces s on s.oid = p.pronamespace
 where (p.tableoid, p.oid) not in (select classid, objid from brought)
union all
select 'trigger', r.space, r.name, t.tgname::text, pg_get_triggerdef(t.oid), ''
  from relations r join pg_trigger t on t.tgrelid = r.oid where not t.tgisinternal
union all
select 'extension', s.name, '', e.extname::text, e.extversion, ''
  from pg_extension e join spaces s on s.oid = e.extnamespace
"""

# As one reads a schema: what others rest on first.
KINDS = ("extension", "type", "sequence", "table", "column", "constraint", "index", "trigger")

PLURALS = {
    "index": "indexes",
    "policy": "policies",
    "row security": "row securities",
    "statistics": "statistics",
}

# What pg_dump's kinds are called, where that is not what they are.
NOUNS = {"ACL": "grant", "DEFAULT ACL": "default grant"}

# pg_dump's kinds whose objects the query above knows too, though not everything of them.
KNOWN = {
    *("TABLE", "TABLE ATTACH", "FOREIGN TABLE", "DEFAULT", "INDEX", "INDEX ATTACH", "TRIGGER"),
    *("CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "SEQUENCE", "SEQUENCE OWNED BY"),
    *("VIEW", "MATERIALIZED VIEW", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "AGGREGATE"),
    "EXTENSION",
}

# Lines that say themselves what they are of.
STATEMENT = re.compile(r"(CREATE|ALTER|GRANT|REVOKE|COMMENT ON) ")


def is_line(part: Part) -> bool:
    """Whether a part is a line of pg_dump's."""
    return part[0].isupper()


def changes(before: Schema, after: Schema) -> tuple[Schema, Schema]:
    """The parts that went, and those that came.

    Lines of an object that other parts of the change are of are left out: they say the same.
    """
    went, came = before - after, after - before
    told = {name for part in went | came if not is_line(part) for name in _names(part)}
    return _apart_from(told, went), _apart_from(told, came)


def _owner(part: Part) -> Part:
    """What is changed where a part is: itself, or the object that a line is of."""
    return part[:3] if is_line(part) else part[:4]


def _names(part: Part) -> Iterator[str]:
    """What pg_dump may call the object that a part is of."""
    _, _, table, name, *_ = part
    yield from (table, name.partition("(")[0], f"{table} {name}", f"{table}_{name}_seq")


def _apart_from(told: Collection[str], parts: Iterable[Part]) -> Schema:
    return frozenset(
        part for part in parts if part[0] not in KNOWN or part[2].partition("(")[0] not in told
    )


def describe(schema: Iterable[Part]) -> list[str]:
    """A schema's parts in words, sorted: "column public.person.email text"."""
    return sorted(_line(part) for part in schema)


def name_of(part: Part) -> str:
    """What a part is called: "column public.person.email"."""
    kind, *names = part[:4]
    line = names.pop() if is_line(part) else ""
    if STATEMENT.match(line):
        return line
    name = f"{kind.lower()} {'.'.join(name for name in names if name)}"
    return f"{name}: {line}" if line else name


def _line(part: Part) -> str:
    return " ".join(word for word in (name_of(part), *part[4:]) if word)


def missing_parts(expected: Schema, actual: Schema) -> list[str]:
    """The parts of the expected schema that the actual one has not, in words."""
    went, _ = changes(expected, expected & actual)
    return describe(went)


def difference(before: Schema, after: Schema) -> list[str]:
    """A schema's change as a diff's lines: "- …" for what went, "+ …" for what came.

    What was changed stands together, its old line before its new one.
    """
    went, came = changes(before, after)
    signed = [(part, "-") for part in went] + [(part, "+") for part in came]
    signed.sort(key=lambda each: (_rank(_owner(each[0])), each[1] == "+", each[0]))
    return [f"{sign} {_line(part)}" for part, sign in signed]


def _rank(part: Part) -> tuple[int, Part]:
    kind = part[0].lower()
    return KINDS.index(kind) if kind in KINDS else len(KINDS), part[:4]


def count_changes(before: Schema, after: Schema) -> str:
    """A schema's change in numbers: "+1 column, +1 index, ~1 constraint"; empty for none."""
    went, came = changes(before, after)
    changed, old, new = ({_owner(part) for part in parts} for parts in (went | came, before, after))
    told = []
    for sign, parts in (("+", changed - old), ("-", changed - new), ("~", changed & old & new)):
        numbers = Counter(NOUNS.get(part[0], part[0].lower()) for part in parts)
        kinds = sorted(numbers, key=lambda kind: _rank((kind,)))
        told += [f"{sign}{numbers[kind]} {_noun(kind, numbers[kind])}" for kind in kinds]
    return ", ".join(told)


def _noun(kind: str, number: int) -> str:
    return kind if number == 1 else PLURALS.get(kind, f"{kind}s")


def not_undone(before: Schema, now: Schema) -> list[str]:
    """What a rollback has left of a migration: a sentence for each part of the schema.

    Args:
        before: the schema before the migration.
        now: the schema after the rollback.
    """
    old, new = ({part[:4]: part for part in parts} for parts in changes(before, now))
    # A table is told as one.
    made = {name[1:3] for name in new if name[0] == "table" and name not in old}
    removed = {name[1:3] for name in old if name[0] == "table" and name not in new}
    told = []
    for name in sorted({*old, *new}, key=_rank):
        what = name_of(name)
        if name[0] != "table" and name[1:3] in (made if name in new else removed):
            continue
        if name in old and name in new:
            was, stays = (" ".join(filter(None, parts[name][4:])) for parts in (old, new))
            told.append(f"{what} stays {stays}, where it was {was}")
        elif name in new:
            told.append(f"{what} stays, which the migration made")
        else:
            data = ", nor does its data" if name[0] in ("table", "column") else ""
            told.append(f"{what} does not come back, which the migration removed{data}")
    return told
