"""The cluster: everything that the walk stands on."""

from __future__ import annotations

from pytest_canary.errors import DatabaseError, ReleaseError
from pytest_canary.plan import Plan
from pytest_canary.rollout import node_is_ready
from pytest_canary.stages import Suite
from pytest_canary.walk import Walk

SUITE = Suite()


def loaded(plan: Plan) -> bool:
    """Applies where images are loaded into a kind cluster, not pushed to a registry."""
    return plan.options.context is None


@SUITE.holds("the cluster comes up")
def comes_up(walk: Walk) -> None:
    walk.enter("cluster")
    for part, seconds in sorted(walk.provisioned.seconds.items()):
        if part in ("candidate image", "candidate load"):
            verb = "built" if part.endswith("image") else "loaded"
            walk.note("cluster", f"image {verb} in {seconds:.1f} s")


@SUITE.holds("every node is ready")
def nodes_are_ready(walk: Walk) -> None:
    nodes = walk.namespace.nodes()
    slow = [node["metadata"]["name"] for node in nodes if not node_is_ready(node)]
    if slow or not nodes:
        raise ReleaseError(f"not ready: {', '.join(slow) or 'there is no node'}")


@SUITE.holds("the candidate's image is on the node", when=loaded)
def candidate_is_there(walk: Walk) -> None:
    walk.look_for(walk.candidate)


@SUITE.holds("the baseline's image is on the node", when=lambda p: loaded(p) and p.upgrade)
def baseline_is_there(walk: Walk) -> None:
    walk.look_for(walk.baseline)


@SUITE.holds("the database answers", when=lambda plan: plan.has_database)
def database_answers(walk: Walk) -> None:
    if walk.database.query("select 40 + 2") != [("42",)]:
        raise DatabaseError("the database answers, but not with 42 when asked for 40 + 2")


@SUITE.holds("Secret db-params tells how to reach it", when=lambda plan: plan.has_database)
def secret_is_there(walk: Walk) -> None:
    secrets = {s["metadata"]["name"]: s.get("data", {}) for s in walk.namespace.objects("Secret")}
    wanted = set(walk.release.parameters)
    absent = sorted(wanted - set(secrets.get("db-params", {})))
    if absent:
        raise ReleaseError(f"Secret db-params has no {', '.join(absent)}")


@SUITE.holds("every registry Secret that the pods name is there")
def registry_secrets_are_there(walk: Walk) -> None:
    absent = walk.registry_secrets() - {
        secret["metadata"]["name"] for secret in walk.namespace.objects("Secret")
    }
    if absent:
        raise ReleaseError(f"the manifest names imagePullSecrets that are not there: {absent}")
