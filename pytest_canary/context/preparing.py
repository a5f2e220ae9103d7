"""What is there beside the release: what it presupposes, and what comes along with a version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import plural
from pytest_canary.manifests.secret_values import secret_values
from pytest_canary.rendering.prerequisites import read_prerequisites

if TYPE_CHECKING:
    from pytest_canary.context.context import Context
    from pytest_canary.rendering.version import Version


def prepare(context: Context) -> None:
    """Put there what the release presupposes, and wait until it is ready.

    Raises:
        FoundError: something does not get ready, with why; or the API server refuses it.
        ReleaseError: something can't be applied.
    """
    up, settings = context.provisioned, context.settings
    wanted = read_prerequisites(settings.files.prerequisites, settings.root)
    if not wanted.documents:
        return
    context.release.processes.redactor.add(*secret_values(wanted.documents))
    made = wanted.made_for(up.namespace.name, up.owner.labels, up.prerequisites)
    with context.waiter.measure("step", "prerequisites"):
        kept = context.release.surroundings.prepare(made)
    up.notes.append(f"{plural(len(made.documents), 'prerequisite')} applied")
    up.notes += [f"{each} was in the cluster already, and stays as it is" for each in kept]
    if wanted.namespace:
        up.notes.append(f"prerequisites of {wanted.namespace} are in the rehearsal's own namespace")


def expect_companions(context: Context, stage: str, version: Version) -> None:
    """Wait for the workloads that come along with a version, and tell of those that don't.

    Raises:
        FoundError: one does not get ready, with why, and the rule's level is error.
    """
    found = context.release.surroundings.find_unready_companions(version)
    context.journal.tell(stage, [_by_rule(each) for each in found])


def _by_rule(finding: Finding) -> Finding:
    seen = ", ".join(filter(None, (finding.seen, finding.code)))
    return replace(finding, code="companion-not-ready", seen=seen)
