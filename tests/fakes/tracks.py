"""Both tracks in a namespace, and the Services that lead to one of them each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fakes import objects
from fakes.clock import Clock
from fakes.cluster import Namespace
from fakes.engine import IMAGES
from fakes.folders import ROOT
from fakes.objects import Object
from fakes.watched import Watched

from pytest_canary.config import settings_file
from pytest_canary.k8s.objects import pods_of
from pytest_canary.manifests.version import TRACKS
from pytest_canary.sides.tracks import Tracks

SERVICES = ["track-addressbook-canary", "track-addressbook-stable"]


class Place:
    """A namespace with both tracks in it, and no walk: what is asked of their addresses.

    Attributes:
        time: what `Tracks` tells for how long nothing could be written by.
        options: how its `Tracks` are made, where otherwise than usual.
    """

    def __init__(self, folder: Path, *, canary: int = 1, stable: int = 2, **table: Any) -> None:
        self.settings = settings_file.check(table, ROOT, "canary.toml")
        self.namespace = Namespace(folder, folder / "deleted")
        self.observer = Watched(self.namespace, Clock(step=0.001))
        self.time = Clock()
        self.options: dict[str, Any] = {"locate": lambda port: f"http://127.0.0.1:{port}"}
        files = self.settings.files
        self.namespace.put(objects.service(files.service, 30001))
        images = {"canary": IMAGES["candidate"], "stable": IMAGES["baseline"]}
        for track, count in {"canary": canary, "stable": stable}.items():
            name = self.settings.deployment_name(track)
            made = objects.deployment(files.deployment, name, count, images[track])
            self.namespace.controllers.roll_out(made)

    def tracks(self) -> Tracks:
        """The tracks' addresses, where that can be."""
        names = {track: self.settings.deployment_name(track) for track in TRACKS}
        service, observer = self.settings.service_name, self.observer
        made = Tracks(self.namespace, observer, service, names, clock=self.time, **self.options)
        made.open()
        return made

    def pods(self, track: str) -> list[str]:
        found = pods_of(self.namespace.objects("Pod"), self.settings.deployment_name(track))
        return [pod["metadata"]["name"] for pod in found]

    def pod(self, name: str) -> Object:
        found = self.namespace.objects("Pod")
        return next(each for each in found if each["metadata"]["name"] == name)

    def change(self, track: str, change: Callable[[Object], Object | None]) -> None:
        """Change a track's first pod."""
        self.namespace.edit("Pod", self.pods(track)[0], change)

    def led_to(self, track: str) -> list[str]:
        """The pods that a track's EndpointSlices name."""
        service = f"track-addressbook-{track}"
        return sorted(
            endpoint["targetRef"]["name"]
            for item in self.namespace.objects("EndpointSlice")
            if item["metadata"]["labels"]["kubernetes.io/service-name"] == service
            for endpoint in item["endpoints"]
        )

    @property
    def services(self) -> list[str]:
        return services(self.namespace)


def services(namespace: Namespace) -> list[str]:
    """The names of the Services that lead to one track each."""
    found = [each["metadata"]["name"] for each in namespace.objects("Service")]
    return sorted(name for name in found if name.startswith("track-"))


NewPlace = Callable[..., Place]
"""Makes a place, with as many pods of each track, and settings beside the usual ones."""
