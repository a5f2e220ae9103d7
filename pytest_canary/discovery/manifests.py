"""The manifests, what applies them, and what the app is called by them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pytest_canary.discovery.answers import Answer, Question, Setting
from pytest_canary.discovery.repository import Repository

# What Kustomize looks for in a folder.
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")

DEMO = "`pytest --canary-demo --canary-check` makes one to copy"

# Images of what apps stand on, and that nobody releases as an app of their own.
BACKING = re.compile(
    r"^\s*(?:-\s+)?image:\s*[\"']?(?:\S*/)?(?:redis|valkey|memcached|postgres|postgis|timescaledb|"
    r"mysql|mariadb|mongo|rabbitmq|kafka|elasticsearch|minio|mailhog|adminer)[:@\s\"']",
    re.MULTILINE,
)


def manifests(repository: Repository) -> Iterator[Answer]:
    """What makes the objects: a chart, a kustomization, plain YAML, or a script of its own.

    A script's template, its Service, and the script itself, where nothing else is there.
    """
    templates = [each for each in files_with(repository, "Deployment") if _varies(repository, each)]
    if not templates:
        for look in (_charts, _kustomizations, _plain):
            answers = [*look(repository)]
            yield from answers
            if answers:
                return
    yield from _deployment(repository)
    yield from _service(repository)
    yield from _script(repository)


def _charts(repository: Repository) -> Iterator[Answer]:
    """The chart; which of its values make a track, is its maker's to say."""
    found = charts(repository)
    if not found:
        return
    first, *others = found
    yield Setting("manifests.renderer", "helm", f"{first} is there")
    yield Setting("manifests.path", posixpath.dirname(first) or ".", f"{first} is there")
    yield Question(
        "manifests",
        "which values of the chart make the two tracks",
        "write [manifests.set], unless they are stable.image, stable.replicas, canary.image and "
        "canary.replicas; docs/manifests.md",
    )
    if others:
        listed = ", ".join(found[:5])
        yield Question(
            "manifests", f"there are several charts: {listed}", "name the one that is released"
        )


def charts(repository: Repository) -> list[str]:
    """Every chart's Chart.yaml, but those that another chart brings along in its `charts`."""
    found = repository.with_name("Chart.yaml")
    tops = [posixpath.join(posixpath.dirname(each), "charts/") for each in found]
    return [each for each in found if not any(each.startswith(top) for top in tops)]


def _kustomizations(repository: Repository) -> Iterator[Answer]:
    """The kustomization that is released: an overlay, if there is one."""
    found = repository.with_name(*KUSTOMIZATIONS)
    overlays = [each for each in found if "/overlays/" in f"/{each}"]
    if not found:
        return
    first, *others = overlays or found
    yield Setting("manifests.renderer", "kustomize", f"{first} is there")
    yield Setting("manifests.path", posixpath.dirname(first) or ".", f"{first} is there")
    if others:
        listed = ", ".join([first, *others][:5])
        what = f"there are several kustomizations: {listed}"
        yield Question("manifests", what, "name the folder of the one that is released")


def _plain(repository: Repository) -> Iterator[Answer]:
    """The YAML that `kubectl apply -f` takes: where the Deployment is, and where the Service is."""
    deployments, services = files_with(repository, "Deployment"), service_files(repository)
    if not deployments:
        return
    deployments.sort(key=lambda each: BACKING.search(repository.text(each)) is not None)
    first = deployments[0]
    folder = posixpath.dirname(first)
    beside = [each for each in services if posixpath.dirname(each) == folder]
    # At the top there is much beside that is no manifest.
    paths = [folder] if folder else [first, *beside[:1]]
    if not beside:
        paths += services[:1]
    yield Setting("manifests.renderer", "yaml", f"{first} has a Deployment that is no template")
    yield Setting(
        "manifests.path",
        paths[0] if len(paths) == 1 else list(dict.fromkeys(paths)),
        "of each folder, all of its YAML is applied",
    )
    if len(deployments) > 1:
        yield Question(
            "manifests",
            f"there are several Deployments: {', '.join(deployments[:5])}",
            "name where the one is that is released, and set name to what it is called",
        )
    if not services:
        yield Question("manifests", "there is no Service", f"write one; {DEMO}")


def files_with(repository: Repository, kind: str) -> list[str]:
    """The files of YAML that hold an object of a kind, but those that only Helm can read."""
    charts = {posixpath.dirname(each) for each in repository.with_name("Chart.yaml")}
    return [
        each
        for each in repository.with_ending(".yml", ".yaml")
        if not any(each.startswith(f"{chart}/" if chart else "templates/") for chart in charts)
        and re.search(rf"^kind:\s*{kind}\s*$", repository.text(each), re.MULTILINE)
    ]


def _deployment(repository: Repository) -> Iterator[Answer]:
    # A template first: one that holds variables in the places that differ from track to track.
    found = sorted(
        files_with(repository, "Deployment"), key=lambda each: not _varies(repository, each)
    )
    if not found:
        yield Question("manifests", "there is no Deployment", f"write its template; {DEMO}")
        return
    first = found[0]
    yield Setting("manifests.deployment", first, f"{first} has a Deployment")
    if len(found) > 1:
        yield Question(
            "manifests",
            f"there are several Deployments: {', '.join(found[:5])}",
            "name another one, if that is released",
        )


def _varies(repository: Repository, file: str) -> bool:
    """Whether a Deployment's name is filled in by something."""
    text = repository.text(file)
    return re.search(r"[{\s]name:\s*[\"']?[^\s,}]*(\$|\{\{)", text) is not None


def service_files(repository: Repository) -> list[str]:
    """The files that have a Service, one that is reached from outside first."""

    def inner(file: str) -> bool:
        return "LoadBalancer" not in repository.text(file)

    return sorted(files_with(repository, "Service"), key=inner)


def _service(repository: Repository) -> Iterator[Answer]:
    found = service_files(repository)
    if not found:
        yield Question("manifests", "there is no Service", f"write one, NAME-lb; {DEMO}")
        return
    first = found[0]
    yield Setting("manifests.service", first, f"{first} has a Service")
    if first in files_with(repository, "Deployment"):
        yield Question(
            "manifests",
            f"{first} has the Service beside a Deployment, and each is applied by itself",
            "put each into a file of its own",
        )


def _script(repository: Repository) -> Iterator[Answer]:
    found = repository.with_name("apply.sh") or [
        each for each in repository.with_ending(".sh") if "kubectl apply" in repository.text(each)
    ]
    if found:
        why = f"{found[0]} applies manifests"
        yield Setting("manifests.apply", f"./{found[0]}", why)
        if len(found) > 1:
            listed = ", ".join(found[:5])
            yield Question("manifests", f"several scripts apply: {listed}", "name another one")
        return
    yield Question(
        "manifests",
        "no script applies the template: apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE",
        f"write one that fills it in, applies it and waits; {DEMO}",
    )
