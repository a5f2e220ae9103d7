"""What stages and a team's own tests assert of a release that stands on the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_canary.api.bounded_read import bounded_read
from pytest_canary.api.read_back import read_back
from pytest_canary.api.writes import Writes
from pytest_canary.context.expectations import (
    expect_complete,
    expect_no_findings,
    expect_only,
    expect_only_reached,
)
from pytest_canary.context.following import wait_for_kube_proxy
from pytest_canary.context.late_endpoints import (
    describe_events,
    late_finding,
    leaves,
    lost_by_late_endpoints,
    wait_until_left,
)
from pytest_canary.context.outcomes import CanaryOutcome
from pytest_canary.context.sampling import sample
from pytest_canary.context.stops import lost_by_baseline, stop_finding
from pytest_canary.core.errors import ApiError, ImageError, NotApplicable
from pytest_canary.core.waiting import Seen
from pytest_canary.k8s.image_names import full_name
from pytest_canary.k8s.rollout import misdirection
from pytest_canary.traffic.losses import Before, request_findings

if TYPE_CHECKING:
    from pytest_canary.api.client import Api
    from pytest_canary.context.context import Context
    from pytest_canary.rendering.version import Version
    from pytest_canary.traffic.exchange import Exchange

# Requests after which an app is known to answer again: where it loses every fifth, one of so many
# is lost in 999 of 1000 cases. Each has its own deadline.
ANSWERS = 30

# Seconds in which a request has ended for sure that has passed its deadline.
LATE = 5.0


def replicas(context: Context, track: str, replicas: int, title: str = "candidate") -> None:
    """A track has exactly so many replicas of a version, all ready; waits for them.

    Pods that were told to end may still be there beside them.

    Args:
        context: what is looked at.
        track: "canary" or "stable".
        replicas: how many.
        title: "candidate" or "baseline".

    Raises:
        FoundError: it never will, or did not in time, and why is known.
        WaitTimeoutError: it did not in time; with what was seen last.
    """
    version = context.candidate if title == "candidate" else context.baseline
    context.release.rollouts.wait_until_settled(track, replicas, version)


def write_and_read(context: Context, api: Api | None = None) -> None:
    """A row that is written one way can be read back the same way.

    Args:
        context: what is looked at.
        api: asked; None for the Service.

    Raises:
        ApiError: the write is not acknowledged, or the row is not there.
    """
    api = api or _service(context)
    wrong = read_back(api, Writes([api.write()])).wrong
    if wrong:
        raise ApiError(
            f"what {api.where} acknowledged can't be read back from it: {wrong[0]}; "
            "see whether it writes to and reads from the same table"
        )


def write_and_read_elsewhere(api: Api, elsewhere: Api) -> None:
    """A row that is written one way can be read another way.

    Raises:
        ApiError: the write is not acknowledged, or the row is not there.
    """
    wrong = read_back(elsewhere, Writes([api.write()])).wrong
    if wrong:
        raise ApiError(
            f"what {api.where} acknowledged can't be read from {elsewhere.where}: "
            f"{wrong[0]}; see that both versions read and write the same columns"
        )


def every_row(context: Context, api: Api | None = None) -> None:
    """Every row that was ever acknowledged is there: the checks' and the traffic's.

    Args:
        context: what is looked at.
        api: asked; None for the Service.

    Raises:
        ReleaseError: some are missing or doubled, or none was ever written.
    """
    journal, api = context.journal, api or _service(context)
    found = read_back(api, journal.writes)
    journal.keep_read_back(found)
    expect_complete(found.wrong, found.acknowledged, api.where)
    expect_no_findings(found.findings)


def _service(context: Context) -> Api:
    """The way through the Service, once it leads to no pod that has just ended.

    What is asserted is what the app has, and one request is all that asks. What an app loses
    while its pods come and go, the traffic tells.
    """
    wait_for_kube_proxy(context)
    return context.api


def expect_no_detour(context: Context) -> None:
    """Go on where the app is reached as its users reach it.

    Raises:
        NotApplicable: it isn't; with how it is.
    """
    if context.app.detour:
        raise NotApplicable(context.app.detour)


def expect_no_affinity(context: Context) -> None:
    """Go on where the Service shares its connections by numbers of pods.

    Raises:
        NotApplicable: it sends a client to the same pod every time.
    """
    service = context.observer.snapshot().services.get(context.settings.service_name, {})
    if service.get("spec", {}).get("sessionAffinity") == "ClientIP":
        raise NotApplicable(
            "the Service sends a client to the same pod every time, by its sessionAffinity, so "
            "who answers one client says nothing of the others"
        )


def no_lost_request(context: Context, stage: str) -> str:
    """None of the traffic's requests was lost so far, nor by pods that were told to end.

    What the canary itself has answered before it was judged is left to the verdict. What the live
    version loses as its own pods stop is told as a finding of the stage that it was in, and so is
    what is lost as the cluster leads to pods long after they were told to end.

    Returns:
        How many there were in a stage: "1,204 requests, 0 lost".

    Raises:
        FoundError: some were.
        TrafficError: too few were sent somewhere in the walk for that to be known.
        WaitTimeoutError: a pod that was told to end still runs, or a request has no end.
    """
    expect_no_detour(context)
    context.release.wait_until_ended()
    _await_answers(context)
    traffic = context.app.traffic
    journal = context.journal
    candidate = journal.versions.get("candidate") if context.plan.judges else None
    lost = [
        each
        for each in traffic.losses()
        if not (candidate and each.version == candidate and each.stage in journal.on_trial)
    ]
    if lost:
        wait_until_left(context)
    pods = leaves(context)
    late = lost_by_late_endpoints(context, lost, pods)
    own = lost_by_baseline(context, _without(lost, late))
    rest = _without(lost, [*late, *own])
    expect_no_findings(
        request_findings(traffic.sent, rest, _before(context), describe_events(context, pods, rest))
    )
    for place, losses in _by_stage(late).items():
        journal.tell(place, [late_finding(losses, pods)])
    for place, losses in _by_stage(own).items():
        journal.tell(place, [stop_finding(losses)])
    traffic.check_gaps()
    seen = traffic.of(stage=stage)
    return f"{seen.sent:,} requests, {seen.lost:,} lost"


def _without(losses: Sequence[Exchange], others: Sequence[Exchange]) -> list[Exchange]:
    numbers = {each.number for each in others}
    return [each for each in losses if each.number not in numbers]


def _by_stage(losses: Sequence[Exchange]) -> dict[str, list[Exchange]]:
    stages = dict.fromkeys(each.stage for each in losses)
    return {stage: [each for each in losses if each.stage == stage] for stage in stages}


def _await_answers(context: Context) -> None:
    """Wait for the end of what is under way: one whose pod is gone is lost only at its deadline."""
    traffic = context.app.traffic
    now = traffic.now()

    def look() -> Seen[None]:
        left = traffic.window(0.0, now).in_flight
        return Seen(f"{left} under way", not left, None)

    context.waiter.until(
        "requests to be answered", look, timeout=context.settings.deadlines.request + LATE
    )


def _before(context: Context) -> Before | None:
    """What the live version was sent while it was alone; None where there was none."""
    outcome = context.journal.find(CanaryOutcome)
    if not context.plan.upgrade or outcome is None or outcome.began is None:
        return None
    return Before(context.app.traffic.window(0.0, outcome.began).sent, outcome.began)


def no_more_lost_requests(context: Context) -> None:
    """No request is lost from now on, for a moment; each of them is awaited.

    Now is when the pods that were told to end have ended, and nobody is led to them any more.

    Raises:
        FoundError: some are.
        WaitTimeoutError: a pod that was told to end still runs, too few are sent, or one has no
            end.
    """
    expect_no_detour(context)
    context.release.wait_until_ended()
    wait_until_left(context)
    traffic = context.app.traffic
    began = traffic.now()
    end: float | None = None

    def look() -> Seen[None]:
        nonlocal end
        until = end or traffic.now()
        seen = traffic.window(began, until)
        if seen.sent >= ANSWERS:
            end = until
        text = f"{seen.sent - seen.in_flight} of {seen.sent} answered"
        # One that hangs is lost only when the others have long been answered.
        return Seen(text, end is not None and not seen.in_flight, None)

    context.waiter.until(
        "requests after the rollback",
        look,
        timeout=context.settings.deadlines.request
        + ANSWERS * max(1.0, 1 / context.settings.traffic.rate),
    )
    late = [each for each in traffic.losses() if each.due >= began]
    expect_no_findings(request_findings(traffic.since(began).sent, late))


def other_requests(context: Context, api: Api | None = None) -> None:
    """The requests of api.checks, and api.bounded-read, answer as promised.

    Raises:
        ApiError: one does not.
    """
    api = api or context.api
    bounded = bounded_read(api)
    for request in [*api.settings.checks, *([bounded] if bounded else [])]:
        api.expect(request)


def image_on_node(context: Context, version: Version) -> None:
    """Pods find a version's image without asking a registry that hasn't it.

    Raises:
        ImageError: no node has it.
    """
    cluster = context.cluster
    held = cluster.images()
    if full_name(version.image) not in held:
        raise ImageError(
            f"{version.image}, the {version.title}'s image, is not on {cluster.node}, "
            "so its pods would have to pull it",
            "\n".join(held),
        )


def connections(context: Context, *tracks: str) -> None:
    """The Service sends connections to the tracks' ready pods and no other; waits for it.

    Raises:
        FoundError: it never will, and why is known.
        WaitTimeoutError: it never did; with what is different.
    """
    service = context.settings.service_name
    names = [context.release.name(track) for track in tracks]

    def look() -> Seen[None]:
        now = context.observer.snapshot()
        slices, pods = now.endpoint_slices.values(), now.pods.values()
        wrong = misdirection(slices, pods, service, names)
        if wrong:
            for track in tracks:
                context.release.check_service(track)
        return Seen(wrong or "", wrong is None, None)

    context.waiter.until(
        f"Service {service} to send connections to {' and '.join(names)} only",
        look,
        timeout=context.settings.deadlines.rollout,
        change=context.observer.change,
    )


def only_version(context: Context, title: str) -> None:
    """Every new connection through the Service goes to a version: as its header or the node tells.

    Args:
        context: what is looked at.
        title: "candidate" or "baseline".

    Raises:
        ReleaseError: some go to another, or nobody can tell.
        NotApplicable: the node was to tell, and can't.
    """
    found = sample(context, title)
    if context.journal.tells_versions:
        expect_only(found, context.journal.version(title))
    else:
        expect_only_reached(found, title)
