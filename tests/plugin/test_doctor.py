"""`pytest --canary-doctor`: a table, an exit code of pytest's, and nothing that is changed."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def machine(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has kind and kubectl, and no engine."""
    programs = pytester.path / "bin"
    programs.mkdir()
    for name in ("kind", "kubectl"):
        (programs / name).write_text(f"#!/bin/sh\necho {name} of a test\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("XDG_STATE_HOME", str(pytester.path / "state"))
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:1")
    return pytester.path


def test_what_lacks_is_told_with_what_to_do_and_fails(
    pytester: pytest.Pytester, machine: Path
) -> None:
    before = sorted(machine.rglob("*"))
    result = pytester.runpytest_inprocess("--canary-doctor", "-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "canary: what a walk needs of this machine, of which nothing is changed",
            "  engine   lacks  no container engine answers: *",
            "           next   start Docker, or set DOCKER_HOST to an engine with Docker's API",
            "  kind     ok     kind of a test, */bin/kind",
            "  kubectl  ok     kubectl of a test, */bin/kubectl",
            "  proxies  lacks  HTTPS_PROXY=http://me:********@127.0.0.1:1 does not answer: *",
            "           next   mend HTTPS_PROXY, or unset it",
            "canary: no walk can be made here before that is mended: *engine, *proxies",
        ]
    )
    assert sorted(machine.rglob("*")) == before


@pytest.mark.parametrize("other", ["--canary", "--canary-check", "--canary-reap"])
def test_it_runs_alone(pytester: pytest.Pytester, machine: Path, other: str) -> None:
    result = pytester.runpytest_inprocess("--canary-doctor", other)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --canary-doctor: looks at this machine, and runs nothing; leave it out, or *"]
    )


def test_a_wrong_option_is_told(pytester: pytest.Pytester, machine: Path) -> None:
    result = pytester.runpytest_inprocess("--canary-doctor", "--kind-bin=nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --kind-bin=nowhere: there is no such file"])
