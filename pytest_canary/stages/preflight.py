"""The preflight: the manifests, before anything is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.context.journal import PreflightOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import workspace_itself
from pytest_canary.preflight import groups
from pytest_canary.preflight.inspection import inspect

if TYPE_CHECKING:
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.preflight.groups import Group
    from pytest_canary.preflight.inspection import Inspection

STAGE = Stage("preflight", workspace_itself)


@STAGE.enter()
def look_at_manifests(workspace: Workspace) -> None:
    inspection = inspect(workspace.plan, workspace.project)
    workspace.journal.keep(PreflightOutcome(inspection))


def inspected(workspace: Workspace) -> Inspection:
    """What the static check has found."""
    return workspace.journal.outcome(PreflightOutcome).inspection


def expect_no_errors(workspace: Workspace, group: Group) -> None:
    """Tell what the rules of a group have found.

    Raises:
        FoundError: they have found errors.
        NotApplicable: they have found none, and had not all to look at.
    """
    workspace.journal.tell("preflight", inspected(workspace).found(group))
    inspected(workspace).expect_judged(group)


@STAGE.holds("the manifests are valid YAML")
def yaml_is_valid(workspace: Workspace) -> None:
    for note in (*inspected(workspace).notes, *workspace.plan.notes):
        workspace.journal.note("preflight", note)
    expect_no_errors(workspace, groups.YAML)


@STAGE.holds("every variable of the templates has a value, and is used")
def variables_have_values(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.VARIABLES)


@STAGE.holds("the manifests fit the schema of the cluster's Kubernetes version")
def schema_fits(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.SCHEMA)


@STAGE.holds("the template makes {name}-canary and {name}-stable, of the image that is given")
def deployments_are_made(workspace: Workspace) -> None:
    expect_no_errors(workspace, groups.DEPLOYMENTS)


@STAGE.holds("the two Deployments' selectors don't overlap")
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
