"""The PostgreSQL of a world, as its psql has it: schemas, a backup, and who waits for whom."""

import csv
import io
import threading
from collections.abc import Callable
from typing import Any

from pytest_canary.database import backup
from pytest_canary.database.blocking_changes import CATALOGUE_SQL
from pytest_canary.database.database import REFUSAL_SQL
from pytest_canary.database.lock_samples import SAMPLE
from pytest_canary.database.schema import SCHEMA_SQL, Part, Schema, is_line
from pytest_canary.k8s.exec import ExecError

Ended = tuple[int, str, str]
"""Exit code, all output, and standard output."""

Rows = list[tuple[str, ...]]

SCHEMAS: dict[str, Schema] = {
    "1": frozenset(
        {
            ("column", "public", "person", "id", "int8", "not null"),
            ("column", "public", "person", "first_name", "varchar", "not null"),
        }
    )
}
SCHEMAS["2"] = SCHEMAS["1"] | {
    ("column", "public", "person", "search_name", "text", ""),
    ("index", "public", "person", "person_search", "CREATE INDEX person_search …", ""),
}
"""What each release's migration leads to, by what the release calls itself."""

TERMINATED = "FATAL:  terminating connection due to administrator command"


class PostgreSQL:
    """Answers psql's commands.

    Attributes:
        schemas: of each database.
        contents: what is in the live database's tables: rows, and a checksum of them.
        sequences: what the live database's sequences hand out next.
        refused: exit code and output, by how the statement begins.
        answers: rows, by the whole statement.
        ends: what pg_dump and pg_restore say in the end, by program.
        restored: what becomes of the contents in a backup.
        restored_sequences, restored_schema: what becomes of the others.
        watchable: whether the locks can be sampled.
        hangs: which of the two programs hangs.
        read_only: the databases that refuse every change.
    """

    def __init__(self, live: str, contents: Callable[[], dict[str, tuple[int, str]]]) -> None:
        self.live = live
        self.schemas: dict[str, Schema] = {live: frozenset()}
        self.contents = contents
        self.sequences: dict[str, int] = {}
        self.refused: dict[str, tuple[int, str]] = {}
        self.answers: dict[str, Rows] = {
            "select 40 + 2": [("42",)],
            "show server_version_num": [("150018",)],
            CATALOGUE_SQL: [],
        }
        self.ends = dict.fromkeys(("pg_dump", "pg_restore", "pg_dump --schema-only"), "exit 0")
        self.restored: Callable[[dict[str, Any]], dict[str, Any]] = lambda contents: contents
        self.restored_sequences: Callable[[dict[str, int]], dict[str, int]] = dict
        self.restored_schema: Callable[[Schema], Schema] = lambda schema: schema
        self.watchable = True
        self.hangs = ""
        self.read_only: set[str] = set()
        self._dumped: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._heard: Callable[[str], None] = lambda _: None
        self._at = 1000.0
        self._waits: tuple[tuple[str, ...], ...] = ()

    def run(self, words: list[str], heard: Callable[[str], None] | None) -> Ended:
        """What a psql, or a shell that feeds one, comes to."""
        database = words[words.index("-d") + 1].split()[0].removeprefix("dbname=")
        if words[0] == "psql":
            return self._query(database, words[-1])
        script = words[words.index("sh", 1) + 1]
        if script == SAMPLE:
            return self._sample(heard or self._heard)
        if script.startswith(SCHEMA_SQL):
            return self._query(database, script)
        if backup.DUMP in script:
            self._dumped = self.contents()
            return self._said("pg_dump", "8123", self._dumped, self.sequences)
        if backup.RESTORE in script:
            live = self.restored_schema(self.schemas[self.live])
            self.schemas[database] = self.schemas[database] | live
            sequences = self.restored_sequences(self.sequences)
            return self._said("pg_restore", "", self.restored(self._dumped), sequences)
        assert backup.REMOVE in script, script
        return 0, "", ""

    def _query(self, database: str, sql: str) -> Ended:
        for start, (code, output) in self.refused.items():
            if sql.startswith(start):
                return code, output, ""
        rows: Rows = []
        if sql.startswith(SCHEMA_SQL):
            schema = sorted(self.schemas[database])
            dump = "".join(_dumped(part) for part in schema if is_line(part))
            ended = self.ends["pg_dump --schema-only"]
            rows = [part for part in schema if not is_line(part)]
            rows.append(("pg_dump", f"{dump}{ended}"))
        elif sql.startswith("create database"):
            self.schemas[sql.split('"')[1]] = frozenset()
        elif sql.startswith("drop database"):
            self.schemas.pop(sql.split('"')[1], None)
        elif sql == REFUSAL_SQL:
            pass
        elif sql.startswith("alter database"):
            self.read_only.add(sql.split('"')[1])
        elif sql.startswith("select pg_terminate_backend"):
            self._ended.set()
        else:
            rows = self.answers[sql]
        return _csv(rows)

    def _said(
        self, program: str, size: str, contents: dict[str, Any], sequences: dict[str, int]
    ) -> Ended:
        if program == self.hangs:
            raise ExecError("hangs", "was given up at its deadline", "kubectl exec …")
        tables = [
            ("table", table, str(count), str(sum_)) for table, (count, sum_) in contents.items()
        ]
        ahead = [("sequence", name, str(value), "1") for name, value in sequences.items()]
        return _csv([("said", self.ends[program], size), *ahead, *tables])

    # Who waits for whom.

    def _sample(self, heard: Callable[[str], None]) -> Ended:
        """Go on and on, until somebody ends it."""
        if not self.watchable:
            return 2, "FATAL:  sorry, too many clients already", ""
        self._heard = heard
        self._ended.clear()
        while not self._ended.is_set():
            self.sees(*self._waits, samples=1)
            self._ended.wait(0.002)
        return 2, TERMINATED, ""

    def sees(self, *waits: tuple[str, ...], samples: int) -> None:
        """Let as many samples see these waits, made by `wait`, a tenth of a second apart."""
        with self._lock:
            for _ in range(samples):
                self._at += 0.1
                lines: Rows = [("sample", *[""] * 17), *waits]
                self._heard(_csv([(f"{self._at:.2f}", *line) for line in lines])[2])

    def stays(self, *waits: tuple[str, ...]) -> None:
        """Let all samples from now on see these waits."""
        self._waits = waits
        self.sees(*waits, samples=3)

    def sleeps(self, seconds: float) -> None:
        """Let no sample come for a while."""
        with self._lock:
            self._at += seconds


def wait(statement: str, mode: str, waiting: str, wanted: str) -> tuple[str, ...]:
    """A statement of the migration that holds a lock on a table, and one that waits for it."""
    holder = ("80", "app migrate", "10.244.9.9", "2000.2", "2000.2", "active", statement)
    waiter = ("31", "app", "10.244.0.2", "900", "1000.3", "active", waiting)
    return ("wait", wanted, mode, "public.person", *holder, *waiter)


def _dumped(part: Part) -> str:
    kind, space, name, line, *_ = part
    return f"--\n-- Name: {name}; Type: {kind}; Schema: {space}; Owner: app\n--\n\n{line};\n\n"


def _csv(rows: Rows) -> Ended:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return 0, text.getvalue(), text.getvalue()
