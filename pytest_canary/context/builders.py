"""How the parts are made that reach out of this process; tests hand over their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.cluster.container_engine import ContainerEngine
    from pytest_canary.cluster.provision import Provisioned
    from pytest_canary.cluster.run import Run
    from pytest_canary.config.plan import Plan
    from pytest_canary.context.measurement import Measurement
    from pytest_canary.core.processes import Processes
    from pytest_canary.core.waiting import Waiter
    from pytest_canary.k8s.namespace import Namespace
    from pytest_canary.k8s.observer import Observer

# Each imports what it makes when it makes it: a static check needs none of it.


def make_engine(processes: Processes) -> ContainerEngine:
    """The container engine of this machine."""
    from pytest_canary.cluster.engine import Engine

    return Engine(processes)


def bring_up(
    plan: Plan,
    run: Run,
    cluster_run: Run,
    engine: ContainerEngine,
    waiter: Waiter,
    processes: Processes,
    names: Sequence[str],
) -> Provisioned:
    """The cluster and the images, made side by side, and a namespace for the walk."""
    from pytest_canary.cluster.provision import Provision

    return Provision(plan, run, cluster_run, engine, waiter, processes, names).bring_up()


def observe(namespace: Namespace) -> Observer:
    """The watches on a namespace, started."""
    from pytest_canary.k8s.observer import Observer

    return Observer(namespace).start()


def judge(measurement: Measurement) -> Verdict:
    """The verdict, which takes as long as it needs."""
    return measurement.judge()


class BringUp(Protocol):
    """Makes what a walk stands on."""

    def __call__(
        self,
        plan: Plan,
        run: Run,
        cluster_run: Run,
        engine: ContainerEngine,
        waiter: Waiter,
        processes: Processes,
        names: Sequence[str],
    ) -> Provisioned:
        """Make it; `bring_up` says how."""


@dataclass(frozen=True)
class Builders:
    """The makers of what is heavy, slow or outside."""

    engine: Callable[[Processes], ContainerEngine] = make_engine
    bring_up: BringUp = bring_up
    observe: Callable[[Namespace], Observer] = observe
    judge: Callable[[Measurement], Verdict] = judge
