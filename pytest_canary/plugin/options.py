"""The command line: what it takes, and what it may not combine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_canary.config.options import KEEP, STAGES, Options
from pytest_canary.plugin.state import PROJECT

if TYPE_CHECKING:
    from pytest_canary.annotations.destinations import Destination
    from pytest_canary.config.options import Keep
    from pytest_canary.config.plan import Plan

FIRST_STEPS = (
    "nothing here says what to rehearse: pytest --canary-init writes settings for what is there, "
    "pytest --canary-demo walks a bundled app, pytest --canary-doctor tells what this machine lacks"
)

NAMESPACE = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def add(parser: pytest.Parser) -> None:
    """Add every option to pytest's own; all of them do nothing without --canary."""
    group = parser.getgroup("canary", "rehearse a release on a throw-away Kubernetes")
    group.addoption(
        "--canary", action="store_true", help="walk the release through every stage of a rollout"
    )
    group.addoption(
        "--canary-check",
        action="store_true",
        help="look at the manifests only, in a second: no cluster, no engine",
    )
    group.addoption(
        "--canary-config",
        metavar="FILE",
        help="the settings' file; otherwise canary.toml, or [tool.canary] in pyproject.toml",
    )
    group.addoption(
        "--canary-image", metavar="IMAGE", help="rehearse this image instead of building one"
    )
    group.addoption(
        "--canary-baseline",
        metavar="IMAGE|git:REF|none",
        help="the version that is live today; otherwise the newest tag before HEAD",
    )
    group.addoption(
        "--canary-pipeline",
        metavar="FILE",
        help="look at this pipeline too, before anything starts: Semaphore's, with those that it "
        "promotes to, GitHub's or GitLab's; a walk's transitions are then what its jobs do",
    )
    group.addoption("--canary-until", metavar="STAGE", help="stop after this stage, and clean up")
    group.addoption(
        "--canary-keep",
        metavar="|".join(KEEP),
        help="leave everything in place for a look: never (the default), on-failure or always; the "
        "end says how to look (with --canary-reuse, until the next run)",
    )
    group.addoption(
        "--canary-reuse",
        action="store_true",
        help="walk in the project's cluster of an earlier run, which takes seconds to begin, and "
        "leave it for the next",
    )
    group.addoption(
        "--canary-reap",
        action="store_true",
        help="remove what earlier runs have kept or left behind, and run nothing",
    )
    group.addoption(
        "--canary-init",
        action="store_true",
        help="write canary.toml for a repository that has no settings, and tell what could not be "
        "found out; run nothing",
    )
    group.addoption(
        "--canary-demo",
        action="store_true",
        help="walk a bundled app, whose project is made in canary-demo; with --canary-check, look "
        "at its manifests only",
    )
    group.addoption(
        "--canary-doctor",
        action="store_true",
        help="tell what this machine lacks for a walk, and what to do; change and run nothing",
    )
    group.addoption(
        "--canary-context",
        metavar="CONTEXT",
        help="walk in this context's cluster, in a namespace of the run's own",
    )
    group.addoption(
        "--canary-registry",
        metavar="REGISTRY|PUSH=PULL",
        help="with --canary-context: push the images here, where its nodes can pull them; "
        "PUSH=PULL where they know it by another name",
    )
    group.addoption(
        "--canary-namespace",
        metavar="NAME",
        help="with --canary-context: walk in this namespace, which is there already and stays",
    )
    group.addoption(
        "--canary-confirm",
        metavar="NAME",
        help="with --canary-context: this context, whose name says production, is meant",
    )
    group.addoption(
        "--canary-report",
        metavar="DIR",
        help="where the report and the evidence of findings go; otherwise canary-report",
    )
    group.addoption(
        "--canary-findings",
        metavar="github|gitlab:FILE|sarif:FILE",
        action="append",
        help="tell findings as GitHub's annotations, GitLab's code quality or SARIF 2.1.0 too; may "
        "be given several times; otherwise as annotations, where GITHUB_ACTIONS is true",
    )


def read(given: Mapping[str, Any]) -> tuple[Options | None, list[str]]:
    """The options as the plan takes them, and every mistake in them.

    Args:
        given: pytest's parsed options, pytest-kind's among them.

    Returns:
        None and the mistakes where there are any.
    """
    from pytest_canary.annotations.destinations import read as read_destinations
    from pytest_canary.config.messages import nearest

    _, mistakes = read_destinations(given.get("canary_findings") or [])
    if given.get("canary") and given.get("canary_check"):
        mistakes.append("--canary-check: a walk begins with it; leave it out, or --canary")
    until = given.get("canary_until") or STAGES[-1]
    if until not in STAGES:
        mistakes.append(f"--canary-until={until}: no such stage{nearest(until, STAGES)}")
    keep = given.get("canary_keep") or ("always" if given.get("keep_cluster") else "never")
    if keep not in KEEP:
        mistakes.append(f"--canary-keep={keep}: one of {', '.join(KEEP)}{nearest(keep, KEEP)}")
    context, registry = given.get("canary_context"), given.get("canary_registry")
    if context and not registry:
        mistakes.append(
            f"--canary-context={context}: needs --canary-registry, from which its nodes pull the "
            "images"
        )
    names = registry.split("=") if registry else []
    if registry and (len(names) > 2 or not all(names)):
        mistakes.append(f"--canary-registry={registry}: one registry, or PUSH=PULL")
    elif any("://" in name for name in names):
        bare = "=".join(name.split("://", 1)[-1] for name in names)
        mistakes.append(
            f"--canary-registry={registry}: a registry's name has no scheme; did you mean {bare}?"
        )
    if registry and not context:
        mistakes.append(
            f"--canary-registry={registry}: goes with --canary-context; a kind cluster is loaded"
        )
    confirm = given.get("canary_confirm")
    namespace = given.get("canary_namespace")
    if namespace and not context:
        mistakes.append(f"--canary-namespace={namespace}: goes with --canary-context")
    elif namespace and not re.fullmatch(NAMESPACE, namespace):
        mistakes.append(
            f"--canary-namespace={namespace}: a namespace's name has at most 63 lower-case "
            "letters, digits and '-'"
        )
    if confirm and not context:
        mistakes.append(f"--canary-confirm={confirm}: goes with --canary-context")
    for option in ("kind_bin", "kind_kubectl_bin"):
        path = given.get(option)
        if path and not Path(path).is_file():
            mistakes.append(f"--{option.replace('_', '-')}={path}: there is no such file")
    if context:
        kind_only = {
            "canary_reuse": "--canary-reuse",
            "kind_image": "--kind-image",
            "kind_bin": "--kind-bin",
        }
        mistakes += [
            f"{name}: is about a kind cluster, which --canary-context does without"
            for option, name in kind_only.items()
            if given.get(option)
        ]
    if mistakes:
        return None, mistakes
    name = given.get("cluster_name")
    return (
        Options(
            image=given.get("canary_image"),
            baseline=given.get("canary_baseline"),
            pipeline=given.get("canary_pipeline"),
            until=until,
            check=bool(given.get("canary_check")),
            keep=cast("Keep", keep),
            reuse=bool(given.get("canary_reuse")),
            context=context,
            registry=registry,
            namespace=given.get("canary_namespace"),
            confirm=given.get("canary_confirm"),
            # pytest-kind's default would be the same cluster for everyone.
            cluster_name=None if name == "pytest-kind" else name,
            kubeconfig=given.get("kubeconfig"),
            node_image=given.get("kind_image"),
            kind=_path(given.get("kind_bin")),
            kubectl=_path(given.get("kind_kubectl_bin")),
            report=Path(given.get("canary_report") or "canary-report"),
        ),
        [],
    )


def project(config: pytest.Config) -> Path:
    """The folder that is rehearsed: pytest's rootdir where an ini-file fixes it.

    Without one pytest guesses, and takes the value of an option, such as --kind-bin, for a path.
    """
    own = config.rootpath if config.inipath else config.invocation_params.dir
    return config.stash.get(PROJECT, own)


def read_findings(config: pytest.Config) -> list[Destination]:
    """Where findings go beside the screen; mistakes in that have been told by then."""
    from pytest_canary.annotations.destinations import by_default, read

    given = config.option.canary_findings
    return read(given)[0] if given else by_default(os.environ)


def read_plan(config: pytest.Config) -> Plan:
    """The plan that options, settings and git make.

    Raises:
        pytest.UsageError: with every mistake; pytest exits with code 4.
    """
    from pytest_canary.core.errors import SettingsError
    from pytest_canary.plugin.refusals import refusals
    from pytest_canary.rehearsal.planning import load_settings, make_plan

    options, mistakes = read(vars(config.option))
    mistakes += refusals(config)
    try:
        kubectl = options.kubectl if options else None
        settings = load_settings(project(config), config.option.canary_config, kubectl)
    except SettingsError as error:
        mistakes += str(error).splitlines()
        if all(each.startswith("defaults: ") for each in str(error).splitlines()):
            mistakes.append(FIRST_STEPS)
    if options is None or mistakes:
        raise pytest.UsageError(*mistakes)
    try:
        return make_plan(settings, options)
    except SettingsError as error:
        raise pytest.UsageError(*str(error).splitlines()) from None


def _path(value: str | None) -> Path | None:
    return Path(value).absolute() if value else None
