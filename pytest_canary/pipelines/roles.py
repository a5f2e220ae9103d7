"""Which of a workflow's pipelines builds, and which releases, promotes and takes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_canary.core.errors import SettingsError
from pytest_canary.pipelines.pipeline import Pipeline, Promotion
from pytest_canary.pipelines.promoting import rolls_back, starts_on_failure
from pytest_canary.pipelines.workflow import Lead, Workflow

Role = Literal["build", "canary", "stable", "rollback"]

INSTEAD = "or let the walk not run them: pipeline.run = false"


@dataclass(frozen=True)
class Roles:
    """The four pipelines of a release.

    Attributes:
        build: the one that a push starts.
        canary: the one that it promotes to.
        stable, rollback: those that the canary's promotes to.
        leads: all promotions of the workflow.
    """

    build: Pipeline
    canary: Pipeline
    stable: Pipeline
    rollback: Pipeline
    leads: tuple[Lead, ...] = ()

    def of(self, role: Role) -> Pipeline:
        """The pipeline that has a role."""
        found: dict[Role, Pipeline] = {
            "build": self.build,
            "canary": self.canary,
            "stable": self.stable,
            "rollback": self.rollback,
        }
        return found[role]

    def file(self, role: Role) -> str:
        """The file of a role, as it is told."""
        return self.of(role).source.shown

    def promotions(self, role: Role, to: Role) -> list[Promotion]:
        """Those that lead from one to another."""
        origin, target = self.of(role).source.path, self.of(to).source.path
        return [e.promotion for e in self.leads if (e.origin, e.target) == (origin, target)]

    def parameters(self, role: Role) -> Mapping[str, str]:
        """What a pipeline is handed by the promotion that leads to it from the one before."""
        before: Role = "build" if role == "canary" else "canary"
        found = self.promotions(before, role) if role != "build" else []
        return found[0].values if found else {}


def find_roles(workflow: Workflow, named: Mapping[Role, Path]) -> Roles:
    """Tell the four from each other: by name where one is named, else by their promotions.

    The canary's pipeline is the one that the first promotes to and that promotes further; of those
    that this one promotes to, the rollback is called so, or starts where it has failed.

    Args:
        workflow: what a push starts, and all that follows from it.
        named: the files that the settings name.

    Raises:
        SettingsError: nobody can tell which is which; with the files that may be meant.
    """
    first = workflow.pipelines[0]
    further = [each for each in _targets(workflow, first) if each.promotions]
    canary = _find_named(workflow, named, "canary") or _only(further, first, "canary")
    pairs = [
        (each, target)
        for each in canary.promotions
        if (target := workflow.target(each)) is not None
    ]
    backwards = [each for each, _ in pairs if _is_rollback(each, workflow)]
    rollback = _find_named(workflow, named, "rollback") or _only(
        [target for each, target in pairs if each in backwards], canary, "rollback"
    )
    others = [target for each, target in pairs if each not in backwards and target != rollback]
    stable = _find_named(workflow, named, "stable") or _only(others, canary, "stable")
    return Roles(first, canary, stable, rollback, workflow.leads)


def _is_rollback(promotion: Promotion, workflow: Workflow) -> bool:
    return rolls_back(promotion, workflow) or starts_on_failure(promotion)


def _targets(workflow: Workflow, pipeline: Pipeline) -> Iterable[Pipeline]:
    found = (workflow.target(each) for each in pipeline.promotions)
    return [each for each in found if each is not None]


def _find_named(workflow: Workflow, named: Mapping[Role, Path], role: Role) -> Pipeline | None:
    path = named.get(role)
    if path is None:
        return None
    for each in workflow.pipelines:
        if each.source.path == path:
            return each
    known = ", ".join(each.source.shown for each in workflow.pipelines)
    raise SettingsError(
        f"pipeline.{role} names {path.name}, to which no promotion leads from "
        f"{workflow.pipelines[0].source.shown}; there are {known}"
    )


def _only(found: Sequence[Pipeline], origin: Pipeline, role: Role) -> Pipeline:
    distinct = list(dict.fromkeys(each.source.path for each in found))
    if len(distinct) == 1:
        return found[0]
    if not found:
        raise SettingsError(
            f"{origin.source.shown} promotes to no {_describe_role(role)}, so that no walk can run "
            f"it; name its file in pipeline.{role}, {INSTEAD}"
        )
    listed = ", ".join(dict.fromkeys(each.source.shown for each in found))
    raise SettingsError(
        f"{origin.source.shown} promotes to several pipelines that may be the "
        f"{_describe_role(role)}: {listed}; name the one that is rehearsed in pipeline.{role}, "
        f"{INSTEAD}"
    )


def _describe_role(role: Role) -> str:
    return {
        "build": "pipeline that builds",
        "canary": "canary pipeline",
        "stable": "stable pipeline",
        "rollback": "rollback pipeline",
    }[role]
