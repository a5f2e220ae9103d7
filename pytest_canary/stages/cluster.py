"""The cluster: everything that the walk stands on."""

from __future__ import annotations

from pytest_canary.config.plan import Plan
from pytest_canary.core.errors import ClusterError, DatabaseError, ReleaseError
from pytest_canary.k8s.rollout import node_is_ready, node_says
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.stages import Suite

SUITE = Suite()


def loaded(plan: Plan) -> bool:
    """Applies where images are loaded into a kind cluster, not pushed to a registry."""
    return plan.options.context is None


@SUITE.holds("the cluster comes up")
def comes_up(walk: Walk) -> None:
    walk.enter("cluster")
    for part, seconds in sorted(walk.provisioned.seconds.items()):
        given = walk.plan.options.image and part == "candidate image"
        if part in ("candidate image", "candidate load") and not given:
            verb = "built" if part.endswith("image") else "loaded"
            walk.note("cluster", f"image {verb} in {seconds:.1f} s")


@SUITE.holds("every node is ready")
def nodes_are_ready(walk: Walk) -> None:
    nodes = walk.namespace.nodes()
    if not nodes:
        raise ClusterError("the cluster has no node; see `kubectl get nodes`")
    for node in nodes:
        if not node_is_ready(node):
            name = node["metadata"]["name"]
            raise ClusterError(
                f"node {name} is not ready: {node_says(node)}; see `kubectl describe node {name}`"
            )


@SUITE.holds("the candidate's image is on the node", when=loaded)
def candidate_is_there(walk: Walk) -> None:
    walk.look_for(walk.candidate)


@SUITE.holds("the baseline's image is on the node", when=lambda p: loaded(p) and p.upgrade)
def baseline_is_there(walk: Walk) -> None:
    walk.look_for(walk.baseline)


@SUITE.holds("the database answers", when=lambda plan: plan.has_database)
def database_answers(walk: Walk) -> None:
    answer = walk.database.query("select 40 + 2")
    if answer != [("42",)]:
        raise DatabaseError(
            f"the database answers `select 40 + 2` with {answer}, not with 42; "
            f"see whether image {walk.settings.database.image} is a PostgreSQL"
        )


@SUITE.holds("Secret db-params tells how to reach it", when=lambda plan: plan.has_database)
def secret_is_there(walk: Walk) -> None:
    secrets = {s["metadata"]["name"]: s.get("data", {}) for s in walk.namespace.objects("Secret")}
    hint = f"see what else writes into namespace {walk.namespace.name}"
    if "db-params" not in secrets:
        raise ReleaseError(f"Secret db-params is gone; {hint}")
    absent = sorted(set(walk.release.parameters) - set(secrets["db-params"]))
    if absent:
        raise ReleaseError(f"Secret db-params has no {', '.join(absent)}; {hint}")


@SUITE.holds("every registry Secret that the pods name is there")
def registry_secrets_are_there(walk: Walk) -> None:
    absent = walk.registry_secrets() - {
        secret["metadata"]["name"] for secret in walk.namespace.objects("Secret")
    }
    if absent:
        raise ReleaseError(
            f"{walk.settings.files.deployment.name} names imagePullSecrets that are not in "
            f"namespace {walk.namespace.name}: {', '.join(sorted(absent))}; "
            "without them pods can't pull from a registry that asks for a password"
        )
