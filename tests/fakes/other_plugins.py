"""Other people's plugins beside a walk: what is tried with each, and what came of it.

Run as a program, it walks each case twice, once so that it passes and once so that it fails, and
prints what it saw. Each walk is a fork of a process that has imported everything but the plugins,
of which it loads those of its case alone.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pytest_canary import stages
from pytest_canary.config.options import STAGES

RUN = (
    "--canary",
    "--canary-baseline=shop:1",
    "--canary-until=canary",
    "--junitxml=out.xml",
    *("-p", "pytest-kind", "-p", "canary"),
)
IMPORTED = ("fakes.stand_in", "pytest_kind.plugin")
PASSES = "pass"
DEADLINE = 60


@dataclass(frozen=True)
class Case:
    """One way to use a plugin.

    Attributes:
        package: its name on PyPI; empty for none.
        plugins: what pytest loads, by their entry points.
        options: typical ones.
        ini: lines of pytest.ini.
        env: of the environment.
        marker: of a team's own test, in the stage before the last.
        does: what that test does.
        about: what else is special.
    """

    package: str
    plugins: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    ini: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    marker: str = ""
    does: str = PASSES
    about: str = ""

    @property
    def tried(self) -> str:
        """What was tried, in a table's cell."""
        parts = [f"`{' '.join(self.options)}`"] if self.options else []
        parts += [f"`{line}` in pytest.ini" for line in self.ini]
        parts += [self.about] if self.about else []
        return "; ".join(parts) or "installed"


# Passes the second time that it is run.
SECOND = "n.append(1); assert len(n) > 1"
FLAKY = "a team's test marked `{}`, which passes the second time"

CASES = (
    Case(""),
    Case("allure-pytest", ("allure_pytest",), ("--alluredir=allure",)),
    Case("flaky", ("flaky",)),
    Case("flaky", ("flaky",), ("--force-flaky",)),
    Case("pytest-asyncio", ("asyncio",), ini=("asyncio_mode = auto",)),
    Case("pytest-benchmark", ("benchmark",)),
    Case("pytest-benchmark", ("benchmark",), ("--benchmark-only",)),
    Case("pytest-check", ("check",)),
    Case("pytest-cov", ("pytest_cov",), ("--cov=shop", "--cov-report=xml")),
    Case("pytest-custom-exit-code", ("custom_exit_code",), ("--suppress-tests-failed-exit-code",)),
    Case("pytest-django", ("django",)),
    Case("pytest-forked", ("pytest_forked",)),
    Case("pytest-forked", ("pytest_forked",), ("--forked",)),
    Case("pytest-html", ("metadata", "html", "html_fixtures"), ("--html=out.html",)),
    Case("pytest-instafail", ("instafail",), ("--instafail",)),
    Case("pytest-json-report", ("metadata", "pytest_jsonreport"), ("--json-report",)),
    Case("pytest-mock", ("pytest_mock",)),
    Case("pytest-order", ("pytest_order",), ("--order-scope=module",)),
    Case("pytest-random-order", ("random_order",), ("--random-order",)),
    Case("pytest-randomly", ("randomly",)),
    Case("pytest-repeat", ("repeat",), ("--count=2",)),
    Case("pytest-rerunfailures", ("rerunfailures",), ("--reruns=2",)),
    Case("pytest-rerunfailures", ("rerunfailures",), ini=("reruns = 2",)),
    Case("pytest-rerunfailures", ("rerunfailures",), ("--reruns=0",), ini=("reruns = 2",)),
    Case(
        "pytest-rerunfailures",
        ("rerunfailures",),
        marker="flaky(reruns=2)",
        does=SECOND,
        about=FLAKY.format("flaky(reruns=2)"),
    ),
    Case("pytest-retry", ("pytest-retry",), ("--retries=2",)),
    Case("pytest-retry", ("pytest-retry",), ini=("retries = 2",)),
    Case("pytest-retry", ("pytest-retry",), ("-o", "retries="), ini=("retries = 2",)),
    Case(
        "pytest-retry",
        ("pytest-retry",),
        marker="flaky(retries=2)",
        does=SECOND,
        about=FLAKY.format("flaky(retries=2)"),
    ),
    Case("pytest-socket", ("socket",), ("--disable-socket",)),
    Case("pytest-split", ("pytest-split",), ("--splits=1", "--group=1")),
    Case("pytest-sugar", ("sugar",)),
    Case("pytest-testmon", ("pytest-testmon",), ("--testmon",)),
    Case(
        "pytest-timeout",
        ("timeout",),
        ini=("timeout = 1", "timeout_method = thread"),
        env={"SLOW": "canary"},
        about="a stage that takes longer",
    ),
    Case(
        "pytest-timeout",
        ("timeout",),
        ini=("timeout = 1", "timeout_method = thread"),
        does="__import__('time').sleep(60)",
        about="a team's test that hangs",
    ),
    Case("pytest-xdist", ("xdist",), ("-n", "0", "--dist=no")),
    Case("pytest-xdist", ("xdist",), ("-n", "2")),
    Case("pytest-xdist", ("xdist",), ("--dist=load", "--tx=2*popen")),
)


@dataclass(frozen=True)
class Seen:
    """What came of one walk.

    Attributes:
        code: the exit code.
        entered: the transitions that were made.
        failures: the messages of the tests that --junitxml's file says have failed.
        refusals: the sentences with which pytest refused to start.
        text: all that was shown.
    """

    code: int
    entered: list[str]
    failures: list[str]
    refusals: list[str]
    text: str


def walk(case: Case, breaks: str, folder: Path) -> Seen:
    """Walk in a project of its own, in a process of its own."""
    folder.mkdir(parents=True)
    team = (
        f"import pytest\nn = []\n{case.marker and f'@pytest.mark.{case.marker}'}\n"
        f'@pytest.mark.canary("baseline")\ndef test_ours(): {case.does}\n'
    )
    lines = ["[pytest]", "addopts = --strict-markers", *case.ini, ""]
    (folder / "manifests").mkdir()
    for name, text in {
        "Dockerfile": "FROM scratch\n",
        "manifests/deployment.yml": "kind: Deployment\n",
        "manifests/service.yml": "metadata: {name: shop-lb}\n",
        "apply.sh": "#!/bin/sh\n",
        "pytest.ini": "\n".join(lines),
        "shop.py": "",
        "test_team.py": team,
    }.items():
        (folder / name).write_text(text)
    (folder / "apply.sh").chmod(0o755)
    child = os.fork()
    if not child:
        os._exit(_walk(case, breaks, folder))
    _, status = os.waitpid(child, 0)
    entered, junit = folder / "entered", folder / "out.xml"
    tests = list(ElementTree.parse(junit).iter("testcase")) if junit.exists() else []
    failed = [each for test in tests for each in test if each.tag in ("failure", "error")]
    text = (folder / "out.txt").read_text(errors="replace")
    return Seen(
        code=os.waitstatus_to_exitcode(status),
        entered=entered.read_text().split() if entered.exists() else [],
        failures=[each.get("message", "") for each in failed],
        refusals=[line[7:] for line in text.splitlines() if line.startswith("ERROR: ")],
        text=text,
    )


def _walk(case: Case, breaks: str, folder: Path) -> int:
    signal.alarm(DEADLINE)
    out = os.open(folder / "out.txt", os.O_CREAT | os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(folder)
    os.environ |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "fakes.stand_in",
        "XDG_STATE_HOME": str(folder / "state"),
        "ENTERED": str(folder / "entered"),
        "BREAKS": breaks,
        **case.env,
    }
    loaded = [word for name in case.plugins for word in ("-p", name)]
    code = int(pytest.main([*loaded, *RUN, *case.options]))
    sys.stdout.flush()
    return code


def main(folder: Path) -> None:
    """Walk every case, and print what was seen."""
    # Once for all: what a walk imports on its way, and what it brings beside this project's own.
    for module in IMPORTED:
        importlib.import_module(module)
    for stage in (*STAGES, "automatic_rollback"):
        stages.load(stage)
    gc.freeze()  # pytest looks through all that is alive for garbage
    print(json.dumps([walk_twice(case, folder / str(n)) for n, case in enumerate(CASES)]))


def walk_twice(case: Case, folder: Path) -> list[dict[str, object]]:
    """A walk that is to pass, and one that is to fail, unless the first is refused or fails."""
    passes = asdict(walk(case, "", folder / "passes"))
    green = passes["code"] == pytest.ExitCode.OK
    return [passes, asdict(walk(case, "canary", folder / "fails")) if green else passes]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
