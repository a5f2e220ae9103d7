"""What a release's pipelines run for: the commit, its branch or tag, and what jobs know of both."""

from __future__ import annotations

import os
import uuid
from typing import Literal

from pytest_canary.config.revision import Revision
from pytest_canary.config.settings import Settings
from pytest_canary.delivery.provided import registry_variables
from pytest_canary.delivery.snapshot import Snapshot
from pytest_canary.jobs.environment import Workflow


def workflow_of(settings: Settings, snapshot: Snapshot, revision: Revision) -> Workflow:
    """The workflow that a push of the project, as it is, would start.

    Args:
        settings: the project's; variables that jobs have of their machine are those that it sets,
            or else this process's.
        snapshot: what its jobs check out.
        revision: the branch or tag, as git or CI tells it.
    """
    known = {**os.environ, **settings.environment}
    more = {name: known[name] for name in settings.pipeline.variables if name in known}
    kind, name = _ref(revision)
    return Workflow(
        identity=str(uuid.uuid4()),
        pipeline="",
        project=snapshot.name,
        url=snapshot.url,
        sha=snapshot.commit,
        ref_type=kind,
        ref=name,
        more=more | registry_variables(),
    )


def _ref(revision: Revision) -> tuple[Literal["branch", "tag", "pull-request"], str]:
    if revision.pull_request:
        return "pull-request", revision.pull_request_number or "1"
    if revision.branch or not revision.tags:
        return "branch", revision.branch or "rehearsed"
    return "tag", revision.tags[0]
