"""A registry of a run's own, with an engine and a docker that are not there."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fakes.clock import Clock
from fakes.engine import Engine
from fakes.jobs import commands, one_job, runner
from fakes.tls import DIGEST, serving

from pytest_canary.cluster.container_engine import Image, Server
from pytest_canary.cluster.run import Run
from pytest_canary.core.errors import CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.jobs.programs import install_programs
from pytest_canary.jobs.results import CommandResult
from pytest_canary.registry.certificate import Certificate
from pytest_canary.registry.client import Login
from pytest_canary.registry.registry import Registry

ADA = Login("ada", "enigma-of-ada")
OTHER = "sha256:" + "1" * 64

# What docker does here: it logs in whoever says so, and pushes and pulls for who is logged in.
DOCKER = """#!/bin/bash
if [ "$1" = --config ]; then config=$2; shift 2; fi
for last; do :; done
[ -e {folder}/refuses ] && [ "$1" = push ] && {{ cat {folder}/refuses; exit 1; }}
case $1 in
  login) read -r password; echo "$config $* <$password" >>{folder}/said
    [ "$password" = enigma-of-ada ] || {{ echo "$last: 401 Unauthorized" >&2; exit 1; }}
    echo {{}} >$config/config.json; echo Login Succeeded ;;
  push | pull) echo "$*" >>{folder}/said
    [ -e "$config/config.json" ] || {{ echo no basic auth credentials >&2; exit 1; }}
    echo "The $1 refers to repository [${{last%:*}}]"
    echo "${{last##*:}}: digest: {digest} size: 1" ;;
  image) [ "$3" != ada/shop:latest ] ;;
  exec) echo "$*" >>{folder}/said; cat >>{folder}/written ;;
  container) echo 172.18.0.9 ;;
  logs) echo it has nothing to serve >&2 ;;
  *) echo "$*" >>{folder}/said ;;
esac
"""


class Serving(Engine):
    """An engine whose server answers, with the certificate that was put into it."""

    def __init__(self, folder: Path, answers: dict[str, tuple[int, Any]]) -> None:
        super().__init__("node", folder / "deleted")
        self.answers, self.until_closed = answers, ExitStack()
        self.tagged: list[str] = []
        self.serves = True

    def serve(self, server: Server) -> None:
        super().serve(server)
        files = {Path(path).name: text for path, text in server.files.items()}
        made = Certificate(files["tls.crt"], files["tls.key"])
        if self.serves:
            self.until_closed.enter_context(serving(made, self.answers, server.loopback))

    def start_time(self, container: str) -> str:
        if self.silent:
            raise CommandError(self.silent)
        return self.started_at

    def tag(self, image: Image) -> None:
        self.tagged.append(image.ref)


@dataclass
class Bench:
    """A run's registry, and what reaches docker."""

    folder: Path
    engine: Serving
    run: Run
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def start(self, **options: Any) -> Registry:
        return Registry.start(
            self.run,
            self.engine,
            Processes(),
            Waiter(Clock()),
            **{"image": "registry:2", "logins": [ADA], **options},
        )

    def answer(self, path: str, status: int, content: Any = "") -> None:
        """What the registry has at a path below the run's part."""
        self.engine.answers[f"/v2/canary-{self.run.id}/{path}"] = (status, content)

    @property
    def said(self) -> list[str]:
        path = self.folder / "said"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER.format(folder=tmp_path, digest=DIGEST))
    docker.chmod(docker.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(docker.parent), prepend=":")
    run = Run.start(tmp_path)
    engine = Serving(tmp_path, {"/v2/": (401, {})})
    with engine.until_closed:
        yield Bench(tmp_path, engine, run)
    run.release()


def job(bench: Bench, registry: Registry, *lines: str) -> list[CommandResult]:
    """What came of a job's commands."""
    number = len([*bench.folder.glob("job-*")])
    folder = bench.folder / f"job-{number}"
    folder.mkdir()
    programs = install_programs(bench.folder / f"programs-{number}")
    registry.offer(bench.folder / f"programs-{number}")
    return commands(runner(folder, one_job(*lines), programs=programs).run())
