"""Who owns a run: real folders, real locks and a process of its own."""

import ctypes
import json
import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import get_type_hints

import pytest
from fakes.runs import PROJECT, Other, Started, found, reusable

from pytest_canary.cluster.record import Noted, Record, state_folder
from pytest_canary.cluster.run import JOBS, Run
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes

pytestmark = pytest.mark.usefixtures("state")


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
    run.note(cluster="canary-x", network=True)
    written = json.loads((run.folder / "record.json").read_text())
    assert (written["cluster"], written["network"]) == ("canary-x", True)
    assert written["project"] == str(PROJECT)


def test_what_can_be_noted_is_what_a_record_has() -> None:
    assert get_type_hints(Noted).items() <= get_type_hints(Record).items()


def test_a_run_that_is_removed_leaves_nothing(started: Started, state: Path) -> None:
    run = started()
    run.remove()
    assert list(state.iterdir()) == []


@contextmanager
def without_roots_rights() -> Iterator[None]:
    """Let this thread be refused what permissions refuse, be it root's; capget(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    held = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0
    fewer = (ctypes.c_uint32 * 6)(*held)
    # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and CAP_FOWNER, of those that are in effect.
    fewer[0] &= ~0b1110
    assert libc.capset(header, fewer) == 0
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0


def test_what_a_jobs_container_has_left_as_root_is_told(started: Started) -> None:
    run = started()
    run.remove_jobs()  # there are none
    others = run.folder / JOBS / "2-canary" / "work"
    others.mkdir(parents=True)
    (others / "cache").touch()
    others.chmod(0o555)
    with without_roots_rights(), pytest.raises(ClusterError) as error:
        run.remove_jobs()
    assert error.value.sentence == (
        f"{others / 'cache'} can't be removed by this user, as a container that a job has started "
        f"has written it: `sudo rm -rf {run.folder / JOBS}` does, and `docker run --user "
        '"$(id -u)"` in the job avoids it'
    )
    others.chmod(0o755)
    run.remove_jobs()
    assert not (run.folder / JOBS).exists()


def test_a_projects_runs_share_its_cluster_one_after_the_other(started: Started) -> None:
    first = started(how=reusable)
    first.note(cluster="canary-x")
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


def test_a_run_that_can_not_be_noted_leaves_no_folder(started: Started, state: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(ClusterError, match=r"can't be noted in .*: File too large"):
            started()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(state.iterdir()) == []


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
        run.note(cluster="canary-x")
    assert refused.value.sentence == (
        f"what the run makes can't be noted in {run.folder}/record.json: No such file or "
        "directory; nothing is made that is not noted"
    )
