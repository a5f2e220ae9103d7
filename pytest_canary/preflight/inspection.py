"""The static check: the candidate's manifests as the cluster would get them, and what is wrong.

It reads files and runs nothing: what a tool makes of them was made before. What it judges are the
candidate's: the baseline's are live, and these are held against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.config.plan import Plan
from pytest_canary.core.errors import NotApplicable
from pytest_canary.core.findings import Finding
from pytest_canary.manifests.definitions import kinds
from pytest_canary.manifests.documents import Document, Fault
from pytest_canary.manifests.schema import (
    KubernetesVersion,
    of_version,
    version_of,
)
from pytest_canary.manifests.scopes import is_cluster_wide
from pytest_canary.preflight.groups import Group
from pytest_canary.preflight.reading import read_subject, this_machine
from pytest_canary.preflight.ruleset import RULES, names
from pytest_canary.preflight.subject import Node, Subject
from pytest_canary.rendering.renderings import Candidate


@dataclass(frozen=True)
class Inspection:
    """What the check has found.

    Attributes:
        findings: what the rules have found, whatever their level, in the order of the files' lines.
        notes: what was looked at.
        foreign: why the template can't be judged at all; empty where it can.
        unread: why its Deployments can't; empty where they can.
        serviceless: why the Service can't; empty where it can.
        uncompared: why it can't be compared with the baseline's; empty where it can.
        objects: what the manifests make, as kubectl takes it: "Deployment.v1.apps/shop-canary".
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    foreign: str = ""
    unread: str = ""
    serviceless: str = ""
    uncompared: str = ""
    objects: tuple[str, ...] = ()

    def of_group(self, group: Group) -> list[Finding]:
        """What the rules of a group have found."""
        rules = names(group)
        return [each for each in self.findings if each.code in rules]

    def expect_judged(self, group: Group) -> None:
        """Return where the rules of a group had something to look at.

        Raises:
            NotApplicable: they had not; with why.
        """
        lacking = {
            "text": self.foreign,
            "deployments": self.unread,
            "service": self.unread or self.serviceless,
            "pipelines": "",  # only asked where there are some
            "changes": self.uncompared,
        }[group.of]
        if lacking:
            raise NotApplicable(lacking)


def inspect(plan: Plan, root: Path, candidate: Candidate, node: Node | None = None) -> Inspection:
    """Check the manifests of a plan.

    Args:
        plan: what is going to be released, and where.
        root: the folder that paths are told from: pytest's rootdir.
        candidate: what the plan's manifests make.
        node: what a kind cluster would run on; this machine, unless another is given.
    """
    wanted = version_of(plan.options.node_image)
    schema = of_version(wanted)
    subject, foreign = read_subject(plan, root, schema, node or this_machine(), candidate)
    faults = [fault for rule in RULES for fault in rule.faults(subject)]
    return Inspection(
        findings=tuple(findings_of(faults)),
        notes=(*_notes(subject, wanted), *candidate.notes, *_describe_comparison(subject, plan)),
        foreign=foreign,
        unread=foreign or _unread(subject),
        serviceless=_serviceless(subject),
        uncompared=subject.uncompared,
        objects=tuple(dict.fromkeys(each.typed for each in _sought_objects(subject))),
    )


def _sought_objects(subject: Subject) -> Iterator[Document]:
    """The objects that are looked for in a namespace: of a kind that is there before the walk."""
    own = kinds(subject.documents())
    for each in subject.documents():
        known = subject.schema.knows(each) and (each.group, each.kind) not in own
        if known and not is_cluster_wide(each, own):
            yield each


def findings_of(faults: Iterable[Fault]) -> list[Finding]:
    """The findings that faults are, each once though both Deployments have it."""
    by_place = {
        (fault.rule, fault.source.shown, fault.line, _own(fault)): fault
        for fault in reversed([*faults])
    }
    ordered = sorted(by_place.values(), key=lambda each: (each.source.shown, each.line))
    return [
        Finding(
            code=fault.rule,
            sentence=fault.sentence,
            where=fault.source.where(fault.line),
            evidence=fault.source.quote(fault.line),
            next=fault.fix,
            file=fault.source.path,
            # A line of a revision's is none of the file as it is there.
            line=0 if fault.source.revision else fault.line,
        )
        for fault in ordered
    ]


def _own(fault: Fault) -> str:
    """What tells a fault from others of its line; nothing, where the other Deployment has it."""
    several = (*names(of="pipelines"), *names(of="changes"))
    return fault.sentence if fault.rule in several else ""


def _unread(subject: Subject) -> str:
    if any(rendered.parsed.broken for rendered in subject.rendered.values()):
        return f"{subject.source.shown} can't be read"
    if not subject.complete:
        return f"{subject.source.shown} has no Deployment to look at"
    return ""


def _serviceless(subject: Subject) -> str:
    if subject.service():
        return ""
    what = "can't be read" if subject.applied.broken else "has no Service"
    return f"{subject.service_file.shown} {what}"


def _describe_comparison(subject: Subject, plan: Plan) -> Iterator[str]:
    if subject.live:
        yield f"compared with {plan.baseline.text}"
    if subject.uncompared:
        yield f"compared with no baseline, as {subject.uncompared}"


def _notes(subject: Subject, wanted: KubernetesVersion | None) -> list[str]:
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
    return notes
