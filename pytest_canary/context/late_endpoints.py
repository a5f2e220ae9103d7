"""What is lost as the cluster leads connections to a pod long after it was told to end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_canary.context.stops import AFTER, BEFORE, TAKEN_ALONG
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import first_lines, plural
from pytest_canary.traffic.exchange import Exchange, Kind

if TYPE_CHECKING:
    from pytest_canary.context.context import Context

RULE = "late-endpoints"

# Seconds in which a cluster that isn't late takes a pod out of its Services, once it was told to
# end: tenths on an idle machine, where a controller that backs off takes 1, 2 and 4 s more. An app
# has to serve on that long wherever it runs; what it loses until then is its own.
ORDINARY = 2.0

# Where a pod is gone altogether, nobody answers at all.
LED_ASTRAY = TAKEN_ALONG | {Kind.TIMEOUT}


@dataclass(frozen=True)
class Leave:
    """A pod that was told to end, in seconds after the traffic's start.

    Attributes:
        pod: its name.
        began: when it was told to.
        led: until when the Service led connections to it; infinite while it does.
        ended: when it had ended; infinite before.
    """

    pod: str
    began: float
    led: float
    ended: float

    @property
    def late(self) -> float:
        """Seconds for which connections were led to it beyond what is ordinary; 0 or more."""
        return max(self.led - self.began - ORDINARY, 0.0)

    @property
    def shown(self) -> str:
        """All of it in one line."""
        led = f"for another {self.led - self.began:.3f} s" if self.led < math.inf else "still"
        over = f"had ended {self.ended - self.began:.3f} s later"
        if self.ended == math.inf:
            over = "had not ended"
        return (
            f"pod {self.pod} was told to end {self.began:.3f} s after the start; the Service led "
            f"connections to it {led}, and it {over}"
        )

    def takes_along(self, lost: Exchange) -> bool:
        """Whether it may be what lost a request that an app has to answer as it ends."""
        end = min(self.led + AFTER, self.began + ORDINARY) if self.late else self.led + AFTER
        return self.began - BEFORE <= lost.due + lost.seconds and lost.due <= end

    def gets_late(self, lost: Exchange) -> bool:
        """Whether a lost request may have been led to it when none should have been any more."""
        return bool(self.late) and self.began + ORDINARY < lost.due <= self.led + AFTER


def leaves(context: Context) -> list[Leave]:
    """The pods so far that the Service led to when they were told to end, or later."""
    offset = context.app.traffic.now() - context.observer.now()
    service = context.settings.service_name
    found = []
    for each in context.observer.endings:
        led = context.observer.led_until(service, each.pod)
        if led is not None:
            # It may have been unready before, and the watches don't tell in one order.
            led = max(led, each.began)
            found.append(Leave(each.pod, each.began + offset, led + offset, each.ended + offset))
    return found


def lost_by_late_endpoints(
    context: Context, losses: Sequence[Exchange], pods: Sequence[Leave]
) -> list[Exchange]:
    """Those of lost requests that the cluster led to a pod long after it was told to end.

    None is that another pod may have lost which was told to end at that moment; nor one that
    somebody has answered; nor any where the Service asks for pods that are not ready.
    """
    service = context.observer.snapshot().services.get(context.settings.service_name, {})
    if not losses or service.get("spec", {}).get("publishNotReadyAddresses"):
        return []
    return [
        each
        for each in losses
        if not each.version and each.kind in LED_ASTRAY
        if any(pod.gets_late(each) for pod in pods)
        and not any(pod.takes_along(each) for pod in pods)
    ]


def late_finding(losses: Sequence[Exchange], pods: Sequence[Leave]) -> Finding:
    """That the cluster was late, by what was lost; one at least."""
    late = [pod for pod in pods if any(map(pod.gets_late, losses))]
    longest = max(pod.led - pod.began for pod in late)
    where = f"for {longest:.1f} s" if longest < math.inf else "still"
    return Finding(
        RULE,
        f"the cluster led connections {where} to a pod that had been told to end, and "
        f"{plural(len(losses), 'request')} went along with it: {losses[0].shown}",
        evidence=first_lines([*(pod.shown for pod in late), *(each.shown for each in losses)]),
        likely="kube-controller-manager was late with the Service's EndpointSlices: it has too "
        "little of a busy machine, or waits before it tries again",
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
