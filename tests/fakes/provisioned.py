"""What the provision leaves of a world, in memory: the cluster, the images, programs to call."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fakes import objects
from fakes.engine import IMAGES

from pytest_canary.cluster.account import ACCOUNT_KUBECONFIG
from pytest_canary.cluster.container_engine import Image, node_name
from pytest_canary.cluster.provisioned import Provisioned
from pytest_canary.cluster.run import Run
from pytest_canary.config.plan import Plan

if TYPE_CHECKING:
    from fakes.world import World

APPLY = """#!/bin/sh
printf 'deployment\\t%s\\t%s\\t%s\\t%s\\n' "$@" >>"{log}"
"""
KUBECTL = """#!/bin/sh
case $1 in
  apply) printf 'service\\t%s\\n' "$3" >>"{log}" ;;
  *) echo "addressbook-canary: what kubectl $1 says of it" ;;
esac
"""


def provisioned(
    world: "World", plan: Plan, run: Run, *given: Any, names: Any, pipelines: Any, first: Any
) -> Provisioned:
    """What the provision leaves."""
    candidate = world.version("candidate")
    *_, processes = given
    world.namespace.redactor = processes.redactor
    node = node_name(f"canary-{run.id}")
    cluster: Any = SimpleNamespace(
        name=f"canary-{run.id}",
        node=node,
        image=None,
        kind_path=world.kind,
        images=lambda: world.held,
        host_port=lambda engine, node_port: world.network.host_port(node_port),
        network=world.network,
        # The kubelet tells, as there is no kernel.
        memory=SimpleNamespace(working_sets=lambda _: {}),
        wait_until_ready=lambda *_: None,
    )
    run.note(cluster=cluster.name, containers=[world.engine.node_id], network=True)
    run.note(images=sorted(IMAGES.values()))
    if pipelines:
        pipelines.build()
        (run.folder / "bin").mkdir()
        (run.folder / "bin" / "kubectl").symlink_to(world.kubectl)
        (run.folder / ACCOUNT_KUBECONFIG).write_text("the account's\n")
    world.namespace.put(objects.node(node))
    world.namespace.create({})
    database = Image("sha256:0", "canary-db:0") if plan.has_database else None
    if database:
        world.namespace.add(*first(database))
    return Provisioned(
        namespace=world.namespace,
        owner=world.namespace,
        home=world.folder,
        cluster=cluster,
        kubectl=world.kubectl,
        candidate=candidate,
        baseline=world.version("baseline") if world.upgrade else None,
        database=database,
        seconds={"candidate image": 3.2, "candidate load": 4.1},
    )
