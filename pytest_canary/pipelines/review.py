"""Everything that is wrong with a workflow, under the names of the rules that find it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from pytest_canary.manifests.documents import Fault
from pytest_canary.pipelines import faults
from pytest_canary.pipelines.equipment import misspelt_caches, unequipped_rollbacks
from pytest_canary.pipelines.promoting import manual_rollbacks, misleading_conditions, never_true
from pytest_canary.pipelines.variables import Provided, undescribed_secrets, unprovided_variables
from pytest_canary.pipelines.workflow import Workflow

# Mistakes of one file that are told: who mends them sees the others.
MOST = 100


def review(workflow: Workflow, provided: Provided) -> Iterator[Fault]:
    """What Semaphore refuses, what leads nowhere, and what its writer hardly means."""
    for pipeline in workflow.pipelines:
        yield from islice(pipeline.faults, MOST)
    found = {
        faults.UNDESCRIBED: undescribed_secrets(workflow, provided),
        faults.UNPROVIDED: unprovided_variables(workflow, provided),
        faults.MANUAL: manual_rollbacks(workflow),
        faults.UNREACHABLE: never_true(workflow),
        faults.MISLEADING: misleading_conditions(workflow),
        faults.UNEQUIPPED: unequipped_rollbacks(workflow),
        faults.MISSPELT: misspelt_caches(workflow),
    }
    for rule, told in found.items():
        yield from (replace(each, rule=rule) for each in told)
