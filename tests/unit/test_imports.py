"""Importing the plugin imports nothing heavy: every pytest run of a project pays for it."""

import json
import subprocess
import sys

import pytest

HEAVY = (
    "aiohttp",
    "bcrypt",
    "docker",
    "jinja2",
    "kubernetes",
    "numpy",
    "pydantic",
    "requests",
    "scipy",
    "tenacity",
    "urllib3",
    "vl_convert",
    "yaml",
)


def added_by(module: str) -> set[str]:
    """The modules that importing this one adds to a Python that has pytest already."""
    script = (
        "import json, sys, pytest; before = set(sys.modules); "
        f"import {module}; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", ["pytest_canary", "pytest_canary.plugin.hooks"])
def test_nothing_heavy_is_imported(module: str) -> None:
    added = added_by(module)
    assert module in added
    assert [name for name in HEAVY if name in added] == []


def test_the_plugin_imports_only_its_options_and_marker() -> None:
    own = {
        name for name in added_by("pytest_canary.plugin.hooks") if name.startswith("pytest_canary")
    }
    assert own == {
        "pytest_canary",
        "pytest_canary.config",
        "pytest_canary.config.options",
        "pytest_canary.plugin",
        "pytest_canary.plugin.hooks",
        "pytest_canary.plugin.options",
        "pytest_canary.plugin.marker",
        "pytest_canary.plugin.state",
    }


def test_a_check_needs_no_engine_and_no_cluster() -> None:
    parts = [f"plugin.{part}" for part in ("collector", "redaction", "runner", "terminal")]
    parts += ["context.workspace", "rehearsal.rehearsal", "stages.preflight"]
    added = added_by(
        ", ".join(("pytest_kind.plugin", *(f"pytest_canary.{part}" for part in parts)))
    )
    # pytest-kind brings requests and what comes with it.
    heavy = set(HEAVY) - {"pydantic", "requests", "urllib3", "yaml"}
    walks = {"cluster", "release", "traffic", "reporting"}
    heavy |= {f"pytest_canary.{name}" for name in walks}
    heavy |= {f"pytest_canary.{name}" for name in ("database.database", "k8s.observer")}
    heavy |= {"aiohttp", "jsonschema", "kubernetes_validate", "prometheus_client"}
    assert sorted(heavy & added) == []


@pytest.mark.parametrize(
    "module",
    [
        "k8s.rollout",
        "core.waiting",
        "core.errors",
        "core.processes",
        "analysis.statistics",
        "database.lock_findings",
        "database.migration_history",
    ],
)
def test_what_decides_needs_neither_pytest_nor_a_cluster(module: str) -> None:
    added = added_by(f"pytest_canary.{module}")
    assert [name for name in HEAVY if name in added] == []
