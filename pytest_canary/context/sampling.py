"""Who gets new connections through the Service: as a header of the answers or the node tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from pytest_canary.api.connections import sample as connections_of
from pytest_canary.context.following import follows, wait_until_followed
from pytest_canary.context.node_count import NodeCount
from pytest_canary.core.errors import ApiError, NotApplicable
from pytest_canary.core.waiting import Seen
from pytest_canary.k8s.objects import images, pods_of
from pytest_canary.manifests.version import CANARY, STABLE

if TYPE_CHECKING:
    from pytest_canary.context.context import Context
    from pytest_canary.k8s.objects import Object

# At a share of 1/3, the interval of `statistics.share` is then 9 points wide to either side.
CONNECTIONS = 300

# Connections by which it is seen whether kube-proxy has followed.
FEW = 20

Take = Callable[[int, float], Counter[str]]
"""Makes so many connections, of which this share may fail, and counts who gets them."""


def sample(
    context: Context, *titles: str, connections: int = CONNECTIONS, tolerated: float = 0.0
) -> Counter[str]:
    """How many new connections each version gets, once kube-proxy has followed.

    Where a header tells, these are the connections made; where the node does, all that came
    meanwhile.

    Args:
        context: what is looked at.
        titles: who should get them: "baseline", "candidate" or both. They are waited for a little;
            whoever gets them then is counted.
        connections: how many are made.
        tolerated: the share of them that may fail, of 1.

    Raises:
        ApiError: more failed, or were not answered as promised.
        ReleaseError: nobody can tell who gets them, or one of them has not answered yet.
        NotApplicable: the node was to tell, and can't; or the app turned out to have no header.
    """
    expected = {name_of(context, title) for title in titles}
    take = (
        _by_node(context, titles) if _node_tells(context) else partial(connections_of, context.api)
    )
    service = context.release.service

    def look() -> Seen[None]:
        try:
            answered = take(FEW, 0.0)
        except ApiError as error:
            return Seen(error.sentence, False, None)
        quiet = service.quiet_for()
        text = f"answers by {', '.join(answered)}, endpoints unchanged for {quiet:.1f} s"
        return Seen(text, set(answered) == expected and follows(context), None)

    wait_until_followed(context, look)
    with context.waiter.measure("step", f"make {connections} connections"):
        return take(connections, tolerated)


def name_of(context: Context, title: str) -> str:
    """What a version is called in a sample: as it calls itself, or its title where the node tells.

    Raises:
        ReleaseError: neither does, or it has not answered yet.
        NotApplicable: the app has turned out to have no header.
    """
    if context.journal.headerless and not can_tell(context):
        raise NotApplicable(
            f"nobody can tell who gets the Service's connections: {context.journal.untold}"
        )
    return title if _node_tells(context) else context.journal.version(title)


def can_tell(context: Context) -> bool:
    """Whether somebody can tell who gets the Service's connections: a header, or the run's node."""
    return context.journal.tells_versions or context.provisioned.cluster is not None


def _node_tells(context: Context) -> bool:
    return context.provisioned.cluster is not None and not context.journal.tells_versions


def _by_node(context: Context, titles: tuple[str, ...]) -> Take:
    """By the count of the kind node.

    Where both are to get some, canary and stable pods are told apart, as both may be of the same
    image. Where one is, its pods are those with its image.
    """

    def belongs(pod: Object, title: str) -> bool:
        if len(titles) > 1:
            track = CANARY if title == "candidate" else STABLE
            return bool(pods_of([pod], context.release.name(track)))
        version = context.candidate if title == "candidate" else context.baseline
        return version.image in images(pod)

    def title_of(pod: Object) -> str:
        mine = (title for title in titles if belongs(pod, title))
        return next(mine, f"pod {pod['metadata']['name']}")

    port = context.node_port()
    count = NodeCount(
        context.api,
        lambda: context.cluster.network.connections(port),
        context.observer.snapshot,
        context.waiter.clock,
        context.journal.untold,
    )
    return lambda connections, tolerated: count.sample(title_of, connections, tolerated)
