"""The preflight: the manifests, before anything is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.preflight import groups
from pytest_canary.stages import Suite

if TYPE_CHECKING:
    from pytest_canary.rehearsal.rehearsal import Walk

SUITE = Suite()


@SUITE.holds("the manifests are valid YAML")
def yaml_is_valid(walk: Walk) -> None:
    walk.enter("preflight")
    for note in walk.inspection.notes:
        walk.note("preflight", note)
    walk.inspection.expect_none(groups.YAML)


@SUITE.holds("every variable of the templates has a value, and is used")
def variables_have_values(walk: Walk) -> None:
    walk.inspection.expect_none(groups.VARIABLES)


@SUITE.holds("the manifests fit the schema of the cluster's Kubernetes version")
def schema_fits(walk: Walk) -> None:
    walk.inspection.expect_none(groups.SCHEMA)


@SUITE.holds("the template makes {name}-canary and {name}-stable, of the image that is given")
def deployments_are_made(walk: Walk) -> None:
    walk.inspection.expect_none(groups.DEPLOYMENTS)


@SUITE.holds("the two Deployments' selectors don't overlap")
def selectors_are_apart(walk: Walk) -> None:
    walk.inspection.expect_none(groups.SELECTORS)


@SUITE.holds("the Service selects the pods of both")
def service_selects(walk: Walk) -> None:
    walk.inspection.expect_none(groups.SERVICE)


@SUITE.holds("the Service is reached from outside, and shares connections evenly")
def service_is_reached(walk: Walk) -> None:
    walk.inspection.expect_none(groups.ADDRESS)


@SUITE.holds("the Service's target port exists")
def target_port_exists(walk: Walk) -> None:
    walk.inspection.expect_none(groups.TARGET_PORT)


@SUITE.holds("a readiness probe exists, and every probe asks something")
def probes_exist(walk: Walk) -> None:
    walk.inspection.expect_none(groups.PROBES)


@SUITE.holds("everything that pods refer to will be there")
def references_exist(walk: Walk) -> None:
    walk.inspection.expect_none(groups.REFERENCES)


@SUITE.holds("the pull policy can find the image")
def image_is_found(walk: Walk) -> None:
    walk.inspection.expect_none(groups.PULL_POLICY)


@SUITE.holds("no image may be another one tomorrow")
def images_are_fixed(walk: Walk) -> None:
    walk.inspection.expect_none(groups.FIXED_IMAGES)


@SUITE.holds("the requests fit the node")
def requests_fit(walk: Walk) -> None:
    walk.inspection.expect_none(groups.REQUESTS)


@SUITE.holds("a rollout and a drain leave {name}-stable a pod")
def pods_are_left(walk: Walk) -> None:
    walk.inspection.expect_none(groups.AVAILABILITY)
