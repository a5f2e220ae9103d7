"""Who waited for whom while a migration ran, by samples of a real PostgreSQL."""

import pytest
from fakes.folders import FIXTURES

from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.database.lock_findings import describe_waits, expect_patience, short
from pytest_canary.database.lock_samples import parse_line
from pytest_canary.database.locks import Locks, read, strongest

SAMPLES = FIXTURES / "locks"
APP = "172.17.0.4"


def told(name: str, others: tuple[str, ...] = (APP,)) -> Locks:
    return read((SAMPLES / f"{name}.csv").read_text().splitlines(), others)


def found(name: str, limit: float = 0.5) -> Finding:
    with pytest.raises(FoundError) as failure:
        expect_patience(told(name), limit)
    (finding,) = failure.value.findings
    return finding


@pytest.mark.parametrize("name", ["quick", "concurrently"])
def test_a_migration_that_keeps_nobody_waiting_is_patient(name: str) -> None:
    assert expect_patience(told(name), 0.5) == 0
    assert told(name).samples >= 9


def test_what_stays_within_the_limit_is_told_and_no_finding() -> None:
    assert expect_patience(told("index"), limit=2) == pytest.approx(0.8, abs=0.05)


def test_an_index_that_is_not_made_concurrently_blocks_whoever_writes() -> None:
    finding = found("index")
    assert finding.code == "MigrationBlocks"
    assert finding.sentence == (
        "the migration keeps the app waiting for 0.8 s, where 0.5 s are allowed: "
        "`create index person_i on person(name, at)` holds ShareLock on public.person"
    )
    assert finding.where == "the database, session 936 (addressbook migrate)"
    assert finding.seen == (
        "7 transactions waited, the longest 0.8 s: `insert into person(name) values ('a')` of "
        "session 938 (addressbook), for RowExclusiveLock on public.person"
    )
    assert finding.next == "CREATE INDEX CONCURRENTLY, outside a transaction"
    assert finding.evidence.splitlines()[0] == (
        " 0.8 s  session 938 (addressbook): insert into person(name) values ('a')"
    )
    assert finding.evidence.splitlines()[-1] == "… and 2 more"


@pytest.mark.parametrize(
    ("statement", "advice"),
    [
        ("alter table person add constraint c check (at > 0)", "add the constraint NOT VALID, "),
        ("alter table person alter at set not null", "add the constraint NOT VALID, "),
        ("alter table person alter at type bigint", "add a column of the new type, "),
        # It has no constraint that could be validated later.
        ("alter table person add s text not null default ''", "commit before what takes long"),
    ],
)
def test_what_to_do_instead_goes_by_the_statement(statement: str, advice: str) -> None:
    lines = (SAMPLES / "index.csv").read_text()
    changed = lines.replace("create index person_i on person(name, at)", statement)
    locks = read(changed.splitlines(), [APP])
    with pytest.raises(FoundError) as failure:
        expect_patience(locks, 0.5)
    assert failure.value.findings[0].next.startswith(advice)


def test_a_lock_that_was_taken_before_a_sample_saw_it_is_told_by_its_transaction() -> None:
    finding = found("ddl-then-dml")
    assert finding.sentence == (
        "the migration keeps the app waiting for 5.0 s, where 0.5 s are allowed: `update person "
        "set t3=1` runs in a transaction that holds AccessExclusiveLock on public.person"
    )
    assert "an earlier statement took the lock" in finding.likely
    assert finding.next == "commit before what takes long"


def test_of_several_statements_after_the_lock_the_one_that_others_waited_for_most_is_told() -> None:
    lines = (SAMPLES / "ddl-then-dml.csv").read_text().splitlines()
    long, brief = "update person set t3=1", "update alembic_version set version_num=2"
    first = [number for number, line in enumerate(lines) if long in line][:7]
    for number in first:
        lines[number] = lines[number].replace(long, brief)
    locks = read(lines, [APP])
    (block,) = locks.blocks.values()
    assert block.holder.statement == brief
    assert locks.culprit(block) == (long, False)


def test_a_migration_that_waits_itself_blocks_whoever_comes_after_it() -> None:
    finding = found("queue")
    assert finding.sentence == (
        "the migration keeps the app waiting for 1.6 s, where 0.5 s are allowed: "
        "`alter table person add column q int` itself waits for AccessExclusiveLock on "
        "public.person, and whoever comes after it waits behind it"
    )
    assert finding.likely == "session 802 (report) is ahead of it, active: `select pg_sleep(2.5)`"
    assert "lock_timeout" in finding.next


def test_who_waits_behind_another_that_waits_for_the_migration_waits_for_it_too() -> None:
    finding = found("rows")
    assert finding.seen.startswith("3 transactions waited, the longest 1.5 s")
    assert "holds ExclusiveLock on rows of public.person" in finding.sentence
    assert finding.next == "change the rows in batches, each in a transaction of its own"


def test_what_the_migrating_pods_app_waits_is_told_though_its_sessions_are_new() -> None:
    """It is asked meanwhile, and opens connections: from the same address as the migration."""
    assert expect_patience(told("index"), 2) == expect_patience(told("index", ()), 2)
    lines = (SAMPLES / "index.csv").read_text().replace(",addressbook,", ",addressbook migrate,")
    # Of who calls itself the same, nobody can tell; a migration may wait for itself.
    assert expect_patience(read(lines.splitlines(), ()), 0.5) == 0


def test_the_apps_own_waits_are_not_the_migrations() -> None:
    assert expect_patience(told("apps-own"), 0.5) == 0


def test_a_session_from_before_the_samples_is_none_of_the_migrations() -> None:
    lines = (SAMPLES / "index.csv").read_text().splitlines()
    late = [line for line in lines if parse_line(line)][30:]
    assert expect_patience(read(late, [APP]), 0.1) == 0


def test_the_longest_comes_first() -> None:
    lines = [
        line
        for name in ("index", "rows")
        for line in (SAMPLES / f"{name}.csv").read_text().splitlines()
    ]
    with pytest.raises(FoundError) as failure:
        expect_patience(read(lines, [APP]), 0.5)
    first, second = failure.value.findings
    assert "waiting for 1.5 s" in first.sentence
    assert "waiting for 0.8 s" in second.sentence


def test_without_a_sample_nothing_is_known() -> None:
    for locks in (None, Locks(), read(["", "nonsense"])):
        with pytest.raises(ReleaseError, match="nothing is known of them: no sample came"):
            expect_patience(locks, 2)


def test_why_nobody_watched_is_told() -> None:
    locks = told("quick")
    locks.failure = "the database has no ready pod"
    with pytest.raises(ReleaseError, match="nothing is known of them: the database has no ready"):
        expect_patience(locks, 2)


def test_a_hole_in_which_a_wait_would_have_been_missed_is_no_pass() -> None:
    lines = (SAMPLES / "apps-own.csv").read_text().splitlines()
    samples = [line for line in lines if ",sample," in line]
    assert expect_patience(read(samples), 0.5) == 0
    with pytest.raises(ReleaseError, match=r"not watched for 2\.\d s in the middle, so a wait of"):
        expect_patience(read([samples[0], samples[-1]]), 0.5)


def test_what_a_migration_waited_for_when_it_was_last_seen_is_told() -> None:
    lines = (SAMPLES / "queue.csv").read_text().splitlines()
    last = max(number for number, line in enumerate(lines) if ",wait," in line)
    assert describe_waits(read(lines[: last + 1], [APP])) == [
        "session 803 (addressbook migrate) waits for AccessExclusiveLock on public.person: "
        "`alter table person add column q int`; session 802 (report) is ahead of it, active: "
        "`select pg_sleep(2.5)`"
    ]
    assert describe_waits(read(lines, [APP])) == [], "in the end it waits no more"


def test_the_strongest_of_several_locks_is_told() -> None:
    assert strongest("AccessShareLock, ShareLock, RowExclusiveLock") == "ShareLock"
    assert strongest("SIReadLock") == "SIReadLock"


def test_a_long_statement_is_told_by_its_beginning() -> None:
    assert short("select 1") == "select 1"
    told = short("insert into person values " + "(1), " * 100)
    assert told.startswith("insert into person values (1), (1)")
    assert told.endswith(" …")
    assert len(told) == 120


@pytest.mark.parametrize("line", ["", "1,2,3", "1700000000.1,sample"])
def test_what_is_no_line_of_a_sample_is_left_out(line: str) -> None:
    assert parse_line(line) is None


def test_a_line_is_read_with_both_its_sessions() -> None:
    lines = (SAMPLES / "queue.csv").read_text().splitlines()
    line = next(each for each in map(parse_line, lines) if each and each.kind == "wait")
    assert line.holder
    assert line.waiting
    assert (line.holder.application, line.waiting.application) == ("report", "addressbook migrate")
    assert line.waiting.address == "172.17.0.3"
    assert (line.wanted, line.held) == ("AccessExclusiveLock", "AccessShareLock")
