"""airgap/runc-bounded: what a container is asked for, where the machine lacks capabilities."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fakes.folders import ROOT

LACKING = ["CAP_MKNOD", "CAP_SYS_RESOURCE"]

# Prints what it is asked for, in the place of runc.
RUNC = '#!/bin/sh\necho "$@"\n'


def bounded(folder: Path, *arguments: str) -> str:
    """What runc is started with, by a process whose bounding set lacks these capabilities."""
    (folder / "bin").mkdir()
    runc = folder / "bin" / "runc"
    runc.write_text(RUNC)
    runc.chmod(0o755)
    lacks = ",".join(f"-{each.removeprefix('CAP_').lower()}" for each in LACKING)
    command = ["unshare", "--map-root-user", "setpriv", f"--bounding-set={lacks}"]
    command += [str(ROOT / "airgap" / "runc-bounded"), *arguments]
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return ran.stdout.strip()


def process(*asked: str) -> dict[str, Any]:
    """What Docker writes of a process; the names of capabilities are elsewhere too."""
    return {
        "args": ["sh", "-c", 'echo "[," ,, "CAP_MKNOD"', "CAP_MKNOD"],
        "env": ['JSON={"capabilities":{"bounding":["CAP_MKNOD"]}}', "NAME=Åsa\n\\"],
        "capabilities": {
            "bounding": [*asked],
            "effective": [*reversed(asked)],
            "ambient": [*LACKING],
            "inheritable": [],
        },
    }


def written(file: Path, value: object) -> Path:
    """A file as Docker writes it, without blanks."""
    file.write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False))
    return file


HELD = {
    "bounding": ["CAP_CHOWN", "CAP_KILL"],
    "effective": ["CAP_KILL", "CAP_CHOWN"],
    "ambient": [],
    "inheritable": [],
}


@pytest.mark.parametrize("flag", ["--bundle", "-b"])
def test_a_container_asks_for_what_the_machine_has(tmp_path: Path, flag: str) -> None:
    asked = process("CAP_MKNOD", "CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_KILL")
    seccomp = {"syscalls": [{"includes": {"caps": LACKING}}]}
    file = written(tmp_path / "config.json", {"process": asked, "linux": {"seccomp": seccomp}})

    assert bounded(tmp_path, "create", flag, str(tmp_path), "id") == f"create {flag} {tmp_path} id"
    expected = {"process": asked | {"capabilities": HELD}, "linux": {"seccomp": seccomp}}
    assert json.loads(file.read_text()) == expected


def test_so_does_a_command_in_one(tmp_path: Path) -> None:
    asked = process("CAP_MKNOD", "CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_KILL")
    file = written(tmp_path / "process.json", asked)
    bounded(tmp_path, "exec", "--process", str(file), "id")
    assert json.loads(file.read_text()) == asked | {"capabilities": HELD}


def test_what_the_machine_has_all_of_stays_as_it_is(tmp_path: Path) -> None:
    asked = process("CAP_CHOWN", "CAP_KILL")
    asked["capabilities"]["ambient"] = []
    file = written(tmp_path / "process.json", asked)
    before = (file.read_bytes(), file.stat().st_ino, file.stat().st_mtime_ns)
    bounded(tmp_path, "exec", "--process", str(file), "id")
    assert (file.read_bytes(), file.stat().st_ino, file.stat().st_mtime_ns) == before


def test_other_commands_are_runcs_own(tmp_path: Path) -> None:
    assert bounded(tmp_path, "kill", "id", "9") == "kill id 9"
