"""Who owns a run: real folders, real locks and a process that is really killed."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pytest_canary.cluster.record import state_folder
from pytest_canary.cluster.run import Run, abandoned
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter

Started = Callable[..., Run]
PROJECT = Path("/somewhere/shop")

OTHER = """
import sys
from pathlib import Path
from pytest_canary.cluster.run import Run
run = Run.{start}(Path({project!r}){engine})
run.made(cluster="canary-x", images=["shop:1"])
print(run.record.run, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "pytest-canary" / "runs"


@pytest.fixture
def started() -> Iterator[Callable[..., Run]]:
    """Starts runs of this process, and lets go of them in the end."""
    runs = []

    def start(project: Path = PROJECT, *, how: Callable[[Path], Run] = Run.start) -> Run:
        runs.append(how(project))
        return runs[-1]

    yield start
    for run in runs:
        run.release()


class Other:
    """A run of another process."""

    def __init__(self, start: str = "start") -> None:
        engine = ", 'engine-1'" if start == "reusable" else ""
        script = OTHER.format(start=start, project=str(PROJECT), engine=engine)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.run = self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def other() -> Iterator[Other]:
    made = Other()
    yield made
    made.kill()


def reusable(project: Path) -> Run:
    return Run.reusable(project, "engine-1")


def found(*, kept: bool = False, spared: list[str] | None = None) -> list[str]:
    """The runs that a reaper finds; it must be told which others it is to leave alone."""
    told: list[str] = []
    names = []
    for run in abandoned(kept=kept, spare=told.append):
        names.append(run.record.run)
        run.release()
    assert told == (spared or [])
    return names


def left() -> Run:
    """The one run that a reaper finds."""
    (run,) = abandoned(kept=False, spare=pytest.fail)
    return run


def test_a_runs_folder_is_its_users_alone(started: Started, state: Path) -> None:
    run = started()
    assert run.folder == state / run.record.run
    assert state_folder() == state
    assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(started(how=reusable).folder.stat().st_mode) == 0o700


def test_a_run_is_six_hexadecimal_digits_and_no_other_runs(started: Started) -> None:
    runs = [started() for _ in range(5)]
    names = {run.record.run for run in runs}
    assert len(names) == 5
    assert all(len(name) == 6 and int(name, 16) >= 0 for name in names)


def test_what_a_run_makes_is_on_disk_before_it_is_made(started: Started) -> None:
    run = started()
    run.made(cluster="canary-x", network=True)
    written = json.loads((run.folder / "record.json").read_text())
    assert (written["cluster"], written["network"]) == ("canary-x", True)
    assert written["project"] == str(PROJECT)


def test_a_killed_processs_run_is_found_with_everything_that_it_made(other: Other) -> None:
    assert found() == [], "it lives"
    other.kill()
    run = left()
    record = run.record
    assert (record.run, record.project) == (other.run, str(PROJECT))
    assert (record.cluster, record.images) == ("canary-x", ["shop:1"])
    run.remove()
    assert found() == []


def test_a_living_processs_run_is_not_touched(other: Other, state: Path) -> None:
    assert found(kept=True) == []
    assert (state / other.run / "record.json").exists()


def test_an_abandoned_run_is_one_reapers_alone(other: Other) -> None:
    other.kill()
    for run in abandoned(kept=False, spare=pytest.fail):
        assert found() == []
        run.release()
    assert found() == [other.run]


def test_a_run_that_was_kept_is_found_only_where_asked_for(started: Started) -> None:
    run = started()
    run.made(kept=True)
    run.release()
    assert found() == []
    assert found(kept=True) == [run.record.run]


def test_a_run_that_is_removed_leaves_nothing(started: Started, state: Path) -> None:
    run = started()
    run.remove()
    assert list(state.iterdir()) == []


def test_a_folder_that_was_never_finished_is_removed(state: Path) -> None:
    for name in (".abc123-4567", "def456"):  # it died early, or when nothing was left
        (state / name).mkdir(parents=True)
        os.utime(state / name, (0, 0))
    assert found() == []
    assert list(state.iterdir()) == []


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"", "Expecting value"),
        (b'{"run": "de', "Unterminated string"),
        (b"\xff", "can't decode byte"),
        (b"{}", "missing 2 required positional arguments"),
        (None, "Is a directory"),
    ],
    ids=["empty", "cut off", "no text", "another's", "no file"],
)
def test_a_record_that_can_not_be_read_is_kept_and_told(
    started: Started, state: Path, written: bytes | None, why: str
) -> None:
    run = started()
    path = run.folder / "record.json"
    path.unlink()
    if written is None:
        path.mkdir()
    else:
        path.write_bytes(written)
    run.release()
    told: list[str] = []
    assert list(abandoned(kept=True, spare=told.append)) == []
    (sentence,) = told
    assert sentence.startswith(f"the record of run {run.id}, {path}, can't be read (")
    assert why in sentence
    assert sentence.endswith(
        f"), so what it made is unknown and stays; see whether there is a cluster canary-{run.id}, "
        f"and delete {run.folder}"
    )
    assert path.exists()


def test_what_another_machines_run_made_is_kept_and_told(started: Started) -> None:
    run = started()
    run.made(host="build-7", boot="another")
    assert found(kept=True) == [], "it may well run there"
    run.release()
    kept = (
        f"run {run.id} of {PROJECT} was made on build-7, and what it made stays: "
        f"`pytest --canary-reap` there removes it; delete {run.folder} where that machine is gone"
    )
    assert found(spared=[kept]) == []
    assert run.folder.is_dir()


def test_a_container_of_another_name_on_the_same_machine_is_no_other_machine(
    started: Started,
) -> None:
    run = started()
    run.made(host="f00ba4")
    run.release()
    assert found() == [run.id]


def test_a_run_that_is_just_starting_is_left_alone(state: Path) -> None:
    (state / ".abc123").mkdir(parents=True)
    assert found(kept=True) == []
    assert (state / ".abc123").is_dir()


def test_a_run_of_another_version_of_this_package_is_found_too(started: Started) -> None:
    run = started()
    path = run.folder / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"cluster": "c", "news": 1}))
    run.release()
    same = left()
    assert same.record.cluster == "c"
    same.release()


def test_a_stray_file_is_no_run(state: Path) -> None:
    state.mkdir(parents=True)
    (state / "notes.txt").write_text("mine")
    assert found(kept=True) == []
    assert (state / "notes.txt").exists()


def test_there_is_nothing_abandoned_before_the_first_run() -> None:
    assert found(kept=True) == []


def test_a_projects_runs_share_its_cluster_one_after_the_other(started: Started) -> None:
    first = started(how=reusable)
    first.made(cluster="canary-x")
    assert first.record.kept, "it outlives its run"
    first.release()
    second = started(how=reusable)
    assert second.record == first.record
    assert started(Path("/somewhere/else"), how=reusable).record.run != second.record.run
    assert started(how=lambda project: Run.reusable(project, "engine-2")).id != second.id


def test_a_projects_cluster_is_refused_while_another_run_is_in_it(started: Started) -> None:
    other = Other("reusable")
    try:
        with pytest.raises(ClusterError) as refused:
            started(how=reusable)
        assert refused.value.sentence == (
            f"another run walks in this project's cluster canary-{other.run}; "
            "wait for it, or leave --canary-reuse out"
        )
    finally:
        other.kill()
    assert started(how=reusable).record.cluster == "canary-x"


def test_without_xdg_the_state_is_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "pytest-canary" / "runs"


def test_a_reaper_does_not_come_between_the_folder_and_its_lock(
    started: Started, state: Path
) -> None:
    (state / "reuse-000000").mkdir(parents=True)
    assert found() == []
    run = started(how=reusable)
    assert [each.name for each in state.iterdir()] == [run.id], "it never was there without one"
    assert json.loads((run.folder / "record.json").read_text())["kept"]


def test_a_projects_cluster_is_refused_while_a_killed_runs_command_makes_it(
    started: Started,
) -> None:
    run = started(how=reusable)
    maker = Processes(holding=run.work)
    with busy(maker):
        run.release()
        with pytest.raises(ClusterError) as refused:
            started(how=reusable)
    assert refused.value.sentence == (
        f"a command of a run that was killed is still making cluster canary-{run.id}; "
        "wait for its end, or leave --canary-reuse out"
    )
    assert started(how=reusable).id == run.id


MAKER = """
from pathlib import Path
from pytest_canary.cluster.run import Run
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
run = Run.start(Path("/somewhere/shop"))
Processes(holding=run.work).run(
    ["sh", "-c", "echo $$; sleep 60"], timeout=60, heard=lambda pid: print(pid, flush=True)
)
"""


def test_a_command_that_outlives_its_killed_run_is_known(state: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MAKER], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        group = int(process.stdout.readline())
        process.kill()
    run = left()
    assert run.at_work
    os.killpg(group, signal.SIGKILL)
    Waiter().until("the command to end", lambda: Seen("", not run.at_work, None), timeout=10)
    run.remove()


@contextmanager
def busy(processes: Processes) -> Iterator[None]:
    """One of the commands runs."""
    began = threading.Event()

    def run() -> None:
        with suppress(CommandError):
            processes.run(["sh", "-c", "echo; sleep 60"], timeout=60, heard=lambda _: began.set())

    thread = threading.Thread(target=run)
    thread.start()
    assert began.wait(10)
    try:
        yield
    finally:
        processes.kill_all()
        thread.join()


def test_a_clusters_name_is_one_runs_at_a_time(started: Started, state: Path) -> None:
    first, second = started(), started()
    first.claim("ci/1")
    second.claim("ci")
    with pytest.raises(ClusterError) as refused:
        second.claim("ci/1")
    assert refused.value.sentence == (
        "another run makes or walks in cluster ci/1; wait for it, or choose another --cluster-name"
    )
    first.remove()
    second.claim("ci/1")
    second.release()
    third = started()
    third.claim("ci")
    third.remove()


def test_a_state_folder_that_can_not_be_had_is_told(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(ClusterError) as refused:
        started()
    assert refused.value.sentence == (
        f"no record of the run can be kept in {tmp_path}/file/pytest-canary/runs: Not a directory; "
        "set XDG_STATE_HOME to a folder that can be written to"
    )
    with pytest.raises(ClusterError, match=r"the records of runs in .* can't be read: "):
        found()


def test_a_relative_state_folder_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "pytest-canary" / "runs"


def test_nothing_is_made_that_can_not_be_noted(started: Started) -> None:
    run = started()
    run.folder.rename(run.folder.with_name("moved"))
    with pytest.raises(ClusterError) as refused:
        run.made(cluster="canary-x")
    assert refused.value.sentence == (
        f"what the run makes can't be noted in {run.folder}/record.json: No such file or "
        "directory; nothing is made that is not noted"
    )


def test_a_lock_does_not_go_on_to_a_child(started: Started) -> None:
    run = started()
    child = subprocess.Popen(["sleep", "30"])
    try:
        run.release()
        assert found() == [run.record.run]
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
