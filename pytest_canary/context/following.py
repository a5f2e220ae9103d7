"""Whether kube-proxy has followed: a pod that has just ended gets connections until it has."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_canary.core.errors import WaitTimeoutError
from pytest_canary.core.waiting import Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_canary.context.context import Context

# Seconds in which kube-proxy surely follows the endpoints, and seconds for which they must not
# have changed where no node tells whether it has: its minSyncPeriod is 1 s, and a count in between
# would mix two states.
KUBE_PROXY = 15.0
QUIET = 2.0


def follows(context: Context) -> bool:
    """Whether the Service's connections are led where its endpoints say, as far as is known.

    The run's own node tells. Where it doesn't, and in somebody else's cluster, the endpoints have
    to have been the same for `QUIET` seconds.
    """
    cluster, service = context.provisioned.cluster, context.release.service
    led = cluster.network.destinations(context.namespace.name, service.name) if cluster else set()
    return led == service.destinations() if led else service.quiet_for() >= QUIET


def wait_for_kube_proxy(context: Context) -> None:
    """Return when it has followed, or as `wait_until_followed` does."""
    service = context.release.service

    def look() -> Seen[None]:
        return Seen(f"endpoints unchanged for {service.quiet_for():.1f} s", follows(context), None)

    wait_until_followed(context, look)


def wait_until_followed(context: Context, look: Callable[[], Seen[None]]) -> None:
    """Return when a look says so, or in `KUBE_PROXY` seconds: whoever asks then tells what is."""
    with contextlib.suppress(WaitTimeoutError):
        context.waiter.until(
            "kube-proxy to follow",
            look,
            timeout=KUBE_PROXY,
            change=lambda seconds: context.waiter.clock.sleep(min(seconds, 0.5)),
        )
