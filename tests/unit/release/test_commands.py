"""What a release runs to apply a version, with a program in kubectl's place that tells of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.manifest_sets import DEPLOYMENT, SERVICE, planned, project

from pytest_canary.core.errors import CommandError, FoundError, ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.release.commands import Commands
from pytest_canary.release.printed_secrets import PrintedSecrets
from pytest_canary.rendering.renderer import Command
from pytest_canary.rendering.renderers import renderer_of
from pytest_canary.rendering.version import Version


@pytest.fixture
def version(tmp_path: Path) -> Version:
    """A version in plain YAML."""
    root = project(tmp_path / "shop", DEPLOYMENT, SERVICE)
    return Version("candidate", "shop:2", renderer_of(planned(root), root))


def commands(folder: Path, script: str) -> Commands:
    """Those that run a program that does this, beside telling what it is asked."""
    kubectl = folder / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "$*" >>{folder}/asked\ncat >{folder}/read\n{script}\n')
    kubectl.chmod(0o755)
    environment = {"PATH": "/usr/bin:/bin"}
    return Commands(kubectl, environment, "canary-1a2b", Processes(), None, PrintedSecrets({}, []))


def read(folder: Path) -> list[str]:
    """The objects that were applied."""
    items = json.loads((folder / "read").read_text())["items"]
    return [f"{each['kind']} {each['metadata']['name']}" for each in items]


def test_what_is_around_it_is_applied_in_the_runs_namespace(
    tmp_path: Path, version: Version
) -> None:
    commands(tmp_path, "").apply_service(version)
    assert (tmp_path / "asked").read_text() == "apply -f - --namespace=canary-1a2b\n"
    assert read(tmp_path) == ["Service shop"]


def test_a_track_is_applied_and_what_kubectl_says_is_heard(
    tmp_path: Path, version: Version
) -> None:
    heard: list[str] = []
    said = "deployment.apps/shop-canary created"
    commands(tmp_path, f"echo {said}").apply(
        Processes(), version, "shop-canary", 1, timeout=30, heard=heard.append
    )
    assert (tmp_path / "asked").read_text() == "apply -f -\n"
    assert read(tmp_path) == ["Deployment shop-canary"]
    assert heard == [said]


def test_a_kubectl_that_fails_fails_the_release(tmp_path: Path, version: Version) -> None:
    failing = commands(tmp_path, "echo nobody is there >&2; exit 1")
    with pytest.raises(CommandError, match="`kubectl apply` exited with code 1"):
        failing.apply(Processes(), version, "shop-canary", 1, timeout=30, heard=print)
    with pytest.raises(ReleaseError, match="`kubectl apply` exited with code 1"):
        failing.apply_service(version)


def test_an_api_server_that_went_away_is_told(tmp_path: Path, version: Version) -> None:
    line = (
        'error: error validating "service.yml": error validating data: failed to download openapi: '
        'Get "https://127.0.0.1:39669/openapi/v2?timeout=32s": net/http: TLS handshake timeout'
    )
    failing = commands(tmp_path, f"echo '{line}' >&2; exit 1")
    chart = Command(("upgrade",), named=True)
    for ask in (lambda: failing.apply_service(version), lambda: failing.run(chart)):
        with pytest.raises(FoundError) as found:
            ask()
        assert found.value.sentence == (
            "the API server did not answer kubectl, so the release stopped half-way"
        )
        assert found.value.findings[0].seen == line


def test_what_the_api_server_refuses_is_told(tmp_path: Path, version: Version) -> None:
    refused = (
        'Error from server (Forbidden): error when creating "STDIN": services is forbidden: User '
        '"system:serviceaccount:canary-1a2b:canary" cannot create resource "services" in API '
        'group "" in the namespace "canary-1a2b"'
    )
    failing = commands(tmp_path, f"echo '{refused}' >&2; exit 1")
    with pytest.raises(FoundError) as found:
        failing.apply_service(version)
    assert found.value.findings[0].sentence == (
        "the release may not create services, as you may not in namespace canary-1a2b"
    )
