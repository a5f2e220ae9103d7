"""What `pytest --canary` collects, under which names and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.walk import STAGES

TEAM = """
import pytest

@pytest.mark.canary("stable")
def test_late(canary_release):
    pass

@pytest.mark.canary("baseline")
def test_early(canary_database):
    pass

def test_of_something_else():
    pass
"""


def collected(pytester: pytest.Pytester, *args: str) -> list[str]:
    """The node IDs that a run would run."""
    result = pytester.runpytest_inprocess("--canary", "--collect-only", "-q", *args)
    return [line for line in result.stdout.lines if "::" in line]


def test_node_ids_are_short_and_stable(pytester: pytest.Pytester, project: Path) -> None:
    ids = collected(pytester, "--canary-baseline", "shop:1")
    assert "canary/cluster::the cluster comes up" in ids
    assert "canary/stable::3/3 pods are ready, and of the candidate" in ids
    assert "canary/cleanup::no container is left" in ids
    assert len(ids) == len(set(ids))


def test_the_stages_come_in_the_walks_order(pytester: pytest.Pytester, project: Path) -> None:
    ids = collected(pytester, "--canary-baseline", "shop:1")
    stages = list(dict.fromkeys(line.split("::")[0] for line in ids))
    assert stages == [f"canary/{stage}" for stage in ("preflight", *STAGES)]


def test_a_first_release_asserts_nothing_about_a_baseline(
    pytester: pytest.Pytester, project: Path
) -> None:
    ids = collected(pytester, "--canary-baseline", "none")
    assert "canary/baseline::the Service is there, and no version is live" in ids
    assert not [line for line in ids if "of the baseline" in line]


def test_an_app_without_a_database_is_not_asked_for_one(
    pytester: pytest.Pytester, project: Path
) -> None:
    (project / "canary.toml").write_text('[database]\nimage = "none"\n')
    ids = collected(pytester, "--canary-baseline", "shop:1")
    assert not [line for line in ids if "database" in line or "exits with 0" in line]


def test_a_sentence_speaks_of_the_apps_own_requests_and_replicas(
    pytester: pytest.Pytester, project: Path
) -> None:
    (project / "canary.toml").write_text(
        """
        [replicas]
        stable = 5
        [api.write]
        method = "POST"
        path = "/orders"
        json = {text = "{unique}"}
        [api.read]
        method = "GET"
        path = "/orders"
        """
    )
    ids = collected(pytester, "--canary-baseline", "shop:1")
    assert "canary/stable::POST /orders is acknowledged and GET /orders has it" in ids
    assert "canary/stable::5/5 pods are ready, and of the candidate" in ids


def test_until_ends_the_walk_early_but_never_without_cleanup(
    pytester: pytest.Pytester, project: Path
) -> None:
    ids = collected(pytester, "--canary-baseline", "shop:1", "--canary-until", "canary")
    stages = list(dict.fromkeys(line.split("::")[0] for line in ids))
    names = ("preflight", "cluster", "baseline", "canary", "cleanup")
    assert stages == [f"canary/{name}" for name in names]


def test_a_teams_tests_follow_their_stages_own(pytester: pytest.Pytester, project: Path) -> None:
    pytester.makepyfile(TEAM)
    ids = collected(pytester, "--canary-baseline", "shop:1")
    files = [line.split("::")[0] for line in ids]
    name = next(file for file in files if file.endswith(".py"))
    assert files[files.index(name) - 1] == "canary/baseline"
    assert files[files.index(name) + 1] == "canary/canary"
    late = ids.index(next(line for line in ids if line.endswith("test_late")))
    assert files[late - 1] == "canary/stable"
    assert files[late + 1] == "canary/rollback"


def test_tests_without_a_stage_are_deselected(pytester: pytest.Pytester, project: Path) -> None:
    pytester.makepyfile(TEAM)
    result = pytester.runpytest_inprocess(
        "--canary", "--collect-only", "-q", "--canary-baseline", "none"
    )
    result.stdout.no_fnmatch_line("*test_of_something_else*")
    result.stdout.fnmatch_lines(["*/* tests collected (1 deselected)*"])


def test_k_chooses_among_sentences(pytester: pytest.Pytester, project: Path) -> None:
    ids = collected(pytester, "--canary-baseline", "none", "-k", "every and node")
    assert ids == ["canary/cluster::every node is ready"]


def test_collecting_makes_nothing(pytester: pytest.Pytester, project: Path) -> None:
    collected(pytester, "--canary-baseline", "none")
    runs = project / "state" / "pytest-canary" / "runs"
    assert not list(runs.iterdir())
