"""The verdict in a walk: canary and baseline are asked side by side, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis import late
from pytest_canary.context.address import node_url
from pytest_canary.context.asked import Asked, AskedByHeader, Judged, requests_of
from pytest_canary.context.journal import CanaryOutcome, PreflightOutcome
from pytest_canary.context.measurement import Measurement
from pytest_canary.context.tracks import Tracks
from pytest_canary.core.errors import NotApplicable
from pytest_canary.manifests.version import CANARY, STABLE

if TYPE_CHECKING:
    from pytest_canary.analysis.comparison import Comparison
    from pytest_canary.analysis.requests import Requests
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.context.context import Context


def open_sides(context: Context) -> None:
    """Let canary and baseline be asked at addresses of their own, where they can be.

    Raises:
        WaitTimeoutError: the canary does not answer at its own, and the baseline does.
    """
    up = context.provisioned

    def locate(node_port: int) -> str | None:
        if up.cluster:
            return f"http://127.0.0.1:{up.cluster.host_port(context.engine, node_port)}"
        return node_url(up.owner.objects("Pod"), node_port)

    found = context.journal.find(PreflightOutcome)
    made = found.inspection.objects if found else ()
    taken = [name.rpartition("/")[2] for name in made]
    tracks = Tracks(up.owner, context.observer, context.settings, locate, taken=taken)
    context.sides = context.builders.side_by_side(
        tracks, context.api, context.settings, elsewhere=up.cluster is None
    )
    context.sides.open(context.waiter)
    if context.sides.traffic:
        context.sides.traffic.stand("canary")


def close_sides(context: Context) -> None:
    """Ask nobody there any more."""
    if context.sides:
        context.sides.close()
    context.sides = None


def judge(context: Context) -> Verdict:
    """The verdict: canary against baseline.

    Raises:
        NotApplicable: nobody can tell whom the traffic has asked.
    """
    asked = _asked(context)
    measurement = Measurement(
        context.namespace,
        context.observer,
        context.waiter,
        asked,
        context.settings,
        baseline=context.release.name(STABLE),
        canary=context.release.name(CANARY),
        port=context.release.service.port,
        before=_before(context),
    )
    verdict = context.builders.judge(measurement)
    context.judged = Judged(asked, asked.now())
    return verdict


def judge_late(context: Context) -> Comparison | None:
    """How the canary did since its verdict; None where there was none, or nobody was asked.

    Raises:
        TrafficError: the traffic broke off.
    """
    if context.judged is None:
        return None
    asked, at = context.judged.asked, context.judged.at
    baseline, _ = asked.requests(0.0, at)
    _, canary = asked.requests(at, asked.now())
    return late.judge_late(baseline, canary, context.settings.verdict)


def _before(context: Context) -> Requests | None:
    """What the traffic has sent before the canary came."""
    outcome = context.journal.find(CanaryOutcome)
    if outcome is None or outcome.began is None:
        return None
    return requests_of(context.app.traffic.columns(0.0, outcome.began)) or None


def _asked(context: Context) -> Asked:
    sides, versions = context.sides, context.journal.versions
    asked = sides.asked(context.app.traffic) if sides else None
    if asked:
        return asked
    if "baseline" not in versions or "candidate" not in versions:
        absent = sides.absent if sides else ""
        raise NotApplicable(absent or "canary and baseline are not asked side by side")
    return AskedByHeader(context.app.traffic, versions["baseline"], versions["candidate"])
