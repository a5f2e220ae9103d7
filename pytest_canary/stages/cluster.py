"""The cluster: everything that the walk stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_canary.analysis import statistics
from pytest_canary.cluster.leftovers import Inventory
from pytest_canary.context import expect, system_info
from pytest_canary.context.context import Context
from pytest_canary.context.delivered import tell_of_pipeline
from pytest_canary.context.furnishing import furnish
from pytest_canary.context.outcomes import ClusterOutcome, PreflightOutcome
from pytest_canary.context.preparing import prepare
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import ClusterError, ReleaseError, WaitTimeoutError
from pytest_canary.core.secret_variables import secrets_of
from pytest_canary.core.waiting import Seen
from pytest_canary.database import deployment as db
from pytest_canary.database.database import expect_answer, expect_supported
from pytest_canary.diagnosis import Expected
from pytest_canary.k8s.objects import Object, node_is_ready, node_says
from pytest_canary.manifests.version import TRACKS
from pytest_canary.registry.pull_secret import pull_secret
from pytest_canary.release.failing_apply import RULES
from pytest_canary.release.rollout_watch import RolloutWatch
from pytest_canary.stages.conditions import (
    has_database,
    has_own_cluster,
    has_script,
    loads_baseline,
    loads_images,
    runs_pipelines,
)

if TYPE_CHECKING:
    from pytest_canary.cluster.container_engine import ContainerEngine, Image
    from pytest_canary.cluster.provisioned import Provisioned
    from pytest_canary.config.settings import DatabaseSettings
    from pytest_canary.context.workspace import Workspace
    from pytest_canary.core.findings import Finding
    from pytest_canary.core.processes import Processes
    from pytest_canary.delivery.project_pipelines import ProjectPipelines
    from pytest_canary.registry.registry import Registry

STAGE = Stage("cluster", existing_context)

# Seconds between two reports of a kubelet's, by default, and some.
REPORT = 15.0


@STAGE.begin()
def bring_up(workspace: Workspace) -> None:
    measure = workspace.waiter.measure
    # The provision kills what is left of its own in the end, and nothing else of the run's.
    provisioning, trying = workspace.processes.part(), workspace.processes.part()
    with measure("step", "ask the engine"):
        engine = workspace.builders.engine(provisioning.part(holding=workspace.run.work))
    # Beside what takes much longer; no cluster is needed, and no other run of it is under way yet.
    pool = ThreadPoolExecutor(1, thread_name_prefix="refused")
    tried = pool.submit(try_apply, workspace, trying)
    with pool, killed_after_an_error(trying, tried):
        if workspace.plan.comes_to_verdict:
            # In the verdict, it would keep the load's generator waiting.
            pool.submit(statistics.prepare)
        pipelines = workspace.builders.run_pipelines(
            workspace.plan,
            workspace.run,
            engine,
            workspace.processes,
            workspace.waiter,
            lambda: workspace.report_folder.prepare_findings() / "pipelines",
            workspace.journal.keep_pipeline,
        )
        settings = workspace.plan.settings.database
        parameters = db.parameters(settings) if workspace.plan.has_database else {}
        workspace.processes.redactor.add(*secrets_of(parameters))
        first = partial(database_objects, settings, parameters)
        up = provision(workspace, engine, provisioning, pipelines, first)
    with measure("step", "begin to watch the namespace"):
        context = workspace.context = furnish(workspace, engine, up, pipelines, parameters)
    workspace.journal.outcome(ClusterOutcome).apply_failures = tried.result()
    with measure("step", "put into the namespace what every version needs"):
        fill(context, pipelines.registry if pipelines else None)
    assert workspace.inventory  # noqa: S101 (made with the cluster)
    workspace.inventory.namespace = up.owner
    with measure("step", "list what there is"):
        workspace.inventory.take()
    workspace.journal.keep_environment(system_info.remote(up, engine, workspace.processes))


@contextmanager
def killed_after_an_error(processes: Processes, work: Future[Any]) -> Iterator[None]:
    """Kill what still runs where the body fails, as nobody wants to know its outcome any more.

    Args:
        processes: run the work's commands.
        work: ends then.
    """
    try:
        yield
    except BaseException:
        processes.kill_until_done(work)
        raise


def try_apply(workspace: Workspace, processes: Processes) -> list[Finding]:
    """What is wrong with how the apply script fails; it is not tried where nobody is to be told."""
    levels = workspace.plan.settings.findings
    if all(rule in levels and levels[rule].level == "off" for rule in RULES):
        return []
    return workspace.builders.refuse_apply(workspace.plan, workspace.run.folder, processes)


def database_objects(
    settings: DatabaseSettings, parameters: Mapping[str, str], image: Image
) -> list[dict[str, Any]]:
    """What the database is made of, and the Secret that tells the app how to reach it."""
    return [db.secret(parameters), *db.manifests(settings, image.ref)]


def provision(
    workspace: Workspace,
    engine: ContainerEngine,
    processes: Processes,
    pipelines: ProjectPipelines | None,
    first: Callable[[Image], Sequence[dict[str, Any]]],
) -> Provisioned:
    """The cluster and the images, and a namespace of the run's own, with what comes first in it."""
    from pytest_canary.cluster.run import Run

    options, run = workspace.plan.options, workspace.run
    if options.reuse:
        workspace.cluster_run = Run.reusable(workspace.project, engine.id)
    owner = workspace.cluster_run or run
    for each in {run, owner}:
        each.note(engine=engine.id, endpoint=engine.endpoint)
    workspace.inventory = Inventory(run, engine, workspace.processes)
    return workspace.builders.bring_up(
        workspace.plan,
        run,
        owner,
        engine,
        workspace.waiter,
        processes,
        names=going_to_be_made(workspace),
        pipelines=pipelines,
        first=first,
    )


def going_to_be_made(workspace: Workspace) -> list[str]:
    """What the walk will make in its namespace, as kubectl takes it: "Service/shop-lb"."""
    settings = workspace.plan.settings
    names = [f"Deployment.v1.apps/{settings.deployment_name(track)}" for track in TRACKS]
    names.append(f"Service/{settings.service_name}")
    if workspace.plan.has_database:
        names.append(f"Deployment.v1.apps/{db.SERVICE}")
        names += [f"Service/{db.SERVICE}", f"Secret/{db.SECRET}"]
    found = workspace.journal.find(PreflightOutcome)
    return list(dict.fromkeys([*names, *(found.inspection.objects if found else ())]))


def fill(context: Context, registry: Registry | None) -> None:
    """Put into the namespace what every version needs, and wait for that and for the database."""
    up, settings, options = context.provisioned, context.settings, context.plan.options
    for name in context.registry_secrets() - names_of(up.namespace.objects("Secret")):
        up.namespace.add(
            dict(registry.pull_secret(name))
            if registry
            else pull_secret(name, options.push_registry, options.pull_registry)
        )
    if up.database:
        database_watch(context, up.database.ref).wait_until_settled()
    prepare(context)
    if up.cluster:
        up.cluster.wait_until_ready(context.waiter, up.owner, settings.deadlines.cluster)
    context.look_at_platform()


def names_of(items: Iterable[Object]) -> set[str]:
    """What objects are called."""
    return {str(item["metadata"]["name"]) for item in items}


def database_watch(context: Context, image: str) -> RolloutWatch:
    """What waits for the database: it is told why it doesn't start, as the app's pods are."""
    return RolloutWatch(
        Expected(db.SERVICE, 1, image, service=db.SERVICE, title="database"),
        context.release.diagnoser.findings,
        context.observer,
        context.waiter,
        context.settings.deadlines.rollout,
    )


@STAGE.holds("the cluster comes up")
def comes_up(context: Context) -> None:
    for part, seconds in sorted(context.journal.outcome(ClusterOutcome).seconds.items()):
        given = context.plan.options.image and part == "candidate image"
        if part in ("candidate image", "candidate load") and not given:
            verb = "built" if part.endswith("image") else "loaded"
            context.journal.note("cluster", f"image {verb} in {seconds:.1f} s")
    for note in context.provisioned.notes:
        context.journal.note("cluster", note)


@STAGE.holds("the first pipeline calls what it may, and shows no secret", when=runs_pipelines)
def build_is_clean(context: Context) -> None:
    tell_of_pipeline(context.journal, "cluster", "build")


@STAGE.holds(
    "what applies the manifests fails where kubectl does, and leaves nothing", when=has_script
)
def apply_can_fail(context: Context) -> None:
    context.journal.tell("cluster", context.journal.outcome(ClusterOutcome).apply_failures)


@STAGE.holds("every node is ready", when=has_own_cluster)
def nodes_are_ready(context: Context) -> None:
    nodes: Sequence[Object] = []

    def look() -> Seen[None]:
        nonlocal nodes
        nodes = context.namespace.cluster.nodes()
        slow = [node["metadata"]["name"] for node in nodes if not node_is_ready(node)]
        return Seen(f"not ready: {', '.join(slow)}", bool(nodes) and not slow, None)

    # A kubelet may miss one of its reports, and is ready again with the next.
    with suppress(WaitTimeoutError):
        context.waiter.until("every node to be ready", look, timeout=REPORT)
    if not nodes:
        raise ClusterError("the cluster has no node; see `kubectl get nodes`")
    for node in nodes:
        if not node_is_ready(node):
            name = node["metadata"]["name"]
            raise ClusterError(
                f"node {name} is not ready: {node_says(node)}; see `kubectl describe node {name}`"
            )


@STAGE.holds("the candidate's image is on the node", when=loads_images)
def candidate_is_there(context: Context) -> None:
    expect.image_on_node(context, context.candidate)


@STAGE.holds("the baseline's image is on the node", when=loads_baseline)
def baseline_is_there(context: Context) -> None:
    expect.image_on_node(context, context.baseline)


@STAGE.holds("the database answers", when=has_database)
def database_answers(context: Context) -> None:
    expect_answer(context.database)
    expect_supported(context.database.version())


@STAGE.holds(f"Secret {db.SECRET} tells how to reach it", when=has_database)
def secret_is_there(context: Context) -> None:
    secrets = {
        s["metadata"]["name"]: s.get("data", {}) for s in context.namespace.objects("Secret")
    }
    hint = f"see what else writes into namespace {context.namespace.name}"
    if db.SECRET not in secrets:
        raise ReleaseError(f"Secret {db.SECRET} is gone; {hint}")
    absent = sorted(set(context.release.parameters) - set(secrets[db.SECRET]))
    if absent:
        raise ReleaseError(f"Secret {db.SECRET} has no {', '.join(absent)}; {hint}")


@STAGE.holds("every registry Secret that the pods name is there")
def registry_secrets_are_there(context: Context) -> None:
    absent = context.registry_secrets() - names_of(context.namespace.objects("Secret"))
    if absent:
        raise ReleaseError(
            f"{context.settings.files.deployment.name} names imagePullSecrets that are not in "
            f"namespace {context.namespace.name}: {', '.join(sorted(absent))}; "
            "without them pods can't pull from a registry that asks for a password"
        )
