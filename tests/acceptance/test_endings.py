"""Every way in which a walk ends before its time, in its stages, on a real cluster.

What is asserted is the exit code, and that nothing is left: at once, or after what a killed process
could not remove any more was removed by the next run. `make soak` goes through all ways in all
stages and writes the table to docs/endings.md; one of each kind is left in `make test`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from acceptance.bench import Bench
from acceptance.lanes import faults_left
from acceptance.projects import NOTHING, Project, Walked, left, node_of
from acceptance.struck_sessions import walk_struck
from acceptance.tables import write_table
from fakes.folders import ROOT

from pytest_canary.core.wording import plural

STAGES = ("cluster", "baseline", "canary", "migration", "verdict", "stable", "rollback", "cleanup")

CODES = {
    "SIGHUP": 129,
    "SIGINT": 2,
    "SIGINT twice": 2,
    "SIGKILL": -9,
    "SIGTERM": 143,
    "a failure with -x": 1,
    "a second run beside it": 0,
    "an exception in a hook": 1,
    "full disk": 1,
}
"""What pytest exits with, by the way; after a full disk it may pass where nothing is written."""

BESIDE = "a second run beside it"

ABOUT = """\
# How walks end before their time

Each way to end a walk, in each of its stages, on a real cluster: half a second after the stage
began. What a killed walk leaves is removed by the next. `make soak` writes this table
(`tests/acceptance/test_endings.py`), and `make test` has a case of each kind. Seconds are from the
start of pytest to its end, on two slow cores.
"""

# One of a kind; most in an early stage, as the way there takes the time. SIGHUP ends a walk as
# SIGTERM does, and one Ctrl-C is in test_interrupted.py.
EACH_TIME = {
    ("SIGINT twice", "cluster"),
    ("SIGKILL", "baseline"),
    ("SIGTERM", "canary"),
    ("a failure with -x", "cluster"),
    ("a second run beside it", "cluster"),
    ("an exception in a hook", "cluster"),
    ("full disk", "cluster"),
}


@dataclass(frozen=True)
class Ended:
    """How a walk ended.

    Attributes:
        code: the exit code; of a run beside it too.
        left: what was there at its end, in words.
        reaped: the same, after the next run has removed what it could.
    """

    way: str
    stage: str
    code: str
    seconds: float
    left: str
    reaped: str


def cases() -> list[object]:
    """Every way in every stage; what is not for each time belongs to `make soak`."""
    return [
        pytest.param(
            way,
            stage,
            id=f"{way}-{stage}",
            marks=() if (way, stage) in EACH_TIME else pytest.mark.soak,
        )
        for way in CODES
        for stage in STAGES
    ]


@pytest.fixture(scope="module")
def endings() -> Iterator[list[Ended]]:
    """What was seen; where all was, it becomes docs/endings.md."""
    seen: list[Ended] = []
    yield seen
    head = ("way", "stage", "exit code", "seconds", "left behind", "after the next run")
    rows = (
        (each.way, each.stage, each.code, f"{each.seconds:.0f}", each.left, each.reaped)
        for each in seen
    )
    folder = ROOT / ("docs" if len(seen) == len(CODES) * len(STAGES) else "test-results")
    write_table(folder / "endings.md", head, rows, ABOUT)


# A disk that only the walk sees, and that goes with it: where the folders of the runs are.
SMALL = """
set -e
kept=$(mktemp -d)
cp -a "$0"/. "$kept"
mount -t tmpfs -o size=8m none "$0"
cp -a "$kept"/. "$0"
rm -r "$kept"
exec "$@"
"""


@dataclass
class Struck:
    """A project on the shared cluster, whose walks are struck.

    Attributes:
        others: the IDs of the runs beside it, which stay.
    """

    project: Project
    engine: docker.DockerClient
    baseline: str
    others: frozenset[str]

    def walk(self, way: str, stage: str) -> Walked:
        """Walk until it ends."""
        state = self.project.environment["XDG_STATE_HOME"]

        def on_small_disk(*command: str) -> list[str]:
            return ["unshare", "--mount", "--map-root-user", "sh", "-c", SMALL, state, *command]

        began = time.monotonic()
        walked = walk_struck(
            self.project,
            way,
            stage,
            self.beside,
            "--canary-reuse",
            f"--canary-baseline={self.baseline}",
            *(["-x"] if "-x" in way else []),
            *([f"--canary-until={stage}"] if way == BESIDE else []),
            within=on_small_disk if way == "full disk" else lambda *command: [*command],
            environment={"STRIKE_DISK": state},
        )
        print(f"{time.monotonic() - began:.0f} s")
        return walked

    @property
    def beside(self) -> Path:
        """What came of the run beside the last one: its exit code, and what it printed."""
        return self.project.root.parent / "beside.txt"

    @property
    def left(self) -> str:
        """What is left of its walks, beside the cluster that they share; "nothing" if so."""
        found = left(self.engine, self.project, beside=node_of(self.engine, self.project))
        found["runs"] = [run for run in found["runs"] if run not in self.others]
        own = [f"canary-{run}" for run in self.others]
        found["namespaces"] = [each for each in found["namespaces"] if each not in own]
        print(found)
        words = [
            plural(len(each), kind.removesuffix("s")) if isinstance(each, list) else kind
            for kind, each in found.items()
            if each != NOTHING[kind]
        ]
        return ", ".join(words) or "nothing"


@pytest.fixture(scope="module")
def struck(
    shared: Project,
    releases: dict[str, str],
    engine: docker.DockerClient,
    request: pytest.FixtureRequest,
) -> Struck:
    """The project that the runs share; where faults will be asked for, they go on beside it."""
    benches: Sequence[Bench] = ()
    if faults_left(request.session):
        benches = request.getfixturevalue("benches").benches
    others = frozenset(bench.walk.workspace.run.id for bench in benches)
    return Struck(shared, engine, releases["1"], others)


@pytest.mark.parametrize(("way", "stage"), cases())
def test_a_walk_that_is_struck_leaves_nothing(
    struck: Struck, endings: list[Ended], way: str, stage: str
) -> None:
    began = time.monotonic()
    walked = struck.walk(way, stage)
    seconds, found = time.monotonic() - began, struck.left
    reaped = found
    if found != "nothing":
        assert struck.project.pytest("--canary", "--canary-until=preflight").code == 0
        reaped = struck.left
    code = str(walked.code)
    if way == BESIDE:
        second, _, told = struck.beside.read_text().partition("\n")
        print(told)
        code += f", and {second}"
    endings.append(Ended(way, stage, code, seconds, found, reaped))

    survived = way == "full disk" and walked.code == 0
    assert walked.code == CODES[way] or survived
    if way == "full disk" and not survived:
        assert "No space left on device" in walked.text
    if way == BESIDE:
        # In the midst of the last stage, the cluster may be free by then.
        assert second == "1" or stage == "cleanup"
        assert second == "0" or "another run walks in this project's cluster" in told
    assert "Traceback" not in walked.text or way == "an exception in a hook"
    assert reaped == "nothing"
    assert found == "nothing" or way == "SIGKILL"
