"""What each track's Deployment is to be, once a version is through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_canary.config.settings import Settings
from pytest_canary.manifests.version import CANARY, STABLE


@dataclass(frozen=True)
class TrackDeployment:
    """One track's Deployment.

    Attributes:
        name: what it is called.
        replicas: how many pods it is to have; 0 where the track has none.
    """

    name: str
    replicas: int


def track_deployments(settings: Settings) -> Mapping[str, TrackDeployment]:
    """Both tracks' Deployments, as the settings have them, the canary's first."""
    counts = {CANARY: settings.replicas.canary, STABLE: settings.replicas.stable}
    return {
        track: TrackDeployment(settings.deployment_name(track), count)
        for track, count in counts.items()
    }
