"""Where the cluster is not what the walk needs."""

from dataclasses import replace

from fakes.engine import IMAGES
from fakes.objects import unpulled, unready
from fakes.world import World
from unit.stages.failing import Cases

from pytest_canary.context.outcomes import ClusterOutcome
from pytest_canary.release.failing_apply import unfailing_apply
from pytest_canary.stages import cluster

CASES = Cases("cluster")


@CASES.fails(
    cluster.comes_up,
    "cluster canary-{run}: `kind create cluster` exited with code 1",
    evidence=("ERROR: failed to create cluster: no space left on device",),
    before=True,
)
def kind_fails(world: World) -> None:
    world.without_cluster(image="addressbook:2")
    world.script("docker", "#!/bin/sh\necho 'Error: No such container' >&2; exit 1\n")
    words = "failed to create cluster: no space left on device"
    world.script("kind", f"#!/bin/sh\n[ $1 != create ] || {{ echo ERROR: {words}; exit 1; }}\n")


@CASES.fails(
    cluster.comes_up,
    "the image can't be built: `docker build",
    "exited with code 1",
    evidence=("Dockerfile:7: unknown instruction: RUM",),
    before=True,
)
def the_image_can_not_be_built(world: World) -> None:
    world.without_cluster()
    world.script("docker", "#!/bin/sh\necho 'Dockerfile:7: unknown instruction: RUM'; exit 1\n")
    world.script("kind", "#!/bin/sh\n")


@CASES.fails(
    cluster.comes_up,
    "candidate and baseline are the same image, ",
    "with the same manifests, so a rehearsal of an upgrade would prove nothing",
    before=True,
)
def the_candidate_is_the_baseline(world: World) -> None:
    world.without_cluster(image=IMAGES["baseline"])


@CASES.fails(
    cluster.comes_up,
    "db can't start: image canary-db:0 can't be pulled, the node does not trust the registry",
    evidence=("next    give the node the registry's certificate", "x509: unknown authority"),
    before=True,
)
def the_nodes_can_not_pull_the_database(world: World) -> None:
    why = 'failed to pull image "canary-db:0": tls: x509: unknown authority'
    world.namespace.controllers.sick = lambda pod: unpulled(pod, why)
    world.namespace.delete_deployment("db")
    world.begin_again()


@CASES.fails(
    cluster.comes_up,
    "prerequisite Pod queue (fixtures/prerequisites/pod.yml:3) does not get ready: it is given up "
    "after 5 s: there is no Pod queue",
    evidence=(
        "see deadlines.rollout where it needs longer",
        "mend it there, or take it out of manifests.prerequisites",
    ),
    before=True,
)
def a_prerequisite_does_not_get_ready(world: World) -> None:
    world.script("kubectl", "#!/bin/sh\n")
    world.namespace.delete_deployment("db")
    plan = world.rehearsal.plan
    file = plan.settings.root / "fixtures" / "prerequisites" / "pod.yml"
    files = replace(plan.settings.files, prerequisites=(file,))
    world.begin_again(replace(plan, settings=plan.settings.model_copy(update={"files": files})))


@CASES.fails(
    cluster.nodes_are_ready,
    "node canary-{run}-control-plane is not ready: KubeletNotReady: cni plugin not initialized",
    "see `kubectl describe node canary-{run}-control-plane`",
)
def a_node_is_not_ready(world: World) -> None:
    said = {"status": "False", "reason": "KubeletNotReady", "message": "cni plugin not initialized"}
    world.namespace.edit("Node", node(world), lambda it: it["status"]["conditions"][1].update(said))


@CASES.fails(cluster.nodes_are_ready, "is not ready: its kubelet has not said anything yet")
def a_node_has_not_said_anything(world: World) -> None:
    world.namespace.edit("Node", node(world), lambda it: it.update(status={}))


@CASES.fails(cluster.nodes_are_ready, "the cluster has no node; see `kubectl get nodes`")
def there_is_no_node(world: World) -> None:
    world.namespace.drop("Node", node(world))


def node(world: World) -> str:
    return str(world.context.cluster.node)


@CASES.fails(
    cluster.candidate_is_there,
    "{candidate}, the candidate's image, is not on canary-{run}-control-plane, ",
    "so its pods would have to pull it",
    evidence=("docker.io/library/{baseline}",),
)
def the_candidates_image_is_not_loaded(world: World) -> None:
    world.held.remove("docker.io/library/addressbook:222222222222")


@CASES.fails(
    cluster.baseline_is_there,
    "{baseline}, the baseline's image, is not on canary-{run}-control-plane",
    evidence=("docker.io/library/{candidate}",),
)
def the_baselines_image_is_not_loaded(world: World) -> None:
    world.held.remove("docker.io/library/addressbook:111111111111")


@CASES.fails(
    cluster.database_answers,
    "the database answers `select 40 + 2` with [('41',)], not with 42",
    "see whether image postgres:17 is a PostgreSQL",
)
def the_database_can_not_add(world: World) -> None:
    world.postgres.answers["select 40 + 2"] = [("41",)]


@CASES.fails(
    cluster.database_answers,
    "the database refuses `select 40 + 2`",
    evidence=("FATAL: the database system is starting up",),
)
def the_database_refuses_to_answer(world: World) -> None:
    world.postgres.refused["select 40"] = (2, "FATAL: the database system is starting up")


@CASES.fails(
    cluster.database_answers,
    "the database is PostgreSQL 12, and 13 is the oldest that a walk works with; name a newer one "
    "in database.image",
)
def the_database_is_too_old(world: World) -> None:
    world.postgres.answers["show server_version_num"] = [("120022",)]


@CASES.fails(
    cluster.database_answers,
    "the database has no ready pod; see `kubectl describe pod` for why",
)
def the_databases_pod_is_not_ready(world: World) -> None:
    pods = [pod["metadata"]["name"] for pod in world.namespace.objects("Pod")]
    world.namespace.edit("Pod", next(name for name in pods if name.startswith("db-")), unready)


@CASES.fails(
    cluster.secret_is_there,
    "Secret db-params is gone; see what else writes into namespace canary-test",
)
def the_databases_secret_is_deleted(world: World) -> None:
    world.namespace.drop("Secret", "db-params")


@CASES.fails(
    cluster.secret_is_there,
    "Secret db-params has no DB_PASSWORD, DB_SSL; see what else writes into namespace canary-test",
)
def the_databases_secret_lacks_keys(world: World) -> None:
    def forget(secret: dict[str, dict[str, str]]) -> None:
        del secret["data"]["DB_PASSWORD"], secret["data"]["DB_SSL"]

    world.namespace.edit("Secret", "db-params", forget)


@CASES.fails(
    cluster.registry_secrets_are_there,
    "deployment.yml names imagePullSecrets that are not in namespace canary-test: registry; "
    "without them pods can't pull from a registry that asks for a password",
)
def the_registrys_secret_is_deleted(world: World) -> None:
    world.namespace.drop("Secret", "registry")


@CASES.fails(
    cluster.apply_can_fail,
    "apply.sh exits with 0 where kubectl fails; what can't fail can't stop a release",
    evidence=("rule unfailing-apply", "next    let it end with kubectl's exit code"),
    table={"findings": {"unfailing-apply": {"level": "error"}}},
)
def the_script_goes_on_whatever_kubectl_says(world: World) -> None:
    world.journal.outcome(ClusterOutcome).apply_failures = [unfailing_apply("apply.sh")]
