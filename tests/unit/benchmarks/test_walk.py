"""What a walk is measured against, and that what is told of the seconds adds up."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import figures
import pytest
import time_line
import walk
from runs import Run, RunError, run

from pytest_canary.config.api_settings import Request
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.reporting.document import Report, Spent, Stage

BENCHMARKS = Path(walk.__file__).parent
BARE = figures.Sample("bare script", [100, 80, 120])
WALK = figures.Sample("walk", [90, 100, 96])


def test_a_round_compares_what_ran_in_it() -> None:
    assert figures.ratios(WALK, BARE) == [0.9, 1.25, 0.8]


def test_the_table_tells_medians_spread_and_ratios() -> None:
    assert figures.table([BARE, WALK]).splitlines()[2:] == [
        "| bare script | 100.0 | 80.0 | 120.0 | 1 |  |",
        "| walk | 96.0 | 90.0 | 100.0 | 0.96 | 0.80 to 1.25 |",
    ]


@pytest.mark.parametrize(
    ("seconds", "typical"), [([100, 80, 120], 0), ([4, 1, 3, 2], 3), ([5], 0), ([2, 2, 9], 0)]
)
def test_the_run_that_is_looked_into_took_the_median(seconds: list[float], typical: int) -> None:
    assert figures.Sample("it", seconds).typical == typical


def test_the_scripts_steps_are_told_by_what_it_prints() -> None:
    printed = [(0.5, "== cluster"), (3.0, "created"), (40.0, "== baseline"), (60.0, "== cleanup")]
    steps = time_line.steps_of(printed, 65.0)
    assert [(each.stage, each.seconds) for each in steps] == [
        ("cluster", 40.0),
        ("baseline", 20.0),
        ("cleanup", 5.0),
    ]
    assert steps[0].markdown == "| **cluster** |  | **40.0** |"


def test_no_second_of_the_walk_is_without_a_name() -> None:
    began = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    report = Report(
        run="c7f2a1",
        name="shop",
        started=began + timedelta(seconds=2),
        seconds=10,
        result="passed",
        stages=(
            Stage(
                name="canary",
                result="passed",
                spent=(
                    Spent(kind="wait", name="3/3 of a|b", seconds=6),
                    Spent(kind="command", name="kubectl apply", seconds=2),
                    Spent(kind="check", name="it holds", seconds=1.7),
                    Spent(kind="pytest", name="between the checks", seconds=0.1),
                    Spent(kind="step", name="fill", seconds=0.2),
                ),
            ),
            Stage(name="stable", result="skipped"),
        ),
    )
    lines = time_line.lines_of(report, began, 13)
    assert [line.markdown for line in lines] == [
        "| **start** |  | **2.0** |",
        "| start | Python, pytest and the plugin | 2.0 |",
        "| **canary** |  | **10.0** |",
        "| canary | waiting for 3/3 of a\\|b | 6.0 |",
        "| canary | `kubectl apply` | 2.0 |",
        "| canary | the rest of: it holds | 1.7 |",
        "| canary | fill | 0.2 |",
        "| canary | 1 more, of less than 0.2 s each | 0.1 |",
        "| **end** |  | **1.0** |",
        "| end | the report, and pytest's own end | 1.0 |",
    ]
    whole, parts = [line for line in lines if not line.what], [line for line in lines if line.what]
    for some in (whole, parts):
        assert sum(line.seconds for line in some) == pytest.approx(13)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(method="GET", path="/all"), "-X GET /all"),
        (
            Request(method="PUT", path="/p", form={"first": "{unique}"}, headers={"X-A": "b c"}),
            "-X PUT -H 'X-A: b c' --data-urlencode first=UNIQUE /p",
        ),
        (
            Request.model_validate({"method": "POST", "path": "/n", "json": {"t": "{unique}"}}),
            "-X POST -H 'Content-Type: application/json' -d '{\"t\": \"UNIQUE\"}' /n",
        ),
    ],
)
def test_a_request_is_what_curl_takes(request_: Request, words: str) -> None:
    assert walk.curl_words(request_) == words


def planned(settings: Settings, kind: Any = "image") -> Plan:
    return Plan(settings, Options(node_image="node:1"), Baseline(kind, "shop:1", "an option"))


def test_the_script_reads_all_that_it_is_told(configured: Callable[..., Settings]) -> None:
    told = walk.bare_environment(planned(configured(name="shop", environment={"GREETING": "hi"})))
    assert told.pop("GREETING") == "hi"
    script = (BENCHMARKS / "bare.sh").read_text()
    read = set(re.findall(r"\$\{([A-Z_]+)[:-]", script))
    # For who calls it by hand, after `. airgap/env`.
    assert set(told) == read - {"PYTHON_IMAGE"}


@pytest.mark.parametrize("kind", ["git", "none"])
def test_what_the_script_has_no_way_for_is_refused(
    configured: Callable[..., Settings], kind: str
) -> None:
    with pytest.raises(RunError, match="name one with --canary-baseline=IMAGE"):
        walk.bare_environment(planned(configured(name="shop"), kind))


def test_a_run_that_fails_has_no_seconds(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"why\nsh -c 'echo why; exit 3' exits with code 3"):
        run(["sh", "-c", "echo why; exit 3"], tmp_path, os.environ)


def test_a_run_is_told_line_by_line(tmp_path: Path) -> None:
    done = run(["sh", "-c", "echo one; echo two >&2"], tmp_path, os.environ)
    assert [line for _, line in done.printed] == ["one", "two"]
    assert 0 <= done.printed[0][0] <= done.seconds


def test_the_two_run_in_turn_and_each_round_begins_with_the_other() -> None:
    began, ran = datetime(2026, 11, 28, 12, 0, tzinfo=UTC), []
    report = Report(run="c7f2a1", name="shop", started=began, seconds=40, result="passed")

    def bare() -> Run:
        ran.append("bare")
        return Run(began, 40 + len(ran), [(0.1, "== cluster")])

    def walked(scratch: Path) -> tuple[Run, Report]:
        ran.append("walk")
        assert scratch.is_dir()
        return Run(began, 50, []), report

    told = "\n".join(walk.tables(bare, walked, 3))
    assert ran == ["bare", "walk", "walk", "bare", "bare", "walk"]
    assert "| bare script | 44.0 | 41.0 | 45.0 | 1 |  |" in told
    assert "| walk | 50.0 | 50.0 | 50.0 | 1.14 | 1.11 to 1.22 |" in told
    assert "### Where the bare script's 44.0 s go" in told
    assert "### Where the walk's 50.0 s go" in told


# What stands in for docker, kind, kubectl and curl: it writes down how it is called. curl reads
# what it has written; kubectl fails where FAIL is what it is to do.
TOOL = r"""#!/usr/bin/env bash
tool=$(basename "$0")
printf '%s %s\n' "$tool" "$*" >>"$LOG"
case $tool in
  docker) [[ $1 != port ]] || echo 127.0.0.1:1 ;;
  curl) grep -o 'bare[0-9]*' "$LOG" ;;
  kubectl) [[ $1 != "${FAIL:-}" ]] ;;
esac
"""


def scripted(folder: Path, env: Mapping[str, str]) -> tuple[int, list[str]]:
    """The exit code of the bare script, and what it called."""
    for tool in ("docker", "kind", "kubectl", "curl"):
        (folder / tool).write_text(TOOL)
        (folder / tool).chmod(0o755)
    (folder / "apply").symlink_to("/bin/true")
    (folder / "tmp").mkdir()
    log = folder / "log"
    told = {"PATH": f"{folder}:/usr/bin:/bin", "LOG": str(log), "TMPDIR": str(folder / "tmp")}
    done = subprocess.run(
        [str(BENCHMARKS / "bare.sh"), str(folder)],
        env={**told, "APPLY": str(folder / "apply"), **env},
        capture_output=True,
        timeout=60,
    )
    return done.returncode, log.read_text().splitlines()


def test_the_script_walks_and_removes_what_it_made(tmp_path: Path) -> None:
    code, called = scripted(tmp_path, {})
    assert code == 0
    walked = [each for each in called if re.match(r"kubectl (exec|scale|delete|run)|kind", each)]
    assert [" ".join(each.split()[:3]) for each in walked] == [
        "kind create cluster",
        "kind load docker-image",
        "kubectl exec deployment/addressbook-stable",
        "kubectl exec deployment/addressbook-stable",
        "kubectl scale --replicas=2",
        "kubectl exec deployment/addressbook-canary",
        "kubectl exec deployment/addressbook-canary",
        "kubectl delete deployment/addressbook-canary",
        "kubectl scale --replicas=2",
        "kubectl scale --replicas=3",
        "kubectl delete deployment/addressbook-canary",
        "kubectl run down",
        "kind delete cluster",
    ]
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("step", ["apply", "exec", "scale", "delete", "wait"])
def test_a_script_that_fails_removes_what_it_made(tmp_path: Path, step: str) -> None:
    code, called = scripted(tmp_path, {"FAIL": step})
    assert code != 0
    assert [each for each in called if each.startswith("kind delete cluster")]
    assert not list((tmp_path / "tmp").iterdir())


def test_commands_that_a_project_has_not_are_left_out(tmp_path: Path) -> None:
    without = {"PING": "", "MIGRATE": "", "DOWN": "", "POSTGRES_IMAGE": "none"}
    code, called = scripted(tmp_path, without)
    assert code == 0
    assert not [each for each in called if re.match(r"kubectl (exec|run)|.*/db", each)]
