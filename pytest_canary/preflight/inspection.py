"""The static check: the candidate's manifests as the cluster would get them, and what is wrong.

It reads files and nothing else. What it looks at are the candidate's: the baseline's are live.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import FoundError, UnjudgedError
from pytest_canary.core.findings import Finding
from pytest_canary.database import database
from pytest_canary.manifests.documents import Fault, read
from pytest_canary.manifests.parsing import Parsed, parse
from pytest_canary.manifests.schema import Schema, Version, of_version, version_of
from pytest_canary.manifests.templates import Given, Script, Template, render
from pytest_canary.preflight.rules import deployments, objects, pods, references, service, variables
from pytest_canary.preflight.subject import Node, Subject, Workload

TRACKS = ("canary", "stable")

CHECKS: tuple[Callable[[Subject], Iterable[Fault]], ...] = (
    objects.schema,
    objects.namespace,
    variables.unset,
    variables.unset_in_service,
    variables.unused,
    deployments.no_deployment,
    deployments.made,
    deployments.selectors,
    deployments.available,
    service.exists,
    service.selects,
    service.reached,
    service.target_ports,
    pods.probes,
    pods.pull_policies,
    pods.fixed_images,
    pods.requests,
    references.references,
)


@dataclass(frozen=True)
class Inspection:
    """What the check has found.

    Attributes:
        findings: what is wrong, in the order of the files' lines; not what is silenced.
        notes: what was looked at, and what is silenced.
        foreign: why the template can't be judged at all; empty where it can.
        unread: why its Deployments can't; empty where they can.
        serviceless: why the Service can't; empty where it can.
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    foreign: str = ""
    unread: str = ""
    serviceless: str = ""

    def none(self, *rules: str, of: str = "deployments") -> None:
        """Nothing is found by these rules.

        Args:
            rules: their names.
            of: what they look at: the "text" of the files, the "deployments" or the "service".

        Raises:
            FoundError: with every finding.
            UnjudgedError: there is none, and nothing to be judged either.
        """
        found = [each for each in self.findings if each.code in rules]
        if found:
            raise FoundError(found)
        lacking = {
            "text": self.foreign,
            "deployments": self.unread,
            "service": self.unread or self.serviceless,
        }[of]
        if lacking:
            raise UnjudgedError(lacking)


def inspect(plan: Plan, root: Path, node: Node | None = None) -> Inspection:
    """Check the manifests of a plan.

    Args:
        plan: what is going to be released, and where.
        root: the folder that paths are told from: pytest's rootdir.
        node: what a kind cluster would run on; this machine, unless another is given.
    """
    wanted = version_of(plan.options.node_image)
    subject, faults, foreign = look(plan, root, of_version(wanted), node or this_machine())
    blurred = {line for each in subject.templates.values() for line in each.filled.lines}
    for check in CHECKS:
        for fault in check(subject):
            # What stands beside a variable without a value says nothing of its own.
            unclear = fault.source is subject.source and fault.line in blurred
            if fault.rule == "unset-variable" or not unclear:
                faults.append(fault)
    silenced = plan.settings.preflight.silenced
    findings = found(each for each in faults if each.rule not in silenced)
    return Inspection(
        findings=tuple(findings),
        notes=tuple(_notes(subject, wanted, silenced, [each.rule for each in faults])),
        foreign=foreign,
        unread=foreign or _unread(subject),
        serviceless=_serviceless(subject),
    )


def look(plan: Plan, root: Path, schema: Schema, node: Node) -> tuple[Subject, list[Fault], str]:
    """Read what the rules look at.

    Returns:
        The subject; what can't be read of it; why the template can't be judged, if so.
    """
    settings = plan.settings
    source, service_file = read(settings.files.deployment, root), read(settings.files.service, root)
    text = settings.files.apply.read_bytes().decode("utf-8", errors="replace")
    script = Script(settings.files.apply.name, text)
    templates = {
        track: render(source, script, given(plan, track, replicas))
        for track, replicas in zip(
            TRACKS, (settings.replicas.canary, settings.replicas.stable), strict=True
        )
    }
    foreign = next((each.foreign for each in templates.values() if each.foreign), "")
    if foreign:
        templates = {}
    applied = parse(service_file)
    subject = Subject(
        settings=settings,
        root=root,
        source=source,
        script=script,
        templates=templates,
        workloads=workloads(plan, templates),
        service_file=service_file,
        applied=applied,
        schema=schema,
        parameters=frozenset(parameters(settings)),
        node=None if plan.options.context else node,
    )
    read_of: list[Parsed] = [applied, *(template.parsed for template in templates.values())]
    return subject, [fault for parsed in read_of for fault in parsed.faults], foreign


def workloads(plan: Plan, templates: Mapping[str, Template]) -> dict[str, Workload]:
    """The Deployments that the template makes."""
    made = {}
    for track, template in templates.items():
        replicas = getattr(plan.settings.replicas, track)
        asked = given(plan, track, replicas)
        deployment = template.deployment(asked.deployment)
        if deployment:
            made[track] = Workload(asked, template, deployment)
    return made


def given(plan: Plan, track: str, replicas: int) -> Given:
    """What the apply script is called with; of the shape that a walk calls it with."""
    settings = plan.settings
    registry = f"{plan.options.registry}/" if plan.options.registry else ""
    return Given(
        deployment=settings.deployment_name(track),
        replicas=replicas,
        # A walk names every image by its content.
        image=f"{registry}{settings.name}:0123456789ab-0a1b2c",
        environment={
            "ROLLOUT_TIMEOUT": f"{settings.deadlines.rollout:g}s",
            **os.environ,
            **settings.environment,
            **parameters(settings),
            "KUBECONFIG": "kubeconfig",
        },
    )


def parameters(settings: Settings) -> dict[str, str]:
    """The database's six variables, with words in the place of the password."""
    if settings.database.image == "none":
        return {}
    return database.parameters(settings.database) | {"DB_PASSWORD": "a-made-up-password"}


def this_machine() -> Node:
    """What a kind node has: all of the machine that it runs on.

    Where the engine has a virtual machine, that is more than it has, and never less.
    """
    if os.environ.get("DOCKER_HOST", "").startswith(("tcp:", "ssh:", "http")):
        return Node(cpus=None, memory=None)
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # not everywhere
        memory = 0
    return Node(cpus=os.cpu_count(), memory=memory if memory > 0 else None)


def found(faults: Iterable[Fault]) -> list[Finding]:
    """The findings that faults are, each once though both Deployments have it."""
    by_place = {
        (fault.rule, fault.source.shown, fault.line): fault for fault in reversed([*faults])
    }
    ordered = sorted(by_place.values(), key=lambda each: (each.source.shown, each.line))
    return [
        Finding(
            code=fault.rule,
            sentence=fault.sentence,
            where=fault.source.where(fault.line),
            seen=f"rule {fault.rule}",
            evidence=fault.source.quoted(fault.line),
            next=fault.fix,
        )
        for fault in ordered
    ]


def _unread(subject: Subject) -> str:
    if any(template.parsed.broken for template in subject.templates.values()):
        return f"{subject.source.shown} can't be read"
    if len(subject.workloads) < len(TRACKS):
        return f"{subject.source.shown} has no Deployment to look at"
    return ""


def _serviceless(subject: Subject) -> str:
    if subject.service():
        return ""
    what = "can't be read" if subject.applied.broken else "has no Service"
    return f"{subject.service_file.shown} {what}"


def _notes(
    subject: Subject, wanted: Version | None, silenced: Mapping[str, str], hit: list[str]
) -> list[str]:
    schema = subject.schema
    notes = [schema.title]
    if wanted is None:
        notes = [f"{schema.title}, the newest that is known"]
    elif wanted != schema.version:
        notes = [f"{schema.title}, as there is no schema of {wanted[0]}.{wanted[1]}"]
    strangers = {
        f"{each.kind} {each.name}"
        for each in subject.documents()
        if not subject.schema.knows(each) and not any(subject.schema.misfits(each))
    }
    if strangers:
        notes.append(f"no schema for {', '.join(sorted(strangers))}")
    for rule, reason in silenced.items():
        idle = "" if rule in hit else ", which finds nothing"
        notes.append(f"{rule} is silenced{idle}: {reason}")
    return notes
