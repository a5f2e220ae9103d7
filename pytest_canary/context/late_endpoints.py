"""What is lost as the cluster leads connections to a pod long after it was told to end."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_canary.context.following import wait_for_kube_proxy
from pytest_canary.context.stops import AFTER, BEFORE, TAKEN_ALONG, traffic_offset
from pytest_canary.core.errors import WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.waiting import Seen
from pytest_canary.core.wording import first_lines, plural
from pytest_canary.traffic.exchange import Exchange, Kind

if TYPE_CHECKING:
    from pytest_canary.context.context import Context
    from pytest_canary.k8s.history import Ending
    from pytest_canary.k8s.led import Stay

RULE = "late-endpoints"

# Seconds in which a cluster that isn't late takes a pod out of its Services, once it was told to
# end: tenths on an idle machine, where a controller that backs off takes 1, 2 and 4 s more. An app
# has to serve on that long wherever it runs; what it loses until then is its own.
ORDINARY = 2.0

# How requests end that nobody answers until their deadline.
WAITED = {Kind.CONNECT_TIMEOUT, Kind.TIMEOUT}

# Seconds in which even one that backs off has surely tried again.
BACK_OFF = 15.0

# What the cluster writes down is cut to whole seconds.
SECOND = 1.0


@dataclass(frozen=True)
class Leave:
    """A pod that the Service led to when it was told to end, in seconds of the traffic's clock.

    Attributes:
        pod: its name.
        began: when it was told to.
        led: until when the Service led connections to it; infinite while it does.
        ended: when it had ended; infinite before.
        late: for how long it was led to beyond what is ordinary, by the cluster's own clock as well
            as by the watches; 0 where that is not known.
    """

    pod: str
    began: float
    led: float
    ended: float
    late: float = 0.0

    @property
    def shown(self) -> str:
        """All of it in one line."""
        led = "still leads connections to it"
        if self.led < math.inf:
            led = f"led connections to it for another {self.led - self.began:.1f} s"
        ended = "it has not ended yet"
        if self.ended < math.inf:
            ended = f"it ended {self.ended - self.began:.1f} s after it was told to"
        told = f"pod {self.pod} was told to end {self.began:.1f} s after the start"
        return f"{told}; the Service {led}; {ended}"

    def must_answer(self, lost: Exchange) -> bool:
        """Whether it may be what lost a request that an app has to answer as it ends."""
        end = self.began + ORDINARY if self.late else self.led + AFTER
        return self.began - BEFORE <= lost.ended and lost.sent <= end

    def gets_late(self, lost: Exchange) -> bool:
        """Whether a lost request may have been led to it when none should have been any more."""
        due = self.began + ORDINARY
        led = bool(self.late) and due < lost.sent <= due + self.late + AFTER
        # One that still runs may let a request wait for a reason of its own.
        return led and (lost.kind not in WAITED or self.ended - BEFORE <= lost.ended)


def wait_until_left(context: Context) -> None:
    """Return when nobody is led to a pod that has ended; or in a while, as it is looked at then."""

    def look() -> Seen[None]:
        over = {each.pod for each in context.observer.endings if each.ended < math.inf}
        stays = context.observer.stays(context.settings.service_name)
        led = sorted(each.pod for each in stays if each.until == math.inf and each.pod in over)
        return Seen(f"led to {', '.join(led)}", not led, None)

    with contextlib.suppress(WaitTimeoutError):
        context.waiter.until(
            "the Service to lead to no pod that has ended",
            look,
            timeout=BACK_OFF,
            change=context.observer.change,
        )
    wait_for_kube_proxy(context)


def leaves(context: Context) -> list[Leave]:
    """The pods so far that were told to end while the Service led to them."""
    last = {each.pod: each for each in context.observer.stays(context.settings.service_name)}
    offset = traffic_offset(context)
    found = []
    for each in context.observer.endings:
        stay = last.get(each.pod)
        if stay and left_as_told(stay, each):
            began, led = each.began + offset, max(stay.until, each.began) + offset
            found.append(Leave(each.pod, began, led, each.ended + offset, late(each, stay)))
    return found


def left_as_told(stay: Stay, ending: Ending) -> bool:
    """Whether the Service led to a pod until it was told to end, or longer.

    The watches of pods and of EndpointSlices don't tell in one order.
    """
    return stay.until >= ending.began - BEFORE


def late(ending: Ending, stay: Stay) -> float:
    """Seconds for which a pod was led to for longer than is ordinary; 0 where that isn't certain.

    A watch may be late too, so that the cluster's own times have to say so, however they were cut.
    """
    if stay.until == math.inf or stay.dropped is None or ending.told is None:
        return 0.0
    written = stay.dropped - ending.told
    if written - SECOND <= ORDINARY:
        return 0.0
    return max(min(stay.until - ending.began, written + SECOND) - ORDINARY, 0.0)


def lost_by_late_endpoints(
    context: Context, losses: Sequence[Exchange], pods: Sequence[Leave]
) -> list[Exchange]:
    """Those of lost requests that the cluster led to a pod long after it was told to end.

    Left out are those that somebody has begun to answer, and those that another pod may have lost:
    one that was told to end about then, one that had just joined the Service, and one that had left
    it without being told to end. What waited until its deadline is left out too where another pod
    may have let it wait. Where the Service asks for pods that are not ready, it is none.
    """
    service = context.observer.snapshot().services.get(context.settings.service_name, {})
    if not losses or service.get("spec", {}).get("publishNotReadyAddresses"):
        return []
    joined, left = _comings(context), _goings(context)
    return [
        each
        for each in losses
        if not (each.version or each.pod or each.status) and each.kind in TAKEN_ALONG | WAITED
        if any(pod.gets_late(each) for pod in pods)
        and not any(pod.must_answer(each) for pod in pods)
        and not any(at - BEFORE <= each.sent <= at + AFTER for _, at in joined)
        and not any(each.meets(at - BEFORE, at + AFTER) for _, at in left)
        and (each.kind not in WAITED or _others_answer(context, each, pods))
    ]


def _others_answer(context: Context, lost: Exchange, pods: Sequence[Leave]) -> bool:
    """Whether the other pods answered ones like it that were sent later, while it waited.

    One pod may hang by itself; and where a lock holds up reads or writes, no pod answers any. Of an
    app that does not say which pod answers, one answer has to do.
    """
    answered = {
        each.pod
        for each in context.app.traffic.exchanges(lost.due, lost.ended)
        if each.kind is Kind.ANSWERED and bool(each.unique) == bool(lost.unique)
        if lost.sent < each.sent and each.ended < lost.ended
    }
    gone = {pod.pod for pod in pods if pod.gets_late(lost)}
    offset = traffic_offset(context)
    others = {
        each.pod
        for each in context.observer.stays(context.settings.service_name)
        if each.since + offset <= lost.sent and lost.ended <= each.until + offset
    }
    return bool(answered) and (answered == {""} or others - gone <= answered)


def _comings(context: Context) -> list[tuple[str, float]]:
    """Pods, and when they joined the Service by the traffic's clock; none was led to before."""
    offset = traffic_offset(context)
    stays = context.observer.stays(context.settings.service_name)
    return [(each.pod, each.since + offset) for each in stays]


def _goings(context: Context) -> list[tuple[str, float]]:
    """Pods that left the Service without being told to end, and when by the traffic's clock.

    One that leaves it so has lost its readiness, and may not have answered before.
    """
    offset = traffic_offset(context)
    told = {each.pod: each for each in context.observer.endings}
    return [
        (each.pod, each.until + offset)
        for each in context.observer.stays(context.settings.service_name)
        if each.until < math.inf
        and (each.pod not in told or not left_as_told(each, told[each.pod]))
    ]


def late_finding(losses: Sequence[Exchange], pods: Sequence[Leave]) -> Finding:
    """That the cluster was late, by what was lost; one at least."""
    found = [pod for pod in pods if any(map(pod.gets_late, losses))]
    longest = max(pod.late for pod in found) + ORDINARY
    were = "was" if len(losses) == 1 else "were"
    return Finding(
        RULE,
        f"the cluster went on sending connections to a pod for {longest:.0f} s after the pod had "
        f"been told to end, and {plural(len(losses), 'request')} {were} lost that way: "
        f"{losses[0].shown}",
        evidence=first_lines([*(pod.shown for pod in found), *(each.shown for each in losses)]),
        likely="kube-controller-manager was late with the Service's EndpointSlices: it got too "
        "little processor time, or waited before it tried again",
        next="the release needs no change; give the cluster more processor time, and where "
        "production does this too, let the app serve on for longer after SIGTERM",
    )


def describe_events(
    context: Context, pods: Sequence[Leave], losses: Sequence[Exchange]
) -> list[str]:
    """What happened to the Service's pods when requests were lost, a line each."""

    def about(begin: float, end: float) -> bool:
        return any(each.meets(begin - BEFORE, end + AFTER) for each in losses)

    told = [pod.shown for pod in pods if about(pod.began, max(pod.led, pod.ended))]
    joined = [
        f"pod {pod} joined the Service {at:.1f} s after the start"
        for pod, at in _comings(context)
        if about(at, at)
    ]
    left = [
        f"pod {pod} left the Service {at:.1f} s after the start, and had not been told to end"
        for pod, at in _goings(context)
        if about(at, at)
    ]
    return [*told, *joined, *left]
