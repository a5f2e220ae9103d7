"""The manifests, what applies them, and what the app is called by them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pytest_canary.discovery.answers import Answer, Question, Setting
from pytest_canary.discovery.repository import Repository, table

DEMO = "`pytest --canary-demo --canary-check` makes one to copy"

# The name of a Kubernetes object, with room for what a walk adds.
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?")


def manifests(repository: Repository) -> Iterator[Answer]:
    """The Deployment's template, the Service, and the script that applies the first."""
    yield from _deployment(repository)
    yield from _service(repository)
    yield from _script(repository)


def name(repository: Repository, source: Repository) -> Iterator[Answer]:
    """What the app is called: by its Service, its package, or its folder."""
    service = _services(repository)
    package, project = source.first("package.json"), source.first("pyproject.toml")
    called = [
        (service_name(repository, service[0]).removesuffix("-lb"), service[0])
        if service
        else ("", ""),
        (str(source.json(package).get("name") or "").rpartition("/")[2], package),
        (str(table(source.toml(project).get("project")).get("name") or ""), project),
        (repository.root.name, "the folder's name"),
    ]
    for found, why in called:
        fitting = re.sub(r"[^a-z0-9-]+", "-", found.lower()).strip("-")[:52].strip("-")
        if fitting:
            yield Setting("name", fitting, why)
            return
    yield Question("", "what the app is called", 'write name = "…"; its Service is NAME-lb')


def _files(repository: Repository, kind: str) -> list[str]:
    """The files of YAML that hold an object of a kind, but those that only Helm can read."""
    charts = {posixpath.dirname(each) for each in repository.named("Chart.yaml")}
    return [
        each
        for each in repository.ending(".yml", ".yaml")
        if not any(each.startswith(f"{chart}/" if chart else "templates/") for chart in charts)
        and re.search(rf"^kind:\s*{kind}\s*$", repository.text(each), re.MULTILINE)
    ]


def _deployment(repository: Repository) -> Iterator[Answer]:
    # A template first: one that holds variables in the places that differ from track to track.
    found = sorted(_files(repository, "Deployment"), key=lambda each: not _varies(repository, each))
    if not found:
        yield from _lacking(repository)
        return
    first = found[0]
    yield Setting("manifests.deployment", first, f"{first} has a Deployment")
    if len(found) > 1:
        yield Question(
            "manifests",
            f"there are several Deployments: {', '.join(found[:5])}",
            "name another one, if that is released",
        )
    if not _varies(repository, first):
        yield Question(
            "manifests",
            f"{first} makes one Deployment, and a walk makes two of one template",
            "write $deployment for its name (in selector and labels too), $replicas and $img",
        )


def _varies(repository: Repository, file: str) -> bool:
    """Whether a Deployment's name is filled in by something."""
    text = repository.text(file)
    return re.search(r"[{\s]name:\s*[\"']?[^\s,}]*(\$|\{\{)", text) is not None


def _lacking(repository: Repository) -> Iterator[Answer]:
    chart = repository.first("Chart.yaml")
    kustomization = repository.first("kustomization.yaml", "kustomization.yml")
    if chart:
        yield Question(
            "manifests",
            f"{chart} is of a Helm chart, which a walk can't fill in",
            "`helm template` makes plain manifests of it; save Deployment and Service, with "
            "$deployment, $replicas and $img in their places, and name both here",
        )
    elif kustomization:
        yield Question(
            "manifests",
            f"no file has a Deployment, and {kustomization} leads to none here",
            "save what `kubectl kustomize` makes, with $deployment, $replicas and $img in their "
            "places, and name it here",
        )
    else:
        yield Question("manifests", "there is no Deployment", f"write its template; {DEMO}")


def _services(repository: Repository) -> list[str]:
    """The files that have a Service, one that is reached from outside first."""

    def inner(file: str) -> bool:
        return "LoadBalancer" not in repository.text(file)

    return sorted(_files(repository, "Service"), key=inner)


def _service(repository: Repository) -> Iterator[Answer]:
    found = _services(repository)
    if not found:
        if not repository.first("Chart.yaml"):
            yield Question("manifests", "there is no Service", f"write one, NAME-lb; {DEMO}")
        return
    first = found[0]
    yield Setting("manifests.service", first, f"{first} has a Service")
    if first in _files(repository, "Deployment"):
        yield Question(
            "manifests",
            f"{first} has the Service beside a Deployment, and each is applied by itself",
            "put each into a file of its own",
        )


def service_name(repository: Repository, file: str) -> str:
    """What a file's Service is called; empty where that can't be read."""
    for text in re.split(r"^---.*$", repository.text(file), flags=re.MULTILINE):
        if re.search(r"^kind:\s*Service\s*$", text, re.MULTILINE):
            block = re.search(r"^metadata:\s*\n((?:[ \t]+.*\n?|\s*\n)+)", text, re.MULTILINE)
            inside = block[1] if block else re.sub(r"[{},]", "\n ", text)
            named = re.search(r"^\s+name:\s*[\"']?([a-z0-9-]+)", inside, re.MULTILINE)
            if named and NAME.fullmatch(named[1]):
                return named[1]
    return ""


def _script(repository: Repository) -> Iterator[Answer]:
    found = repository.named("apply.sh") or [
        each for each in repository.ending(".sh") if "kubectl apply" in repository.text(each)
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
