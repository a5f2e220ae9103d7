"""A schema as pg_dump writes it: what it tells that no query here asks for."""

import pytest

from pytest_canary.core.errors import DatabaseError
from pytest_canary.database.schema import (
    count_changes,
    describe,
    difference,
    missing_parts,
    not_undone,
)
from pytest_canary.database.schema_dump import read_dump

# As the pg_dump of a real PostgreSQL 15 wrote it, with the keys that it makes up each time.
DUMP = r"""--
-- PostgreSQL database dump
--

\restrict LA61KUwEsNYaVHJvPZ8mpNNSV2ScKl0jUFii2ezQdc9nRHllIcgMDFwv05i0SAe

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: audit; Type: SCHEMA; Schema: -; Owner: app
--

CREATE SCHEMA audit;


ALTER SCHEMA audit OWNER TO app;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: person; Type: TABLE; Schema: public; Owner: app
--

CREATE UNLOGGED TABLE public.person (
    id bigint NOT NULL,
    name text COLLATE pg_catalog."C"
);


--
-- Name: ticket; Type: SEQUENCE; Schema: public; Owner: app
--

CREATE SEQUENCE public.ticket
    START WITH 34
    INCREMENT BY 1
    NO MINVALUE
    MAXVALUE 5
    CACHE 1
    CYCLE;


--
-- Name: person kept; Type: TRIGGER; Schema: public; Owner: app
--

CREATE TRIGGER kept BEFORE INSERT ON public.person FOR EACH ROW EXECUTE FUNCTION public.keep();

ALTER TABLE public.person DISABLE TRIGGER kept;


--
-- Name: person own; Type: POLICY; Schema: public; Owner: app
--

CREATE POLICY own ON public.person USING (((name)::text = CURRENT_USER));


--
-- Name: person; Type: ROW SECURITY; Schema: public; Owner: app
--

ALTER TABLE public.person ENABLE ROW LEVEL SECURITY;

--
-- Name: TABLE person; Type: ACL; Schema: public; Owner: app
--

GRANT SELECT ON TABLE public.person TO PUBLIC;


--
-- PostgreSQL database dump complete
--

\unrestrict LA61KUwEsNYaVHJvPZ8mpNNSV2ScKl0jUFii2ezQdc9nRHllIcgMDFwv05i0SAe

exit 0"""
SCHEMA = frozenset(read_dump(DUMP))


def changed(*changes: tuple[str, str]) -> frozenset[tuple[str, ...]]:
    """The schema where pg_dump writes something else."""
    dump = DUMP
    for old, new in changes:
        assert old in dump
        dump = dump.replace(old, new)
    return frozenset(read_dump(dump))


def test_each_line_is_told_with_what_it_is_of() -> None:
    assert describe(SCHEMA) == [
        "ALTER SCHEMA audit OWNER TO app",
        "ALTER TABLE public.person DISABLE TRIGGER kept",
        "ALTER TABLE public.person ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own ON public.person USING (((name)::text = CURRENT_USER))",
        "CREATE SCHEMA audit",
        "CREATE SEQUENCE public.ticket",
        "CREATE TRIGGER kept BEFORE INSERT ON public.person FOR EACH ROW EXECUTE FUNCTION "
        "public.keep()",
        "CREATE UNLOGGED TABLE public.person",
        "GRANT SELECT ON TABLE public.person TO PUBLIC",
        "sequence public.ticket: CACHE 1",
        "sequence public.ticket: CYCLE",
        "sequence public.ticket: INCREMENT BY 1",
        "sequence public.ticket: MAXVALUE 5",
        "sequence public.ticket: NO MINVALUE",
        "table public.person: id bigint NOT NULL",
        'table public.person: name text COLLATE pg_catalog."C"',
    ]


def test_the_same_schema_is_the_same_whatever_pg_dump_makes_up_or_how_far_a_sequence_is() -> None:
    assert changed(("LA61KUwEsN", "oXb7cQkTz1"), ("START WITH 34", "START WITH 1")) == SCHEMA
    assert changed(("SET default_table_access_method = heap;\n\n", "")) == SCHEMA


def test_an_empty_database_has_no_line() -> None:
    assert list(read_dump(DUMP[: DUMP.index("--\n-- Name")] + "exit 0")) == []


def test_a_change_is_told_in_few_lines_and_in_numbers() -> None:
    now = changed(
        ("CREATE UNLOGGED", "CREATE"),
        ("    CYCLE", "    "),
        ("MAXVALUE 5", "NO MAXVALUE"),
        ("GRANT SELECT", "GRANT ALL"),
        ("ALTER TABLE public.person ENABLE ROW LEVEL SECURITY;\n", ""),
    )
    assert difference(SCHEMA, now) == [
        "- sequence public.ticket: CYCLE",
        "- sequence public.ticket: MAXVALUE 5",
        "+ sequence public.ticket: NO MAXVALUE",
        "- CREATE UNLOGGED TABLE public.person",
        "+ CREATE TABLE public.person",
        "- GRANT SELECT ON TABLE public.person TO PUBLIC",
        "+ GRANT ALL ON TABLE public.person TO PUBLIC",
        "- ALTER TABLE public.person ENABLE ROW LEVEL SECURITY",
    ]
    assert count_changes(SCHEMA, now) == "-1 row security, ~1 sequence, ~1 table, ~1 grant"
    assert count_changes(now, SCHEMA).startswith("+1 row security")


def test_what_a_rollback_leaves_of_it_is_told() -> None:
    before = changed(("ALTER TABLE public.person ENABLE ROW LEVEL SECURITY;\n", ""))
    line = "ALTER TABLE public.person ENABLE ROW LEVEL SECURITY"
    assert not_undone(before, SCHEMA) == [f"{line} stays, which the migration made"]
    assert not_undone(SCHEMA, before) == [f"{line} does not come back, which the migration removed"]


def test_an_object_is_told_once() -> None:
    """By its parts where they have changed too; what only pg_dump knows is told beside them."""
    email = ("column", "public", "person", "email", "text", "")
    now = changed(
        ("NOT NULL,\n", "NOT NULL,\n    email text,\n"),
        ("GRANT SELECT", "GRANT ALL"),
    )
    assert missing_parts(now | {email}, SCHEMA) == [
        "GRANT ALL ON TABLE public.person TO PUBLIC",
        "column public.person.email text",
    ]
    assert count_changes(SCHEMA, now | {email}) == "+1 column, ~1 grant"


def test_a_dump_that_fails_is_told_in_its_own_words() -> None:
    said = "pg_dump: error: query failed\npg_dump: detail: permission denied\n"
    with pytest.raises(DatabaseError) as failure:
        list(read_dump(f"{said}exit 1"))
    assert failure.value.sentence == (
        "pg_dump exits with code 1, so the schema is unknown: pg_dump: detail: permission denied"
    )
    with pytest.raises(DatabaseError, match="code unknown, so the schema is unknown: it says no"):
        list(read_dump(""))
