"""What moves a release that Helm keeps: nothing is changed past it, or it would change it back."""

from __future__ import annotations

import json
from collections.abc import Collection

from pytest_canary.core.errors import ReleaseError
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.objects import app_container
from pytest_canary.manifests.rendered import Given
from pytest_canary.release.commands import Commands
from pytest_canary.rendering.helm import HelmChart


class ChartMoves:
    """Moves the tracks of a chart's releases.

    Args:
        namespace: where the app lives.
        commands: run Helm.
        versions: the images of the app's versions.
    """

    def __init__(
        self, namespace: NamespaceApi, commands: Commands, versions: Collection[str]
    ) -> None:
        self._namespace = namespace
        self._commands = commands
        self._versions = versions
        self._good: int | None = None

    def find_standing(self, name: str) -> Given | None:
        """A track's Deployment as it stands; None where it isn't there."""
        found = self._namespace.deployment(name)
        if found is None:
            return None
        image = str(app_container(found["spec"]["template"], self._versions)["image"])
        return Given(name, int(found["spec"].get("replicas", 1)), image, {})

    def scale(self, chart: HelmChart, name: str, replicas: int, other: str) -> None:
        """`helm upgrade`, with other replicas of one track.

        Args:
            chart: the one that stands.
            name: the track's Deployment.
            replicas: how many.
            other: the other track's Deployment.

        Raises:
            ReleaseError: there is nothing to scale, or Helm fails.
        """
        found = self.find_standing(name)
        if found is None:
            raise ReleaseError(f"there is no Deployment {name} to scale; see `helm history`")
        given = Given(name, replicas, found.image, {})
        self._commands.run(chart.apply(given, self.find_standing(other)))

    def delete(self, chart: HelmChart, name: str, other: str) -> None:
        """`helm upgrade` without a track, or `helm uninstall`; nothing where it isn't there."""
        found = self.find_standing(name)
        if found is not None:
            self._commands.run(chart.delete(found, self.find_standing(other)))

    def remember(self, chart: HelmChart) -> None:
        """Know the revision that stands as the one to come back to."""
        told = self._commands.run(chart.revision())
        try:
            found = json.loads(told)
            self._good = int(found[0]["revision"]) if found else None
        except (ValueError, LookupError, TypeError) as error:
            raise ReleaseError(
                "`helm list` does not tell the revision that stands, so there is none to roll back "
                "to; see whether Helm is 3.10 or newer",
                told,
            ) from error

    def roll_back(self, chart: HelmChart, canary: str) -> bool:
        """`helm rollback` to the revision before the canary came.

        Returns:
            Whether there was one.
        """
        if self._good is None:
            return False
        there = self._namespace.deployment(canary) is not None
        for command in chart.roll_back(self._good, canary=there):
            self._commands.run(command)
        return True
