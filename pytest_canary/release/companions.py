"""The workloads that come along with a version: other Deployments, StatefulSets, DaemonSets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_canary.config.track_deployments import TrackDeployment
from pytest_canary.manifests.documents import Document
from pytest_canary.manifests.jobs import is_hook
from pytest_canary.manifests.rendered import Given
from pytest_canary.manifests.version import STABLE
from pytest_canary.rendering.version import Version

KINDS = ("Deployment", "StatefulSet", "DaemonSet")


def companions(
    version: Version, tracks: Mapping[str, TrackDeployment], environment: Mapping[str, str]
) -> list[Document]:
    """Those that a version's manifests make beside the Deployment under release, each once.

    Args:
        version: the version.
        tracks: the Deployment of each.
        environment: what a script sees, and its template is filled in from.

    Raises:
        ReleaseError: the tool that makes the objects fails.
    """
    names = {each.name for each in tracks.values()}
    found = {
        (each.kind, each.name): each
        for each in _objects(version, tracks[STABLE], environment)
        if each.kind in KINDS and each.name and each.name not in names and not is_hook(each)
    }
    return list(found.values())


def _objects(
    version: Version, stable: TrackDeployment, environment: Mapping[str, str]
) -> Iterator[Document]:
    yield from version.renderer.shared_objects(version.image).documents
    given = Given(stable.name, stable.replicas, version.image, environment)
    rendered = version.renderer.render(given)
    own = rendered.deployment(given.deployment)
    # What only the script knows is not looked for.
    unclear = rendered.foreign or rendered.filled.lines
    yield from (each for each in rendered.parsed.documents if each is not own and not unclear)
