"""airgap/volumes.sh: where an engine's volumes get a file system of their own, and where not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from fakes.folders import ROOT

# What the script asks of the machine; each writes down that it was called.
TOOLS = {
    "mountpoint": "exit ${MOUNTED:-1}",
    "findmnt": 'test -z "${FOUND-ext4 254:0}" || echo "${FOUND-ext4 254:0}"',
    "df": 'printf "Avail\\n%s\\n" "${FREE-99999999}"',
    "truncate": 'touch "$3"',
    "mkfs.ext4": "exit ${UNMADE:-0}",
    "mount": "exit ${UNMOUNTED:-0}",
}
STAY = "canary: the engine's volumes stay in "


class Machine:
    """A machine whose disk 254:0 is an ext4 without a journal.

    Attributes:
        folder: the engine's volumes.
        image: the file with their file system.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self.folder, self.image = place / "volumes", place / "kept" / "volumes.img"
        (place / "sys/dev/block").mkdir(parents=True)
        (place / "sys/dev/block/254:0").symlink_to(place / "sys/block/vda")
        (place / "sys/block/vda").mkdir(parents=True)
        self.journals = place / "proc/fs/jbd2"
        self.journals.mkdir(parents=True)
        (place / "bin").mkdir()
        for name, does in TOOLS.items():
            tool = place / "bin" / name
            tool.write_text(f'#!/bin/sh\necho "{name} $*" >>"{place}/calls"\n{does}\n')
            tool.chmod(0o755)

    def run(self, **told: str) -> str:
        """What the script says; it never fails."""
        path = f"{self._place / 'bin'}:{os.environ['PATH']}"
        script = [ROOT / "airgap" / "volumes.sh", self.folder, self.image, self._place]
        environment = {**os.environ, "PATH": path, **told}
        ran = subprocess.run(script, check=True, capture_output=True, text=True, env=environment)
        return ran.stderr

    @property
    def mounted(self) -> bool:
        """Whether the file system was mounted, or that was tried."""
        calls = (self._place / "calls").read_text()
        return f"mount -o loop,noinit_itable {self.image} {self.folder}" in calls


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_journal_volumes_get_a_file_system_of_their_own(machine: Machine) -> None:
    assert machine.run() == ""
    assert machine.image.exists()
    assert machine.mounted


def test_the_file_system_of_an_engine_before_is_mounted_as_it_is(machine: Machine) -> None:
    machine.image.parent.mkdir()
    machine.image.write_text("volumes")
    assert machine.run() == ""
    assert machine.mounted
    assert machine.image.read_text() == "volumes"


def test_with_a_journal_nothing_is_done(machine: Machine) -> None:
    (machine.journals / "vda-8").mkdir()
    assert machine.run() == ""
    assert not machine.image.exists()
    assert not machine.mounted


@pytest.mark.parametrize(
    "told",
    [{"MOUNTED": "0"}, {"FOUND": ""}, {"FOUND": "xfs 254:0"}, {"FOUND": "ext4 9:9"}],
    ids=["mounted already", "nobody knows", "another file system", "no disk of this machine's"],
)
def test_where_it_is_none_of_its_business_nothing_is_done(
    machine: Machine, told: dict[str, str]
) -> None:
    assert machine.run(**told) == ""
    assert not machine.image.exists()
    assert not machine.mounted


@pytest.mark.parametrize("has_image", [False, True])
def test_volumes_that_are_there_stay_where_they_are(machine: Machine, has_image: bool) -> None:
    kept = machine.folder / "somebodys" / "_data"
    kept.mkdir(parents=True)
    if has_image:
        machine.image.parent.mkdir()
        machine.image.touch()
    assert machine.run() == (
        f"{STAY}{machine.folder}, which has some already: clusters start more slowly there\n"
    )
    assert kept.is_dir()
    assert not machine.mounted


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"FREE": "9999999"}, "as the disk is too full"),
        ({"FREE": ""}, "as the disk is too full"),
        ({"UNMADE": "1"}, "as no other file system can be made"),
    ],
)
def test_where_none_can_be_made_it_says_so(
    machine: Machine, told: dict[str, str], why: str
) -> None:
    assert machine.run(**told).startswith(f"{STAY}{machine.folder}, {why}: ")
    assert not machine.image.parent.exists() or list(machine.image.parent.iterdir()) == []
    assert not machine.mounted


def test_where_it_can_not_be_mounted_it_says_so(machine: Machine) -> None:
    told = machine.run(UNMOUNTED="32")
    assert told.startswith(f"{STAY}{machine.folder}, as {machine.image} can't be mounted: ")
    assert list(machine.folder.iterdir()) == []
