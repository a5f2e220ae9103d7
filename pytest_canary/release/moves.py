"""What changes a track's Deployment past its files: kubectl, or Helm where a chart stands."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_canary.config.track_deployments import TrackDeployment
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.manifests.rendered import Given
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.release.chart_moves import ChartMoves
from pytest_canary.rendering.helm import HelmChart
from pytest_canary.rendering.renderer import Renderer
from pytest_canary.rendering.version import Version


class Moves:
    """Scales, deletes and takes back tracks.

    Args:
        namespace: where the app lives.
        charts: Helm's way.
        tracks: the Deployment of each.
    """

    def __init__(
        self, namespace: NamespaceApi, charts: ChartMoves, tracks: Mapping[str, TrackDeployment]
    ) -> None:
        self._namespace = namespace
        self._charts = charts
        self._tracks = tracks
        # What was applied last: the files that stand.
        self._applied: Renderer | None = None

    def remember(self, version: Version) -> None:
        """Know what stands as what to come back to, before a version's chart changes it."""
        if isinstance(version.renderer, HelmChart):
            self._charts.remember(version.renderer)

    def note_version(self, track: str, version: Version) -> Given | None:
        """Know a version's files as those that stand from now on.

        Returns:
            The other track as it stands, where one chart makes both.
        """
        self._applied = version.renderer
        return self._charts.find_standing(self._other(track)) if self._chart else None

    def scale(self, track: str, replicas: int) -> None:
        """`kubectl scale --replicas=N deployment/NAME`, or Helm's way to it."""
        name = self._tracks[track].name
        if chart := self._chart:
            self._charts.scale(chart, name, replicas, self._other(track))
        else:
            self._namespace.scale(name, replicas)

    def delete(self, track: str) -> None:
        """`kubectl delete deployment/NAME`, or Helm's way to it."""
        name = self._tracks[track].name
        if chart := self._chart:
            self._charts.delete(chart, name, self._other(track))
        else:
            self._namespace.delete_deployment(name)

    def roll_back(self) -> bool:
        """`helm rollback` to what stood before the version came.

        Returns:
            Whether that was a way: a chart stands, and it had a revision before.
        """
        chart = self._chart
        return chart is not None and self._charts.roll_back(chart, self._tracks[CANARY].name)

    @property
    def _chart(self) -> HelmChart | None:
        """The chart that stands; None where Helm keeps no release."""
        return self._applied if isinstance(self._applied, HelmChart) else None

    def _other(self, track: str) -> str:
        """The name of the other track's Deployment."""
        return self._tracks[CANARY if track == STABLE else STABLE].name
