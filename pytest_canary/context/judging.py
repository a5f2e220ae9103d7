"""The verdict in a walk: canary and baseline are asked side by side, and compared."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_canary.analysis import late
from pytest_canary.analysis.reach import BY_HEADER, unreachable_go
from pytest_canary.analysis.reference import Reference, Sample
from pytest_canary.api.bounded_read import rows_read
from pytest_canary.context.address import node_url
from pytest_canary.context.outcomes import CanaryOutcome, PreflightOutcome
from pytest_canary.core.errors import NotApplicable
from pytest_canary.manifests.version import CANARY, STABLE, TRACKS
from pytest_canary.sides.asked import Asked, AskedByHeader, requests_of
from pytest_canary.sides.judged import Judged
from pytest_canary.sides.measured_in_turn import MeasuredInTurn
from pytest_canary.sides.measurement import Measurement
from pytest_canary.sides.memory_watch import MemoryWatch
from pytest_canary.sides.pages import Pages
from pytest_canary.sides.pod_figures import PodFigures
from pytest_canary.sides.tracks import Tracks

if TYPE_CHECKING:
    from pytest_canary.analysis.comparison import Comparison
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.context.context import Context
    from pytest_canary.sides.sides import Sides


def ask_baseline(context: Context) -> None:
    """Let the baseline be asked alone at an address of its own, where it can be.

    Without a canary it is asked where its users ask it, as nobody else is there.

    It goes on while the stage's checks are made.

    Raises:
        ApiError: the row that a bounded read asks for can't be written.
    """
    if not context.plan.has_canary:
        settings = context.settings
        figures = _figures(context, STABLE)
        in_turn = context.builders.ask_in_turn(
            context.api,
            settings.traffic,
            settings.verdict,
            context.app.traffic,
            elsewhere=context.provisioned.cluster is None,
        )
        context.comparing.begin_in_turn(in_turn.start(lambda: (figures.restarts, figures.unready)))
        return
    context.comparing.begin(_new_sides(context)).ask_baseline(context.waiter)


def open_sides(context: Context) -> None:
    """Let canary and baseline be asked at addresses of their own, where they can be.

    From then on, what their pods hold in memory is watched.

    Raises:
        WaitTimeoutError: the canary does not answer at its own, and the baseline does.
        ApiError: the row that a bounded read asks for can't be written.
    """
    sides = context.comparing.sides or context.comparing.begin(_new_sides(context))
    sides.open(context.waiter, "canary")
    watch_memory(context)


def _new_sides(context: Context) -> Sides:
    up, settings = context.provisioned, context.settings

    def locate(node_port: int) -> str | None:
        if up.cluster:
            return f"http://127.0.0.1:{up.cluster.host_port(context.engine, node_port)}"
        return node_url(up.owner.objects("Pod"), node_port)

    found = context.journal.find(PreflightOutcome)
    made = found.inspection.objects if found else ()
    taken = [name.rpartition("/")[2] for name in made]
    names = {track: settings.deployment_name(track) for track in TRACKS}
    tracks = Tracks(up.owner, context.observer, settings.service_name, names, locate, taken=taken)
    return context.builders.side_by_side(
        tracks,
        context.api,
        settings.traffic,
        settings.verdict,
        settings.replicas,
        elsewhere=up.cluster is None,
    )


def judge(context: Context) -> Verdict:
    """The verdict: canary against baseline.

    Raises:
        FoundError: behind the Service too few requests would come to the canary for a go.
        NotApplicable: nobody can tell whom the traffic has asked.
    """
    asked = _asked_of(context)
    memory = context.comparing.memory or watch_memory(context)
    measurement = Measurement(
        context.namespace,
        context.observer,
        context.waiter,
        asked,
        context.settings.verdict,
        context.settings.traffic.slow,
        baseline=context.release.name(STABLE),
        canary=context.release.name(CANARY),
        pages=_pages(context),
        memory=memory,
        before=_before(context),
        rows=partial(rows_read, context.api),
    )
    verdict = context.builders.judge(measurement)
    stable, canary = (_figures(context, track) for track in (STABLE, CANARY))
    context.comparing.keep(Judged(asked, stable, canary, memory))
    return verdict


def judge_update(context: Context) -> Verdict:
    """The verdict: the candidate, which everybody has by now, against the baseline before it.

    Raises:
        NotApplicable: nobody has asked the baseline.
        WaitTimeoutError: a pod that was told to end still runs.
    """
    in_turn = context.comparing.in_turn
    if in_turn is None:
        raise NotApplicable("nobody has asked the baseline before the candidate came")
    # What a pod of the baseline's takes along is no fault of the candidate's.
    context.release.wait_until_ended()
    measured = MeasuredInTurn(
        context.waiter,
        in_turn,
        context.settings.verdict,
        context.settings.traffic.slow,
        _figures(context, STABLE),
        partial(rows_read, context.api),
    )
    return context.builders.judge_in_turn(measured)


def _figures(context: Context, track: str) -> PodFigures:
    name = context.release.name(track)
    return PodFigures(name, context.namespace, context.observer, _pages(context))


def judge_late(context: Context) -> tuple[Comparison, ...]:
    """How the canary did since its verdict; nothing where there was none.

    Raises:
        TrafficError: the traffic broke off.
    """
    judged = context.comparing.judged
    if judged is None:
        return ()
    settings = context.settings
    return late.judge_late(judged.afterwards(), settings.verdict, settings.traffic.slow)


def absence(context: Context) -> str:
    """Why both are not asked side by side, and what tells them apart then; empty where they are."""
    sides = context.comparing.sides
    if not (sides and sides.absent):
        return ""
    header, untold = context.settings.api.version_header, context.journal.untold
    told = (
        f"the two versions can't be told apart: {untold}, and"
        if untold
        else f"the two versions are told apart by the header {header} alone, as"
    )
    return f"{told} {sides.absent}"


def _pages(context: Context) -> Pages:
    settings, port = context.settings, context.release.service.port
    return Pages(context.namespace, settings.api, settings.deadlines.request, port)


def watch_memory(context: Context) -> MemoryWatch:
    """Look at what the pods of both hold, from now on; what was seen before counts no more."""
    sides, cluster = context.comparing.sides, context.provisioned.cluster
    return context.comparing.watch(
        MemoryWatch(
            {track: context.release.name(track) for track in (STABLE, CANARY)},
            context.namespace,
            context.observer,
            _pages(context),
            context.release.pods.versions,
            (lambda: sides.pods) if sides else dict,
            count=cluster.memory.working_sets if cluster else None,
        )
    )


def _before(context: Context) -> Reference | None:
    """The baseline before the canary came; None where nobody had asked it."""
    outcome = context.journal.find(CanaryOutcome)
    if outcome is None or outcome.began is None:
        return None
    public = requests_of(context.app.traffic.columns(0.0, outcome.began))
    sides = context.comparing.sides
    # What was asked at the address is like what the verdict asks there.
    samples = [sides.alone] if sides and sides.traffic and sides.alone else []
    if len(public):
        # Rows came evenly since the traffic began, so that its reads had half of them on average.
        samples.append(Sample(public, outcome.rows / 2))
    return Reference(tuple(samples), context.settings.traffic.slow) if samples else None


def _asked_of(context: Context) -> Asked:
    sides, versions = context.comparing.sides, context.journal.versions
    asked = sides.asked_by_track(context.app.traffic) if sides else None
    if asked:
        return asked
    if "baseline" not in versions or "candidate" not in versions:
        raise NotApplicable(absence(context) or "canary and baseline are not asked side by side")
    found = unreachable_go(context.settings, BY_HEADER)
    context.journal.tell("verdict", [found] if found else [])
    return AskedByHeader(context.app.traffic, versions["baseline"], versions["candidate"])
