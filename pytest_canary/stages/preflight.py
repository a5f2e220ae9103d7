"""The preflight: the manifests, before anything is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis.reach import BY_HEADER, BY_TRACK, unreachable_go
from pytest_canary.config.promotion_condition import MISLEADING, misgivings
from pytest_canary.context.inspecting import inspection_of
from pytest_canary.context.outcomes import PreflightOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import workspace_itself
from pytest_canary.preflight import groups
from pytest_canary.stages.conditions import (
    compares,
    has_canary,
    has_pipelines,
    has_promotions,
    may_judge,
    migrates_by_manifest,
)

if TYPE_CHECKING:
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.preflight.groups import Group
    from pytest_canary.preflight.inspection import Inspection

STAGE = Stage("preflight", workspace_itself)


@STAGE.enter()
def look_at_manifests(workspace: Workspace) -> None:
    inspection = inspection_of(workspace.plan, workspace.project, workspace.processes)
    workspace.journal.keep(PreflightOutcome(inspection))


def inspection(workspace: Workspace) -> Inspection:
    """What the static check has found."""
    return workspace.journal.outcome(PreflightOutcome).inspection


def expect_no_errors(workspace: Workspace, group: Group) -> None:
    """Tell what the rules of a group have found.

    Raises:
        FoundError: they have found errors.
        NotApplicable: they have found none, and had not all to look at.
    """
    workspace.journal.tell("preflight", inspection(workspace).of_group(group))
    inspection(workspace).expect_judged(group)


@STAGE.holds("the manifests are valid YAML")
def yaml_is_valid(workspace: Workspace) -> None:
    for note in (*inspection(workspace).notes, *workspace.plan.notes):
        workspace.journal.note("preflight", note)
    expect_no_errors(workspace, groups.YAML)


@STAGE.holds("every variable of the templates has a value, and is used")
def variables_have_values(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.VARIABLES)


@STAGE.holds("the manifests fit the schema of the cluster's Kubernetes version")
def schema_fits(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.SCHEMA)


@STAGE.holds("the template makes {tracks}, of the image that is given")
def deployments_are_made(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.DEPLOYMENTS)


@STAGE.holds("the two Deployments' selectors don't overlap", when=has_canary)
def selectors_are_apart(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.SELECTORS)


@STAGE.holds("the Service selects the pods of both")
def service_selects(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.SERVICE)


@STAGE.holds("the Service is reached from outside, and shares connections evenly")
def service_is_reached(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.ADDRESS)


@STAGE.holds("the Service's target port exists")
def target_port_exists(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.TARGET_PORT)


@STAGE.holds("a readiness probe exists, and every probe asks something")
def probes_exist(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.PROBES)


@STAGE.holds("everything that pods refer to will be there")
def references_exist(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.REFERENCES)


@STAGE.holds("the pull policy can find the image")
def image_is_found(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.PULL_POLICY)


@STAGE.holds("no image may be another one tomorrow")
def images_are_fixed(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.FIXED_IMAGES)


@STAGE.holds("the requests fit the node")
def requests_fit(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.REQUESTS)


@STAGE.holds("a rollout and a drain leave {name}-stable a pod")
def pods_are_left(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.AVAILABILITY)


@STAGE.holds("nothing changes that can't be changed on a live object", when=compares)
def fields_can_change(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.UNCHANGEABLE)


@STAGE.holds("nothing is left on the cluster that this version has no more", when=compares)
def nothing_is_left(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.LEFT)


@STAGE.holds("both versions are given the same variables and keys", when=compares)
def settings_are_shared(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.SHARED)


@STAGE.holds("the Service leads to both versions, by the same ports and probes", when=compares)
def both_are_served(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.BESIDE)


@STAGE.holds(
    "what migrates is there, once, and of the image that is given", when=migrates_by_manifest
)
def migration_is_there(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.MIGRATION)


@STAGE.holds("the pipelines are taken by their service, and lead to files", when=has_pipelines)
def pipelines_are_taken(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.PIPELINES)


@STAGE.holds("the pipelines' jobs are given what their commands use", when=has_pipelines)
def jobs_are_given_variables(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.JOBS)


@STAGE.holds(
    "rollbacks start by themselves, and conditions say what they seem to", when=has_promotions
)
def promotions_are_meant(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.PROMOTIONS)


@STAGE.holds("the settings let the verdict come to a go", when=may_judge)
def go_is_in_reach(workspace: Workspace) -> None:
    plan = workspace.plan
    found = unreachable_go(plan.settings, BY_TRACK)
    # Somebody else's cluster may allow no addresses of their own; the header may do there.
    if found and plan.options.context and plan.tells_versions:
        found = unreachable_go(plan.settings, BY_HEADER)
    workspace.journal.tell("preflight", [found] if found else [])


@STAGE.holds("the promotion's condition can hold, and says what it seems to")
def promotion_is_meant(workspace: Workspace) -> None:
    plan = workspace.plan
    found = misgivings(plan.settings)
    named = plan.settings.promotion.pipeline
    if plan.pipeline and named and plan.pipeline.samefile(plan.settings.root / named):
        # The rules of pipelines have told what misleads in it.
        found = (each for each in found if each.code != MISLEADING)
    workspace.journal.tell("preflight", found)
