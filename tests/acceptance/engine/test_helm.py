"""What the real Helm makes of a chart; neither engine nor cluster is asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from acceptance.examples import checked, copied
from acceptance.projects import needed
from fakes.repository import commit, into_git


@pytest.fixture(params=["3", pytest.param("4", marks=pytest.mark.soak)], autouse=True)
def helm(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each version of Helm; a whole walk in test_renderers.py has the other one each time."""
    if request.param == "4":
        monkeypatch.setenv("PATH", needed("HELM4"), prepend=os.pathsep)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The bundled addressbook, as a chart."""
    return copied("addressbook-helm", tmp_path)


def change(path: Path, old: str, new: str) -> None:
    """Change a file of the chart's."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_check_passes_and_a_fault_is_told_with_its_templates_line(example: Path) -> None:
    right = checked(example)
    assert right.returncode == 0, right.stdout
    assert "canary: nothing wrong found in chart" in right.stdout
    template = example / "chart" / "templates" / "deployment.yaml"
    change(template, "readinessProbe", "readynessProbe")
    lines = template.read_text().splitlines()
    wrong = checked(example)
    assert wrong.returncode == 1
    line = lines.index("          readynessProbe:") + 1
    place = f"chart/templates/deployment.yaml:{line}"
    assert f"seen    {place}, rule unknown-field" in wrong.stdout


def test_a_chart_that_ignores_what_is_set_is_told(example: Path) -> None:
    template = example / "chart" / "templates" / "deployment.yaml"
    change(template, "replicas: {{ $own.replicas }}", "replicas: 4")
    wrong = checked(example)
    assert wrong.returncode == 1
    assert (
        "addressbook-canary gets 4 replicas, not the 1 that helm upgrade is given" in wrong.stdout
    )
    assert "next    let the chart take it from the value that [manifests.set]" in wrong.stdout


def test_what_can_not_be_made_is_told_before_anything_starts(example: Path) -> None:
    change(
        example / "chart" / "templates" / "service.yaml", "{{ .Values.service.type }}", "{{ oh }}"
    )
    told = checked(example)
    assert told.returncode == 4
    assert "canary.toml: chart can't be rendered: `helm template addressbook`" in told.stderr
    assert 'function "oh" not defined' in told.stderr


def test_what_changes_since_a_tag_is_told(example: Path) -> None:
    into_git(example.parent, "v1")
    commit(example.parent)
    change(example / "chart" / "templates" / "service.yaml", "port: 80\n", "port: 8080\n")
    told = checked(example)
    assert told.returncode == 1, told.stdout
    assert "compared with git:v1 (the newest tag before HEAD)" in told.stdout
    assert "seen    chart/templates/service.yaml:" in told.stdout
    assert "rule moved-address" in told.stdout
    assert "canary: 1 error, 19 of 20 checks hold" in told.stdout


def test_a_hook_that_migrates_is_known_and_looked_at(example: Path) -> None:
    right = checked(example, "--canary-config=hook.toml")
    assert right.returncode == 0, right.stdout
    assert "Helm runs Job addressbook-migrate to migrate, at each `helm upgrade`" in right.stdout
    template = example / "chart" / "templates" / "migrate.yaml"
    change(template, "pre-install,pre-upgrade", "post-upgrade")
    change(template, "image: {{ $own.image }}", "image: migrations:1")
    wrong = checked(example, "--canary-config=hook.toml")
    assert wrong.returncode == 1
    assert (
        "Job addressbook-migrate is a hook of post-upgrade, so that no install migrates"
        in wrong.stdout
    )
    lines = template.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "migrations:1" in text)
    assert f"chart/templates/migrate.yaml:{line}, rule other-migration" in wrong.stdout
