"""How the parts are made that reach out of this process; tests hand over their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.api.client import Api
    from pytest_canary.api.writes import Writes
    from pytest_canary.cluster.container_engine import ContainerEngine, Image
    from pytest_canary.cluster.provisioned import Provisioned
    from pytest_canary.cluster.run import Run
    from pytest_canary.config.plan import Plan
    from pytest_canary.config.settings import ReplicaSettings, TrafficSettings, VerdictSettings
    from pytest_canary.core.findings import Finding
    from pytest_canary.core.processes import Processes
    from pytest_canary.core.waiting import Waiter
    from pytest_canary.delivery.delivered import Delivered
    from pytest_canary.delivery.project_pipelines import ProjectPipelines
    from pytest_canary.delivery.role_pipelines import RolePipelines
    from pytest_canary.k8s.namespace_api import NamespaceApi
    from pytest_canary.k8s.observer import Observer
    from pytest_canary.pipelines.roles import Roles
    from pytest_canary.pipelines.service_roles import ServiceRoles
    from pytest_canary.sides.in_turn import InTurn
    from pytest_canary.sides.measured_in_turn import MeasuredInTurn
    from pytest_canary.sides.measurement import Measurement
    from pytest_canary.sides.sides import Sides
    from pytest_canary.sides.tracks import Tracks
    from pytest_canary.traffic import Traffic
    from pytest_canary.traffic.flow import Generate
    from pytest_canary.traffic.generator import Generator
    from pytest_canary.traffic.ledger import Ledger
    from pytest_canary.traffic.sender import Sender

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
    pipelines: ProjectPipelines | None,
    first: Callable[[Image], Sequence[dict[str, Any]]],
) -> Provisioned:
    """The cluster and the images, made side by side, and a namespace for the walk.

    Raises:
        CanaryError: the first that fails of them.
    """
    from pytest_canary.cluster.provision import Provision

    given = (plan, run, cluster_run, engine, waiter, processes, names)
    if pipelines is None:
        return Provision(*given, first=first).bring_up()
    build = (pipelines.build, pipelines.stop, pipelines.build_seconds)
    return Provision(*given, *build, first=first).bring_up()


def observe(namespace: NamespaceApi) -> Observer:
    """The watches on a namespace, started."""
    from pytest_canary.k8s.observer import Observer

    return Observer(namespace).start()


def side_by_side(
    tracks: Tracks,
    api: Api,
    sent: TrafficSettings,
    verdict: VerdictSettings,
    replicas: ReplicaSettings,
    *,
    elsewhere: bool,
) -> Sides:
    """Canary and baseline at addresses of their own, not asked yet."""
    from pytest_canary.sides.sides import Sides

    return Sides(tracks, api, sent, verdict, replicas, elsewhere=elsewhere)


def ask_in_turn(
    api: Api, sent: TrafficSettings, verdict: VerdictSettings, beside: Traffic, *, elsewhere: bool
) -> InTurn:
    """The baseline, and the candidate after it, not asked yet."""
    from pytest_canary.sides.in_turn import InTurn

    return InTurn.of(api, sent, verdict, beside, elsewhere=elsewhere)


def run_pipelines(
    plan: Plan,
    run: Run,
    engine: ContainerEngine,
    processes: Processes,
    waiter: Waiter,
    logs: Callable[[], Path],
    keep: Callable[[Delivered], None],
) -> ProjectPipelines | None:
    """The project's own pipelines, where the walk's transitions are theirs."""
    if plan.roles is None:
        return None
    from functools import partial

    from pytest_canary.config.git import git
    from pytest_canary.config.revision import revision
    from pytest_canary.delivery.project_pipelines import ProjectPipelines
    from pytest_canary.delivery.provided import REGISTRY
    from pytest_canary.registry.client import logins_of
    from pytest_canary.registry.registry import Registry

    own = plan.settings.registry

    def start_registry(secrets: Iterable[Mapping[str, str]]) -> Registry:
        given = list(secrets)
        semaphores = ("SEMAPHORE_REGISTRY_USERNAME", "SEMAPHORE_REGISTRY_PASSWORD")
        return Registry.start(
            run,
            engine,
            processes.part(holding=run.work),
            waiter,
            image=own.image,
            logins=[
                *logins_of(given, own.user_variable, own.password_variable),
                *logins_of(given, *semaphores),
            ],
            hosts=[*own.hosts, REGISTRY],
            timeout=plan.settings.deadlines.image,
        )

    return ProjectPipelines(
        plan,
        role_pipelines(plan, plan.roles, processes),
        run,
        engine,
        processes,
        waiter,
        revision(os.environ, partial(git, plan.settings.root, processes=processes)),
        logs,
        keep,
        start_registry if plan.settings.pipeline.registry else None,
    )


def role_pipelines(plan: Plan, roles: Roles | ServiceRoles, processes: Processes) -> RolePipelines:
    """The pipelines of whoever's file it is."""
    from pytest_canary.pipelines import roles as semaphores

    own = plan.settings.pipeline
    if isinstance(roles, semaphores.Roles):
        from pytest_canary.delivery.semaphore_pipelines import SemaphorePipelines

        return SemaphorePipelines(roles, plan.settings.root, own.skip, processes)
    from pytest_canary.delivery.service_pipelines import ServicePipelines
    from pytest_canary.services.reading import run_inputs_of

    return ServicePipelines(roles, run_inputs_of(own), own.skip)


def refuse_apply(plan: Plan, folder: Path, processes: Processes) -> list[Finding]:
    """What is wrong with how the apply script fails, after it was tried."""
    from pytest_canary.release.failing_apply import failures

    return failures(plan, folder, processes)


def generate(urls: Sequence[str], sender: Sender, ledger: Ledger, writes: Writes) -> Generator:
    """What sends the traffic through the Service."""
    from pytest_canary.traffic.generator import Generator

    return Generator(urls, sender, ledger, writes)


def judge(measurement: Measurement) -> Verdict:
    """The verdict, which takes as long as it needs."""
    return measurement.judge()


def judge_in_turn(measured: MeasuredInTurn) -> Verdict:
    """The verdict, which takes as long as it needs."""
    return measured.judge()


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
        pipelines: ProjectPipelines | None,
        first: Callable[[Image], Sequence[dict[str, Any]]],
    ) -> Provisioned:
        """Make it; `bring_up` says how."""


class RunPipelines(Protocol):
    """Makes what runs the project's pipelines."""

    def __call__(
        self,
        plan: Plan,
        run: Run,
        engine: ContainerEngine,
        processes: Processes,
        waiter: Waiter,
        logs: Callable[[], Path],
        keep: Callable[[Delivered], None],
    ) -> ProjectPipelines | None:
        """Make it; `run_pipelines` says how."""


class SideBySide(Protocol):
    """Lets canary and baseline be asked side by side."""

    def __call__(
        self,
        tracks: Tracks,
        api: Api,
        sent: TrafficSettings,
        verdict: VerdictSettings,
        replicas: ReplicaSettings,
        *,
        elsewhere: bool,
    ) -> Sides:
        """Make what does; `side_by_side` says how."""


class AskInTurn(Protocol):
    """Lets baseline and candidate be asked one after the other."""

    def __call__(
        self,
        api: Api,
        sent: TrafficSettings,
        verdict: VerdictSettings,
        beside: Traffic,
        *,
        elsewhere: bool,
    ) -> InTurn:
        """Make what does; `ask_in_turn` says how."""


@dataclass(frozen=True)
class Builders:
    """The makers of what is heavy, slow or outside."""

    engine: Callable[[Processes], ContainerEngine] = make_engine
    bring_up: BringUp = bring_up
    observe: Callable[[NamespaceApi], Observer] = observe
    generate: Generate = generate
    side_by_side: SideBySide = side_by_side
    ask_in_turn: AskInTurn = ask_in_turn
    judge: Callable[[Measurement], Verdict] = judge
    judge_in_turn: Callable[[MeasuredInTurn], Verdict] = judge_in_turn
    refuse_apply: Callable[[Plan, Path, Processes], list[Finding]] = refuse_apply
    run_pipelines: RunPipelines = run_pipelines
