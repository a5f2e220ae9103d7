"""What is lost as the cluster leads connections to a pod long after it was told to end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_canary.context.stops import AFTER, BEFORE, TAKEN_ALONG
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import first_lines, plural
from pytest_canary.traffic.exchange import Exchange

if TYPE_CHECKING:
    from pytest_canary.context.context import Context
    from pytest_canary.k8s.history import Ending
    from pytest_canary.k8s.led import Stay

RULE = "late-endpoints"

# Seconds in which a cluster that isn't late takes a pod out of its Services, once it was told to
# end: tenths on an idle machine, where a controller that backs off takes 1, 2 and 4 s more. An app
# has to serve on that long wherever it runs; what it loses until then is its own.
ORDINARY = 2.0

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
            led = f"led connections to it until {self.led - self.began:.1f} s later"
        ended = "has not ended yet"
        if self.ended < math.inf:
            ended = f"ended {self.ended - self.began:.1f} s after it was told to"
        told = f"pod {self.pod} was told to end {self.began:.1f} s after the start"
        return f"{told}; the Service {led}; the pod {ended}"

    def must_answer(self, lost: Exchange) -> bool:
        """Whether it may be what lost a request that an app has to answer as it ends."""
        end = self.began + ORDINARY if self.late else self.led + AFTER
        return self.began - BEFORE <= lost.due + lost.seconds and lost.due <= end

    def gets_late(self, lost: Exchange) -> bool:
        """Whether a lost request may have been led to it when none should have been any more."""
        due = self.began + ORDINARY
        return bool(self.late) and due < lost.due <= due + self.late + AFTER


def leaves(context: Context) -> list[Leave]:
    """The pods so far that were told to end while the Service led to them."""
    stays = context.observer.stays(context.settings.service_name)
    offset = context.app.traffic.now() - context.observer.now()
    found = []
    for each in context.observer.endings:
        stay = stays.get(each.pod)
        # The watches of pods and of EndpointSlices don't tell in one order.
        if stay and stay.until >= each.began - BEFORE:
            began, led = each.began + offset, max(stay.until, each.began) + offset
            found.append(Leave(each.pod, began, led, each.ended + offset, _late(each, stay)))
    return found


def _late(ending: Ending, stay: Stay) -> float:
    """Seconds for which a pod was led to for longer than is ordinary; a watch may be late too."""
    if stay.until == math.inf or stay.dropped is None or ending.told is None:
        return 0.0
    led = min(stay.until - ending.began, stay.dropped - ending.told + SECOND)
    return max(led - ORDINARY, 0.0)


def lost_by_late_endpoints(
    context: Context, losses: Sequence[Exchange], pods: Sequence[Leave]
) -> list[Exchange]:
    """Those of lost requests that the cluster led to a pod long after it was told to end.

    None is that somebody has answered, nor one that another pod may have lost, which was told to
    end at that moment, or was led to for the first time; nor any where the Service asks for pods
    that are not ready.
    """
    service = context.observer.snapshot().services.get(context.settings.service_name, {})
    if not losses or service.get("spec", {}).get("publishNotReadyAddresses"):
        return []
    offset = context.app.traffic.now() - context.observer.now()
    stays = context.observer.stays(context.settings.service_name).values()
    fresh = [(stay.since + offset - BEFORE, stay.since + offset + AFTER) for stay in stays]
    return [
        each
        for each in losses
        if not each.version and each.kind in TAKEN_ALONG
        if any(pod.gets_late(each) for pod in pods)
        and not any(pod.must_answer(each) for pod in pods)
        and not any(begin <= each.due + each.seconds and each.due <= end for begin, end in fresh)
    ]


def late_finding(losses: Sequence[Exchange], pods: Sequence[Leave]) -> Finding:
    """That the cluster was late, by what was lost; one at least."""
    late = [pod for pod in pods if any(map(pod.gets_late, losses))]
    longest = max(pod.late for pod in late) + ORDINARY
    return Finding(
        RULE,
        f"the cluster went on leading connections to a pod for {longest:.0f} s after it had been "
        f"told to end, and {plural(len(losses), 'request')} went astray there: {losses[0].shown}",
        evidence=first_lines([*(pod.shown for pod in late), *(each.shown for each in losses)]),
        likely="kube-controller-manager was late with the Service's EndpointSlices: it gets too "
        "little processor time, or waits before it tries again",
        next="nothing of the release's; where it happens in production too, let the app serve on "
        "for longer after SIGTERM",
    )


def told_to_end_about(pods: Sequence[Leave], losses: Sequence[Exchange]) -> list[str]:
    """What became of the pods that were told to end when requests were lost, a line each."""
    return [
        pod.shown
        for pod in pods
        if any(
            pod.began - BEFORE <= each.due + each.seconds
            and each.due <= max(pod.led, pod.ended) + AFTER
            for each in losses
        )
    ]
