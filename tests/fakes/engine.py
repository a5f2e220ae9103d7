"""The container engine, in memory."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker

from pytest_canary.cluster import engine
from pytest_canary.cluster.engine import Image
from pytest_canary.cluster.teardown import KIND_LABEL

IMAGES = {"baseline": "addressbook:111111111111", "candidate": "addressbook:222222222222"}


class Engine:
    """The container engine: what it has besides images, until kind deletes the cluster.

    Attributes:
        stays: names of what outlives the cluster.
        neighbours: other clusters' containers in the network "kind".
    """

    def __init__(self, node: str, deleted: Path) -> None:
        self.stays: set[str] = set()
        self.neighbours: set[str] = set()
        self.version = "29.1"
        self.refs = set(IMAGES.values())
        self.networks = {"kind", "bridge"}
        self.ports: dict[str, list[dict[str, str]]] = {"30001/tcp": []}
        self._node, self._deleted = node, deleted
        self.client: Any = SimpleNamespace(
            containers=SimpleNamespace(list=self._containers),
            volumes=SimpleNamespace(list=lambda: self._left("a1b2c3", "another-s")),
            networks=SimpleNamespace(list=self._networks),
        )

    def find(self, ref: str) -> Image | None:
        return Image("sha256:0", ref) if ref in self.refs else None

    def pull(self, name: str, timeout: float) -> Image:
        return Image("sha256:0", name)

    build = engine.Engine.build

    def named(self, found: Image, repository: str, run: str) -> Image:
        return found

    def tag(self, found: Image) -> None:
        pass

    def untag(self, ref: str) -> None:
        self.refs -= {ref} - self.stays

    def _left(self, *names: str) -> list[SimpleNamespace]:
        gone = self._deleted.exists()
        stay = self.stays | {"another-s"} if gone else set(names)
        return [SimpleNamespace(name=name) for name in names if name in stay]

    def _containers(self, *, all: bool, filters: dict[str, str], **_: Any) -> Any:  # noqa: A002
        found = self._left(self._node) if filters["label"].startswith(KIND_LABEL) else []
        for each in found:
            each.attrs = {"Mounts": [{"Type": "volume", "Name": "a1b2c3"}]}
            each.ports = self.ports
        return found

    def _networks(self, names: Sequence[str] = (), **_: Any) -> list[SimpleNamespace]:
        def remove(name: str) -> None:
            if self.neighbours:
                raise docker.errors.APIError("network kind has active endpoints")
            self.networks -= {name} - self.stays

        there = {each.name for each in self._left(self._node)} | self.neighbours
        inside = {name: {"Name": name} for name in there}
        return [
            SimpleNamespace(
                name=name, remove=lambda name=name: remove(name), attrs={"Containers": inside}
            )
            for name in sorted(self.networks)
            if not names or name in names
        ]
