"""The command line, as the plan takes it."""

from pathlib import Path
from typing import Any

import pytest
from fakes.folders import DOCS

from pytest_canary.config.options import STAGES, Options
from pytest_canary.plugin import options

NAMES = ", ".join(STAGES)


def test_nothing_given_is_every_default() -> None:
    assert options.read({}) == (Options(), [])


def test_everything_given_is_passed_on(tmp_path: Path) -> None:
    kind = tmp_path / "kind"
    kind.touch()
    found, mistakes = options.read(
        {
            "canary_image": "app:2",
            "canary_baseline": "git:v1",
            "canary_pipeline": ".semaphore/semaphore.yml",
            "canary_until": "migration",
            "canary_keep": "on-failure",
            "canary_reuse": True,
            "cluster_name": "mine",
            "kubeconfig": "some/config",
            "kind_image": "kindest/node:v1",
            "kind_bin": str(kind),
            "kind_kubectl_bin": None,
        }
    )
    assert mistakes == []
    assert found == Options(
        image="app:2",
        baseline="git:v1",
        pipeline=".semaphore/semaphore.yml",
        until="migration",
        keep="on-failure",
        reuse=True,
        cluster_name="mine",
        kubeconfig="some/config",
        node_image="kindest/node:v1",
        kind=kind,
    )


def test_a_context_with_its_registry_is_passed_on() -> None:
    given = {"canary_context": "prod", "canary_registry": "registry.invalid/t"}
    found, _ = options.read({**given, "canary_confirm": "prod", "canary_namespace": "shop"})
    assert found
    assert (found.context, found.registry) == ("prod", "registry.invalid/t")
    assert (found.confirm, found.namespace) == ("prod", "shop")


@pytest.mark.parametrize(
    ("given", "push", "pull"),
    [
        (None, None, None),
        ("registry.invalid/t", "registry.invalid/t", "registry.invalid/t"),
        ("localhost:5000/t=registry.tools:80/t", "localhost:5000/t", "registry.tools:80/t"),
    ],
)
def test_a_registry_may_have_another_name_inside(
    given: str | None, push: str | None, pull: str | None
) -> None:
    options = Options(registry=given)
    assert (options.push_registry, options.pull_registry) == (push, pull)


def test_a_check_is_passed_on() -> None:
    assert options.read({"canary_check": True}) == (Options(check=True), [])


def test_pytest_kinds_default_name_is_none_as_everyone_would_share_it() -> None:
    found, _ = options.read({"cluster_name": "pytest-kind"})
    assert found
    assert found.cluster_name is None


@pytest.mark.parametrize(
    ("given", "keep"),
    [
        ({"keep_cluster": True}, "always"),
        ({"keep_cluster": True, "canary_keep": "never"}, "never"),
        ({"keep_cluster": False}, "never"),
    ],
)
def test_pytest_kinds_keep_cluster_keeps_unless_told_otherwise(
    given: dict[str, Any], keep: str
) -> None:
    found, _ = options.read(given)
    assert found
    assert found.keep == keep


def test_a_relative_program_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kind").touch()
    found, _ = options.read({"kind_bin": "kind"})
    assert found
    assert found.kind == tmp_path / "kind"


CONTEXT = {"canary_context": "prod", "canary_registry": "r"}


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (
            {"canary_until": "migraton"},
            ["--canary-until=migraton: no such stage; did you mean migration?"],
        ),
        ({"canary_until": "x"}, [f"--canary-until=x: no such stage; there are {NAMES}"]),
        (
            {"canary_keep": "on-fail"},
            [
                "--canary-keep=on-fail: one of never, on-failure, always; did you mean on-failure?",
            ],
        ),
        (
            {"canary_context": "prod"},
            [
                "--canary-context=prod: needs --canary-registry, from which its nodes pull the "
                "images"
            ],
        ),
        (
            {"canary_registry": "r"},
            ["--canary-registry=r: goes with --canary-context; a kind cluster is loaded"],
        ),
        (
            {**CONTEXT, "canary_registry": "http://a:5000/t=https://b"},
            [
                "--canary-registry=http://a:5000/t=https://b: a registry's name has no scheme; did "
                "you mean a:5000/t=b?"
            ],
        ),
        (
            {**CONTEXT, "canary_registry": "a="},
            ["--canary-registry=a=: one registry, or PUSH=PULL"],
        ),
        ({"canary_namespace": "shop"}, ["--canary-namespace=shop: goes with --canary-context"]),
        (
            {**CONTEXT, "canary_namespace": "Shop_1"},
            [
                "--canary-namespace=Shop_1: a namespace's name has at most 63 lower-case letters, "
                "digits and '-'"
            ],
        ),
        ({"canary_confirm": "prod"}, ["--canary-confirm=prod: goes with --canary-context"]),
        ({"kind_bin": "/no/kind"}, ["--kind-bin=/no/kind: there is no such file"]),
        (
            {"kind_kubectl_bin": "/no/kubectl"},
            ["--kind-kubectl-bin=/no/kubectl: there is no such file"],
        ),
        (
            {**CONTEXT, "canary_reuse": True, "kind_image": "i"},
            [
                "--canary-reuse: is about a kind cluster, which --canary-context does without",
                "--kind-image: is about a kind cluster, which --canary-context does without",
            ],
        ),
        (
            {"canary": True, "canary_check": True},
            ["--canary-check: a walk begins with it; leave it out, or --canary"],
        ),
        (
            {"canary_until": "x", "canary_registry": "r"},
            [
                f"--canary-until=x: no such stage; there are {NAMES}",
                "--canary-registry=r: goes with --canary-context; a kind cluster is loaded",
            ],
        ),
    ],
)
def test_a_wrong_option_is_told_with_what_is_allowed(
    given: dict[str, Any], lines: list[str]
) -> None:
    assert options.read(given) == (None, lines)


def test_every_option_has_its_row(pytester: pytest.Pytester) -> None:
    added = [
        name
        for option in pytester.parseconfig()._parser._groups  # noqa: SLF001 - pytest's own
        if option.name == "canary"
        for each in option.options
        for name in each.names()
    ]
    page = (DOCS / "options.md").read_text()
    rows = "".join(line for line in page.splitlines() if line.startswith("| `--canary"))
    assert len(added) > 15
    assert [name for name in added if f"| `{name}`" not in rows and f"`{name} " not in rows] == []
