"""What is read of a schema and of what changed in it, from a real PostgreSQL."""

from acceptance.engine.postgres_containers import Server

from pytest_canary.database.blocking_changes import blocking_changes
from pytest_canary.database.schema import describe, difference


def test_the_schema_has_a_line_for_everything_in_it(live: Server) -> None:
    told = describe(live.database.schema())
    for line in (
        "column other.Odd name.Col.x integer",
        "column public.person.id bigint not null identity",
        "column public.person.name character varying(20) not null default 'x'::character varying",
        "column public.person.shout text generated always as upper((name)::text)",
        "materialized view public.counts SELECT count(*) AS count FROM person",
        "sequence public.ticket bigint increment 5",
        "table public.event partitioned",
        "type public.age domain over integer",
        "type public.mood enum 'sad', 'ok'",
    ):
        assert line in told
    for beginning in (
        "constraint public.person.person_name_check CHECK",
        "function public.one() returns integer body ",
        "index public.person.person_name CREATE INDEX person_name ON public.person",
        "trigger public.person.kept CREATE TRIGGER kept BEFORE INSERT",
        "view public.names SELECT ",
    ):
        assert any(line.startswith(beginning) for line in told), beginning


def test_a_change_is_what_a_statement_changed_and_no_more(live: Server) -> None:
    before = live.database.schema()
    live.database.query("alter table person add column email text; drop view names")
    changes = difference(before, live.database.schema())
    assert changes[0] == "+ column public.person.email text"
    assert [change[:21] for change in changes[1:]] == ["- view public.names S"]


CHANGES = {
    "alter table person set unlogged": "+ CREATE UNLOGGED TABLE public.person",
    "alter table person set (fillfactor = 50)": "+ table public.person: WITH (fillfactor='50')",
    "alter table grown replica identity full": "+ ALTER TABLE ONLY public.grown REPLICA IDENTITY "
    "FULL",
    "alter table person disable trigger kept": "+ ALTER TABLE public.person DISABLE TRIGGER kept",
    "alter table event detach partition event_1": "- ALTER TABLE ONLY public.event ATTACH "
    "PARTITION public.event_1 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "alter table child no inherit grown": "- table public.child: INHERITS (public.grown)",
    "alter domain age drop constraint age_check": "- domain public.age: CONSTRAINT age_check "
    "CHECK ((VALUE >= 0))",
    "alter type pair add attribute c text": "+ type public.pair: c text",
    "alter sequence ticket maxvalue 50 cycle": "+ sequence public.ticket: MAXVALUE 50",
    'alter table other.t alter v type text collate "C"': "+ table other.t: v text COLLATE "
    'pg_catalog."C"',
    "alter function one() security definer": "+ function public.one(): LANGUAGE sql SECURITY "
    "DEFINER",
    "alter function keep() stable": "+ function public.keep(): LANGUAGE plpgsql STABLE",
    "create or replace function two(a int, b varchar) returns bool begin atomic select true; end": (
        "+ function public.two(integer, character varying): SELECT true"
    ),
    "alter view grown_ups reset (security_barrier)": "+ CREATE VIEW public.grown_ups AS",
    "drop rule stays on grown": "- CREATE RULE stays AS",
    "alter table grown disable row level security": "- ALTER TABLE public.grown ENABLE ROW LEVEL "
    "SECURITY",
    "drop policy own on grown": "- CREATE POLICY own ON public.grown USING (((owner = CURRENT_USER)"
    " AND ((note)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))))",
    "revoke select on grown from public": "- GRANT SELECT ON TABLE public.grown TO PUBLIC",
    "drop statistics together": "- CREATE STATISTICS public.together ON id, note FROM public.grown",
    "alter default privileges grant select on tables to public": "+ ALTER DEFAULT PRIVILEGES FOR "
    "ROLE app GRANT SELECT ON TABLES TO PUBLIC",
    "create publication changes for table grown": "+ ALTER PUBLICATION changes ADD TABLE ONLY "
    "public.grown",
    "create foreign data wrapper away; create server there foreign data wrapper away": (
        "+ CREATE SERVER there FOREIGN DATA WRAPPER away"
    ),
    "comment on table grown is 'what has grown'": "+ COMMENT ON TABLE public.grown IS 'what has "
    "grown'",
    "create schema empty": "+ CREATE SCHEMA empty",
    "alter function one() set search_path = public": "+ function public.one(): SET search_path TO "
    "'public'",
    "alter table event attach partition event_1 for values from ('2025-01-01') to ('2028-01-01')": (
        "+ ALTER TABLE ONLY public.event ATTACH PARTITION public.event_1 FOR VALUES FROM "
        "('2025-01-01') TO ('2028-01-01')"
    ),
}


def test_a_change_that_no_query_here_asks_for_is_seen_as_pg_dump_writes_it(live: Server) -> None:
    before = live.database.schema()
    live.database.query("; ".join(CHANGES))
    changes = difference(before, live.database.schema())
    live.database.query(
        "drop publication changes; drop foreign data wrapper away cascade; drop schema empty; "
        "alter default privileges revoke select on tables from public; "
        "alter function one() reset search_path"
    )
    # Some versions write two spaces where others write one.
    seen = {" ".join(line.split()) for line in changes}
    assert set(CHANGES.values()) - seen == set()


CAREFUL = (
    "create index concurrently i on grown (id)",
    "create unique index concurrently u on grown (id, note)",
    "alter table grown add constraint g unique using index u",
    "reindex index concurrently grown_id",
    "alter table grown add constraint c check (id > 0) not valid",
    "alter table grown validate constraint c",
    "alter table grown add constraint f foreign key (id, note) references grown (id, note) "
    "not valid",
    "alter table grown validate constraint f",
    "alter table grown add since date not null default '2026-01-01', add peer bigint references "
    "person",
    "alter table other.t alter v type varchar",
    "create table fresh (id int primary key, n int check (n > 0)); create index n on fresh (n); "
    "alter table fresh alter n type bigint",
    "create index late on fresh (n)",
    "truncate event",
)
BLUNT = (
    'alter table other."Odd name" alter "Col.x" type bigint',
    "create index blunt on grown (id)",
    "alter table grown add constraint id_note unique (id, owner)",
    "reindex index grown_id",
    "begin; alter table grown add constraint d check (id < 9) not valid; "
    "alter table grown validate constraint d; commit",
    "alter table grown add constraint k foreign key (peer) references person",
)


def test_what_blocks_the_app_on_many_rows_is_told_and_what_is_done_with_care_is_not(
    live: Server,
) -> None:
    before = live.database.catalogue()
    live.sql("canary", *CAREFUL)
    between = live.database.catalogue()
    live.sql("canary", *BLUNT)
    assert blocking_changes(before, between) == []
    told = blocking_changes(between, live.database.catalogue())
    assert [(each.code, each.sentence.split()[4]) for each in told] == [
        ("table-rewrite", "other.Odd"),
        ("blocking-index", "public.blunt"),
        ("blocking-index", "public.grown_id"),
        ("blocking-index", "public.id_note"),
        ("validated-constraint", "d"),
        ("validated-constraint", "key"),
    ]
