"""What happens to a machine while a release is walked on it, in sessions of their own.

Each thing happens as soon as the walk has come to stage `canary`. The walk goes on once it is over,
or ends within its deadline with a finding that names it. `make soak` has all of them, and they are
in docs/under-way.md too.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from acceptance.machines import Machine
from acceptance.projects import NOTHING, Project, Walked, inside, left, needed, node_of
from acceptance.struck_sessions import walk_struck
from acceptance.under_way import GONE, Seen, also
from fakes.folders import TESTS

# Seconds.
JUMP = 3600


@dataclass
class Session:
    """A session of pytest in a project, to which something happens in its stage `canary`.

    Attributes:
        told: is written by the session then.
    """

    project: Project
    baseline: str
    told: Path
    seen: Seen

    def walk(self, what: str, act: Callable[[], None], *options: str, **how: Any) -> Walked:
        """Walk to its end, while something happens.

        Args:
            what: happens, in words.
            act: makes it happen.
            options: of pytest's.
            how: the session is run, as `walk_struck` takes it.
        """
        baseline = f"--canary-baseline={self.baseline}"
        began = time.monotonic()
        walked = walk_struck(
            self.project, "by the test", "canary", self.told, baseline, *options, act=act, **how
        )
        failed = re.findall("^canary: failed at canary/(.*)$", walked.text, re.MULTILINE)
        came = "; ".join(dict.fromkeys([*failed[:1], *also(walked.text)])) or "survived"
        self.seen[what] = (came, time.monotonic() - began)
        return walked


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [JUMP, -JUMP], ids=["forward", "back"])
def test_a_clock_that_jumps_is_survived_or_told(
    shared: Project,
    releases: dict[str, str],
    engine: docker.DockerClient,
    seen: Seen,
    tmp_path: Path,
    seconds: int,
) -> None:
    library, clock = tmp_path / "clock.so", tmp_path / "clock"
    source = TESTS / "acceptance" / "clock.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    clock.write_text("0")
    way = "forward" if seconds > 0 else "back"

    def jump() -> None:
        clock.write_text(f"{seconds}")

    # What the walk of this process has stays.
    before = left(engine, shared, beside=node_of(engine, shared))
    session = Session(shared, releases["1"], tmp_path / "told", seen)
    walked = session.walk(
        f"this machine's clock jumps {way} by an hour",
        jump,
        "--canary-reuse",
        environment={"LD_PRELOAD": str(library), "CLOCK": str(clock)},
    )

    # By a clock that is an hour back, a cluster's certificates are not valid yet.
    told = f"this machine's clock was put {way} by 3,"
    assert walked.code == 0 or (seconds < 0 and told in walked.text)
    if walked.code:
        # The next run removes what this one could not.
        assert shared.pytest("--canary", "--canary-until=preflight").code == 0
    assert left(engine, shared, beside=node_of(engine, shared)) == before


@pytest.mark.soak
def test_a_proxy_that_leads_nowhere_is_in_nobodys_way(
    shared: Project, releases: dict[str, str], seen: Seen, tmp_path: Path
) -> None:
    """`make test` has it in the environment of the script's walk."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")
    session = Session(shared, releases["1"], tmp_path / "told", seen)
    walked = session.walk(
        "a proxy in the environment leads nowhere",
        lambda: None,
        "--canary-reuse",
        environment=dict.fromkeys(names, "http://127.0.0.1:9"),
    )
    assert walked.code == 0


@pytest.mark.soak
def test_disk_pressure_is_named(
    addressbook_project: Callable[[str], Project],
    releases: dict[str, str],
    engine: docker.DockerClient,
    seen: Seen,
    tmp_path: Path,
) -> None:
    """On a cluster of its own: the kubelet removes every image that no pod uses just now."""
    project = addressbook_project("pressed")
    settings = "/var/lib/kubelet/config.yaml"

    def press() -> None:
        node = node_of(engine, project)
        less = r's/^\( *nodefs.available:\).*/\1 "99%"/'
        inside(engine, node, "sed", "-i", less, settings)
        inside(engine, node, "systemctl", "restart", "kubelet")

    session = Session(project, releases["1"], tmp_path / "told", seen)
    walked = session.walk("the node's disk is all but full", press)

    assert walked.code == 1
    assert "disk pressure" in walked.text or "disk-pressure" in walked.text
    assert left(engine, project) == NOTHING


@pytest.mark.soak
def test_an_engine_that_is_gone_for_ten_seconds_is_told(
    addressbook_project: Callable[[str], Project],
    releases: dict[str, str],
    engine: docker.DockerClient,
    seen: Seen,
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path, engine)
    with closing(machine):
        own = machine.start()
        machine.copy([needed("NODE_IMAGE"), needed("POSTGRES_IMAGE"), *releases.values()])
        project = addressbook_project("engineless")
        project.environment["DOCKER_HOST"] = machine.host
        project.others = frozenset()

        def restart() -> None:
            machine.kill()
            time.sleep(GONE)
            machine.start().close()

        session = Session(project, releases["1"], tmp_path / "told", seen)
        walked = session.walk(
            f"the container engine is killed, and back after {GONE} s",
            restart,
            # Nothing is in reach that a build could download.
            f"--canary-image={releases['2']}",
            within=machine.inside,
        )

        assert walked.code == 1
        assert (
            "was started again in the midst of the walk" in walked.text
            or "the container engine does not answer any more" in walked.text
        )
        if left(own, project) != NOTHING:
            assert project.pytest("--canary-reap").code == 0
        assert left(own, project) == NOTHING
        own.close()
