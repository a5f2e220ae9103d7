"""The static check of a plan's manifests, which are rendered for it by the run's own commands."""

from __future__ import annotations

from pathlib import Path

from pytest_canary.config.plan import Plan
from pytest_canary.core.processes import Processes
from pytest_canary.preflight.inspection import Inspection, inspect
from pytest_canary.preflight.reading import asked_of
from pytest_canary.preflight.subject import Node
from pytest_canary.rendering.candidate import render_candidate


def inspection_of(
    plan: Plan, root: Path, processes: Processes, node: Node | None = None
) -> Inspection:
    """Render the manifests of a plan, and check them.

    Args:
        plan: what is going to be released, and where.
        root: the folder that paths are told from: pytest's rootdir.
        processes: run what renders them, and git.
        node: what a kind cluster would run on; this machine, unless another is given.

    Raises:
        ReleaseError: the tool that makes the objects fails; with what it says.
    """
    return inspect(plan, root, render_candidate(plan, root, asked_of(plan), processes), node)
