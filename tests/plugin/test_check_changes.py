"""What `pytest --canary-check` tells of a change from the live version."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from fakes.folders import FIXTURES, ROOT
from fakes.manifest_sets import DEPLOYMENT, SERVICE
from fakes.manifest_sets import project as put
from fakes.repository import commit, into_git
from fakes.shop import BROKEN


@pytest.fixture
def released(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in git, with v1 of its manifests, which are right."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for kind in ("deployment", "service"):
        shutil.copy(BROKEN / kind / "healthy.yml", project / "manifests" / f"{kind}.yml")
    shutil.copy(ROOT / "apply.sh", project / "apply.sh")
    into_git(project, "v1")
    commit(project)
    return project


def test_a_check_compares_with_the_newest_tag_and_tells_what_changes(
    pytester: pytest.Pytester, released: Path
) -> None:
    for name in ("immutable-field", "changed-probe"):
        shutil.copy(
            FIXTURES / "changes" / name / "deployment.yml",
            released / "manifests" / "deployment.yml",
        )
        result = pytester.runpytest_inprocess("--canary-check")
        if name == "immutable-field":
            assert result.ret == pytest.ExitCode.TESTS_FAILED
            result.stdout.fnmatch_lines(
                [
                    "collected 20 items",
                    "canary/preflight ..............F..... * compared with git:v1 (the newest tag "
                    "before HEAD)",
                    "spec.selector of Deployment shop-stable can't be changed on a live object: "
                    "git:v1 has app: shop, deployment: shop-stable, and this version app: shop, "
                    "deployment: shop-stable, tier: web",
                    "    seen    manifests/deployment.yml:8, rule immutable-field",
                    "    next    leave it as it is; *",
                    "canary: 1 error, 19 of 20 checks hold",
                ]
            )
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "the readinessProbe of container shop asks GET /health of port 3000, and GET /ready "
            "of port 3000 in git:v1",
            "canary: no error, 1 warning",
        ]
    )


def test_a_check_tells_nothing_where_both_versions_have_the_same_files(
    pytester: pytest.Pytester, released: Path
) -> None:
    result = pytester.runpytest_inprocess("--canary-check")
    result.assert_outcomes(passed=20)
    result.stdout.no_fnmatch_line("*compared with*")
    result.stdout.fnmatch_lines(["canary: nothing wrong found in deployment.yml and service.yml"])


def test_a_check_that_can_not_know_the_baseline_skips_what_it_compares(
    pytester: pytest.Pytester, released: Path
) -> None:
    result = pytester.runpytest_inprocess("--canary-check", "--canary-baseline=git:v7", "-rs")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=16, skipped=4)
    why = "baseline git:v7 (--canary-baseline) is not in git: fetch it first, or name another"
    result.stdout.fnmatch_lines(
        [
            f"canary/preflight ..............ssss.. * compared with no baseline, as {why}",
            "canary: 16 of 20 checks were made, and hold",
            f"SKIPPED * {why}",
        ]
    )


def test_plain_yaml_is_compared_with_what_the_tag_has_of_it(
    pytester: pytest.Pytester, released: Path
) -> None:
    for each in ("apply.sh", "manifests/deployment.yml", "manifests/service.yml"):
        (released / each).unlink()
    put(released, DEPLOYMENT, SERVICE)
    commit(released, "v2")
    commit(released)
    put(released, DEPLOYMENT, SERVICE.replace("port: 80", "port: 8080, targetPort: 80"))
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "collected 21 items",
            "*compared with git:v2 (the newest tag before HEAD)*",
            "*Service shop has no port 80 any more, by which clients *",
            "    seen    k8s/all.yml:*, rule moved-address",
            "canary: 1 error, 20 of 21 checks hold",
        ]
    )
