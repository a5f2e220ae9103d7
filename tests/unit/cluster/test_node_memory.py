"""What a node's kernel counts that pods hold: both versions of control groups, both drivers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from fakes.commands import Program

from pytest_canary.cluster.node_memory import SCRIPT, NodeMemory
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.processes import Processes

ONE, TWO = "c7f36780-025e-41ed-b537-7725105328d7", "0a1b2c3d-025e-41ed-b537-7725105328d7"
SLICE = f"kubelet-kubepods-burstable-pod{ONE.replace('-', '_')}.slice"


def node(program: Program, root: Path) -> NodeMemory:
    """A node whose control groups are in a folder."""
    script = SCRIPT.replace("/sys/fs/cgroup", str(root))
    (root / "script").write_text(script)
    # docker exec NODE sh -c SCRIPT sh WORDS...
    program("docker", f'shift 6; exec sh {root}/script "$@"')
    return NodeMemory("canary-1-control-plane", Processes())


def group(folder: Path, held: int, stat: str, file: str = "memory.current") -> None:
    folder.mkdir(parents=True)
    (folder / file).write_text(f"{held}\n")
    (folder / "memory.stat").write_text(stat)


@pytest.mark.parametrize(
    ("version", "file", "stat"),
    [
        ("", "memory.current", "anon 1\ninactive_file 3000\nactive_file 7\n"),
        (
            "memory",
            "memory.usage_in_bytes",
            "inactive_file 1\nactive_file 7\ntotal_cache 9\ntotal_inactive_file 3000\n",
        ),
    ],
    ids=["version 2", "version 1"],
)
@pytest.mark.parametrize("name", [SLICE, f"pod{ONE}"], ids=["systemd", "cgroupfs"])
def test_a_pod_holds_what_it_uses_but_for_idle_files(
    tmp_path: Path, program: Program, version: str, file: str, stat: str, name: str
) -> None:
    pods = tmp_path / version / "kubelet" / "kubepods" / "burstable"
    group(pods / name, 50_000, stat, file)
    group(pods / name / "container", 49_000, stat, file)
    group(pods / f"pod{TWO}", 70_000, stat, file)
    made = node(program, tmp_path)
    assert made.working_sets([ONE]) == {ONE: 47_000.0}
    assert made.working_sets([ONE, TWO]) == {ONE: 47_000.0, TWO: 67_000.0}


def test_a_pod_that_is_gone_or_goes_meanwhile_is_left_out(tmp_path: Path, program: Program) -> None:
    group(tmp_path / f"pod{TWO}", 70_000, "")
    (tmp_path / f"pod{ONE}").mkdir()
    assert node(program, tmp_path).working_sets([ONE, TWO]) == {TWO: 70_000.0}


def test_nobody_is_asked_of_no_pod(tmp_path: Path, program: Program) -> None:
    program("docker", "touch asked")
    assert NodeMemory("canary-1-control-plane", Processes()).working_sets([]) == {}
    assert not (tmp_path / "asked").exists()


def test_a_node_that_does_not_tell_says_why(program: Program) -> None:
    program("docker", "echo 'container canary-1-control-plane is not running' >&2; exit 1")
    with pytest.raises(ClusterError) as failed:
        NodeMemory("canary-1-control-plane", Processes()).working_sets([ONE])
    assert failed.value.sentence == (
        "canary-1-control-plane does not tell what its pods hold: container "
        "canary-1-control-plane is not running"
    )


def test_the_script_is_one_that_dash_understands() -> None:
    subprocess.run(["sh", "-n", "-c", SCRIPT], check=True)
